"""Order on disk: what a query reads together lies together.

The zone maps of the engine skip blocks by the least and greatest value in them. Quads
are sorted by predicate, subject and object, geometries along a Hilbert curve. What
little is added is appended, sorted in itself; much rewrites the table.
"""

from dataclasses import replace
from typing import Final

import duckdb

from strabon_store.backends.sql import Template, identifier
from strabon_store.relational.layout import GEOMETRIES, Table
from strabon_store.storage.database import create_statement

_REWRITE_SHARE: Final = 4
"""A table is rewritten when at least one in so many rows is new."""

SORT_GEOMETRIES: Final = """
INSERT INTO sorted
WITH world AS (
  SELECT ST_MakeBox2D(ST_Point(-180, -90), ST_Point(180, 90)) AS box
)
SELECT geometries.* FROM geometries, world
ORDER BY ST_Hilbert((minx + maxx) / 2, (miny + maxy) / 2, box) NULLS LAST, id
"""
"""For `rewrite`: along a Hilbert curve over the whole globe."""

_DROP: Final = Template("DROP TABLE :a")
_RENAME: Final = Template("ALTER TABLE sorted RENAME TO :a")
_APPEND_GEOMETRIES: Final = """
INSERT INTO geometries
WITH world AS (
  SELECT ST_MakeBox2D(ST_Point(-180, -90), ST_Point(180, 90)) AS box
)
SELECT added.* FROM query_table($added) AS added, world
ORDER BY ST_Hilbert((minx + maxx) / 2, (miny + maxy) / 2, box) NULLS LAST, id
"""


def count_rows(cursor: duckdb.DuckDBPyConnection, table: Table) -> int:
    """How many rows a table of the store has."""
    return int(cursor.table(table.name).count("*").fetchall()[0][0])


def is_much(added: int, before: int) -> bool:
    """Whether so many rows are new that the table is worth rewriting."""
    return added > 0 and added * _REWRITE_SHARE >= before


def add_geometries(cursor: duckdb.DuckDBPyConnection, added: str) -> None:
    """Take over the rows of the table `added`, sorted."""
    before = count_rows(cursor, GEOMETRIES)
    if not count_rows(cursor, replace(GEOMETRIES, name=added)):
        # Of rows that are inserted after none were, in one transaction, the engine
        # loses all (DuckDB 1.5.5, by several threads).
        return
    cursor.execute(_APPEND_GEOMETRIES, {"added": added})
    if before:
        sort_geometries(cursor, before)


def sort_geometries(cursor: duckdb.DuckDBPyConnection, before: int) -> None:
    """Sort the table when enough was added to the `before` rows that it had."""
    if is_much(count_rows(cursor, GEOMETRIES) - before, before):
        rewrite(cursor, GEOMETRIES, SORT_GEOMETRIES)


def rewrite(cursor: duckdb.DuckDBPyConnection, table: Table, fill: str) -> None:
    """Replace a table by what the statement `fill` writes into the table `sorted`."""
    cursor.execute(create_statement(replace(table, name="sorted")))
    cursor.execute(fill)
    name = identifier(table.name)
    cursor.execute(_DROP.filled([name]))
    cursor.execute(_RENAME.filled([name]))
