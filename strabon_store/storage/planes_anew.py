"""Geometries that an older program kept in CRS84 alone, or not at all.

The literals are read again: those in a projected CRS get their plane beside their shape
in CRS84, and those that were ill-formed to the older program, as all in engineering
CRSs were, get a geometry. Of these the kind is another one now, which is part of the
id: it is changed wherever a statement has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from engines.duckdb import cursor_of
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import crs_from_iri
from ontologies.geosparql.datatypes import GEOMETRY_DATATYPES
from strabon_store.backends.sql import Template, identifier
from strabon_store.relational.encoding import PAYLOAD_BITS, PAYLOAD_MASK, Tag
from strabon_store.storage.geometries import ParsedGeometries, parse_geometries

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
    "CREATE TEMPORARY TABLE renewed (id BIGINT, renewed_id BIGINT)",
)
_PROJECTED: Final = """
SELECT id, lexical, datatype FROM terms
JOIN geometries USING (id) WHERE crs IN (SELECT unnest($planes))
"""
_ILL_FORMED: Final = """
SELECT id, lexical, datatype FROM terms
WHERE id >> $bits = $other AND datatype IN (SELECT unnest($datatypes))
"""
_KEEP: Final = """
INSERT INTO placed
SELECT id, crs, ST_GeomFromWKB(shape), minx, miny, maxx, maxy, is_valid,
  crosses_antimeridian, contains_pole, ST_GeomFromWKB(native)
FROM found_geometries
"""
_RENEW: Final = "INSERT INTO renewed SELECT old_id, id FROM found_geometries"
_FINISH: Final = (
    "INSERT INTO planes SELECT DISTINCT crs FROM placed WHERE native IS NOT NULL",
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
_RENUMBER: Final = Template("UPDATE :a SET :b = renewed_id FROM renewed WHERE :b = id")
_RENUMBER_OWN: Final = Template(
    "UPDATE :a SET id = renewed_id FROM renewed WHERE :a.id = renewed.id"
)
_OBJECTS: Final = ("quads", "quads_by_object", "loose")
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
    for rows in _read(connection, _PROJECTED, {"planes": planes}):
        ids = np.array([row[0] for row in rows])
        _keep(connection, ids, ids, _parsed(rows))
    unsure = {
        "bits": PAYLOAD_BITS,
        "other": int(Tag.OTHER),
        "datatypes": list(GEOMETRY_DATATYPES),
    }
    for rows in _read(connection, _ILL_FORMED, unsure):
        ids = np.array([row[0] for row in rows])
        renewed = Tag.GEOMETRY << PAYLOAD_BITS | ids & PAYLOAD_MASK
        _keep(connection, ids, renewed, _parsed(rows))
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


def _parsed(rows: list[tuple[int, str, str]]) -> ParsedGeometries:
    return parse_geometries([row[1] for row in rows], [row[2] for row in rows])


def _keep(
    connection: duckdb.DuckDBPyConnection,
    ids: np.ndarray[Any, np.dtype[np.int64]],
    renewed: np.ndarray[Any, np.dtype[np.int64]],
    parsed: ParsedGeometries,
) -> None:
    for rows, placed in parsed.placed:
        columns = {
            "old_id": pa.array(ids[rows]),
            "id": pa.array(renewed[rows]),
            "crs": pa.array(parsed.crs_iris[rows], pa.string()),
            "shape": pa.array(shapely.to_wkb(placed.shapes, flavor="iso"), pa.binary()),
            "native": pa.array(
                shapely.to_wkb(placed.natives, flavor="iso"), pa.binary()
            ),
            "is_valid": pa.array(placed.is_valid),
            "crosses_antimeridian": pa.array(placed.crosses_antimeridian),
            "contains_pole": pa.array(placed.contains_pole),
        }
        for index, name in enumerate(("minx", "miny", "maxx", "maxy")):
            bounds = placed.windows[:, index]
            columns[name] = pa.array(bounds, mask=np.isnan(bounds))
        with _registered(connection, pa.table(columns)):
            connection.execute(_KEEP)
            if ids is not renewed:
                connection.execute(_RENEW)


@contextmanager
def _registered(connection: duckdb.DuckDBPyConnection, table: Any) -> Iterator[None]:
    connection.register("found_geometries", table)
    try:
        yield
    finally:
        connection.unregister("found_geometries")


def _renumber(connection: duckdb.DuckDBPyConnection) -> None:
    """Change the ids of literals that have a geometry now, wherever they stand."""
    if not connection.execute("FROM renewed LIMIT 1").fetchall():
        return
    for table in ("terms", "term_hashes"):
        connection.execute(_RENUMBER_OWN.filled([identifier(table)]))
    for table in _OBJECTS:
        names = [identifier(table), identifier("object")]
        connection.execute(_RENUMBER.filled(names))
    for star, predicate in connection.execute(_STAR_COLUMNS).fetchall():
        names = [identifier(f"star_{star}"), identifier(f"object_{predicate}")]
        ((count,),) = connection.execute(_RENUMBER.filled(names)).fetchall()
        if count:
            told = {"star": star, "predicate": predicate, "geometry": int(Tag.GEOMETRY)}
            connection.execute(_DESCRIBE.filled(names), told)
