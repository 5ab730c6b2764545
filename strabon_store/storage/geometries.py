"""Geometry literals become rows of `geometries`, each parsed once in its life."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from engines.errors import TransformFailed
from engines.geodesy import transform, wrap
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.datatypes import WKT_LITERAL
from ontologies.geosparql.literals import ParsedLiterals, parse_wkt_literals
from ontologies.geosparql.serializations import parse_literal
from strabon_store.backends.sql import Template, identifier
from strabon_store.storage.lines import in_batches

_Geometries: TypeAlias = np.ndarray[Any, np.dtype[np.object_]]
_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

_INSERT: Final = Template("""
INSERT INTO :a
SELECT id, crs, ST_GeomFromWKB(wkb), minx, miny, maxx, maxy,
       is_valid, crosses_antimeridian, contains_pole
FROM parsed
""")

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

# A table of its own: in a subquery, the engine would read a geometry anew for each of
# its bounds.
_READ_PLAIN: Final = """
CREATE OR REPLACE TEMPORARY TABLE plain_geometries AS
SELECT id, TRY(CAST(
  CASE WHEN datatype = $wkt AND regexp_full_match(lexical, $plain)
  THEN CASE WHEN starts_with(lexical, '<')
    THEN substr(lexical, length($crs) + 4) ELSE lexical END
  END AS GEOMETRY)) AS geometry
FROM literals
"""
# Within half a turn of longitude nothing crosses the antimeridian. What shapely refuses
# though it matches (rings that are not closed, lines of one point) is not valid.
_INSERT_PLAIN: Final = Template("""
INSERT INTO :a
SELECT id, $crs, geometry, minx, miny, maxx, maxy, TRUE, FALSE, FALSE
FROM (
  SELECT *, ST_XMin(geometry) AS minx, ST_YMin(geometry) AS miny,
    ST_XMax(geometry) AS maxx, ST_YMax(geometry) AS maxy
  FROM plain_geometries
)
WHERE minx >= -180 AND maxx <= 180 AND maxx - minx <= 180 AND miny > -90 AND maxy < 90
  AND TRY(ST_IsValid(geometry))
RETURNING id
""")


@dataclass(frozen=True, slots=True)
class IllFormedGeometry:
    """A geometry literal that is stored as it stands, without a geometry.

    Attributes:
        lexical: Its lexical form.
        reason: What is wrong with it.
    """

    lexical: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedGeometries:
    """A column of geometry literals, ready to be stored.

    Attributes:
        crs_iris: The CRS of each literal, None for an ill-formed one.
        geometries: In CRS84 and cut at the antimeridian; None for an ill-formed one.
        crosses_antimeridian: Which of them were cut.
        contains_pole: Which of them have a pole inside.
        problems: For each ill-formed row, what is wrong with it.
    """

    crs_iris: _Geometries
    geometries: _Geometries
    crosses_antimeridian: _Flags
    contains_pole: _Flags
    problems: dict[int, str]


def parse_geometries(
    lexicals: Sequence[str], datatypes: Sequence[str]
) -> ParsedGeometries:
    """Parse literals of all serializations, and bring them to CRS84.

    A literal that is malformed, or whose coordinates its CRS cannot have, is a
    problem of its own row only.
    """
    rows = len(lexicals)
    parsed = ParsedGeometries(
        crs_iris=np.full(rows, None, dtype=object),
        geometries=np.full(rows, None, dtype=object),
        crosses_antimeridian=np.zeros(rows, dtype=bool),
        contains_pole=np.zeros(rows, dtype=bool),
        problems={},
    )
    is_wkt = np.array([each == WKT_LITERAL for each in datatypes], dtype=bool)
    wkt_rows = np.flatnonzero(is_wkt)
    wkt = parse_wkt_literals([lexicals[row] for row in wkt_rows.tolist()])
    _fill(parsed, wkt_rows, wkt)
    for row in np.flatnonzero(~is_wkt).tolist():
        try:
            geometry = parse_literal(lexicals[row], datatypes[row])
        except OntologyError as error:
            parsed.problems[row] = str(error)
            continue
        parsed.geometries[row] = geometry.shapely
        parsed.crs_iris[row] = geometry.crs_iri
    _to_crs84(parsed)
    return parsed


def insert_plain(
    cursor: duckdb.DuckDBPyConnection,
    ids: np.ndarray[Any, np.dtype[np.int64]],
    literals: pa.Table,
    table: str,
) -> _Flags:
    """Store those that the engine reads by itself, in a fraction of the time.

    Args:
        cursor: To a connection with the spatial extension.
        ids: The term id of each literal; they ascend.
        literals: Columns `lexical` and `datatype`.
        table: Where they go; it has the columns of `geometries`.

    Returns:
        Which were stored; the others are for `parse_geometries`.
    """
    named = in_batches(literals.append_column("id", pa.array(ids)))
    cursor.register("literals", named)
    parameters = {"crs": CRS84_IRI, "wkt": WKT_LITERAL, "plain": _PLAIN}
    cursor.execute(_READ_PLAIN, parameters)
    cursor.unregister("literals")
    statement = _INSERT_PLAIN.filled([identifier(table)])
    stored = cursor.execute(statement, {"crs": CRS84_IRI}).fetchnumpy()["id"]
    cursor.execute("DROP TABLE plain_geometries")
    is_plain = np.zeros(len(ids), bool)
    is_plain[np.searchsorted(ids, stored)] = True
    return is_plain


def insert_geometries(
    cursor: duckdb.DuckDBPyConnection,
    ids: np.ndarray[Any, np.dtype[np.int64]],
    parsed: ParsedGeometries,
    table: str = "geometries",
) -> None:
    """Store the well-formed ones.

    Args:
        cursor: Within a transaction.
        ids: The term id of each literal.
        parsed: The literals.
        table: Where they go; it has the columns of `geometries`.
    """
    good = ~shapely.is_missing(parsed.geometries)
    if not good.any():
        return
    geometries = parsed.geometries[good]
    bounds = shapely.bounds(geometries)
    # ISO, not PostGIS's own: DuckDB reads Z from the type code.
    wkb = shapely.to_wkb(geometries, flavor="iso")
    columns = {
        "id": pa.array(ids[good]),
        "crs": pa.array(parsed.crs_iris[good], pa.string()),
        "wkb": pa.array(wkb, pa.binary()),
        "is_valid": pa.array(shapely.is_valid(geometries)),
        "crosses_antimeridian": pa.array(parsed.crosses_antimeridian[good]),
        "contains_pole": pa.array(parsed.contains_pole[good]),
    }
    for index, name in enumerate(("minx", "miny", "maxx", "maxy")):
        columns[name] = pa.array(bounds[:, index], mask=np.isnan(bounds[:, index]))
    cursor.register("parsed", pa.table(columns))
    cursor.execute(_INSERT.filled([identifier(table)]))
    cursor.unregister("parsed")


def _fill(
    parsed: ParsedGeometries,
    rows: np.ndarray[Any, np.dtype[np.intp]],
    literals: ParsedLiterals,
) -> None:
    parsed.geometries[rows] = literals.geometries
    parsed.crs_iris[rows] = literals.crs_iris
    for position, error in literals.errors:
        parsed.problems[int(rows[position])] = str(error)


def _to_crs84(parsed: ParsedGeometries) -> None:
    """Transform and cut each geometry, in place; what has no image is a problem."""
    for iri in {each for each in parsed.crs_iris if each is not None}:
        rows = np.flatnonzero(parsed.crs_iris == iri)
        try:
            _place(parsed, rows, iri)
        except (TransformFailed, shapely.errors.ShapelyError):
            _place_each(parsed, rows, iri)


def _place(
    parsed: ParsedGeometries, rows: np.ndarray[Any, np.dtype[np.intp]], iri: str
) -> None:
    source, target = crs_from_iri(iri), crs_from_iri(CRS84_IRI)
    wrapped = wrap(transform(parsed.geometries[rows], source, target))
    parsed.geometries[rows] = wrapped.geometries
    parsed.crosses_antimeridian[rows] = wrapped.crosses_antimeridian
    parsed.contains_pole[rows] = wrapped.contains_pole


def _place_each(
    parsed: ParsedGeometries, rows: np.ndarray[Any, np.dtype[np.intp]], iri: str
) -> None:
    """As `_place`, but one bad row spoils none of its neighbors."""
    for row in rows.tolist():
        try:
            _place(parsed, np.array([row]), iri)
        except (TransformFailed, shapely.errors.ShapelyError) as error:
            parsed.geometries[row] = parsed.crs_iris[row] = None
            parsed.problems[row] = str(error)
