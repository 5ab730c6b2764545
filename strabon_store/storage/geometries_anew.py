"""Geometry literals without a geometry, read by the parsers of today.

An older program knew fewer serializations: it kept their literals as it kept ill-formed
ones, and what it called well-formed may have lost its row. The kind of a term is part
of its id, so a literal that turns out to be a geometry gets another id, in the
dictionary and in every statement.
"""

from typing import Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from engines.duckdb import cursor_of
from ontologies.geosparql.datatypes import GEOMETRY_DATATYPES
from strabon_store.relational.encoding import Tag
from strabon_store.storage.crs_definitions import read_waiting
from strabon_store.storage.geometries import (
    insert_geometries,
    parse_geometries,
    waits_for_crs,
)
from strabon_store.storage.renumber import renumber, with_tag

_Rows: TypeAlias = list[tuple[int, str, str]]

_BATCH_ROWS: Final = 10_000
_WITHOUT: Final = """
SELECT id, lexical, datatype FROM terms
WHERE datatype IN (SELECT unnest($datatypes))
  AND id NOT IN (SELECT id FROM geometries)
"""
_CREATE: Final = "CREATE OR REPLACE TEMPORARY TABLE read_anew (id BIGINT, now BIGINT)"
_NOTE: Final = "INSERT INTO read_anew FROM found_anew WHERE id <> now"


def read_geometries_anew(cursor: duckdb.DuckDBPyConnection) -> int:
    """Parse the geometry literals that have no geometry; how many have one now.

    Those that are ill-formed become literals like others. What is derived from the
    quads (statistics, star tables) has to be built anew after it.

    Args:
        cursor: Within a transaction.
    """
    found = 0
    cursor.execute(_CREATE)
    with cursor_of(cursor) as reading:
        reading.execute(_WITHOUT, {"datatypes": sorted(GEOMETRY_DATATYPES)})
        while rows := reading.fetchmany(_BATCH_ROWS):
            found += _read(cursor, rows)
    renumber(cursor, "read_anew")
    cursor.execute("DROP TABLE read_anew")
    return found + read_waiting(cursor)


def _read(cursor: duckdb.DuckDBPyConnection, rows: _Rows) -> int:
    numbers, lexicals, datatypes = zip(*rows, strict=True)
    ids = np.array(numbers, dtype=np.int64)
    # What waits for its CRS to be defined is a geometry, whether or not it can be read.
    rows_now = np.flatnonzero([not waits_for_crs(lexical) for lexical in lexicals])
    parsed = parse_geometries(
        [lexicals[row] for row in rows_now], [datatypes[row] for row in rows_now]
    )
    ill_formed = rows_now[list(parsed.problems)]
    now = with_tag(ids, Tag.GEOMETRY)
    insert_geometries(cursor, now[rows_now], parsed)
    now[ill_formed] = with_tag(ids[ill_formed], Tag.OTHER)
    cursor.register("found_anew", pa.table({"id": pa.array(ids), "now": pa.array(now)}))
    cursor.execute(_NOTE)
    cursor.unregister("found_anew")
    return len(rows_now) - len(ill_formed)
