"""One shape per meaning: flat joins, basic graph patterns merged, constants folded."""

from collections.abc import Iterator
from functools import reduce

from strabon_store.algebra.expressions import Expression
from strabon_store.algebra.nodes import (
    BGP,
    UNIT,
    Distinct,
    Extend,
    Filter,
    Group,
    Join,
    LeftJoin,
    OrderBy,
    Pattern,
    Reduced,
    Values,
)
from strabon_store.algebra.traverse import map_expressions, transform_up
from strabon_store.algebra.variables import in_scope
from strabon_store.passes.fold_expressions import (
    fold_condition,
    fold_expression,
    truth_value,
)


def normalize(pattern: Pattern) -> Pattern:
    """Write the pattern in its plainest form.

    - A chain of joins becomes one, left-deep, without unit patterns, with its basic
      graph patterns merged into the first of them: joins are associative and
      commutative (18.5), and blank nodes are variables by now. Patterns below an
      OPTIONAL or in another GRAPH are not in the chain: in
      `{ A OPTIONAL { B } C }` merging A with C would be right only where B and C share
      no variable that A lacks.
    - A triple pattern that a basic graph pattern repeats is dropped: data is a set.
    - `Filter(true, P)` becomes P; a filter that is never true becomes a table of no
      rows that has P's variables, as does a join with such a table.
    - `LeftJoin(P, unit)` becomes P, `Distinct(Distinct(P))` becomes `Distinct(P)`.
    - Constant expressions are folded (`fold_expressions`).

    Examples:
        >>> from strabon_store.algebra.nodes import TriplePattern
        >>> from strabon_store.algebra.terms import IRI, Var
        >>> one = BGP((TriplePattern(Var("s"), IRI("a:p"), Var("o")),))
        >>> normalize(Join(Join(UNIT, one), Join(one, one))) == one
        True
    """
    return transform_up(pattern, _normalize)


def _normalize(pattern: Pattern) -> Pattern:
    match pattern:
        case BGP(patterns):
            return BGP(tuple(dict.fromkeys(patterns)))
        case Join():
            return _join(pattern)
        case Filter(condition, source):
            return _filter(fold_condition(condition), source)
        case LeftJoin(left, right, condition):
            return _left_join(left, right, condition)
        case Distinct(Distinct(source) | Reduced(source)):
            return Distinct(source)
        case Reduced(Distinct() | Reduced() as source):
            return source
        case Extend() | Group() | OrderBy():
            return map_expressions(pattern, fold_expression)
        case _:
            return pattern


def _join(join: Join) -> Pattern:
    members = [member for member in _members(join) if member != UNIT]
    if any(_is_empty(member) for member in members):
        return Values(in_scope(join), ())
    triples = (t for m in members if isinstance(m, BGP) for t in m.patterns)
    merged = BGP(tuple(dict.fromkeys(triples)))
    kept: list[Pattern] = []
    for member in members:
        if not isinstance(member, BGP):
            kept.append(member)
        elif merged not in kept:
            kept.append(merged)
    return reduce(Join, kept) if kept else UNIT


def _members(pattern: Pattern) -> Iterator[Pattern]:
    match pattern:
        case Join(left, right):
            yield from _members(left)
            yield from _members(right)
        case _:
            yield pattern


def _is_empty(pattern: Pattern) -> bool:
    return isinstance(pattern, Values) and not pattern.rows


def _filter(condition: Expression, source: Pattern) -> Pattern:
    match truth_value(condition):
        case True:
            return source
        case False:
            return Values(in_scope(source), ())
        case None:
            return Filter(condition, source)


def _left_join(left: Pattern, right: Pattern, condition: Expression | None) -> Pattern:
    if condition is not None:
        condition = fold_condition(condition)
        if truth_value(condition):
            condition = None
    if right == UNIT:
        # The one solution of the unit pattern adds nothing, matched or not.
        return left
    return LeftJoin(left, right, condition)
