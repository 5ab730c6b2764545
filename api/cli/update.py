"""`pytheas update`: one SPARQL update of a store, or of an endpoint elsewhere."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.console import Console
from api.cli.options import AllowLoad, Json, Quiet
from api.cli.query import read_text

if TYPE_CHECKING:
    from strabon_store.updating import UpdateReport

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
    report = _update_store(Path(location), request, timeout, allow_load or ())
    console.report({"location": location, **report.as_json()}, str(report))


def _update_store(
    location: Path, request: str, timeout: float | None, allow_load: Sequence[str]
) -> "UpdateReport":
    from api.loading import WebDocuments
    from api.settings import read_settings
    from api.stores import opened_store

    settings = read_settings()
    allowed = (*settings.allow_load, *allow_load)
    web = WebDocuments(
        allowed,
        max_bytes=settings.max_load_bytes,
        timeout_s=settings.load_timeout_s,
    )
    with opened_store(location, allow_load=allowed, web=web) as store:
        return store.update(request, timeout)
