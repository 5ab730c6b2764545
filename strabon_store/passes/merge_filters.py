"""Merge stacked filters, so that later passes meet at most one per group."""

from strabon_store.algebra.expressions import And
from strabon_store.algebra.nodes import Filter, Pattern
from strabon_store.algebra.traverse import transform_up


def merge_filters(pattern: Pattern) -> Pattern:
    """Turn `Filter(a, Filter(b, P))` into `Filter(a && b, P)`.

    `a && b` is true exactly when both sides are, so a solution under which either side
    is an error is dropped in both forms (SPARQL 1.1 section 17.2).

    Examples:
        >>> from strabon_store.algebra.nodes import BGP
        >>> from strabon_store.algebra.terms import Var
        >>> merge_filters(Filter(Var("a"), Filter(Var("b"), BGP(())))).condition
        And(left=Var(name='a'), right=Var(name='b'))
    """
    return transform_up(pattern, _merge)


def _merge(pattern: Pattern) -> Pattern:
    match pattern:
        case Filter(outer, Filter(inner, source)):
            return Filter(And(outer, inner), source)
        case _:
            return pattern
