"""Logical sources in the current RML vocabulary -> model (RML-IO)."""

from typing import Final

from geotriples.mapping.document import DocumentReader
from geotriples.mapping.graph import Node
from geotriples.mapping.model import FileAccess, LogicalSource

SOURCE_PROPERTIES: Final = frozenset(
    {"source", "referenceFormulation", "iterator", "root", "path", "null"}
)
"""Local names of the properties that are read here."""


def read_logical_source(
    reader: DocumentReader, parent: Node, where: str
) -> LogicalSource | None:
    """The logical source of a triples map; None where it is not one."""
    node = reader.one_node(parent, "logicalSource", where, required=True)
    if node is None:
        return None
    where = f"{where} logicalSource"
    formulation = reader.one_iri(node, "referenceFormulation", where, required=True)
    source = reader.one_node(node, "source", where, required=True)
    iterator = reader.one_string(node, "iterator", where)
    if source is None or formulation is None:
        return None
    path = reader.one_string(source, "path", f"{where} source", required=True)
    root = reader.one_iri(source, "root", f"{where} source")
    nulls = frozenset(reader.strings(source, "null", where))
    if path is None:
        return None
    access = FileAccess(path, root)
    return LogicalSource(where, formulation, access, iterator, nulls)
