"""SPARQL 1.1 Query Results CSV Format: values alone, lossy by design (section 3)."""

from collections.abc import Iterator
from typing import assert_never

from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.results.solutions import Result

_NEEDS_QUOTES = frozenset('",\r\n')


def serialize_csv(result: Result) -> Iterator[str]:
    r"""The result as lines ended by CR LF, as RFC 4180 wants them.

    The format has no form for ASK; like other stores we answer one field, `true` or
    `false`.

    Examples:
        >>> "".join(serialize_csv(False))
        'false\r\n'
    """
    if isinstance(result, bool):
        yield f"{str(result).lower()}\r\n"
        return
    yield ",".join(result.variables) + "\r\n"
    for row in result:
        yield ",".join(_field(term) for term in row) + "\r\n"


def _field(term: Term | None) -> str:
    match term:
        case None:
            return ""
        case IRI(text) | Literal(text):
            return _quote(text)
        case BlankNode(label):
            return f"_:{label}"
        case _:
            assert_never(term)


def _quote(text: str) -> str:
    if _NEEDS_QUOTES.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'
