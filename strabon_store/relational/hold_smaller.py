"""A spatial join holds the smaller of its sides, whatever the engine believes.

An engine makes a tree of the side that it takes for smaller. What it takes a predicate
to have is the mean of all of them: of 100 lines and a million points it holds the
points. What the statistics of predicates say is exact, so that the smaller side can be
cut where it cannot end before: that changes nothing but what the engine expects.
"""

from dataclasses import fields, replace
from typing import Any, Final

from strabon_store.relational.context import TermCatalog
from strabon_store.relational.estimates import estimate
from strabon_store.relational.indexes import index_of
from strabon_store.relational.nodes import (
    Join,
    Limit,
    Lookup,
    Plan,
    Projection,
    Scan,
    Shared,
)
from strabon_store.relational.readings import MUCH
from strabon_store.relational.scalars import Call, Column, Constant, Scalar
from strabon_store.relational.stars import predicate_of

_LESS: Final = 4
"""How many times as many rows the other side has, at least."""


def hold_smaller(plan: Plan, catalog: TermCatalog) -> Plan:
    """The plan with the same rows, whose spatial joins hold their smaller sides.

    Args:
        plan: A whole plan.
        catalog: For estimates; a plan goes when a predicate has `MUCH` times as many
            statements as it says.
    """
    known: dict[int, Plan] = {}

    def within(node: Plan) -> Plan:
        if id(node) not in known:
            changed: dict[str, Any] = {}
            for field in fields(node):
                below = getattr(node, field.name)
                if isinstance(below, Plan) and (new := within(below)) is not below:
                    changed[field.name] = new
            new = replace(node, **changed) if changed else node
            known[id(node)] = _held(new, catalog) if isinstance(new, Join) else new
        return known[id(node)]

    return within(plan)


def _held(join: Join, catalog: TermCatalog) -> Join:
    if join.is_outer or index_of(join) is None:
        return join
    left, right = (estimate(side, catalog).rows for side in (join.left, join.right))
    if _LESS * right <= left:
        return replace(join, right=cut(join.right, catalog))
    if _LESS * left <= right:
        return replace(join, left=cut(join.left, catalog))
    return join


def cut(side: Plan, catalog: TermCatalog) -> Plan:
    """The same rows, of which an engine expects no more than there can be."""
    most = _most_rows(side, catalog)
    return side if most is None else Limit(side, 0, most)


def _most_rows(plan: Plan, catalog: TermCatalog) -> int | None:
    """More rows than a plan has while it stays; None where nobody knows."""
    match plan:
        case Projection(source) | Lookup(source) | Shared(source):
            return _most_rows(source, catalog)
        case Scan():
            known = [catalog.predicate(key) for key in _predicates(plan)]
            counts = [each.statements for each in known if each is not None]
            return MUCH * min(counts) if counts else None
        case _:
            return None


def _predicates(scan: Scan) -> list[int]:
    """The predicates that each row of a scan is a statement of."""
    if scan.table.startswith("star_"):
        keys = map(predicate_of, scan.sources)
        return [key for key in keys if key is not None]
    return [key for condition in scan.conditions for key in _constants(condition)]


def _constants(condition: Scalar) -> list[int]:
    match condition:
        case Call("equal", (Column("predicate"), Constant(int(key)))):
            return [key]
        case _:
            return []
