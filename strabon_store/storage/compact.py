"""Order on disk: what a query reads together lies together.

The zone maps of the engine skip blocks by the least and greatest value in them. Quads
are sorted by predicate, subject and object, geometries along a Hilbert curve. A small
load is appended, sorted in itself; a large one rewrites the table.
"""

from dataclasses import replace
from typing import Final

import duckdb

from strabon_store.relational.layout import GEOMETRIES, QUADS, Table
from strabon_store.storage.database import create_statement

ARRIVED: Final = "arrived"
"""The temporary table of the quads of a load, as they were read."""

_REWRITE_SHARE: Final = 4
"""A table is rewritten when at least one in so many rows is new."""

_NEW: Final = """
CREATE TEMPORARY TABLE fresh AS
SELECT DISTINCT graph, subject, predicate, object FROM arrived
ANTI JOIN quads USING (graph, subject, predicate, object)
"""
_APPEND: Final = """
INSERT INTO quads SELECT graph, subject, predicate, object FROM fresh
ORDER BY predicate, subject, object, graph
"""
_MERGE_QUADS: Final = (
    """
INSERT INTO sorted
SELECT graph, subject, predicate, object FROM (FROM quads UNION ALL FROM fresh)
ORDER BY predicate, subject, object, graph
""",
    "DROP TABLE quads",
    "ALTER TABLE sorted RENAME TO quads",
)
_SORT_GEOMETRIES: Final = (
    """
INSERT INTO sorted
WITH world AS (
  SELECT ST_MakeBox2D(ST_Point(-180, -90), ST_Point(180, 90)) AS box
)
SELECT geometries.* FROM geometries, world
ORDER BY ST_Hilbert((minx + maxx) / 2, (miny + maxy) / 2, box) NULLS LAST, id
""",
    "DROP TABLE geometries",
    "ALTER TABLE sorted RENAME TO geometries",
)


def count_rows(cursor: duckdb.DuckDBPyConnection, table: Table) -> int:
    """How many rows a table of the store has."""
    return int(cursor.table(table.name).count("*").fetchall()[0][0])


def merge_quads(cursor: duckdb.DuckDBPyConnection) -> int:
    """Take over from `ARRIVED` what is new; how many quads that is."""
    before = count_rows(cursor, QUADS)
    cursor.execute(_NEW)
    added = int(cursor.table("fresh").count("*").fetchall()[0][0])
    if before and added and added * _REWRITE_SHARE >= before:
        _rewrite(cursor, QUADS, _MERGE_QUADS)
    elif added:
        cursor.execute(_APPEND)
    cursor.execute("DROP TABLE fresh")
    return added


def sort_geometries(cursor: duckdb.DuckDBPyConnection, before: int) -> None:
    """Sort the table when enough was added to the `before` rows that it had."""
    added = count_rows(cursor, GEOMETRIES) - before
    if added and added * _REWRITE_SHARE >= before:
        _rewrite(cursor, GEOMETRIES, _SORT_GEOMETRIES)


def _rewrite(
    cursor: duckdb.DuckDBPyConnection, table: Table, statements: tuple[str, ...]
) -> None:
    cursor.execute(create_statement(replace(table, name="sorted")))
    for statement in statements:
        cursor.execute(statement)
