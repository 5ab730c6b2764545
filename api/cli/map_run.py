"""`pytheas map run`: sources become files of RDF."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from api.cli.console import Console
from api.cli.map_options import Mapping, MappingOptions
from api.cli.map_places import is_object, local_copy, run_to_objects
from api.cli.map_spark import (
    Engine,
    EngineName,
    Master,
    Partitions,
    runner,
    writes_objects,
)
from api.cli.option_groups import with_options_of
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from collections.abc import Callable

    from geotriples.differences import Difference
    from geotriples.reports import RunReport
    from geotriples.sinks import Written

_ENDINGS = ".nq, .nt, .ttl, .trig, .jsonld, .rdf, .rj or .n3"

Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help=f"The file to write, or an object (s3://BUCKET/KEY): {_ENDINGS}, with "
        ".gz, .zst, .bz2 or .xz after it to compress. Logical targets go beside it.",
    ),
]
Into = Annotated[
    Path | None,
    typer.Option(
        help="The folder of a store to fill, in place of a file; made where there is "
        "none.",
        file_okay=False,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        help="An earlier output of this mapping, which may be the one to be replaced: "
        "what changed goes beside the output, as NAME.added.nq and NAME.removed.nq. "
        "With --into a NAME.lake of what the store has of this mapping: only what "
        "changed is deleted and inserted, and the lake is replaced."
    ),
]
Quarantine = Annotated[
    Path | None,
    typer.Option(
        help="Go on without values that make no valid term, and write them here: a "
        "line of JSON for each, with source, row, node, value and reason."
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Keep what is finished beside the output, in NAME.partitions, and take "
        "from there what an earlier run finished, killed or not, unless it changed.",
    ),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Print what would be done, and do nothing.")
]


@with_options_of(options=MappingOptions)
def run(  # noqa: PLR0913 - every one is an option of the command
    mapping: Mapping,
    *,
    output: Output = None,
    into: Into = None,
    options: MappingOptions,
    since: Since = None,
    quarantine: Quarantine = None,
    resume: Resume = False,
    explain: Explain = False,
    engine: Engine = EngineName.LOCAL,
    master: Master = "local[*]",
    partitions: Partitions = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a mapping: its outputs appear whole, or not at all."""
    from geotriples import explaining

    console = Console(json=json, quiet=quiet)
    told = options.told()
    if explain:
        text = explaining.explain(mapping, **told)
        console.report({"mapping": str(mapping), "plan": text}, text)
        return
    _check_places(output, into, since, resume=resume)
    with console.progress() as progress:
        run_mapping = partial(
            runner(engine, master, partitions),
            mapping,
            **(told | {"quarantine": quarantine, "resume": resume}),
            progress=progress,
        )
        puts = writes_objects(engine, output)
        report = _report(run_mapping, output, into, since, puts)
    console.report(report.as_json(), str(report))


class _Report(Protocol):
    """What a command says at its end."""

    def as_json(self) -> dict[str, object]: ...


def _report(
    run_mapping: "Callable[..., RunReport]",
    output: str | None,
    into: Path | None,
    since: str | None,
    puts_objects: bool,  # noqa: FBT001 - whether the run itself does so
) -> _Report:
    """Run, into a store or to files, and say what was done."""
    from api.mapping import map_into, map_since

    if into is not None and since is not None:
        return map_since(into, Path(since), run_mapping)
    if into is not None:
        return map_into(into, partial(run_mapping, None))
    if output is None:
        return run_mapping(None)
    if is_object(output) and not puts_objects:
        return run_to_objects(output, partial(_to_files, run_mapping, since))
    if is_object(output):
        return run_mapping(output)
    return _to_files(run_mapping, since, Path(output))


def _to_files(
    run_mapping: "Callable[..., RunReport]", since: str | None, output: Path
) -> "RunReport | _SinceReport":
    if since is None:
        return run_mapping(output)
    return _run_since(since, output, partial(run_mapping, output))


def _check_places(
    output: str | None, into: Path | None, since: str | None, *, resume: bool
) -> None:
    kind = "" if output is None or is_object(output) else Path(output).suffix
    if resume and kind in {"", ".lake"}:
        raise typer.BadParameter("--resume goes with a file as --output")
    if output is not None and into is not None:
        raise typer.BadParameter("a run has one place: --output or --into")
    if since is not None and output is None and into is None:
        raise typer.BadParameter("--since compares: it needs --output or --into")
    if since is not None and into is not None and not since.endswith(".lake"):
        raise typer.BadParameter("with --into, --since names a .lake")


@dataclass(frozen=True, slots=True)
class _SinceReport:
    """What a run did, and how its output differs from an earlier one."""

    run: "RunReport"
    difference: "Difference"

    @property
    def targets(self) -> "tuple[Written, ...]":
        return self.run.targets

    def as_json(self) -> dict[str, object]:
        return {**self.run.as_json(), "difference": self.difference.as_json()}

    def __str__(self) -> str:
        return f"{self.run}\n{self.difference}"


def _run_since(
    since: str, output: Path, run_mapping: "Callable[[], RunReport]"
) -> _SinceReport:
    from engines.whole_files import scratch_directory
    from geotriples.differences import check_sorted_output, write_difference
    from geotriples.errors import SourceError

    check_sorted_output(output)
    with scratch_directory(output.with_name(f"{output.name}.since")) as folder:
        before = folder / ".before"
        try:
            # The run may replace it.
            shutil.copyfile(local_copy(since, folder), before)
        except OSError as error:
            raise SourceError(since, error.strerror or "cannot be read") from error
        report = run_mapping()
        return _SinceReport(report, write_difference(before, output, output))
