"""Logical sources in the current RML vocabulary -> model (RML-IO)."""

from typing import Final

from geotriples.mapping.document import DocumentReader
from geotriples.mapping.graph import Node
from geotriples.mapping.model import Access, FileAccess, LogicalSource
from geotriples.mapping.parse_database import is_database, read_database

SOURCE_PROPERTIES: Final = frozenset(
    {"source", "referenceFormulation", "iterator", "root", "path", "null"}
)
"""Local names of the properties that are read here."""


def read_logical_source(
    reader: DocumentReader, node: Node, where: str
) -> LogicalSource | None:
    """A logical source; None where the node describes none."""
    formulation = reader.one_iri(node, "referenceFormulation", where, required=True)
    source = reader.one_node(node, "source", where, required=True)
    iterator = reader.one_string(node, "iterator", where)
    if source is None or formulation is None:
        return None
    nulls = frozenset(reader.strings(source, "null", where))
    access = _access(reader, source, f"{where} source")
    if access is None:
        return None
    return LogicalSource(where, formulation, access, iterator, nulls)


def _access(reader: DocumentReader, source: Node, where: str) -> Access | None:
    if is_database(reader, source):
        return read_database(reader, source, where)
    path = reader.one_string(source, "path", where, required=True)
    root = reader.one_iri(source, "root", where)
    return None if path is None else FileAccess(path, root)
