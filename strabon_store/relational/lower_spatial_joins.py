"""Parts of a pattern that filters tie are joined by what ties them.

The parts are joined two at a time, those of the fewest pairs first; whatever reads both
is tried on the pairs at once, beside the relation that an index finds them by.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

from strabon_store.algebra.expressions import And, Expression
from strabon_store.algebra.nodes import BGP, Filter, Pattern
from strabon_store.algebra.terms import Var
from strabon_store.algebra.variables import expression_variables, in_scope
from strabon_store.relational.context import Context
from strabon_store.relational.estimates import estimate, joined
from strabon_store.relational.find_spatial_joins import (
    Tie,
    halves,
    is_steady,
    parts,
    ties,
)
from strabon_store.relational.lower_exists import is_operand
from strabon_store.relational.lower_joins import is_long, is_near, join, join_near
from strabon_store.relational.nodes import Plan
from strabon_store.relational.sideways import Lower

_MANY: Final = 10
"""How many times as many rows shared variables make, for geometries to come first."""


@dataclass(frozen=True, slots=True)
class _Side:
    """Parts that are joined."""

    plan: Plan
    variables: frozenset[Var]

    def rows(self, context: Context) -> float:
        """About how many rows it has."""
        return estimate(self.plan, context.catalog).rows


def lower_tied(
    tests: Sequence[Expression], source: Pattern, lower: Lower, context: Context
) -> tuple[Plan, list[Expression]] | None:
    """The pattern joined by the filters that tie its parts, and the other filters.

    Returns:
        None where no filter ties two parts of the pattern.
    """
    found = ties(tests)
    if not found:
        return None
    pieces = parts(source)
    sides = [frozenset(in_scope(piece)) for piece in pieces]
    outer = _outer(pieces, sides, context)
    if outer is not None:
        sides.append(frozenset(Var(column.name) for column in outer.columns))
        context = replace(context, outer=None)
    if len(sides) == 1:
        return _lower_halves(found, list(tests), source, lower, context)
    if not any(_is_between(tie, sides) for tie in found):
        return None
    filtered, tests = _filtered(pieces, tests)
    plans = [lower(piece, context) for piece in filtered]
    if outer is not None:
        plans.append(outer)
    joint = [_Side(plan, side) for plan, side in zip(plans, sides, strict=True)]
    return _joined(joint, found, list(tests), context)


def _filtered(
    pieces: Sequence[Pattern], tests: Sequence[Expression]
) -> tuple[list[Pattern], list[Expression]]:
    """The parts with the filters that read one part alone, and the others."""
    rest = list(tests)
    found: list[Pattern] = []
    for piece in pieces:
        inside = frozenset(in_scope(piece))
        own = [t for t in rest if is_steady(t) and _reads_only(t, inside)]
        rest = [test for test in rest if test not in own]
        found.append(Filter(reduce(And, own), piece) if own else piece)
    return found, rest


def _reads_only(test: Expression, inside: frozenset[Var]) -> bool:
    read = expression_variables(test)
    return bool(read) and read <= inside


def _outer(
    pieces: Sequence[Pattern], sides: Sequence[frozenset[Var]], context: Context
) -> Plan | None:
    """The outer solutions of an EXISTS as a side of their own, joined only by ties."""
    if context.outer is None or not all(map(is_operand, pieces)):
        return None
    names = {Var(column.name) for column in context.outer.columns}
    return None if names & frozenset().union(*sides) else context.outer


def _is_between(tie: Tie, sides: Sequence[frozenset[Var]]) -> bool:
    one, other = (next((s for s in sides if p <= s), None) for p in tie.pair)
    return one is not None and other is not None and one != other


def _joined(
    sides: list[_Side], found: list[Tie], tests: list[Expression], context: Context
) -> tuple[Plan, list[Expression]]:
    while True:
        pairs = [pair for tie in found if (pair := _tied(tie, sides)) is not None]
        pairs = pairs or list(_with_limits(found, sides, context))
        if not pairs:
            break
        left, right = min(pairs, key=lambda pair: _pairs(pair, context))
        united, tests = _united(left, right, tests)
        sides = [united, *(each for each in sides if each not in (left, right))]
        found = [tie for tie in found if tie.test in tests]
    return reduce(join, (side.plan for side in sides)), tests


def _tied(tie: Tie, sides: list[_Side]) -> tuple[_Side, _Side] | None:
    """The two sides that a tie reads; None where it reads one, or a third."""
    ends = _ends(tie, sides)
    if ends is None:
        return None
    one, other = ends
    is_whole = expression_variables(tie.test) <= one.variables | other.variables
    return ends if is_whole else None


def _ends(tie: Tie, sides: list[_Side]) -> tuple[_Side, _Side] | None:
    one, other = (
        next((side for side in sides if variables <= side.variables), None)
        for variables in tie.pair
    )
    if one is None or other is None or one is other:
        return None
    return one, other


def _with_limits(
    found: list[Tie], sides: list[_Side], context: Context
) -> Iterator[tuple[_Side, _Side]]:
    """Sides that say what a tie is measured by, each with the smaller of its ends.

    `VALUES ?limit { 10 20 }` beside a distance that is at most `?limit`.
    """
    for tie in found:
        ends = _ends(tie, sides)
        if ends is None:
            continue
        smaller = min(ends, key=lambda side: side.rows(context))
        read = expression_variables(tie.test)
        for side in sides:
            if side not in ends and read & side.variables:
                yield side, smaller


def _pairs(pair: tuple[_Side, _Side], context: Context) -> float:
    left, right = pair
    return left.rows(context) * right.rows(context)


def _united(
    left: _Side, right: _Side, tests: list[Expression]
) -> tuple[_Side, list[Expression]]:
    """Two sides joined by all that reads both and nothing else, and the other tests."""
    used = _condition(left, right, tests)
    plan = join(left.plan, right.plan, reduce(And, used) if used else None)
    both = left.variables | right.variables
    return _Side(plan, both), [test for test in tests if test not in used]


def _condition(left: _Side, right: _Side, tests: list[Expression]) -> list[Expression]:
    both = left.variables | right.variables
    return [
        test
        for test in tests
        if is_steady(test)
        and expression_variables(test) <= both
        and expression_variables(test) & left.variables
        and expression_variables(test) & right.variables
        and not is_long(left.plan, right.plan, test)
    ]


def _lower_halves(
    found: list[Tie],
    tests: list[Expression],
    source: Pattern,
    lower: Lower,
    context: Context,
) -> tuple[Plan, list[Expression]] | None:
    """A connected pattern, where its geometries tell more than what connects it."""
    for tie in found:
        both = halves(source, tie) if isinstance(source, BGP) else None
        if both is None:
            continue
        left, right = (_Side(lower(h, context), frozenset(in_scope(h))) for h in both)
        used = _condition(left, right, tests)
        if used and _is_better(left.plan, right.plan, reduce(And, used), context):
            plan = join_near(left.plan, right.plan, reduce(And, used))
            return plan, [test for test in tests if test not in used]
    return None


def _is_better(
    left: Plan, right: Plan, condition: Expression, context: Context
) -> bool:
    """Whether shared variables would make far more rows than either side has."""
    one, other = (estimate(side, context.catalog) for side in (left, right))
    rights = {column.name for column in right.columns}
    shared = tuple((c.name, c.name) for c in left.columns if c.name in rights)
    rows = joined(one, other, shared).rows
    is_worse = rows > _MANY * max(one.rows, other.rows)
    return is_worse and is_near(left, right, condition)
