"""Descriptions of databases in a mapping -> model (D2RQ, as RML-IO refers to it)."""

from typing import Final

import pyoxigraph as ox

from geotriples.mapping.document import DocumentReader
from geotriples.mapping.graph import Node
from geotriples.mapping.model import DatabaseAccess
from geotriples.mapping.r2rml import RUN_DATABASE
from ontologies.namespaces import RDF, Namespace

D2RQ: Final = Namespace("http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#")


def read_database(
    reader: DocumentReader, source: Node, where: str
) -> DatabaseAccess | None:
    """The database that a source is; None where it is none, or has no address."""
    if source == RUN_DATABASE:
        return DatabaseAccess("")
    if not is_database(reader, source):
        return None
    dsn = reader.one_string(source, D2RQ.term("jdbcDSN"), where, required=True)
    if dsn is None:
        return None
    return DatabaseAccess(
        dsn,
        reader.one_string(source, D2RQ.term("username"), where) or None,
        reader.one_string(source, D2RQ.term("password"), where) or None,
        reader.one_string(source, D2RQ.term("jdbcDriver"), where),
    )


def is_database(reader: DocumentReader, source: Node) -> bool:
    """Whether a source is described as a database."""
    if source == RUN_DATABASE:
        return True
    types = reader.objects(source, RDF.term("type"))
    named = bool(reader.objects(source, D2RQ.term("jdbcDSN")))
    return named or ox.NamedNode(D2RQ.term("Database")) in types
