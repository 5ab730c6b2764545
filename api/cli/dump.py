"""`pytheas dump`: the statements of a store as RDF text."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import Console
from api.cli.options import Json, Quiet, Store

if TYPE_CHECKING:
    import pyoxigraph as ox

_STDOUT = "-"


def dump(
    file: Annotated[
        str,
        typer.Argument(
            help="Where to; its ending tells the format, and .gz, .bz2 or .xz after it "
            "compresses. - is standard output."
        ),
    ],
    location: Store,
    *,
    output: Annotated[
        str | None,
        typer.Option("--format", help="nq, trig, nt, ttl, rdf or jsonld."),
    ] = None,
    graph: Annotated[
        str | None, typer.Option(help="The IRI of one named graph; all without.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the statements of a store as RDF text; the file appears whole."""
    from strabon_store.algebra.terms import IRI
    from strabon_store.store import Store

    to_stdout = file == _STDOUT
    # The report would stand in the middle of the data.
    console = Console(json=json, quiet=quiet)
    with Store.open(location, read_only=True) as store, console.progress() as progress:
        report = store.dump(
            None if to_stdout else Path(file),
            rdf_format=_format(output),
            graph=None if graph is None else IRI(graph),
            progress=progress,
        )
    if to_stdout:
        console.message(str(report))
    else:
        console.report({**asdict(report), "path": file}, str(report))


def _format(name: str | None) -> "ox.RdfFormat | None":
    if name is None:
        return None
    from strabon_store.storage.sources import FORMATS

    found = FORMATS.get(f".{name.lower()}")
    if found is None:
        known = ", ".join(ending.removeprefix(".") for ending in FORMATS)
        raise typer.BadParameter(f"{name!r} is none of {known}")
    return found
