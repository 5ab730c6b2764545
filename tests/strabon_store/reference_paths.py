"""Property paths by the letter of section 18.4, slowly: an oracle for tests."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias, assert_never

from strabon_store.algebra.nodes import Path
from strabon_store.algebra.paths import (
    Alternative,
    Inverse,
    Link,
    NegatedPropertySet,
    OneOrMore,
    PathExpression,
    Sequence,
    ZeroOrMore,
    ZeroOrOne,
)
from strabon_store.algebra.terms import Term, TermOrVar, Var

Triple: TypeAlias = tuple[Term, Term, Term]
Pair: TypeAlias = tuple[Term, Term]


def path_solutions(
    pattern: Path, triples: Iterable[Triple]
) -> Iterator[dict[Var, Term]]:
    """The solutions of a path pattern over the triples of a graph."""
    graph = tuple(dict.fromkeys(triples))
    ends = (pattern.subject, pattern.object)
    for pair in _pairs(pattern.path, graph, _terms(graph, ends)):
        bound: dict[Var, Term] = {}
        fits = True
        for end, term in zip(ends, pair, strict=True):
            wanted = bound.setdefault(end, term) if isinstance(end, Var) else end
            fits = fits and wanted == term
        if fits:
            yield bound


def _terms(graph: tuple[Triple, ...], ends: tuple[TermOrVar, ...]) -> list[Term]:
    """The nodes of the graph, and constant ends: they match themselves."""
    nodes = [term for triple in graph for term in (triple[0], triple[2])]
    constants = [end for end in ends if not isinstance(end, Var)]
    return list(dict.fromkeys((*nodes, *constants)))


def _pairs(
    path: PathExpression, graph: tuple[Triple, ...], terms: list[Term]
) -> list[Pair]:
    match path:
        case Link(iri):
            return [(s, o) for s, p, o in graph if p == iri]
        case Inverse(inner):
            return [(b, a) for a, b in _pairs(inner, graph, terms)]
        case Sequence(steps):
            found = _pairs(steps[0], graph, terms)
            for step in steps[1:]:
                after = _pairs(step, graph, terms)
                found = [(a, d) for a, b in found for c, d in after if b == c]
            return found
        case Alternative(branches):
            return [pair for each in branches for pair in _pairs(each, graph, terms)]
        case NegatedPropertySet(forward, inverse):
            straight = [] if forward is None else _others(forward, graph)
            back = [] if inverse is None else _others(inverse, graph)
            return straight + [(b, a) for a, b in back]
        case ZeroOrOne(inner):
            zero = [(term, term) for term in terms]
            return list(dict.fromkeys(zero + _pairs(inner, graph, terms)))
        case OneOrMore(inner) | ZeroOrMore(inner):
            links = _pairs(inner, graph, terms)
            is_reflexive = isinstance(path, ZeroOrMore)
            return [(a, b) for a in terms for b in _alp(a, links, is_reflexive)]
        case _:
            assert_never(path)


def _others(listed: tuple[Term, ...], graph: tuple[Triple, ...]) -> list[Pair]:
    return [(s, o) for s, p, o in graph if p not in listed]


def _alp(start: Term, step: list[Pair], is_reflexive: bool) -> set[Term]:  # noqa: FBT001
    """Arbitrary length path: what is visited from a term on, each once."""
    visited: set[Term] = {start} if is_reflexive else set()
    pending = [start]
    while pending:
        term = pending.pop()
        for begin, end in step:
            if begin == term and end not in visited:
                visited.add(end)
                pending.append(end)
    return visited
