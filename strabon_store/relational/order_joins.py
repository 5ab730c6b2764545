"""The order in which the parts of a basic graph pattern are joined.

Engines guess badly how many rows a pattern has, whose predicate and object are columns
of one table; the statistics of predicates know better. An order is as dear as the rows
of all its steps together, and the cheapest that a greedy choice finds is taken.

DuckDB orders the joins of one statement again, mostly well. What it cannot see is that
two parts share a value with many rows on both sides: `?f :class ?c . ?g :class ?c`.
What comes before the second of them is made first, as rows of its own (ADR 0013).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

from strabon_store.relational.context import Context, TermCatalog
from strabon_store.relational.estimates import Estimate, estimate, joined
from strabon_store.relational.lower_joins import join
from strabon_store.relational.nodes import Plan, Shared

_MANY: Final = 10
"""How many times as many rows a join makes of two parts, to be feared."""


_STARTS: Final = 4
"""The parts of fewest rows, from which orders begin."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A plan to be joined."""

    plan: Plan
    names: frozenset[str]
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class _Step:
    """A part in an order, and the rows when it is joined with those before it."""

    part: _Part
    rows: float


def join_in_order(plans: Sequence[Plan], context: Context) -> Plan:
    """The plans joined, each with what stands before it in the cheapest order.

    A plan that shares no variable with those before it comes when no other is left.
    Of orders that are equally cheap the one is taken that begins first in the text, so
    that a pattern without statistics keeps the order of its query.
    """
    steps = _cheapest(plans, context.catalog)
    joined_plan = steps[0].part.plan
    barrier = _barrier(steps)
    for place, step in enumerate(steps[1:], 1):
        if place == barrier:
            joined_plan = Shared(joined_plan, context.fresh())
        joined_plan = join(joined_plan, step.part.plan)
    return joined_plan


def _cheapest(plans: Sequence[Plan], catalog: TermCatalog) -> list[_Step]:
    parts = [
        _Part(plan, frozenset(c.name for c in plan.columns), estimate(plan, catalog))
        for plan in plans
    ]
    if len(parts) == 1:
        return [_Step(parts[0], parts[0].estimate.rows)]
    starts = nsmallest(_STARTS, parts, key=lambda part: part.estimate.rows)
    orders = (list(_greedy(start, parts)) for start in starts)
    return min(orders, key=lambda steps: sum(step.rows for step in steps))


def _greedy(start: _Part, parts: Sequence[_Part]) -> Iterator[_Step]:
    """All parts from one on, the cheapest next."""
    yield _Step(start, start.estimate.rows)
    names, found = start.names, start.estimate
    rest = [part for part in parts if part is not start]
    while rest:
        near = [part for part in rest if part.names & names] or rest
        choices = [(_joined(found, part, names), part) for part in near]
        found, part = min(choices, key=lambda choice: choice[0].rows)
        yield _Step(part, found.rows)
        names |= part.names
        rest.remove(part)


def _joined(found: Estimate, part: _Part, names: frozenset[str]) -> Estimate:
    shared = tuple((name, name) for name in sorted(part.names & names))
    return joined(found, part.estimate, shared)


def _barrier(steps: Sequence[_Step]) -> int | None:
    """The place of the first part that makes far too many rows of one before it."""
    most = max(step.rows for step in steps)
    for place, step in enumerate(steps[1:], 1):
        before = [each.part for each in steps[:place]]
        if any(_explodes(step.part, each, most) for each in before):
            return place
    return None


def _explodes(one: _Part, other: _Part, most: float) -> bool:
    """Whether two parts that share a variable make more rows than the order has."""
    if not one.names & other.names:
        return False
    rows = _joined(one.estimate, other, one.names).rows
    return rows > _MANY * max(most, one.estimate.rows, other.estimate.rows)
