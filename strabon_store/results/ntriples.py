"""RDF terms in N-Triples: the `Plain` encoding, and what TSV and people see."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strabon_store.algebra.terms import XSD_STRING, Term
from strabon_store.results.columns import (
    Strings,
    TermColumn,
    TermKind,
    TermType,
    lexical_of,
    type_of,
)
from strabon_store.results.text import CellStyle, Escaper

# Canonical N-Triples escapes these and, by code point, the other controls.
_ESCAPES: Final = {
    **{code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)},
    ord("\b"): "\\b",
    ord("\t"): "\\t",
    ord("\n"): "\\n",
    ord("\f"): "\\f",
    ord("\r"): "\\r",
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}
# What IRIREF cannot hold (RDF 1.1 N-Triples section 7, production 8).
_IRI_ESCAPES: Final = {
    code: f"\\u{code:04X}" for code in (*range(0x21), *b'<>"{}|^`\\')
}


def render_term(term: Term) -> str:
    r"""The term in canonical N-Triples (RDF 1.1 N-Triples section 4).

    Examples:
        >>> from strabon_store.algebra.terms import Literal
        >>> render_term(Literal('a "quoted" word', language="en"))
        '"a \\"quoted\\" word"@en'
        >>> render_term(Literal("1", "http://www.w3.org/2001/XMLSchema#integer"))
        '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    """
    kind = type_of(term)
    before, after = _around(kind)
    return before + _ESCAPERS[kind.kind].one(lexical_of(term)) + after


def _around(kind: TermType) -> tuple[str, str]:
    match kind:
        case TermType(TermKind.IRI):
            return "<", ">"
        case TermType(TermKind.BLANK_NODE):
            return "_:", ""
        case TermType(_, _, str() as language):
            return '"', f'"@{language}'
        case TermType(_, datatype) if datatype == XSD_STRING:
            return '"', '"'
        case TermType(_, datatype):
            return '"', f'"^^<{_escape_iri(datatype)}>'


def _escape_iri(text: str) -> str:
    return text.translate(_IRI_ESCAPES)


def _escape_string(text: str) -> str:
    return text.translate(_ESCAPES)


_ESCAPERS: Final = {
    TermKind.IRI: Escaper(bytes(_IRI_ESCAPES), _escape_iri),
    TermKind.BLANK_NODE: Escaper(b"", str),
    TermKind.LITERAL: Escaper(bytes(_ESCAPES), _escape_string),
}


def _escaped(column: TermColumn) -> Strings:
    kinds = list(dict.fromkeys(each.kind for each in column.types))
    texts = [_ESCAPERS[kind](column.lexical) for kind in kinds]
    if column.index is None or all(each is column.lexical for each in texts):
        return texts[0]
    chosen = np.array([kinds.index(each.kind) for each in column.types])
    return pc.choose(pa.array(chosen[column.index]), *texts)


NTRIPLES: Final = CellStyle(_around, _escaped)
"""Terms in canonical N-Triples, columns of them at a time."""
