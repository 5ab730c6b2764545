"""Which statements a property path may go along."""

from strabon_store.algebra.paths import (
    Link,
    NegatedPropertySet,
    PathExpression,
    ZeroOrMore,
    ZeroOrOne,
    inner_paths,
)


def predicates_of(path: PathExpression) -> frozenset[str] | None:
    """IRIs of the predicates of a path's links; None: any.

    Examples:
        >>> from strabon_store.algebra.terms import IRI
        >>> sorted(predicates_of(ZeroOrMore(Link(IRI("a:p")))))
        ['a:p']
    """
    if isinstance(path, NegatedPropertySet):
        return None
    if isinstance(path, Link):
        return frozenset({path.iri.value})
    found: frozenset[str] = frozenset()
    for inner in inner_paths(path):
        named = predicates_of(inner)
        if named is None:
            return None
        found |= named
    return found


def needs_all_nodes(path: PathExpression) -> bool:
    """Whether a part of a path connects every term of a graph with itself (18.4)."""
    if isinstance(path, ZeroOrMore | ZeroOrOne):
        return True
    return any(map(needs_all_nodes, inner_paths(path)))
