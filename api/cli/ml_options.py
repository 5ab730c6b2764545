"""Options that several commands of `pytheas ml` share."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[
    Path,
    typer.Option(
        "--registry",
        help="The folder of the registry.",
        envvar="PYTHEAS_REGISTRY",
        file_okay=False,
    ),
]
MaybeFolder = Annotated[
    Path | None,
    typer.Option(
        "--registry",
        help="The folder of the registry.",
        envvar="PYTHEAS_REGISTRY",
        file_okay=False,
    ),
]
Experiments = Annotated[
    Path | None,
    typer.Option(
        "--experiments",
        help="A folder in which the run is recorded.",
        envvar="PYTHEAS_EXPERIMENTS",
        file_okay=False,
    ),
]
Model = Annotated[
    str,
    typer.Argument(
        metavar="NAME[@VERSION|@STAGE]", help="The model; its newest version alone."
    ),
]
Recipe = Annotated[
    str | None, typer.Option(help="The recipe, as ml/recipes.py names it.")
]
ReportFolder = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        help="A folder for the report and pictures.",
        file_okay=False,
    ),
]
MaybeData = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="The folder in which the data sets lie.",
        envvar="PYTHEAS_DATA",
        exists=True,
        file_okay=False,
        show_default="needed but by simulated ones",
    ),
]
