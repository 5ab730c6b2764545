"""Logical sources in the current RML vocabulary -> model (RML-IO).

| the source is | what says where the data are |
|---|---|
| rml:FilePath, rml:RelativePathSource | rml:path, rml:root |
| dcat:Distribution | dcat:downloadURL, else dcat:accessURL |
| csvw:Table | csvw:url; csvw:dialect and csvw:null say how it is written |
| td:Thing (Web of Things) | hctl:hasTarget of a form of a property |
| void:Dataset | void:dataDump |
| d2rq:Database | see `parse_database` |
| sd:Service | sd:endpoint, which the iterator is a query for |
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import pyoxigraph as ox

from geotriples.mapping.document import DocumentReader
from geotriples.mapping.graph import Node
from geotriples.mapping.model import (
    Access,
    Dialect,
    FileAccess,
    LogicalSource,
    Representation,
    SparqlAccess,
    WebAccess,
)
from geotriples.mapping.parse_database import is_database, read_database
from ontologies.namespaces import DCAT, PYRML, RDF, RML, SD, VOID, Namespace

CSVW: Final = Namespace("http://www.w3.org/ns/csvw#")
TD: Final = Namespace("https://www.w3.org/2019/wot/td#")
HCTL: Final = Namespace("https://www.w3.org/2019/wot/hypermedia#")

SOURCE_PROPERTIES: Final = frozenset(
    {
        *("source", "referenceFormulation", "iterator", "root", "path", "null"),
        *("encoding", "compression", "namespace", "namespacePrefix", "namespaceURL"),
    }
)
"""Local names of the properties that are read here."""

Steps: TypeAlias = tuple[str, ...]

_URL: Final = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]*://")
_PLACES: Final[Sequence[Steps]] = (
    (RML.term("path"),),
    (CSVW.term("url"),),
    (DCAT.term("downloadURL"),),
    (DCAT.term("distribution"), DCAT.term("downloadURL")),
    (DCAT.term("accessURL"),),
    (DCAT.term("distribution"), DCAT.term("accessURL")),
    (
        TD.term("hasPropertyAffordance"),
        TD.term("hasForm"),
        HCTL.term("hasTarget"),
    ),
    (VOID.term("dataDump"),),
)
"""Paths of properties that lead from a source to where its data are, best first."""

_SERVICES: Final[Sequence[Steps]] = (
    (SD.term("endpoint"),),
    (VOID.term("sparqlEndpoint"),),
)
_TRUE: Final = frozenset({"true", "1"})
_FALSE: Final = frozenset({"false", "0"})
_XPATH: Final = RML.term("XPath")
_NAMESPACED: Final = RML.term("XPathReferenceFormulation")


def read_logical_source(
    reader: DocumentReader, node: Node, where: str
) -> LogicalSource | None:
    """A logical source; None where the node describes none."""
    return _SourceReader(reader, node, where).read()


@dataclass(frozen=True, slots=True)
class _SourceReader:
    document: DocumentReader
    node: Node
    where: str

    def read(self) -> LogicalSource | None:
        document, where = self.document, self.where
        formulation = self.formulation()
        iterator = document.one_string(self.node, "iterator", where)
        source = document.one_node(self.node, "source", where, required=True)
        access = None if source is None else self.access(source)
        if source is None or access is None or formulation is None:
            return None
        return LogicalSource(
            where,
            formulation,
            access,
            iterator,
            self.nulls(source),
            self.representation(source),
        )

    # -- what a row is -----------------------------------------------------------

    def formulation(self) -> str | None:
        node = self.document.one_node(
            self.node, "referenceFormulation", self.where, required=True
        )
        if node is None:
            return None
        types = self.document.objects(node, RDF.term("type"))
        if ox.NamedNode(_NAMESPACED) in types:
            return _XPATH
        if isinstance(node, ox.NamedNode):
            return node.value
        self.document.report(
            self.where,
            "rml:referenceFormulation is a blank node that is no "
            "rml:XPathReferenceFormulation",
        )
        return None

    def namespaces(self) -> Iterator[tuple[str, str]]:
        """The prefixes that an XPath reference formulation declares."""
        document, where = self.document, f"{self.where} referenceFormulation"
        formulation = document.graph.objects(
            self.node, RML.term("referenceFormulation")
        )
        for one in formulation:
            if isinstance(one, ox.Literal):
                continue
            for node in document.nodes(one, "namespace", where):
                prefix = document.one_string(
                    node, "namespacePrefix", where, required=True
                )
                url = self.text(node, RML.term("namespaceURL"))
                if url is None:
                    document.report(where, "a namespace needs rml:namespaceURL")
                elif prefix is not None:
                    yield prefix, url

    # -- where the data are ------------------------------------------------------

    def access(self, source: Node) -> Access | None:
        if is_database(self.document, source):
            return read_database(self.document, source, f"{self.where} source")
        for steps in _SERVICES:
            if endpoint := self.at_end(source, steps):
                return SparqlAccess(endpoint)
        for steps in _PLACES:
            if place := self.at_end(source, steps):
                if _URL.match(place):
                    return WebAccess(place)
                return FileAccess(place, self.root(source))
        self.document.report(
            f"{self.where} source",
            "says by no property that is known where its data are (rml:path, "
            "csvw:url, dcat:downloadURL, hctl:hasTarget, void:dataDump, sd:endpoint)",
        )
        return None

    def root(self, source: Node) -> str | None:
        """`rml:root`, an IRI of RML-IO or a path."""
        return self.text(source, RML.term("root"))

    def at_end(self, source: Node, steps: Steps) -> str | None:
        """The only text at the end of a path of properties."""
        *way, last = steps
        nodes = [source]
        for step in way:
            nodes = [
                one
                for node in nodes
                for one in self.document.objects(node, step)
                if not isinstance(one, ox.Literal)
            ]
        found = [text for node in nodes if (text := self.text(node, last)) is not None]
        if len(found) > 1:
            self.document.report(
                f"{self.where} source", f"has more than one <{last}>: {found}"
            )
        return found[0] if found else None

    def text(self, node: Node, iri: str) -> str | None:
        """A property that some write as an IRI and some as a string."""
        values = self.document.objects(node, iri)
        if len(values) > 1:
            self.document.report(self.where, f"has more than one <{iri}>")
        for value in values:
            if not isinstance(value, ox.BlankNode):
                return value.value
            self.document.report(self.where, f"<{iri}> is a blank node")
        return None

    # -- how they are read -------------------------------------------------------

    def nulls(self, source: Node) -> frozenset[str]:
        given = self.document.strings(source, "null", self.where)
        return frozenset(
            given + self.document.strings(source, CSVW.term("null"), self.where)
        )

    def representation(self, source: Node) -> Representation:
        dialect = self.document.one_node(source, CSVW.term("dialect"), self.where)
        encoding = _local(self.text(source, RML.term("encoding")))
        if dialect is not None and encoding is None:
            encoding = self.text(dialect, CSVW.term("encoding"))
        return Representation(
            encoding,
            _local(self.text(source, RML.term("compression"))),
            None if dialect is None else self.dialect(dialect),
            tuple(sorted(self.namespaces())),
            self.text(source, PYRML.term("crs")),
        )

    def dialect(self, node: Node) -> Dialect:
        usual = Dialect()
        quote = self.text(node, CSVW.term("quoteChar"))
        is_doubled = self.flag(node, "doubleQuote", usual=True)
        skipped = self.number(node, "skipRows")
        return Dialect(
            delimiter=self.character(node, "delimiter") or usual.delimiter,
            quote=usual.quote if quote is None else quote or None,
            escape=None if is_doubled else "\\",
            has_header=self.has_header(node),
            comment=self.text(node, CSVW.term("commentPrefix")),
            skip_rows=skipped or 0,
            trim=self.is_trimmed(node),
        )

    def has_header(self, node: Node) -> bool:
        count = self.number(node, "headerRowCount")
        if count not in {None, 0, 1}:
            message = f"csvw:headerRowCount is {count}; there can be one header or none"
            self.document.report(self.where, message)
        return self.flag(node, "header", usual=True) if count is None else count == 1

    def is_trimmed(self, node: Node) -> bool:
        trim = self.text(node, CSVW.term("trim"))
        if trim not in {None, *_TRUE, *_FALSE}:
            message = f"csvw:trim is {trim!r}; fields are trimmed at both ends or not"
            self.document.report(self.where, message)
        return trim in _TRUE or self.flag(node, "skipInitialSpace", usual=False)

    def character(self, node: Node, key: str) -> str | None:
        text = self.text(node, CSVW.term(key))
        if text is not None and len(text) != 1:
            self.document.report(self.where, f"csvw:{key} is no character: {text!r}")
            return None
        return text

    def flag(self, node: Node, key: str, *, usual: bool) -> bool:
        text = self.text(node, CSVW.term(key))
        if text not in {None, *_TRUE, *_FALSE}:
            self.document.report(self.where, f"csvw:{key} is neither true nor false")
        return usual if text is None else text in _TRUE

    def number(self, node: Node, key: str) -> int | None:
        text = self.text(node, CSVW.term(key))
        if text is None or text.isdecimal():
            return None if text is None else int(text)
        self.document.report(self.where, f"csvw:{key} is no number: {text!r}")
        return None


def _local(iri: str | None) -> str | None:
    """The name in an IRI of RML or of ours, such as rml:gzip."""
    for namespace in (RML, PYRML):
        if iri is not None and iri.startswith(namespace):
            return namespace.local(iri)
    return iri
