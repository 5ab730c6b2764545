"""Terms in N-Triples, the `Plain` encoding, as the backends write it too.

Only what N-Triples forbids in a string is escaped, so that an engine's string functions
suffice to write the same text: equal text is the same term.
"""

from typing import Final

from strabon_store.algebra.terms import IRI, XSD_STRING, BlankNode, Literal, Term

ESCAPES: Final = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"))
"""What is replaced in lexical forms, in this order."""


def render_plain(term: Term) -> str:
    r"""The term in N-Triples.

    Examples:
        >>> render_plain(Literal('say "hi"', language="en"))
        '"say \\"hi\\""@en'
    """
    match term:
        case IRI(value):
            return f"<{value}>"
        case BlankNode(label):
            return f"_:{label}"
        case Literal(lexical, datatype, language):
            for character, escape in ESCAPES:
                lexical = lexical.replace(character, escape)
            if language is not None:
                return f'"{lexical}"@{language}'
            if datatype == XSD_STRING:
                return f'"{lexical}"'
            return f'"{lexical}"^^<{datatype}>'
