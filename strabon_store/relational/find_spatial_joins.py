"""A filter that relates two geometries becomes the condition of a join.

`?a geo:asWKT ?x . ?b geo:asWKT ?y . FILTER(geof:sfIntersects(?x, ?y))` is one basic
graph pattern with two parts that share no variable. Joined first and filtered after,
they cost |a| x |b|; with the relation as the join's condition an engine can use an
index on either side.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ontologies.namespaces import GEOF
from strabon_store.algebra.expressions import (
    BuiltIn,
    Exists,
    Expression,
    FunctionCall,
)
from strabon_store.algebra.nodes import BGP, Extend, Join, Pattern, TriplePattern
from strabon_store.algebra.terms import IRI, Var
from strabon_store.algebra.traverse import walk_expression
from strabon_store.algebra.variables import (
    expression_variables,
    in_scope,
    triple_variables,
)


@dataclass(frozen=True, slots=True)
class SpatialJoin:
    """A pattern taken apart where a relation ties it together.

    Attributes:
        sides: The two parts.
        condition: The filter between them.
        rest: The other filters.
    """

    sides: tuple[Pattern, Pattern]
    condition: Expression
    rest: tuple[Expression, ...]


def split_for_spatial_join(
    tests: Sequence[Expression], source: Pattern
) -> SpatialJoin | None:
    """The pattern as two sides of a spatial join, or None where it is none."""
    for test in tests:
        pair = _related(test)
        if pair is None:
            continue
        sides = _sides(source, *pair)
        if sides is not None:
            rest = tuple(each for each in tests if each is not test)
            return SpatialJoin(sides, test, rest)
    return None


_Variables: TypeAlias = frozenset[Var]


def _related(test: Expression) -> tuple[_Variables, _Variables] | None:
    """The variables of the two geometries of a relation, computed ones included."""
    match test:
        case FunctionCall(IRI(name), (left, right)) if name.startswith(GEOF):
            pair = (
                frozenset(expression_variables(left)),
                frozenset(expression_variables(right)),
            )
            return pair if all(pair) and pair[0].isdisjoint(pair[1]) else None
        case _:
            return None


def _sides(
    source: Pattern, left: _Variables, right: _Variables
) -> tuple[Pattern, Pattern] | None:
    if isinstance(source, Extend):
        return _sides_of_bound(source, left, right)
    if isinstance(source, Join):
        ours, theirs = in_scope(source.left), in_scope(source.right)
        if _separates(left, right, ours, theirs):
            return source.left, source.right
    if isinstance(source, BGP):
        near = _connected(source.patterns, left)
        far = tuple(each for each in source.patterns if each not in near)
        inside, outside = _variables(near), _variables(far)
        if left <= inside and right <= outside and right.isdisjoint(inside):
            return BGP(near), BGP(far)
    return None


def _sides_of_bound(
    source: Extend, left: _Variables, right: _Variables
) -> tuple[Pattern, Pattern] | None:
    """The sides below BIND, and what is bound on the side that it is made of."""
    if not _is_steady(source.expression):
        return None
    made_of = frozenset(expression_variables(source.expression))
    left, right = (
        geometry - {source.variable} | made_of
        if source.variable in geometry
        else geometry
        for geometry in (left, right)
    )
    below = _sides(source.source, left, right)
    if below is None:
        return None
    for index, side in enumerate(below):
        if made_of <= set(in_scope(side)):
            sides = list(below)
            sides[index] = replace(source, source=side)
            return sides[0], sides[1]
    return None


def _is_steady(expression: Expression) -> bool:
    """Whether a side can tell what it is, once for all pairs that the side is in."""
    return not any(
        isinstance(each, Exists)
        or (isinstance(each, BuiltIn) and (not each.arguments or each.name == "BNODE"))
        for each in walk_expression(expression)
    )


def _separates(
    left: _Variables,
    right: _Variables,
    ours: tuple[Var, ...],
    theirs: tuple[Var, ...],
) -> bool:
    """Whether the variables of each geometry are on one side only, not on the same."""
    return any(
        left <= set(one) - set(other) and right <= set(other) - set(one)
        for one, other in ((ours, theirs), (theirs, ours))
    )


def _connected(
    patterns: tuple[TriplePattern, ...], start: _Variables
) -> tuple[TriplePattern, ...]:
    """The triple patterns that share variables, directly or not, with `start`."""
    reached, found = set(start), 0
    while len(reached) > found:
        found = len(reached)
        for triple in patterns:
            variables = set(triple_variables(triple))
            if variables & reached:
                reached |= variables
    return tuple(p for p in patterns if set(triple_variables(p)) & reached)


def _variables(patterns: tuple[TriplePattern, ...]) -> set[Var]:
    return {variable for each in patterns for variable in triple_variables(each)}
