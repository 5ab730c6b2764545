"""`pytheas run`: a product becomes a map, RDF, and part of a store."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.options import Json, Location, Quiet
from api.kinds import Kind
from ontologies.namespaces import ID


def run(  # noqa: PLR0913 - every one is an option of the command
    kind: Annotated[Kind, typer.Argument(help="What the map shows.")],
    product: Annotated[
        Path, typer.Argument(help="A scene (seaice), or a class map (crop).")
    ],
    location: Location,
    *,
    base: Annotated[
        str, typer.Option(help="What the IRIs of the data start with.")
    ] = ID,
    crs: Annotated[
        str | None,
        typer.Option(help="The CRS of a product that names none, e.g. EPSG:32631."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turn a product into polygons and RDF and load them; again changes nothing."""
    from api.pipeline import run_product

    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        report = run_product(
            kind, product, location, base=base, crs=crs, progress=progress
        )
    console.report(report.as_json(), str(report))
