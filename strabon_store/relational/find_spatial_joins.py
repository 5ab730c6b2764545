"""A filter that relates two geometries becomes the condition of a join.

`?a geo:asWKT ?x . ?b geo:asWKT ?y . FILTER(geof:sfIntersects(?x, ?y))` is one basic
graph pattern with two parts that share no variable. Joined first and filtered after,
they cost |a| x |b|; with the relation as the join's condition an engine can use an
index on either side.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ontologies.namespaces import GEOF
from strabon_store.algebra.expressions import Expression, FunctionCall
from strabon_store.algebra.nodes import BGP, Join, Pattern, TriplePattern
from strabon_store.algebra.terms import IRI, Var
from strabon_store.algebra.variables import in_scope, triple_variables


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


def _related(test: Expression) -> tuple[Var, Var] | None:
    """The two geometry variables of a relation."""
    match test:
        case FunctionCall(IRI(name), (Var() as left, Var() as right)) if (
            name.startswith(GEOF) and left != right
        ):
            return left, right
        case _:
            return None


def _sides(source: Pattern, left: Var, right: Var) -> tuple[Pattern, Pattern] | None:
    if isinstance(source, Join):
        ours, theirs = in_scope(source.left), in_scope(source.right)
        if _separates(left, right, ours, theirs):
            return source.left, source.right
    if isinstance(source, BGP):
        near = _connected(source.patterns, left)
        far = tuple(each for each in source.patterns if each not in near)
        if far and right not in _variables(near) and right in _variables(far):
            return BGP(near), BGP(far)
    return None


def _separates(
    left: Var, right: Var, ours: tuple[Var, ...], theirs: tuple[Var, ...]
) -> bool:
    apart = (left in ours) != (left in theirs) and (right in ours) != (right in theirs)
    return apart and (left in ours) != (right in ours)


def _connected(
    patterns: tuple[TriplePattern, ...], start: Var
) -> tuple[TriplePattern, ...]:
    """The triple patterns that share variables, directly or not, with `start`."""
    reached, found = {start}, 0
    while len(reached) > found:
        found = len(reached)
        for triple in patterns:
            variables = set(triple_variables(triple))
            if variables & reached:
                reached |= variables
    return tuple(p for p in patterns if set(triple_variables(p)) & reached)


def _variables(patterns: tuple[TriplePattern, ...]) -> set[Var]:
    return {variable for each in patterns for variable in triple_variables(each)}
