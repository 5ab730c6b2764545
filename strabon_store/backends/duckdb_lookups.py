"""Where DuckDB looks up what rows mention."""

from typing import Final

from strabon_store.backends.sql import Sql, Template, identifier, joined
from strabon_store.relational.layout import TERMS
from strabon_store.relational.nodes import Lookup, Nearest, Projection, Shared

ANSWER: Final = -1
"""The number of the rows of the answer, which no other shared rows have."""

_MENTIONED: Final = Template("(SELECT :a FROM :b WHERE id IN (SELECT :c FROM :d))")


def name_of(shared: Shared) -> Sql:
    """The name of rows that are made first."""
    return Sql("answer" if shared.number == ANSWER else f"shared{shared.number}")


def looked_up(plan: Lookup) -> Sql:
    """The table of a look-up, or what few rows that were made mention of it."""
    source = plan.source
    while isinstance(source, Lookup):
        source = source.source
    if not isinstance(source, Shared) or plan.is_total or not _is_few(plan, source):
        return identifier(plan.table)
    parts = plan.parts if plan.table == TERMS.name else (*plan.parts, "is_valid")
    columns = joined(", ", [identifier(name) for name in ("id", *parts)])
    names = (identifier(plan.table), identifier(plan.variable), name_of(source))
    return _MENTIONED.filled([columns, *names])


def _is_few(plan: Lookup, source: Shared) -> bool:
    """Whether to tell the engine first which keys there are."""
    rows = source.source
    while isinstance(rows, Projection):
        rows = rows.source
    return plan.table == TERMS.name or isinstance(rows, Nearest)
