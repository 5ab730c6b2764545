"""SPARQL Query Results XML Format, row by row."""

import re
from collections.abc import Iterator
from typing import assert_never
from xml.sax.saxutils import escape, quoteattr

from strabon_store.algebra.terms import IRI, XSD_STRING, BlankNode, Literal, Term
from strabon_store.results.solutions import Result, Row

_NAMESPACE = "http://www.w3.org/2005/sparql-results#"
# XML 1.0 has no way to write these characters, not even as references (section 2.2).
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def serialize_xml(result: Result) -> Iterator[str]:
    """The result as pieces of one XML document.

    Characters that XML 1.0 cannot hold become U+FFFD; every other format keeps them.
    """
    yield f'<?xml version="1.0"?>\n<sparql xmlns="{_NAMESPACE}">\n'
    if isinstance(result, bool):
        yield f"<head/>\n<boolean>{str(result).lower()}</boolean>\n</sparql>\n"
        return
    names = "".join(f"<variable name={quoteattr(name)}/>" for name in result.variables)
    yield f"<head>{names}</head>\n<results>\n"
    for row in result:
        yield _result(result.variables, row)
    yield "</results>\n</sparql>\n"


def _result(variables: tuple[str, ...], row: Row) -> str:
    bindings = (
        f"<binding name={quoteattr(name)}>{_term(term)}</binding>"
        for name, term in zip(variables, row, strict=True)
        if term is not None
    )
    return f"<result>{''.join(bindings)}</result>\n"


def _term(term: Term) -> str:
    match term:
        case IRI(value):
            return f"<uri>{_text(value)}</uri>"
        case BlankNode(label):
            return f"<bnode>{_text(label)}</bnode>"
        case Literal(lexical, _, str() as language):
            tag = quoteattr(language)
            return f"<literal xml:lang={tag}>{_text(lexical)}</literal>"
        case Literal(lexical, datatype, _) if datatype == XSD_STRING:
            return f"<literal>{_text(lexical)}</literal>"
        case Literal(lexical, datatype, _):
            kind = quoteattr(datatype)
            return f"<literal datatype={kind}>{_text(lexical)}</literal>"
        case _:
            assert_never(term)


def _text(value: str) -> str:
    # A bare carriage return would come back as a line feed (XML 1.0 section 2.11).
    return escape(_NOT_XML.sub("\ufffd", value), {"\r": "&#13;"})
