"""`pytheas explain`: what becomes of a query, and what it takes."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.options import Json, Location, Quiet
from api.cli.query import read_text


def explain(  # noqa: PLR0913 - every one is an option of the command
    text: Annotated[
        str | None,
        typer.Argument(metavar="[QUERY]", help="The query; - reads it from stdin."),
    ] = None,
    *,
    location: Location,
    file: Annotated[
        typer.FileText | None,
        typer.Option("--file", "-f", help="Read the query from a file.", lazy=False),
    ] = None,
    analyze: Annotated[
        bool, typer.Option("--analyze", help="Run it too, and tell what it took.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds that all of it may take.", min=0.001)
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Explain a query: algebra, plan, SQL, and rows and time of each node."""
    from strabon_store.store import Store

    question = read_text(text, file)
    with Store.open(location, read_only=True) as store:
        explanation = store.explain(question, timeout, analyze=analyze)
    Console(json=json, quiet=quiet).report(explanation.as_json(), str(explanation))
