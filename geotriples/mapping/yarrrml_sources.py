"""Sources and targets of YARRRML -> graph."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox

from geotriples.mapping.graph import DocumentGraph, Node, Object
from geotriples.mapping.parse_database import D2RQ
from geotriples.mapping.rml2014 import QL, RML2014
from ontologies.namespaces import RDF, RML, RR, Namespace

_CSVW: Final = Namespace("http://www.w3.org/ns/csvw#")
_FORMATS: Final = Namespace("http://www.w3.org/ns/formats/")
_FORMULATIONS: Final = {
    "csv": "CSV",
    "tsv": "TSV",
    "jsonpath": "JSONPath",
    "json": "JSONPath",
    "xpath": "XPath",
    "xml": "XPath",
}
_SERIALIZATIONS: Final = {
    "ntriples": "N-Triples",
    "nquads": "N-Quads",
    "turtle": "Turtle",
    "trig": "TriG",
    "jsonld": "JSON-LD",
    "rdfxml": "RDF_XML",
    "n3": "N3",
}
_DRIVERS: Final = {
    "mysql": "com.mysql.cj.jdbc.Driver",
    "mariadb": "com.mysql.cj.jdbc.Driver",
    "postgresql": "org.postgresql.Driver",
    "sqlserver": "com.microsoft.sqlserver.jdbc.SQLServerDriver",
    "oracle": "oracle.jdbc.driver.OracleDriver",
    "sqlite": "org.sqlite.JDBC",
}
_VERSIONS: Final = {
    "sql2008": "SQL2008",
    "mysql": "MySQL",
    "oracle": "Oracle",
    "postgresql": "PostgreSQL",
    "db2": "DB2",
    "sqlserver": "MSSQLServer",
}
_KEYS: Final = frozenset(
    {
        *("access", "type", "credentials", "queryFormulation", "query", "table"),
        *("referenceFormulation", "iterator", "delimiter", "encoding"),
        *("contentType", "operationType"),
    }
)
_NO_SECURITY: Final[Sequence[object]] = ("none", ["none"], [{"type": "none"}])
_TARGET_KEYS: Final = frozenset({"access", "type", "serialization", "compression"})
_FILE_TARGETS: Final = frozenset({"localfile", "void", "dcat", "file", ""})

Report = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class SourceWriter:
    """Writes the logical source of a triples map.

    Attributes:
        graph: Where to.
        document: The document, for its named sources.
        report: Takes what is wrong, with its node.
        where: The mapping.
    """

    graph: DocumentGraph
    document: Mapping[str, Any]
    report: Report
    where: str

    def add(self, subject: Node, predicate: str, value: Object) -> None:
        """Add a triple."""
        self.graph.add(ox.Triple(subject, ox.NamedNode(predicate), value))

    def write(self, node: Node, source: Any) -> bool:
        """Write a source; whether it is a table or query of the run's database."""
        entry = self.entry(source)
        if entry is None:
            return False
        for key in entry:
            if key == "security" and entry[key] in _NO_SECURITY:
                continue
            if key not in _KEYS:
                self.report(self.where, f"sources: the key {key!r} is not supported")
        logical = ox.BlankNode()
        if "access" not in entry:
            self.add(node, RR.term("logicalTable"), logical)
            self.rows(logical, entry, RR.term("sqlQuery"))
            return True
        self.add(node, RML2014.term("logicalSource"), logical)
        if "query" in entry or "table" in entry:
            self.database(logical, entry)
        else:
            self.file(logical, entry)
        return False

    def entry(self, source: Any) -> Mapping[str, Any] | None:
        """A source as a map, whether it is named, a list or a map."""
        named = self.document.get("sources") or {}
        match source:
            case str() if source in named:
                return self.entry(named[source])
            case str():
                return self.entry([source])
            case [str(access), *rest]:
                path, _, formulation = access.partition("~")
                suffix = path.rpartition(".")[2] if "." in path else ""
                entry = {
                    "access": path,
                    "referenceFormulation": formulation or suffix,
                }
                return {**entry, "iterator": rest[0]} if rest else entry
            case dict():
                return source
            case _:
                pass
        self.report(self.where, f"sources: {source} is no source")
        return None

    def rows(self, node: Node, entry: Mapping[str, Any], query: str) -> None:
        """A table or a query."""
        for key, predicate in (("table", RR.term("tableName")), ("query", query)):
            if key in entry:
                self.add(node, predicate, ox.Literal(entry[key]))
        version = entry.get("queryFormulation")
        if version is not None and "query" in entry:
            name = _VERSIONS.get(version.lower())
            if name is None:
                self.report(self.where, f"sources: unknown queryFormulation {version}")
            else:
                self.add(node, RR.term("sqlVersion"), ox.NamedNode(RR.term(name)))

    def database(self, node: Node, entry: Mapping[str, Any]) -> None:
        """A database that the source describes."""
        database = ox.BlankNode()
        self.add(node, RML2014.term("source"), database)
        self.add(database, RDF.term("type"), ox.NamedNode(D2RQ.term("Database")))
        self.add(database, D2RQ.term("jdbcDSN"), ox.Literal(entry["access"]))
        kind = str(entry.get("type", "")).lower()
        if kind in _DRIVERS:
            driver = ox.Literal(_DRIVERS[kind])
            self.add(database, D2RQ.term("jdbcDriver"), driver)
        credentials = entry.get("credentials") or {}
        for key in ("username", "password"):
            if credentials.get(key):
                self.add(database, D2RQ.term(key), ox.Literal(credentials[key]))
        self.rows(node, entry, RML2014.term("query"))

    def file(self, node: Node, entry: Mapping[str, Any]) -> None:
        """A file, with its dialect where it has one."""
        path = ox.Literal(entry["access"])
        name = str(entry.get("referenceFormulation", "")).lower()
        formulation = _FORMULATIONS.get(name)
        if formulation is None:
            self.report(self.where, f"sources: unknown referenceFormulation {name!r}")
        else:
            iri = ox.NamedNode(QL.term(formulation))
            self.add(node, RML2014.term("referenceFormulation"), iri)
        if "iterator" in entry:
            iterator = ox.Literal(entry["iterator"])
            self.add(node, RML2014.term("iterator"), iterator)
        if "delimiter" not in entry and "encoding" not in entry:
            self.add(node, RML2014.term("source"), path)
            return
        table, dialect = ox.BlankNode(), ox.BlankNode()
        self.add(node, RML2014.term("source"), table)
        self.add(table, RDF.term("type"), ox.NamedNode(_CSVW.term("Table")))
        self.add(table, _CSVW.term("url"), path)
        self.add(table, _CSVW.term("dialect"), dialect)
        for key in ("delimiter", "encoding"):
            if key in entry:
                text = str(entry[key]).replace("\\t", "\t")
                self.add(dialect, _CSVW.term(key), ox.Literal(text))


def write_target(
    graph: DocumentGraph, document: Mapping[str, Any], target: Any
) -> Node | str:
    """A logical target, named or inline; or what is wrong with it."""
    named = document.get("targets") or {}
    if isinstance(target, str) and target in named:
        target = named[target]
        if isinstance(target, str):
            target = [target]
    match target:
        case [str(access), *rest]:
            path, _, kind = access.partition("~")
            entry = {"access": path, "type": kind}
            entry |= dict(zip(("serialization", "compression"), rest, strict=False))
        case dict():
            entry = target
        case _:
            return f"targets: there is no target {target!r}"
    unknown = sorted(set(entry) - _TARGET_KEYS)
    if unknown or str(entry.get("type", "")).lower() not in _FILE_TARGETS:
        kind = entry.get("type", "")
        return f"targets: a target of type {kind!r} with {unknown} is not supported"
    if "$(" in str(entry.get("access", "")):
        return "targets: a path with references is not supported"
    return _file_target(graph, entry)


def _file_target(graph: DocumentGraph, entry: Mapping[str, Any]) -> Node | str:
    node, place = ox.BlankNode(), ox.BlankNode()
    triples: list[tuple[Node, str, Object]] = [
        (node, "target", place),
        (place, "path", ox.Literal(str(entry.get("access", "")))),
    ]
    serialization = str(entry.get("serialization") or "nquads").lower()
    name = _SERIALIZATIONS.get(serialization)
    if name is None:
        return f"targets: unknown serialization {serialization!r}"
    triples.append((node, "serialization", ox.NamedNode(_FORMATS.term(name))))
    if entry.get("compression"):
        compression = ox.NamedNode(RML.term(str(entry["compression"]).lower()))
        triples.append((node, "compression", compression))
    for subject, predicate, value in triples:
        graph.add(ox.Triple(subject, ox.NamedNode(RML.term(predicate)), value))
    return node
