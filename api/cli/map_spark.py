"""`pytheas map run --engine spark`: the options, and the run."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from geotriples.reports import RunReport


class EngineName(StrEnum):
    """What runs a mapping."""

    LOCAL = "local"
    SPARK = "spark"


Engine = Annotated[
    EngineName,
    typer.Option(
        help="What runs the mapping. With Spark the output may also be a folder, for a "
        "file of each task: a name without ending."
    ),
]
Master = Annotated[
    str,
    typer.Option(
        help="The master of Spark: local[2] for two threads of this machine, or a URL."
    ),
]
Partitions = Annotated[
    int | None,
    typer.Option(
        help="In how many parts Spark reads and works; changes nothing in the output.",
        min=1,
    ),
]


def runner(
    engine: EngineName, master: str, partitions: int | None
) -> "Callable[..., RunReport]":
    """What runs a mapping: `run_local.run`, or the same on Spark."""
    if engine is EngineName.SPARK:
        return partial(_run_on_spark, master, partitions)
    from geotriples import run_local

    return run_local.run


def writes_objects(engine: EngineName, output: str | None) -> bool:
    """Whether the tasks of a run put objects themselves: the files of a folder."""
    return engine is EngineName.SPARK and not Path(output or "").suffix


def _run_on_spark(
    master: str,
    partitions: int | None,
    *place: Any,
    quarantine: Path | None = None,
    into: object = None,
    **options: Any,
) -> "RunReport":
    from engines.spark.session import SparkSettings
    from geotriples import run_spark

    of_local = {"--quarantine": quarantine, "--into": into}
    for option, value in of_local.items():
        if value is not None:
            raise typer.BadParameter(f"{option} is for the local engine only")
    settings = SparkSettings(master)
    return run_spark.run(*place, settings=settings, partitions=partitions, **options)
