"""Logical targets in the current RML vocabulary -> model (RML-IO)."""

from typing import Final

import pyoxigraph as ox

from geotriples.mapping.document import DocumentReader
from geotriples.mapping.graph import Node
from geotriples.mapping.model import LogicalTarget
from ontologies.namespaces import RML, Namespace

FORMATS: Final = Namespace("http://www.w3.org/ns/formats/")
"""The W3C's IRIs of file formats, which `rml:serialization` names."""

TARGET_PROPERTIES: Final = frozenset(
    {"logicalTarget", "target", "serialization", "encoding", "compression", "mode"}
)
"""Local names of the properties that are read here, beside those of sources."""

_APPENDING: Final = frozenset({"Append", "AppendRead"})
_REPLACING: Final = frozenset({"Write", "WriteRead", "ReadWrite"})


def read_targets(
    reader: DocumentReader, parent: Node, where: str
) -> tuple[LogicalTarget, ...]:
    """The logical targets of a term map, in order."""
    nodes = reader.nodes(parent, "logicalTarget", where)
    found = (_target(reader, node, where) for node in nodes)
    return tuple(one for one in found if one is not None)


def _target(reader: DocumentReader, node: Node, where: str) -> LogicalTarget | None:
    name = f" <{node.value}>" if isinstance(node, ox.NamedNode) else ""
    where = f"{where} logicalTarget{name}"
    target = reader.one_node(node, "target", where, required=True)
    if target is None:
        return None
    path = reader.one_string(target, "path", f"{where} target", required=True)
    root = reader.one_iri(target, "root", f"{where} target")
    if path is None:
        return None
    serialization = reader.one_iri(node, "serialization", where)
    encoding = _local(reader, node, "encoding", where)
    compression = _local(reader, node, "compression", where)
    return LogicalTarget(
        where,
        path,
        root,
        serialization or FORMATS.term("N-Quads"),
        encoding or "UTF-8",
        None if compression == "none" else compression,
        _appends(reader, node, where),
    )


def _appends(reader: DocumentReader, node: Node, where: str) -> bool:
    mode = _local(reader, node, "mode", where)
    if mode not in {None, *_APPENDING, *_REPLACING}:
        reader.report(where, f"rml:mode rml:{mode} cannot be written to")
    return mode in _APPENDING


def _local(reader: DocumentReader, node: Node, key: str, where: str) -> str | None:
    """The local name of a value that is a term of RML's own."""
    iri = reader.one_iri(node, key, where)
    if iri is None:
        return None
    if not iri.startswith(RML):
        reader.report(where, f"rml:{key} is <{iri}>, which is no term of RML")
        return None
    return RML.local(iri)
