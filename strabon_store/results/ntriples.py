"""RDF terms in N-Triples: the `Plain` encoding, and what TSV and people see."""

from typing import assert_never

from strabon_store.algebra.terms import IRI, XSD_STRING, BlankNode, Literal, Term

# Canonical N-Triples escapes these and, by code point, the other controls.
_ESCAPES = {
    **{code: f"\\u{code:04X}" for code in (*range(0x20), 0x7F)},
    ord("\b"): "\\b",
    ord("\t"): "\\t",
    ord("\n"): "\\n",
    ord("\f"): "\\f",
    ord("\r"): "\\r",
    ord('"'): '\\"',
    ord("\\"): "\\\\",
}


def render_term(term: Term) -> str:
    r"""The term in canonical N-Triples (RDF 1.1 N-Triples section 4).

    Examples:
        >>> render_term(Literal('a "quoted" word', language="en"))
        '"a \\"quoted\\" word"@en'
        >>> render_term(Literal("1", "http://www.w3.org/2001/XMLSchema#integer"))
        '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    """
    match term:
        case IRI(value):
            return f"<{value}>"
        case BlankNode(label):
            return f"_:{label}"
        case Literal(lexical, _, str() as language):
            return f'"{lexical.translate(_ESCAPES)}"@{language}'
        case Literal(lexical, datatype, _) if datatype == XSD_STRING:
            return f'"{lexical.translate(_ESCAPES)}"'
        case Literal(lexical, datatype, _):
            return f'"{lexical.translate(_ESCAPES)}"^^<{datatype}>'
        case _:
            assert_never(term)
