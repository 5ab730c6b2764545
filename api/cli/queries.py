"""`pytheas queries`: what runs at an endpoint, and how to stop it."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.options import Json, Quiet

queries = typer.Typer(no_args_is_help=True, help="See and stop what an endpoint runs.")

Endpoint = Annotated[
    str,
    typer.Option(
        "--location",
        "-l",
        help="The URL of a SPARQL endpoint of ours.",
        envvar="PYTHEAS_LOCATION",
    ),
]


@queries.command("list")
def list_queries(
    location: Endpoint, *, json: Json = False, quiet: Quiet = False
) -> None:
    """List the queries that run now."""
    from federation.clients.sparql import SparqlEndpoint

    found = SparqlEndpoint(_url(location)).queries()
    document = {
        "queries": [
            {
                "id": each.id,
                "state": each.state,
                "started": each.started.isoformat(),
                "rows": each.rows,
                "timeout_s": each.timeout_s,
                "text": each.text,
            }
            for each in found
        ]
    }
    lines = (
        f"{each.id}  {each.started:%H:%M:%S}  {each.state:9}  {each.rows:>12,} rows  "
        f"{' '.join(each.text.split())[:80]}"
        for each in found
    )
    text = "\n".join(lines) or "nothing runs"
    Console(json=json, quiet=quiet).report(document, text)


@queries.command("cancel")
def cancel_query(
    query_id: Annotated[str, typer.Argument(help="Its id.")],
    location: Endpoint,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Stop a query; whoever asked it gets an error."""
    from api.errors import UnknownQuery
    from federation.clients.sparql import SparqlEndpoint

    if not SparqlEndpoint(_url(location)).cancel(query_id):
        raise UnknownQuery(query_id)
    Console(json=json, quiet=quiet).report({"cancelled": query_id}, "cancelled")


def _url(location: str) -> str:
    if not location.startswith(("http://", "https://")):
        raise typer.BadParameter(
            "a folder runs no queries; give the URL of an endpoint"
        )
    return location
