"""WKT in its usual spelling, which the engine reads in a fraction of the time.

What it read waits in memory for the end of a first load, or in the temporary table
`new_geometries`, and goes into the store along a Hilbert curve.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.datatypes import WKT_LITERAL
from strabon_store.backends.sql import Template, identifier
from strabon_store.relational.layout import GEOMETRIES
from strabon_store.storage.arrivals import Ids
from strabon_store.storage.compact import add_geometries
from strabon_store.storage.lines import in_batches, in_row_groups
from strabon_store.storage.writes import Writes

_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

WAITING: Final = "new_geometries"
"""The temporary table of geometries that are new with a write."""

_MOST_BYTES: Final = 1 << 29
"""Of geometries in memory; what is more waits in the table."""

_PLAIN_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE]-?[0-9]+)?"
_PLAIN_POINT: Final = f"{_PLAIN_NUMBER} {_PLAIN_NUMBER}"


def _listed(part: str) -> str:
    return rf"\({part}(?:, ?{part})*\)"


_PLAIN: Final = (
    rf"(?:<{re.escape(CRS84_IRI)}> )?(?:POINT ?\({_PLAIN_POINT}\)"
    rf"|(?:LINESTRING|MULTIPOINT) ?{_listed(_PLAIN_POINT)}"
    rf"|(?:POLYGON|MULTILINESTRING) ?{_listed(_listed(_PLAIN_POINT))}"
    rf"|MULTIPOLYGON ?{_listed(_listed(_listed(_PLAIN_POINT)))})"
)
"""WKT that the engine reads as shapely does: flat, in CRS84, spelled as usual."""

# Whether it is valid is no condition here: below one, the engine would read it again.
# What shapely refuses though it matches (rings that are not closed, lines of one point)
# is not valid.
_READ: Final = """
SELECT row, ST_AsWKB(geometry) AS wkb, ST_Extent(geometry) AS box,
  TRY(ST_IsValid(geometry)) AS is_valid,
  ST_Hilbert(
    (ST_XMin(ST_Extent(geometry)) + ST_XMax(ST_Extent(geometry))) / 2,
    (ST_YMin(ST_Extent(geometry)) + ST_YMax(ST_Extent(geometry))) / 2,
    ST_MakeBox2D(ST_Point(-180, -90), ST_Point(180, 90))
  ) AS place
FROM (
  SELECT row, TRY(CAST(
    CASE WHEN datatype = $wkt AND regexp_full_match(lexical, $plain)
    THEN CASE WHEN starts_with(lexical, '<')
      THEN substr(lexical, length($crs) + 4) ELSE lexical END
    END AS GEOMETRY)) AS geometry
  FROM literals
)
"""
_INSERT: Final = Template("""
INSERT INTO :a
SELECT id, $crs, ST_GeomFromWKB(wkb), minx, miny, maxx, maxy, TRUE, FALSE, FALSE, NULL
FROM given
""")
_HALF_TURN: Final = 180.0
_POLE: Final = 90.0


class PlainGeometries(NamedTuple):
    """What the engine read of some literals.

    Attributes:
        rows: The rows of the literals; they ascend.
        columns: An Arrow table with `wkb`, `minx`, `miny`, `maxx` and `maxy` of each,
            and its `place` on the curve of `compact.SORT_GEOMETRIES`.
    """

    rows: Ids
    columns: Any

    def of(self, rows: Ids) -> "PlainGeometries":
        """Those of some of the rows."""
        is_wanted = np.isin(self.rows, rows)
        if is_wanted.all():
            return self
        kept = self.columns.filter(pa.array(is_wanted))
        return PlainGeometries(self.rows[is_wanted], kept)


def read_plain(
    cursor: duckdb.DuckDBPyConnection, rows: Ids, literals: pa.Table
) -> PlainGeometries:
    """Read those literals that the engine reads by itself; `parse_geometries` others.

    Args:
        cursor: To a connection with the spatial extension.
        rows: What to call each literal; they ascend.
        literals: Columns `lexical` and `datatype`.
    """
    named = in_batches(literals.append_column("row", pa.array(rows)))
    cursor.register("literals", named)
    parameters = {"crs": CRS84_IRI, "wkt": WKT_LITERAL, "plain": _PLAIN}
    read = cursor.execute(_READ, parameters).to_arrow_table().combine_chunks()
    cursor.unregister("literals")
    bounds = dict(
        zip(
            ("minx", "miny", "maxx", "maxy"),
            read["box"].combine_chunks().flatten(),
            strict=True,
        )
    )
    is_plain = pc.fill_null(read["is_valid"], False).to_numpy()  # noqa: FBT003
    is_plain = is_plain & _is_within(*map(np.asarray, bounds.values()))
    columns = {"wkb": read["wkb"], **bounds, "place": read["place"]}
    found = PlainGeometries(read["row"].to_numpy(), pa.table(columns))
    return found.of(found.rows[is_plain])


def _is_within(minx: Ids, miny: Ids, maxx: Ids, maxy: Ids) -> _Flags:
    """Which bounds are off the edge of the plane, and no wider than half a turn.

    Nothing within them crosses the antimeridian.
    """
    with np.errstate(invalid="ignore"):
        flags: _Flags = (minx > -_HALF_TURN) & (maxx < _HALF_TURN)
        flags &= (maxx - minx <= _HALF_TURN) & (miny > -_POLE) & (maxy < _POLE)
    return flags


@dataclass(slots=True)
class PendingGeometries:
    """Geometries that are new with a write, until they go into the store.

    Attributes:
        cursor: Has the temporary table `WAITING`, with the columns of `geometries`.
        in_memory: Whether they wait in memory; the store has none then.
    """

    cursor: duckdb.DuckDBPyConnection
    in_memory: bool
    _parts: list[Any] = field(default_factory=list)
    _bytes: int = 0

    def add(self, ids: Ids, plain: PlainGeometries) -> None:
        """Keep what the engine read, the term id of each being told."""
        table = plain.columns.append_column("id", pa.array(ids))
        if not len(ids):
            return
        if not self.in_memory:
            self._insert(WAITING, table)
            return
        self._parts.append(table)
        self._bytes += table.nbytes
        if self._bytes > _MOST_BYTES:
            self.leave_memory()

    def leave_memory(self) -> None:
        """Let all wait in the table, where others are."""
        if self._parts:
            self._insert(WAITING, pa.concat_tables(self._parts))
        self._parts, self._bytes, self.in_memory = [], 0, False

    def insert(self, writes: Writes) -> None:
        """Put them into the store, within a transaction."""
        if not self.in_memory:
            writes.later(add_geometries, self.cursor, WAITING)
        elif self._parts:
            table = pa.concat_tables(self._parts).combine_chunks()
            self._parts = []
            # Their ids ascend.
            order = np.argsort(table["place"].to_numpy(), kind="stable")
            rows = table.take(pa.array(order))
            writes.later(self._insert, GEOMETRIES.name, rows)

    def _insert(self, table: str, rows: Any) -> None:
        self.cursor.register("given", in_row_groups(rows))
        statement = _INSERT.filled([identifier(table)])
        self.cursor.execute(statement, {"crs": CRS84_IRI})
        self.cursor.unregister("given")
