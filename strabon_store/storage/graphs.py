"""Whole graphs as sets of statements: which there are, and what of them goes where.

A graph is there while it has statements: the store does not record empty graphs, as
SPARQL 1.1 Update section 3.2 allows. The default graph is always there.
"""

from typing import Final

import duckdb

from strabon_store.backends.sql import Template, identifier
from strabon_store.relational.encoding import DEFAULT_GRAPH

_HAS: Final = "SELECT 1 FROM quads WHERE graph = ? LIMIT 1"
_COPY: Final = Template(
    "INSERT INTO :a SELECT $target, subject, predicate, object FROM quads "
    "WHERE graph = $source"
)
_NAMED: Final = Template(
    "INSERT INTO :a SELECT graph, subject, predicate, object FROM quads "
    "WHERE graph <> ?"
)


def has_graph(cursor: duckdb.DuckDBPyConnection, graph: int) -> bool:
    """Whether there is such a graph."""
    if graph == DEFAULT_GRAPH:
        return True
    return cursor.execute(_HAS, [graph]).fetchone() is not None


def stage_graph(
    cursor: duckdb.DuckDBPyConnection, source: int, table: str, target: int
) -> None:
    """Put the triples of a graph into a table, as statements of the graph `target`."""
    values = {"source": source, "target": target}
    cursor.execute(_COPY.filled([identifier(table)]), values)


def stage_named_graphs(cursor: duckdb.DuckDBPyConnection, table: str) -> None:
    """Put the statements of all named graphs into a table."""
    cursor.execute(_NAMED.filled([identifier(table)]), [DEFAULT_GRAPH])
