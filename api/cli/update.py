"""`pytheas update`: one SPARQL update of a store, or of an endpoint elsewhere."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import Annotated, Final

import typer

from api.cli.console import Console
from api.cli.options import AllowLoad, Json, Quiet
from api.cli.query import read_text

_COUNTS: Final = ("deleted", "inserted")


def update(  # noqa: PLR0913 - every one is an option of the command
    text: Annotated[
        str | None,
        typer.Argument(metavar="[UPDATE]", help="The update; - reads it from stdin."),
    ] = None,
    *,
    location: Annotated[
        str,
        typer.Option(
            "--location",
            "-l",
            help="The folder of a store, or the URL of an endpoint that takes updates.",
            envvar="PYTHEAS_LOCATION",
        ),
    ],
    file: Annotated[
        typer.FileText | None,
        typer.Option("--file", "-f", help="Read the update from a file.", lazy=False),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds the update may take.", min=0.001)
    ] = None,
    allow_load: AllowLoad = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Change a store by SPARQL: all operations, or none when one is wrong."""
    console = Console(json=json, quiet=quiet)
    request = read_text(text, file)
    if location.startswith(("http://", "https://")):
        from federation.clients.sparql import SparqlEndpoint

        said = SparqlEndpoint(location).update(request, timeout)
        counts = (f"{said[key]:,} {key}" for key in _COUNTS if key in said)
        console.report({"location": location, **said}, ", ".join(counts) or "done")
        return
    from strabon_store.store import Store

    with Store.open(Path(location), allow_load=allow_load or ()) as store:
        report = store.update(request, timeout)
    console.report({"location": location, **report.as_json()}, str(report))
