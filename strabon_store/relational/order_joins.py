"""The order in which the parts of a basic graph pattern are joined.

Engines guess badly how many rows a pattern has, whose predicate and object are columns
of one table; the statistics of predicates know better. An order is as dear as the rows
of all its steps together, and the cheapest that a greedy choice finds is taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strabon_store.relational.context import TermCatalog
from strabon_store.relational.estimates import Estimate, estimate, joined
from strabon_store.relational.nodes import Plan


@dataclass(frozen=True, slots=True)
class _Part:
    """A plan to be joined, in its place in the text."""

    place: int
    names: frozenset[str]
    estimate: Estimate


def order_joins(plans: Sequence[Plan], catalog: TermCatalog) -> list[Plan]:
    """The plans in an order in which each joins what stands before it.

    A plan that shares no variable with those before it comes when no other is left.
    Of orders that are equally cheap the one is taken that begins first in the text, so
    that a plan without statistics keeps the order of its query.
    """
    if len(plans) < 2:  # noqa: PLR2004 - there is no choice
        return list(plans)
    parts = [
        _Part(i, frozenset(c.name for c in plan.columns), estimate(plan, catalog))
        for i, plan in enumerate(plans)
    ]
    orders = (list(_greedy(start, parts)) for start in parts)
    _, best = min(((_cost(order), order) for order in orders), key=lambda each: each[0])
    return [plans[part.place] for part, _ in best]


def _cost(order: Sequence[tuple[_Part, float]]) -> float:
    return sum(rows for _, rows in order)


def _greedy(start: _Part, parts: Sequence[_Part]) -> Iterator[tuple[_Part, float]]:
    """All parts from one on, the cheapest next, each with the rows that there are."""
    yield start, start.estimate.rows
    names, found = start.names, start.estimate
    rest = [part for part in parts if part is not start]
    while rest:
        near = [part for part in rest if part.names & names] or rest
        steps = [(_joined(found, part, names), part) for part in near]
        found, part = min(steps, key=lambda step: step[0].rows)
        yield part, found.rows
        names |= part.names
        rest.remove(part)


def _joined(found: Estimate, part: _Part, names: frozenset[str]) -> Estimate:
    shared = tuple((name, name) for name in sorted(part.names & names))
    return joined(found, part.estimate, shared)
