"""SPARQL Query Results XML Format, many rows at a time."""

import re
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from strabon_store.algebra.terms import XSD_STRING
from strabon_store.results.columns import (
    Batch,
    Strings,
    TermKind,
    TermType,
)
from strabon_store.results.solutions import Tabular
from strabon_store.results.text import CellStyle, Escaper, joined, write_rows

_NAMESPACE = "http://www.w3.org/2005/sparql-results#"
# XML 1.0 has no way to write these characters, not even as references (section 2.2).
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def serialize_xml(result: Tabular) -> Iterator[bytes]:
    """The result as pieces of one XML document.

    Characters that XML 1.0 cannot hold become U+FFFD; every other format keeps them.
    """
    yield f'<?xml version="1.0"?>\n<sparql xmlns="{_NAMESPACE}">\n'.encode()
    if isinstance(result, bool):
        boolean = f"<boolean>{str(result).lower()}</boolean>"
        yield f"<head/>\n{boolean}\n</sparql>\n".encode()
        return
    variables = result.variables
    names = "".join(f"<variable name={quoteattr(name)}/>" for name in variables)
    yield f"<head>{names}</head>\n<results>\n".encode()
    yield from write_rows(result.batches(), lambda batch: _rows(variables, batch))
    yield b"</results>\n</sparql>\n"


def _rows(variables: tuple[str, ...], batch: Batch) -> Strings:
    bindings = [
        _STYLE.cells(column, f"<binding name={quoteattr(name)}>", "</binding>")
        for name, column in zip(variables, batch.columns, strict=True)
    ]
    return joined(["<result>", *bindings, "</result>\n"], batch.length)


def _around(kind: TermType) -> tuple[str, str]:
    match kind:
        case TermType(TermKind.IRI):
            return "<uri>", "</uri>"
        case TermType(TermKind.BLANK_NODE):
            return "<bnode>", "</bnode>"
        case TermType(_, _, str() as language):
            return f"<literal xml:lang={quoteattr(language)}>", "</literal>"
        case TermType(_, datatype) if datatype == XSD_STRING:
            return "<literal>", "</literal>"
        case TermType(_, datatype):
            return f"<literal datatype={quoteattr(datatype)}>", "</literal>"


def _text(value: str) -> str:
    # A bare carriage return would come back as a line feed (XML 1.0 section 2.11).
    return escape(_NOT_XML.sub("\ufffd", value), {"\r": "&#13;"})


_CONTROLS: Final = bytes(set(range(0x20)) - set(b"\t\n"))
# U+FFFE and U+FFFF begin with EF.
_escape = Escaper(b"&<>\xef" + _CONTROLS, _text)
_STYLE: Final = CellStyle(_around, lambda column: _escape(column.lexical))
