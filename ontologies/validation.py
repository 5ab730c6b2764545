"""Whether data are what SHACL shapes, and the datatypes of geometries, say.

pySHACL judges the shapes (W3C SHACL section 3.4). A shape cannot say what a geometry
literal is, so that each one is parsed beside it: the message names the character.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import rdflib

from ontologies.errors import OntologyError
from ontologies.geosparql.datatypes import DGGS_LITERAL
from ontologies.geosparql.serializations import PARSERS, parse_literal
from ontologies.namespaces import RDF, SH
from ontologies.vocabulary import vocabulary_file

GEOSPARQL_SHAPES_FILE: Final = "geosparql-shapes.ttl"
"""The shapes of GeoSPARQL 1.1, among the vocabulary files."""

_TERMS: Final = MappingProxyType(
    {
        name: rdflib.URIRef(SH.term(name))
        for name in (
            "ValidationResult",
            "focusNode",
            "resultPath",
            "value",
            "resultMessage",
            "resultSeverity",
        )
    }
)
_TYPE: Final = rdflib.URIRef(RDF.term("type"))
_VIOLATION: Final = "Violation"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is wrong with a node.

    Attributes:
        node: The node, in N-Triples.
        path: The IRI of the property, empty where it is no single one.
        value: The value that is wrong, in N-Triples; empty where one is missing.
        message: What should be.
        severity: `Violation`, `Warning` or `Info`.
    """

    node: str
    path: str
    value: str
    message: str
    severity: str = _VIOLATION

    @property
    def is_violation(self) -> bool:
        """Whether data with it do not conform."""
        return self.severity == _VIOLATION

    def __str__(self) -> str:
        """A line for people."""
        path = f" <{self.path}>" if self.path else ""
        value = f" {_shortened(self.value)}" if self.value else ""
        return f"{self.severity.lower()}: {self.node}{path}{value}: {self.message}"


_LONGEST: Final = 60


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def geosparql_shapes() -> rdflib.Graph:
    """The shapes of GeoSPARQL 1.1."""
    return rdflib.Graph().parse(
        data=vocabulary_file(GEOSPARQL_SHAPES_FILE).read_bytes(), format="turtle"
    )


def validate(data: rdflib.Graph, shapes: rdflib.Graph) -> tuple[Finding, ...]:
    """What is wrong in a graph, sorted by node.

    Args:
        data: The graph, with the classes and concepts that its nodes refer to.
        shapes: SHACL shapes.

    Raises:
        OntologyError: The shapes are none.
    """
    found = {*_by_shapes(data, shapes), *_by_datatypes(data)}
    return tuple(sorted(found))


def _by_shapes(data: rdflib.Graph, shapes: rdflib.Graph) -> Iterator[Finding]:
    # It takes a second to import, and most of what imports this module does not ask.
    import pyshacl  # noqa: PLC0415
    from pyshacl.errors import ReportableRuntimeError, ShapeLoadError  # noqa: PLC0415

    try:
        _, report, text = pyshacl.validate(data, shacl_graph=shapes)
    except (ReportableRuntimeError, ShapeLoadError) as error:
        raise OntologyError(f"these are no SHACL shapes: {error}") from error
    if not isinstance(report, rdflib.Graph):
        raise OntologyError(f"these are no SHACL shapes: {text}")
    for result in report.subjects(_TYPE, _TERMS["ValidationResult"]):
        yield _finding(report, result)


def _finding(report: rdflib.Graph, result: rdflib.term.Node) -> Finding:
    told = {name: report.value(result, term) for name, term in _TERMS.items()}
    path = told["resultPath"]
    return Finding(
        _text(told["focusNode"]),
        str(path) if isinstance(path, rdflib.URIRef) else "",
        _text(told["value"]),
        str(told["resultMessage"] or ""),
        str(told["resultSeverity"]).removeprefix(SH),
    )


def _text(node: rdflib.term.Node | None) -> str:
    return "" if node is None else node.n3()


def _by_datatypes(data: rdflib.Graph) -> Iterator[Finding]:
    for subject, predicate, value in data:
        if isinstance(value, rdflib.Literal):
            reason = _problem(value)
            if reason:
                yield Finding(_text(subject), str(predicate), _text(value), reason)


def _problem(literal: rdflib.Literal) -> str:
    """Why a geometry literal is none; empty for a good one, and for other literals."""
    datatype = str(literal.datatype)
    # What a DGGS writes into its literals is its own affair (section 8.7).
    if datatype not in PARSERS or datatype == DGGS_LITERAL:
        return ""
    try:
        parse_literal(str(literal), datatype)
    except OntologyError as error:
        return str(error)
    return ""


def conforms(findings: Iterable[Finding]) -> bool:
    """Whether there is no violation; warnings do not count."""
    return not any(finding.is_violation for finding in findings)
