"""Mapping text -> model, in whichever language it is written.

| language | how it is known | read by |
|---|---|---|
| RML | `http://w3id.org/rml/` | `parse` |
| R2RML | `rr:` | `r2rml`, which gives the properties RML's names |
| YARRRML | YAML with `mappings:` | `yarrrml`, then as RML of 2014 |
| RML of 2014 | `http://semweb.mmlab.be/ns/rml#` | `rml2014`, then as R2RML |
"""

from typing import Final

from geotriples.mapping.document import RML_LABELS, PropertyLabels
from geotriples.mapping.graph import DocumentGraph, parse_graph
from geotriples.mapping.model import LogicalSource, Mapping, Problem
from geotriples.mapping.parse import (
    DEFAULT_BASE,
    ParsedMapping,
    read_graph,
    syntax_problem,
)
from geotriples.mapping.r2rml import LABELS, is_r2rml, translate_r2rml
from geotriples.mapping.references import rewrite_references
from geotriples.mapping.rml2014 import (
    LABELS_2014,
    absolute_jsonpath,
    is_rml2014,
    translate_rml2014,
)
from geotriples.mapping.yarrrml import LABELS as YARRRML_LABELS
from geotriples.mapping.yarrrml import YarrrmlError, is_yarrrml, translate_yarrrml
from ontologies.namespaces import PYRML, RML

_JSON: Final = frozenset({RML.term("JSONPath"), PYRML.term("JSONLines")})


def read_mapping(text: bytes, base: str | None = None) -> ParsedMapping:
    """Read a mapping.

    Args:
        text: A Turtle document of RML or R2RML, or YARRRML.
        base: What relative IRIs in the document are resolved against, unless it
            declares a base of its own.
    """
    if is_yarrrml(text):
        return _read_yarrrml(text)
    try:
        graph = parse_graph(text, base or DEFAULT_BASE)
    except SyntaxError as error:
        return ParsedMapping(Mapping(()), (syntax_problem(error),))
    return read_document(graph)


def _read_yarrrml(text: bytes) -> ParsedMapping:
    try:
        graph, problems = translate_yarrrml(text)
    except YarrrmlError as error:
        return ParsedMapping(Mapping(()), (Problem(error.node, str(error)),))
    parsed = read_document(graph, YARRRML_LABELS)
    return ParsedMapping(parsed.mapping, (*problems, *parsed.problems))


def read_document(
    graph: DocumentGraph, labels: PropertyLabels | None = None
) -> ParsedMapping:
    """Read a graph of RML, R2RML, RML of 2014, or several of them.

    Args:
        graph: The document.
        labels: How messages call properties; None for how the document does.
    """
    problems: list[Problem] = []
    of_2014 = is_rml2014(graph)
    if of_2014:
        graph, problems = translate_rml2014(graph)
    usual = RML_LABELS
    if is_r2rml(graph):
        graph, others = translate_r2rml(graph)
        problems += others
        usual = LABELS_2014 if of_2014 else LABELS
    parsed = read_graph(graph, labels or usual)
    mapping = parsed.mapping
    if of_2014:
        mapping = rewrite_references(mapping, _absolute)
    return ParsedMapping(mapping, (*problems, *parsed.problems))


def _absolute(source: LogicalSource, text: str) -> str:
    return absolute_jsonpath(text) if source.formulation in _JSON else text
