"""R2RML -> the same mapping as a graph of the current RML vocabulary.

R2RML and RML share their structure and most local names.  So that one reader, with one
set of checks, reads both, the properties of R2RML are given their names in RML:

| R2RML | RML |
|---|---|
| rr:logicalTable | rml:logicalSource, of the database that the run names |
| rr:tableName, rr:sqlQuery | rml:iterator, with a formulation of R2RML's classes |
| rr:column | rml:reference |
| every other | rml: of the same local name |

A reference of R2RML is an identifier of SQL, delimited or not (R2RML, section 5.1), and
the formulations `rr:BaseTableOrView` and `rr:R2RMLView` tell the source so.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import pyoxigraph as ox

from geotriples.mapping.graph import DocumentGraph, Node, Object
from geotriples.mapping.model import Problem
from geotriples.mapping.template import parse_template
from ontologies.namespaces import PYRML, RML, RR

BASE_TABLE: Final = RR.term("BaseTableOrView")
SQL_VIEW: Final = RR.term("R2RMLView")
RUN_DATABASE: Final = ox.NamedNode(PYRML.term("runDatabase"))
"""The source that stands for the database that the run names."""

SQL_VERSIONS: Final = frozenset(
    RR.term(one)
    for one in ("SQL2008", "Oracle", "MySQL", "MSSQLServer", "HSQLDB", "PostgreSQL")
) | {RR.term("DB2"), RR.term("Informix"), RR.term("Ingres"), RR.term("Progress")}
"""Identifiers of SQL versions: R2RML's own, and the list that it refers to."""

_SHORTCUTS: Final = ("subject", "predicate", "object", "graph")
_SAME: Final = (
    *(f"{one}Map" for one in _SHORTCUTS),
    *_SHORTCUTS,
    *("predicateObjectMap", "class", "termType", "template", "constant"),
    *("parentTriplesMap", "joinCondition", "child", "parent", "datatype", "language"),
)
PROPERTIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        RR.term("logicalTable"): RML.term("logicalSource"),
        RR.term("column"): RML.term("reference"),
        **{RR.term(one): RML.term(one) for one in _SAME},
    }
)
"""Properties of R2RML that differ from RML's by their names only."""

TERMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        RR.term(one): RML.term(one)
        for one in ("IRI", "BlankNode", "Literal", "defaultGraph")
    }
)
"""IRIs that stand as objects."""

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {RML.local(new): f"rr:{RR.local(old)}" for old, new in PROPERTIES.items()}
    | {"iterator": "rr:tableName or rr:sqlQuery"}
)
"""How messages call RML's properties in a mapping that is R2RML."""

_TABLE_PROPERTIES: Final = frozenset(
    RR.term(one) for one in ("tableName", "sqlQuery", "sqlVersion")
)
_CHECKED: Final = _TABLE_PROPERTIES | {RR.term("inverseExpression")}


def is_r2rml(graph: DocumentGraph) -> bool:
    """Whether a document uses R2RML's properties."""
    return any(predicate.startswith(RR) for _, predicate in graph.uses())


def translate_r2rml(graph: DocumentGraph) -> tuple[DocumentGraph, list[Problem]]:
    """The mapping in RML's words, and what is wrong with what RML has no words for."""
    translated = DocumentGraph()
    problems: list[Problem] = []
    for subject, predicate in graph.uses():
        objects = graph.objects(subject, predicate)
        if predicate.startswith(RR) and predicate not in {*PROPERTIES, *_CHECKED}:
            message = f"rr:{RR.local(predicate)} is not a property of R2RML"
            problems.append(Problem(node_label(subject), message))
            continue
        if predicate == RR.term("inverseExpression"):
            problems += _inverse_problems(subject, objects)
        if predicate in _CHECKED:
            continue
        name = ox.NamedNode(PROPERTIES.get(predicate, predicate))
        for one in objects:
            translated.add(ox.Triple(subject, name, _object(one)))
    tables = graph.subjects(*_TABLE_PROPERTIES)
    tables += [
        one
        for subject in graph.subjects(RR.term("logicalTable"))
        for one in graph.objects(subject, RR.term("logicalTable"))
        if not isinstance(one, ox.Literal) and one not in tables
    ]
    for table in tables:
        problems += _logical_table(graph, table, translated)
    return translated, problems


def _object(value: Object) -> Object:
    if isinstance(value, ox.NamedNode):
        return ox.NamedNode(TERMS.get(value.value, value.value))
    return value


def node_label(node: Node) -> str:
    """A node as messages call it where its place in the mapping is not known."""
    return f"<{node.value}>" if isinstance(node, ox.NamedNode) else "a blank node"


def _logical_table(
    graph: DocumentGraph, table: Node, translated: DocumentGraph
) -> Iterator[Problem]:
    """A base table, a view or an R2RML view (R2RML, section 5)."""
    where = _table_label(graph, table)
    names = graph.objects(table, RR.term("tableName"))
    queries = graph.objects(table, RR.term("sqlQuery"))
    if len(names) + len(queries) != 1:
        count = f"{len(names)} rr:tableName and {len(queries)} rr:sqlQuery"
        yield Problem(where, f"needs one rr:tableName or one rr:sqlQuery, has {count}")
        return
    versions = graph.objects(table, RR.term("sqlVersion"))
    for version in versions:
        if not isinstance(version, ox.NamedNode) or version.value not in SQL_VERSIONS:
            yield Problem(where, f"rr:sqlVersion {version} is not a version of SQL")
    formulation = BASE_TABLE if names else SQL_VIEW
    for name, value in (
        ("source", RUN_DATABASE),
        ("referenceFormulation", ox.NamedNode(formulation)),
        ("iterator", (names or queries)[0]),
    ):
        predicate = ox.NamedNode(RML.term(name))
        if not translated.objects(table, predicate.value):
            translated.add(ox.Triple(table, predicate, value))


def _table_label(graph: DocumentGraph, table: Node) -> str:
    for subject in graph.subjects(RR.term("logicalTable"), RML.term("logicalSource")):
        if table in graph.objects(subject, RR.term("logicalTable")):
            return f"{node_label(subject)} logicalTable"
    return node_label(table)


def _inverse_problems(subject: Node, values: list[Object]) -> Iterator[Problem]:
    """An inverse expression makes no triple, but must be a template (R2RML 7.6)."""
    for value in values:
        if not isinstance(value, ox.Literal):
            message = f"rr:inverseExpression is {value}, not a string"
            yield Problem(node_label(subject), message)
            continue
        try:
            parse_template(value.value)
        except ValueError as error:
            yield Problem(node_label(subject), f"rr:inverseExpression: {error}")
