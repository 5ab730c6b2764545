"""`pytheas stats`: how much there is in a store."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import Console
from api.cli.options import Json, Quiet, Store

if TYPE_CHECKING:
    from strabon_store.storage.counts import Statistics


def stats(
    location: Store,
    *,
    top: Annotated[
        int, typer.Option(help="How many predicates to list; 0 for all.", min=0)
    ] = 20,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Tell how many triples, terms, geometries and graphs a store has, and its size."""
    from strabon_store.store import Store

    with Store.open(location, read_only=True) as store:
        found = store.statistics()
    Console(json=json, quiet=quiet).report(asdict(found), _text(found, top))


def _text(found: "Statistics", top: int) -> str:
    counts = {
        "triples": found.triples,
        "named graphs": found.graphs,
        "terms": found.terms,
        "geometries": found.geometries,
        "bytes": found.size,
    }
    lines = [f"{name:<14}{count:>16,}" for name, count in counts.items()]
    if found.triples:
        lines.append(f"{'bytes/triple':<14}{found.size / found.triples:>16.1f}")
    shown = list(found.predicates.items())[: top or None]
    lines += ["", *(f"{count:>14,}  {iri}" for iri, count in shown)]
    if len(shown) < len(found.predicates):
        lines.append(f"{'':14}  and {len(found.predicates) - len(shown):,} predicates")
    return "\n".join(lines)
