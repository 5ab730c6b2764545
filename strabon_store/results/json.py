"""SPARQL 1.1 Query Results JSON Format, many rows at a time."""

import json
from collections.abc import Iterator
from json.encoder import encode_basestring
from typing import Final

import pyarrow.compute as pc

from strabon_store.algebra.terms import XSD_STRING, Term
from strabon_store.results.columns import (
    Batch,
    Strings,
    TermKind,
    TermType,
    lexical_of,
    type_of,
)
from strabon_store.results.solutions import Tabular
from strabon_store.results.text import CellStyle, Escaper, joined, write_rows

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_KINDS: Final = {
    TermKind.IRI: "uri",
    TermKind.BLANK_NODE: "bnode",
    TermKind.LITERAL: "literal",
}
_SEPARATOR: Final = b",\n"


def serialize_json(result: Tabular) -> Iterator[bytes]:
    """The result as pieces of one JSON document.

    Examples:
        >>> b"".join(serialize_json(True))
        b'{"head":{},"boolean":true}'
    """
    if isinstance(result, bool):
        yield _encode({"head": {}, "boolean": result}).encode()
        return
    head = _encode({"vars": result.variables})
    yield f'{{"head":{head},"results":{{"bindings":['.encode()
    variables = result.variables
    is_first = True
    for piece in write_rows(result.batches(), lambda batch: _rows(variables, batch)):
        yield piece.removeprefix(_SEPARATOR) if is_first else piece
        is_first = is_first and not piece
    yield b"]}}\n"


def _rows(variables: tuple[str, ...], batch: Batch) -> Strings:
    """Each row after a separator, unbound variables left out."""
    cells = [
        _STYLE.cells(column, before=f",{_encode(name)}:")
        for name, column in zip(variables, batch.columns, strict=True)
    ]
    if not cells:
        return joined([",\n{}"], batch.length)
    # The comma of the first variable that is bound becomes the brace.
    members = joined(cells, batch.length)
    opened = pc.binary_replace_slice(members, start=0, stop=1, replacement=",\n{")
    return joined([opened, "}"], batch.length)


def term_to_json(term: Term) -> dict[str, str]:
    """One RDF term as section 3.2.2 of the format has it.

    Examples:
        >>> from strabon_store.algebra.terms import Literal
        >>> term_to_json(Literal("chat", language="fr"))
        {'type': 'literal', 'value': 'chat', 'xml:lang': 'fr'}
    """
    kind = type_of(term)
    value = {"type": _KINDS[kind.kind], "value": lexical_of(term)}
    return value | _description(kind)


def _description(kind: TermType) -> dict[str, str]:
    if kind.language is not None:
        return {"xml:lang": kind.language}
    is_plain = kind.datatype in {"", XSD_STRING}
    return {} if is_plain else {"datatype": kind.datatype}


def _around(kind: TermType) -> tuple[str, str]:
    members = {"type": _KINDS[kind.kind], "value": ""} | _description(kind)
    before, _, after = _encode(members).partition('"value":"')
    return f'{before}"value":"', after


_escape = Escaper(
    b'"\\' + bytes(range(0x20)), lambda text: encode_basestring(text)[1:-1]
)
_STYLE: Final = CellStyle(_around, lambda column: _escape(column.lexical))
