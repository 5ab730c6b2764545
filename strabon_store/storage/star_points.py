"""Points stand in star tables as numbers, so that joins of many need no geometry.

Only where they are there to stay: while a literal waits for the definition of its CRS
(`storage.crs_definitions`) it has no geometry yet, and may have one without the star
table being told.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np

from strabon_store.backends.sql import Sql, Template
from strabon_store.relational.encoding import PAYLOAD_BITS, Tag
from strabon_store.relational.layout import PredicateStatistics

_Numbers: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
_Ids: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

_SOME: Final = 64
"""How many objects are looked at to know what the others are."""

IS_POINT: Final = Sql("""(native IS NULL AND miny = maxy AND (minx = maxx
  OR minx = -180 AND maxx = 180 AND ST_GeometryType(geometry) = 'POINT'))""")
"""Whether a row of `geometries` is a point; on the antimeridian its box is wide."""

POINTS: Final = Template("""(
  SELECT id, CASE WHEN minx = maxx THEN minx ELSE ST_X(geometry) END AS x, miny AS y
  FROM geometries WHERE is_valid AND :a
)""").filled([IS_POINT])
"""The points of the store: `id`, `x` and `y`."""

_WAITS: Final = """
SELECT count(*) > (SELECT count(*) FROM geometries) FROM terms
WHERE id BETWEEN $low AND $high
"""
_ARE_POINTS: Final = Template("""
SELECT coalesce(bool_and(is_valid AND :a), FALSE) FROM geometries
WHERE id IN (SELECT object FROM quads WHERE predicate = $predicate LIMIT $some)
""").filled([IS_POINT])
_READ: Final = Template("""
SELECT * FROM :a AS points WHERE id BETWEEN $low AND $high
""").filled([POINTS])


def find_points(
    cursor: duckdb.DuckDBPyConnection,
    known: Mapping[int, PredicateStatistics],
    candidates: Iterable[int],
) -> frozenset[int]:
    """Of some predicates, those whose objects are points, as far as some tell.

    Args:
        cursor: Within a transaction in which terms, quads and geometries are there.
        known: What is known of the predicates.
        candidates: The predicates.
    """
    found = [key for key in candidates if known[key].encoding.is_within(Tag.GEOMETRY)]
    if not found:
        return frozenset()
    low = Tag.GEOMETRY << PAYLOAD_BITS
    ends = {"low": low, "high": low + (1 << PAYLOAD_BITS) - 1}
    if cursor.execute(_WAITS, ends).fetchall() == [(True,)]:
        return frozenset()
    return frozenset(key for key in found if _are_points(cursor, key))


def _are_points(cursor: duckdb.DuckDBPyConnection, predicate: int) -> bool:
    parameters = {"predicate": predicate, "some": _SOME}
    return cursor.execute(_ARE_POINTS, parameters).fetchall() == [(True,)]


def read_points(cursor: duckdb.DuckDBPyConnection, ids: _Ids) -> _Numbers:
    """Longitude and latitude of geometries, NaN for those that are no points.

    Args:
        cursor: Within a transaction in which the geometries are there.
        ids: Those of one load, so that they do not range far.
    """
    low, high = int(ids.min()), int(ids.max())
    table = cursor.execute(_READ, {"low": low, "high": high}).to_arrow_table()
    found, x, y = (table[name].to_numpy() for name in ("id", "x", "y"))
    places = np.full((2, high - low + 1), np.nan)
    places[:, found - low] = x, y
    coordinates: _Numbers = places[:, ids - low]
    return coordinates
