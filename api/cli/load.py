"""`pytheas load`: RDF files into a store."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.options import Json, Location, Quiet


def load(
    files: Annotated[
        list[Path],
        typer.Argument(help="Turtle, N-Triples, N-Quads, TriG, RDF/XML, JSON-LD; .gz."),
    ],
    location: Location,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Load RDF files: all of them, or none when one is wrong."""
    from strabon_store.store import Store

    console = Console(json=json, quiet=quiet)
    with Store.open(location) as store, console.progress() as progress:
        report = store.load(files, progress=progress)
    console.report({"location": str(location), **asdict(report)}, str(report))
