"""SPARQL 1.1 Query Results JSON Format, row by row."""

import json
from collections.abc import Iterator
from typing import assert_never

from strabon_store.algebra.terms import IRI, XSD_STRING, BlankNode, Literal, Term
from strabon_store.results.solutions import Result, Row

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def serialize_json(result: Result) -> Iterator[str]:
    """The result as pieces of one JSON document.

    Examples:
        >>> "".join(serialize_json(True))
        '{"head":{},"boolean":true}'
    """
    if isinstance(result, bool):
        yield _encode({"head": {}, "boolean": result})
        return
    yield f'{{"head":{_encode({"vars": result.variables})},"results":{{"bindings":['
    separator = ""
    for row in result:
        yield separator + _encode(_binding(result.variables, row))
        separator = ",\n"
    yield "]}}\n"


def _binding(variables: tuple[str, ...], row: Row) -> dict[str, dict[str, str]]:
    return {
        name: term_to_json(term)
        for name, term in zip(variables, row, strict=True)
        if term is not None
    }


def term_to_json(term: Term) -> dict[str, str]:
    """One RDF term as section 3.2.2 of the format has it.

    Examples:
        >>> term_to_json(Literal("chat", language="fr"))
        {'type': 'literal', 'value': 'chat', 'xml:lang': 'fr'}
    """
    match term:
        case IRI(value):
            return {"type": "uri", "value": value}
        case BlankNode(label):
            return {"type": "bnode", "value": label}
        case Literal(lexical, _, str() as language):
            return {"type": "literal", "value": lexical, "xml:lang": language}
        case Literal(lexical, datatype, _) if datatype == XSD_STRING:
            return {"type": "literal", "value": lexical}
        case Literal(lexical, datatype, _):
            return {"type": "literal", "value": lexical, "datatype": datatype}
        case _:
            assert_never(term)
