"""A search from a constant over few links is done while its query is compiled.

A hierarchy of classes or of a code list is a few hundred triples, and to let an engine
recurse over them takes longer than what is then joined with the classes found. The plan
is made from the links, so it holds as long as they do (`relational/readings.py`).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from strabon_store.algebra.paths import Inverse, Link, PathExpression
from strabon_store.relational.context import Context
from strabon_store.relational.nodes import Plan, Rows

FEW_LINKS: Final = 500
"""A hierarchy of classes has that many, and a way so long is still walked quickly."""


def walk(
    path: PathExpression, known: Plan, context: Context, *, matches_zero_length: bool
) -> list[tuple[int, int]] | None:
    """The ends and what repetitions of a path lead to from them, each pair once.

    Args:
        path: What is repeated.
        known: Where the search begins.
        context: Where it stands.
        matches_zero_length: Whether an end leads to itself in any case.

    Returns:
        The pairs in order; None where an engine has to search.
    """
    if not (isinstance(known, Rows) and context.is_whole_default_graph):
        return None
    links = _links(path, context)
    if links is None:
        return None
    origins = {each for row in known.rows for each in row if isinstance(each, int)}
    pairs = {(each, end) for each in origins for end in _reached(each, links)}
    if matches_zero_length:
        pairs |= {(each, each) for each in origins}
    return sorted(pairs)


def _links(path: PathExpression, context: Context) -> Mapping[int, list[int]] | None:
    """What each node leads to in one step, if all of the steps are few and known."""
    match path:
        case Link(iri) | Inverse(Link(iri)):
            key = context.catalog.term_id(iri)
        case _:
            return None
    known = None if key is None else context.catalog.predicate(key)
    if key is None or known is None or known.statements > FEW_LINKS:
        return None
    links = context.catalog.links(key)
    if links is None:
        return None
    if isinstance(path, Inverse):
        links = frozenset((target, source) for source, target in links)
    return _by_source(links)


def _by_source(links: Iterable[tuple[int, int]]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for source, target in links:
        found.setdefault(source, []).append(target)
    return found


def _reached(origin: int, links: Mapping[int, list[int]]) -> Iterator[int]:
    """What one or more links lead to, each once."""
    seen: set[int] = set()
    pending = [origin]
    while pending:
        for target in links.get(pending.pop(), ()):
            if target not in seen:
                seen.add(target)
                pending.append(target)
                yield target
