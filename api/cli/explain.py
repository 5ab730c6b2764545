"""`pytheas explain`: what becomes of a query, and what it takes."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.map_options import MappingOptions
from api.cli.mapping import Mapped, Mapping, one_place
from api.cli.option_groups import with_options_of
from api.cli.options import Json, MaybeStore, Quiet
from api.cli.query import read_text


@with_options_of(options=MappingOptions)
def explain(  # noqa: PLR0913 - every one is an option of the command
    text: Annotated[
        str | None,
        typer.Argument(metavar="[QUERY]", help="The query; - reads it from stdin."),
    ] = None,
    *,
    location: MaybeStore = None,
    mapping: Mapping = None,
    options: MappingOptions,
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
    """Explain a query: algebra, plan, SQL, and rows and time of each node.

    Of a mapping, what is read of its sources comes first.
    """
    from strabon_store.store import Store

    question = read_text(text, file)
    one_place(location, mapping)
    if mapping is not None:
        with Mapped(mapping, options).open() as virtual:
            explanation = virtual.explain(question, timeout, analyze=analyze)
    else:
        with Store.open(Path(str(location)), read_only=True) as store:
            explanation = store.explain(question, timeout, analyze=analyze)
    Console(json=json, quiet=quiet).report(explanation.as_json(), str(explanation))
