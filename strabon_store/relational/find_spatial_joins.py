"""Filters that tie geometries become the conditions of joins.

`?a geo:asWKT ?x . ?b geo:asWKT ?y . FILTER(geof:sfIntersects(?x, ?y))` is one basic
graph pattern with two parts that share no variable. Joined first and filtered after,
they cost |a| x |b|; with the relation as the join's condition an engine can use an
index on either side. So it is with a distance that is at most something, with
alternatives of such filters, and with more than two parts.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final, TypeAlias

from ontologies.namespaces import GEOF
from strabon_store.algebra.expressions import (
    And,
    BuiltIn,
    Comparison,
    ComparisonOperator,
    Exists,
    Expression,
    FunctionCall,
    Not,
    Or,
)
from strabon_store.algebra.nodes import (
    BGP,
    Extend,
    Join,
    Pattern,
    Project,
    TriplePattern,
)
from strabon_store.algebra.terms import IRI, Var
from strabon_store.algebra.traverse import walk_expression
from strabon_store.algebra.variables import (
    expression_variables,
    in_scope,
    triple_variables,
)
from strabon_store.relational.geo import DISTANCES
from strabon_store.relational.sideways import has_search

_Variables: TypeAlias = frozenset[Var]
Pair: TypeAlias = tuple[_Variables, _Variables]
"""The variables that each of two geometries is made of."""

_AT_MOST: Final = frozenset({ComparisonOperator.LT, ComparisonOperator.LE})


@dataclass(frozen=True, slots=True)
class Tie:
    """A filter that holds for few pairs of geometries only.

    Attributes:
        test: The filter.
        pair: The variables of the geometries.
    """

    test: Expression
    pair: Pair


def ties(tests: Sequence[Expression]) -> list[Tie]:
    """The filters that tie two geometries, whose variables are not the same."""
    found = ((test, _related(test)) for test in tests if is_steady(test))
    return [Tie(test, pair) for test, pair in found if pair is not None]


def parts(source: Pattern) -> tuple[Pattern, ...]:
    """The parts of a pattern, which share no variable.

    What BIND computes of one part belongs to it.
    """
    if isinstance(source, Extend):
        return _with_bound(source)
    members = _clusters(list(_members(source)))
    found = tuple(reduce(Join, cluster) for cluster in members)
    return found if len(found) > 1 else (source,)


def halves(pattern: BGP, tie: Tie) -> tuple[BGP, BGP] | None:
    """A connected pattern as two that share variables: what is nearer to a geometry.

    `?a :in ?c ; geo:asWKT ?x . ?b :in ?c ; geo:asWKT ?y` is a pattern of each of `?a`
    and `?b`, which share `?c`. None where one would be empty.
    """
    left, right = (_steps(pattern.patterns, ends) for ends in tie.pair)
    near = [each for each in pattern.patterns if left[each] <= right[each]]
    far = [each for each in pattern.patterns if left[each] > right[each]]
    if not (near and far):
        return None
    return BGP(tuple(near)), BGP(tuple(far))


def _related(test: Expression) -> Pair | None:
    """The variables of two geometries that are near each other if a test holds."""
    match test:
        case FunctionCall(IRI(name), (left, right, *_)) if name.startswith(GEOF):
            return None if name in DISTANCES else _pair(left, right)
        case Comparison(operator, left, right):
            measured = left if operator in _AT_MOST else right
            return _measured(measured)
        case Not(inner):
            return _related(inner)
        case And(left, right):
            return _related(left) or _related(right)
        case Or(left, right):
            one, other = _related(left), _related(right)
            return one if one and other and set(one) == set(other) else None
        case _:
            return None


def _measured(expression: Expression) -> Pair | None:
    match expression:
        case FunctionCall(IRI(name), (left, right, *_)) if name in DISTANCES:
            return _pair(left, right)
        case _:
            return None


def _pair(left: Expression, right: Expression) -> Pair | None:
    """The variables of both, computed geometries included."""
    pair = (
        frozenset(expression_variables(left)),
        frozenset(expression_variables(right)),
    )
    return pair if all(pair) and pair[0].isdisjoint(pair[1]) else None


def _members(source: Pattern) -> Iterator[Pattern]:
    """The operands of a chain of joins, triple by triple of graph patterns."""
    if isinstance(source, Join) and not has_search(source):
        yield from _members(source.left)
        yield from _members(source.right)
    elif isinstance(source, Join):
        yield source.left
        yield source.right
    elif isinstance(source, BGP):
        yield from (BGP((triple,)) for triple in source.patterns)
    elif isinstance(source, Project):
        yield from _projected(source)
    else:
        yield source


def _projected(source: Project) -> Iterator[Pattern]:
    """The parts of what is projected, which share no variable, each projected."""
    for part in parts(source.source):
        scope = set(in_scope(part))
        yield Project(part, tuple(each for each in source.variables if each in scope))


def _clusters(members: list[Pattern]) -> list[list[Pattern]]:
    """The members that share variables, directly or not; triples are patterns again."""
    clusters: list[tuple[set[Var], list[Pattern]]] = []
    for member in members:
        variables = set(in_scope(member))
        touched = [each for each in clusters if each[0] & variables]
        clusters = [each for each in clusters if not each[0] & variables]
        united = variables.union(*(known for known, _ in touched))
        clusters.append((united, [*(m for _, old in touched for m in old), member]))
    return [_with_graphs(found) for _, found in clusters]


def _with_graphs(members: Iterable[Pattern]) -> list[Pattern]:
    """The members, their graph patterns as one."""
    triples: list[TriplePattern] = []
    others: list[Pattern] = []
    for member in members:
        if isinstance(member, BGP):
            triples += member.patterns
        else:
            others.append(member)
    return [BGP(tuple(triples)), *others] if triples else others


def _with_bound(source: Extend) -> tuple[Pattern, ...]:
    """The parts below BIND, and what is bound in a part that has all it is made of."""
    made_of = frozenset(expression_variables(source.expression))
    below = parts(source.source)
    if is_steady(source.expression):
        for index, part in enumerate(below):
            if made_of <= set(in_scope(part)):
                extended = replace(source, source=part)
                return (*below[:index], extended, *below[index + 1 :])
    return (source,)


def is_steady(expression: Expression) -> bool:
    """Whether a side can tell what it is, once for all pairs that the side is in."""
    return not any(
        isinstance(each, Exists)
        or (isinstance(each, BuiltIn) and (not each.arguments or each.name == "BNODE"))
        for each in walk_expression(expression)
    )


def _steps(
    patterns: tuple[TriplePattern, ...], start: _Variables
) -> dict[TriplePattern, int]:
    """How many triples are between each and some variables, by shared variables."""
    known = dict.fromkeys(start, 0)
    reached: dict[TriplePattern, int] = {}
    waiting = deque(start)
    while waiting:
        variable = waiting.popleft()
        for triple in patterns:
            variables = triple_variables(triple)
            if triple not in reached and variable in variables:
                reached[triple] = known[variable]
                for other in set(variables) - known.keys():
                    known[other] = known[variable] + 1
                    waiting.append(other)
    return {triple: reached.get(triple, len(patterns)) for triple in patterns}
