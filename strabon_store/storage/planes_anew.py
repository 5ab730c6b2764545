"""Geometries that an older program kept in CRS84 alone, or not at all.

The literals are read again: those in a projected CRS get their plane beside their shape
in CRS84, what may have a hole without a vertex loses it, and those that were ill-formed
to the older program, as all in engineering CRSs were, get a geometry. Of these the kind
is another one now, which is part of the id: it is changed wherever a statement has it.
"""

from collections.abc import Iterator
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from engines.duckdb import cursor_of
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import crs_from_iri
from ontologies.geosparql.datatypes import GEOMETRY_DATATYPES, WKT_LITERAL
from strabon_store.backends.sql import Template, identifier
from strabon_store.relational.encoding import PAYLOAD_BITS, Tag
from strabon_store.storage.geometries import (
    ParsedGeometries,
    insert_geometries,
    parse_geometries,
)
from strabon_store.storage.renumber import Ids, renumber, renumber_in, with_tag

_BATCH_ROWS: Final = 20_000
_CREATE: Final = (
    "CREATE TABLE planes (crs VARCHAR NOT NULL)",
    # Neither can a table be filled that was altered, nor a column be NULL that may not.
    """
CREATE TABLE placed (
  id BIGINT NOT NULL, crs VARCHAR NOT NULL, geometry GEOMETRY,
  minx DOUBLE, miny DOUBLE, maxx DOUBLE, maxy DOUBLE, is_valid BOOLEAN NOT NULL,
  crosses_antimeridian BOOLEAN NOT NULL, contains_pole BOOLEAN NOT NULL, native GEOMETRY
)
""",
    "CREATE TEMPORARY TABLE renewed (id BIGINT, now BIGINT)",
)
# A hole without a vertex, which no parser lets pass today, is empty in WKT, and may be
# in any literal of another kind.
_READ_AGAIN: Final = """
SELECT id, lexical, datatype FROM terms
JOIN geometries USING (id)
WHERE crs IN (SELECT unnest($planes)) OR datatype <> $wkt
  OR regexp_matches(lexical, 'empty', 'i')
"""
_ILL_FORMED: Final = """
SELECT id, lexical, datatype FROM terms
WHERE id >> $bits = $other AND datatype IN (SELECT unnest($datatypes))
"""
_RENEW: Final = "INSERT INTO renewed FROM found_renewed"
_FINISH: Final = (
    """
INSERT INTO placed
SELECT id, crs, geometry, minx, miny, maxx, maxy, is_valid, crosses_antimeridian,
  contains_pole, NULL
FROM geometries ANTI JOIN placed USING (id)
""",
    "DROP TABLE geometries",
    "CREATE TABLE geometries AS FROM placed LIMIT 0",
)
_SORTED: Final = """
WITH world AS (
  SELECT ST_MakeBox2D(ST_Point(-180, -90), ST_Point(180, 90)) AS box
)
INSERT INTO geometries SELECT placed.* FROM placed, world
ORDER BY ST_Hilbert((minx + maxx) / 2, (miny + maxy) / 2, box) NULLS LAST, id
"""
_STAR_COLUMNS: Final = "SELECT star, predicate FROM star_columns"
_DESCRIBE: Final = Template("""
UPDATE star_columns SET
  tags = tags | CAST(1 AS BIGINT) << $geometry,
  lowest = least(lowest, found.least), highest = greatest(highest, found.most)
FROM (SELECT min(:b) AS least, max(:b) AS most FROM :a) AS found
WHERE star = $star AND predicate = $predicate
""")


def place_anew(connection: duckdb.DuckDBPyConnection) -> None:
    """Place each geometry as today.

    Args:
        connection: Within a transaction, to a store of format 4.
    """
    for statement in _CREATE:
        connection.execute(statement)
    crs_iris = connection.execute("SELECT DISTINCT crs FROM geometries").fetchall()
    planes = [iri for (iri,) in crs_iris if _is_planar(iri)]
    known = {"planes": planes, "wkt": WKT_LITERAL}
    for rows in _read(connection, _READ_AGAIN, known):
        ids, parsed = _parsed(rows)
        insert_geometries(connection, ids, parsed, "placed")
    unsure = {
        "bits": PAYLOAD_BITS,
        "other": int(Tag.OTHER),
        "datatypes": list(GEOMETRY_DATATYPES),
    }
    for rows in _read(connection, _ILL_FORMED, unsure):
        ids, parsed = _parsed(rows)
        now = with_tag(ids, Tag.GEOMETRY)
        insert_geometries(connection, now, parsed, "placed")
        well_formed = np.setdiff1d(np.arange(len(ids)), list(parsed.problems))
        _renew(connection, ids[well_formed], now[well_formed])
    _renumber(connection)
    for statement in (*_FINISH, _SORTED, "DROP TABLE placed", "DROP TABLE renewed"):
        connection.execute(statement)


def _is_planar(iri: str) -> bool:
    try:
        return crs_from_iri(iri).is_planar
    except OntologyError:
        return False


def _read(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any]
) -> Iterator[list[tuple[int, str, str]]]:
    # What the transaction changes is not seen by another cursor, and not needed.
    with cursor_of(connection) as reading:
        reading.execute(query, parameters)
        while rows := reading.fetchmany(_BATCH_ROWS):
            yield rows


def _parsed(rows: list[tuple[int, str, str]]) -> tuple[Ids, ParsedGeometries]:
    ids, lexicals, datatypes = zip(*rows, strict=True)
    return np.array(ids, dtype=np.int64), parse_geometries(lexicals, datatypes)


def _renew(connection: duckdb.DuckDBPyConnection, ids: Ids, now: Ids) -> None:
    table = pa.table({"id": pa.array(ids), "now": pa.array(now)})
    connection.register("found_renewed", table)
    connection.execute(_RENEW)
    connection.unregister("found_renewed")


def _renumber(connection: duckdb.DuckDBPyConnection) -> None:
    """Change the ids of literals that have a geometry now, wherever they stand."""
    if not connection.execute("FROM renewed LIMIT 1").fetchall():
        return
    renumber(connection, "renewed")
    renumber_in(connection, "renewed", "loose", "object")
    for star, predicate in connection.execute(_STAR_COLUMNS).fetchall():
        table, column = f"star_{star}", f"object_{predicate}"
        if renumber_in(connection, "renewed", table, column):
            told = {"star": star, "predicate": predicate, "geometry": int(Tag.GEOMETRY)}
            names = [identifier(table), identifier(column)]
            connection.execute(_DESCRIBE.filled(names), told)
