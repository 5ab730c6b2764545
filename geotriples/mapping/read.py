"""Mapping text -> model, in whichever language it is written.

| language | how it is known | read by |
|---|---|---|
| RML | `http://w3id.org/rml/` | `parse` |
| R2RML | `rr:` | `r2rml`, which gives the properties RML's names |
"""

from geotriples.mapping.document import RML_LABELS
from geotriples.mapping.graph import parse_graph
from geotriples.mapping.model import Mapping
from geotriples.mapping.parse import (
    DEFAULT_BASE,
    ParsedMapping,
    read_graph,
    syntax_problem,
)
from geotriples.mapping.r2rml import LABELS, is_r2rml, translate_r2rml


def read_mapping(text: bytes, base: str | None = None) -> ParsedMapping:
    """Read a mapping.

    Args:
        text: A Turtle document of RML or R2RML.
        base: What relative IRIs in the document are resolved against, unless it
            declares a base of its own.
    """
    try:
        graph = parse_graph(text, base or DEFAULT_BASE)
    except SyntaxError as error:
        return ParsedMapping(Mapping(()), (syntax_problem(error),))
    if not is_r2rml(graph):
        return read_graph(graph, RML_LABELS)
    translated, problems = translate_r2rml(graph)
    parsed = read_graph(translated, LABELS)
    return ParsedMapping(parsed.mapping, (*problems, *parsed.problems))
