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
from functools import reduce
from heapq import nsmallest
from itertools import pairwise
from typing import Final, Self

from strabon_store.relational.context import Context, TermCatalog
from strabon_store.relational.encoding import TermId
from strabon_store.relational.estimates import Estimate, estimate, joined
from strabon_store.relational.lookups import variables_only
from strabon_store.relational.lower_joins import join
from strabon_store.relational.nodes import Plan, Selection, Shared, UnionAll
from strabon_store.relational.offers import in_order
from strabon_store.relational.parts import Part
from strabon_store.relational.scalars import Column, call

_MANY: Final = 10
"""How many times as many rows a join makes of two parts, to be feared."""


_FEWER: Final = 4
"""How many times as many rows a part has, to be told which of them are wanted."""

_STARTS: Final = 4
"""The parts of fewest rows, from which orders begin."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part to be joined."""

    part: Part
    names: frozenset[str]
    estimate: Estimate

    @classmethod
    def of(cls, part: Part, catalog: TermCatalog) -> Self:
        """With what is known of it."""
        names = frozenset(column.name for column in part.plan.columns)
        return cls(part, names, estimate(part.plan, catalog))

    @property
    def plan(self) -> Plan:
        """Its rows."""
        return self.part.plan


@dataclass(frozen=True, slots=True)
class _Step:
    """A part in an order, and the rows when it is joined with those before it."""

    part: _Part
    rows: float


@dataclass(frozen=True, slots=True)
class Order:
    """An order of parts.

    Attributes:
        steps: The parts, each with the rows when it is joined with those before it.
    """

    steps: Sequence[_Step]

    @property
    def cost(self) -> float:
        """The rows of all steps together."""
        return sum(step.rows for step in self.steps)


def join_in_order(parts: Sequence[Part], context: Context) -> Plan:
    """The parts joined, each with what stands before it in the cheapest order.

    A part that shares no variable with those before it comes when no other is left.
    Of orders that are equally cheap the one is taken that begins first in the text, so
    that a pattern without statistics keeps the order of its query.
    """
    return join_in(cheapest(parts, context.catalog), context)


def join_in(order: Order, context: Context) -> Plan:
    """The parts joined in an order, which the engine may change."""
    steps = order.steps
    joined_plan = steps[0].part.plan
    barrier = _barrier(steps)
    for place, step in enumerate(steps[1:], 1):
        if place == barrier:
            joined_plan = Shared(joined_plan, context.fresh())
        joined_plan = join(joined_plan, step.part.plan)
    return joined_plan


def join_one_by_one(order: Order, context: Context) -> Plan:
    """The parts joined in an order, which the engine keeps to where rows are few.

    What a step found is made before the next begins, so that a scan reads little more
    than what agrees with it, in each branch of a union by itself.
    """
    plan = order.steps[0].part.plan
    for before, step in pairwise(order.steps):
        if _FEWER * before.rows <= step.part.estimate.rows:
            plan = _narrowing(plan, step.part, context)
        else:
            plan = join(plan, step.part.plan)
    return plan


def _narrowing(plan: Plan, part: _Part, context: Context) -> Plan:
    """Rows joined with a part, whose scans are told first what they are to match."""
    own = (c for c in plan.columns if c.name in part.names and c.is_variable)
    key = next(own, None)
    if key is None or not isinstance(key.encoding, TermId) or key.is_nullable:
        return join(plan, part.plan)
    shared = Shared(variables_only(plan), context.fresh())
    rows = Selection(shared, call("is_id", Column(key.name)))
    catalog = context.catalog
    start = _Part.of(Part.of(rows), catalog)
    found = [
        _joined_with(start, [_Part.of(Part.of(each), catalog) for each in branch])
        for branch in part.part.branches
    ]
    if not found:
        return join(rows, part.plan)
    names = tuple(column.name for column in found[0].columns)
    return reduce(UnionAll, (in_order(each, names) for each in found))


def _joined_with(start: _Part, others: Sequence[_Part]) -> Plan:
    steps = _greedy(start, [start, *others])
    return reduce(join, (step.part.plan for step in steps))


def cheapest(given: Sequence[Part], catalog: TermCatalog) -> Order:
    """The order of the fewest rows that a greedy choice finds."""
    parts = [_Part.of(each, catalog) for each in given]
    if len(parts) == 1:
        return Order([_Step(parts[0], parts[0].estimate.rows)])
    starts = nsmallest(_STARTS, parts, key=lambda part: part.estimate.rows)
    orders = (Order(list(_greedy(start, parts))) for start in starts)
    return min(orders, key=lambda order: order.cost)


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
