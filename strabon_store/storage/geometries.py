"""Geometry literals become rows of `geometries`, each parsed once in its life."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from engines.errors import EngineError
from engines.geodesy.edge import is_on_edge
from engines.geosparql.placing import Placed, place
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI, OWN_CRS, OWN_CRS_BASE, crs_from_iri
from ontologies.geosparql.datatypes import WKT_LITERAL
from ontologies.geosparql.literals import ParsedLiterals, parse_wkt_literals
from ontologies.geosparql.serializations import parse_literal
from strabon_store.backends.sql import Sql, Template, identifier

_Geometries: TypeAlias = np.ndarray[Any, np.dtype[np.object_]]
_Rows: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]

_INSERT: Final = Template("""
INSERT INTO :a
SELECT id, crs, ST_GeomFromWKB(wkb), minx, miny, maxx, maxy,
       is_valid, crosses_antimeridian, contains_pole, ST_GeomFromWKB(native)
FROM parsed
""")
_NOTE_PLANES: Final = """
INSERT INTO planes
SELECT DISTINCT crs FROM parsed
WHERE native IS NOT NULL AND crs NOT IN (FROM planes)
"""
IS_ON_EDGE: Final = Sql("""(ST_XMin(geometry) <= -180 OR ST_XMax(geometry) >= 180
  OR ST_YMin(geometry) <= -90 OR ST_YMax(geometry) >= 90)""")
"""Whether a shape in CRS84 has a place on the antimeridian or at a pole."""

_NOTE_EDGE: Final = "INSERT INTO planes SELECT $crs84 WHERE $crs84 NOT IN (FROM planes)"


@dataclass(frozen=True, slots=True)
class IllFormedGeometry:
    """A geometry literal that is stored as it stands, without a geometry.

    Attributes:
        lexical: Its lexical form.
        reason: What is wrong with it.
        place: File and line of a load in which it stands first, where that is known.
    """

    lexical: str
    reason: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedGeometries:
    """A column of geometry literals, ready to be stored.

    Attributes:
        crs_iris: The CRS of each literal, None for an ill-formed one.
        geometries: As the literals have them; None for an ill-formed one.
        placed: By CRS, the rows that are in it, and where they are.
        problems: For each ill-formed row, what is wrong with it.
    """

    crs_iris: _Geometries
    geometries: _Geometries
    placed: list[tuple[_Rows, Placed]]
    problems: dict[int, str]


@dataclass(slots=True)
class NewGeometries:
    """What a write met among the geometry literals that are new with it.

    Attributes:
        ill_formed: Those that have no geometry, and never will.
        waits: Whether some are in a CRS that has no code: they are read when all of
            the write is there, see `storage.crs_definitions`.
        bad_definitions: What is wrong with definitions of CRSs that were ignored.
    """

    ill_formed: list[IllFormedGeometry] = field(default_factory=list)
    waits: bool = False
    bad_definitions: list[str] = field(default_factory=list)

    def add_problems(self, lexicals: Sequence[str], parsed: ParsedGeometries) -> None:
        """Take over what is wrong with a column of literals."""
        self.ill_formed += [
            IllFormedGeometry(lexicals[row], reason)
            for row, reason in sorted(parsed.problems.items())
        ]


def waits_for_crs(lexical: str) -> bool:
    """Whether a geometry literal is in a CRS that only a statement can define.

    Examples:
        >>> waits_for_crs("<https://w3id.org/pytheas/crs/0123456789abcdef> POINT (0 0)")
        True
    """
    return OWN_CRS_BASE in lexical and OWN_CRS.search(lexical) is not None


def parse_geometries(
    lexicals: Sequence[str], datatypes: Sequence[str]
) -> ParsedGeometries:
    """Parse literals of all serializations, and place them.

    A literal that is malformed, or whose coordinates its CRS cannot have, is a
    problem of its own row only.
    """
    rows = len(lexicals)
    parsed = ParsedGeometries(
        crs_iris=np.full(rows, None, dtype=object),
        geometries=np.full(rows, None, dtype=object),
        placed=[],
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
    for iri in dict.fromkeys(parsed.crs_iris[parsed.crs_iris != None]):  # noqa: E711
        _place(parsed, np.flatnonzero(parsed.crs_iris == iri), iri)
    return parsed


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
    for rows, placed in parsed.placed:
        _insert(cursor, ids[rows], parsed.crs_iris[rows], placed, table)


def _insert(
    cursor: duckdb.DuckDBPyConnection,
    ids: np.ndarray[Any, np.dtype[np.int64]],
    crs_iris: _Geometries,
    placed: Placed,
    table: str,
) -> None:
    columns = {
        "id": pa.array(ids),
        "crs": pa.array(crs_iris, pa.string()),
        # ISO, not PostGIS's own: DuckDB reads Z from the type code.
        "wkb": pa.array(shapely.to_wkb(placed.shapes, flavor="iso"), pa.binary()),
        "native": pa.array(shapely.to_wkb(placed.natives, flavor="iso"), pa.binary()),
        "is_valid": pa.array(placed.is_valid),
        "crosses_antimeridian": pa.array(placed.crosses_antimeridian),
        "contains_pole": pa.array(placed.contains_pole),
    }
    for index, name in enumerate(("minx", "miny", "maxx", "maxy")):
        bounds = placed.windows[:, index]
        columns[name] = pa.array(bounds, mask=np.isnan(bounds))
    cursor.register("parsed", pa.table(columns))
    cursor.execute(_INSERT.filled([identifier(table)]))
    if not shapely.is_missing(placed.natives).all():
        cursor.execute(_NOTE_PLANES)
    if is_on_edge(placed.shapes).any():
        cursor.execute(_NOTE_EDGE, {"crs84": CRS84_IRI})
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


def _place(parsed: ParsedGeometries, rows: _Rows, iri: str) -> None:
    """Place rows of one CRS; what has no image in CRS84 is a problem of its own row."""
    try:
        parsed.placed.append((rows, place(parsed.geometries[rows], crs_from_iri(iri))))
    except (EngineError, shapely.errors.ShapelyError) as error:
        if len(rows) > 1:
            for row in rows.tolist():
                _place(parsed, np.array([row]), iri)
            return
        (row,) = rows.tolist()
        parsed.geometries[row] = parsed.crs_iris[row] = None
        parsed.problems[row] = str(error)
