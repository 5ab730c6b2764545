"""`pytheas map run`: sources become files of RDF."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.map_options import (
    AllowedFolders,
    AllowedHosts,
    Base,
    Database,
    Mapping,
    Parameters,
    Sources,
    database_access,
    pairs,
    source_paths,
)
from api.cli.options import Json, Quiet

_ENDINGS = ".nq, .nt, .ttl, .trig, .jsonld, .rdf, .rj or .n3"

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help=f"The file to write: {_ENDINGS}, with .gz, .zst, .bz2 or .xz after it "
        "to compress. Logical targets go to its folder.",
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
Quarantine = Annotated[
    Path | None,
    typer.Option(
        help="Go on without values that make no valid term, and write them here: a "
        "line of JSON for each, with source, row, node, value and reason."
    ),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Print what would be done, and do nothing.")
]


def run(  # noqa: PLR0913 - every one is an option of the command
    mapping: Mapping,
    *,
    output: Output = None,
    into: Into = None,
    source: Sources = None,
    param: Parameters = None,
    base: Base = None,
    database: Database = None,
    allow_host: AllowedHosts = None,
    allow_folder: AllowedFolders = None,
    quarantine: Quarantine = None,
    explain: Explain = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run a mapping: its outputs appear whole, or not at all."""
    from api.mapping import map_into
    from api.mapping_sources import permissions
    from geotriples import explaining, run_local
    from ontologies.namespaces import ID

    console = Console(json=json, quiet=quiet)
    paths, parameters = source_paths(source), pairs("--param", param)
    access = database_access(database)
    if explain:
        text = explaining.explain(mapping, paths, parameters, base or ID, access)
        console.report({"mapping": str(mapping), "plan": text}, text)
        return
    if output is not None and into is not None:
        raise typer.BadParameter("a run has one place: --output or --into")
    with console.progress() as progress:
        run_mapping = partial(
            run_local.run,
            mapping,
            output,
            sources=paths,
            parameters=parameters,
            base=base or ID,
            database=access,
            permissions=permissions(allow_host or (), allow_folder or ()),
            quarantine=quarantine,
            progress=progress,
        )
        report = run_mapping() if into is None else map_into(into, run_mapping)
    console.report(report.as_json(), str(report))
