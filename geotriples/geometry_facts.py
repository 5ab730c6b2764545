"""What GeoTriples' functions say of geometries, as functions on Arrow columns of text.

A geometry is a geo:wktLiteral.  Areas and lengths are geodesic, in square metres and
metres, as distances are; centroids are in the geometry's own CRS, x east, y north.
Two geometries are related in their CRS where they share it, else in CRS84.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from engines.errors import EngineError
from engines.geodesy import area_m2, distance_m, length_m, perimeter_m
from engines.geosparql.planes import in_crs84
from geotriples.errors import FunctionFailure
from geotriples.geometry_cells import cells
from ontologies.errors import OntologyError
from ontologies.geosparql.gml import render_gml_literal
from ontologies.geosparql.literals import Geometry, parse_wkt_literal
from ontologies.namespaces import RRXF


def _number(value: float) -> str | None:
    return repr(float(value)) if np.isfinite(value) else None


def _truth(value: object) -> str:
    return "true" if value else "false"


def _centroid(axis: int) -> Callable[[Geometry], str | None]:
    def centroid(geometry: Geometry) -> str | None:
        point = shapely.get_coordinates(shapely.centroid(geometry.shapely))
        return _number(point[0][axis]) if len(point) else None

    return centroid


def _length(shape: BaseGeometry) -> float:
    """Of lines their length, of areas that of their boundary, as GeoTriples has it."""
    return float(length_m(shape)[0] + perimeter_m(shape)[0])


FACTS: Final[Mapping[str, Callable[[Geometry], str | None]]] = MappingProxyType(
    {
        "asGML": render_gml_literal,
        "isSimple": lambda one: _truth(shapely.is_simple(one.shapely)),
        "isEmpty": lambda one: _truth(one.shapely.is_empty),
        "is3D": lambda one: _truth(one.shapely.has_z),
        "spatialDimension": lambda one: str(2 + one.shapely.has_z),
        "coordinateDimension": lambda one: str(
            2 + one.shapely.has_z + one.shapely.has_m
        ),
        "dimension": lambda one: str(int(shapely.get_dimensions(one.shapely))),
        "area": lambda one: _number(area_m2(in_crs84(one))[0]),
        "length": lambda one: _number(_length(in_crs84(one))),
        "centroidx": _centroid(0),
        "centroidy": _centroid(1),
    }
)
"""Local name to what it says; None where there is nothing to say."""

RELATIONS: Final[Mapping[str, Callable[..., object]]] = MappingProxyType(
    {
        name: getattr(shapely, name)
        for name in (
            *("contains", "equals", "intersects", "disjoint"),
            *("within", "touches", "crosses", "overlaps"),
        )
    }
)
"""Local name to the relation of Simple Features."""


def geometry_facts(literals: pa.Array, names: pa.Array) -> pa.Array:
    """A fact of each geometry by its name in `FACTS`.

    Raises:
        FunctionFailure: A string is no literal, or a place is in no CRS84.
    """

    def fact(literal: str, name: str) -> str | None:
        return FACTS[name](parse_wkt_literal(literal))

    return _each(fact, literals, names)


def geometry_pairs(left: pa.Array, right: pa.Array, names: pa.Array) -> pa.Array:
    """The distance, or a relation by its name in `RELATIONS`, of each pair.

    Raises:
        FunctionFailure: As `geometry_facts`.
    """
    return _each(_of_pair, left, right, names)


def _of_pair(left: str, right: str, name: str) -> str | None:
    one, other = parse_wkt_literal(left), parse_wkt_literal(right)
    if name == "distance":
        return _number(distance_m(in_crs84(one), in_crs84(other))[0])
    if one.crs_iri == other.crs_iri:
        return _truth(RELATIONS[name](one.shapely, other.shapely))
    return _truth(RELATIONS[name](in_crs84(one), in_crs84(other)))


def geometry_cells(literals: pa.Array, sides: pa.Array) -> pa.Array:
    """Keys of each geometry, with spaces between them (`geometry_cells.cells`).

    Raises:
        FunctionFailure: A string is no literal.
    """
    return _each(cells, literals, sides)


def _each(function: Callable[..., str | None], *columns: pa.Array) -> pa.Array:
    """The function on each row; None where an argument is."""
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([_row(function, row) for row in rows], pa.string())


def _row(function: Callable[..., str | None], row: tuple[str, ...]) -> str | None:
    if None in row:
        return None
    try:
        return function(*row)
    except (OntologyError, EngineError) as error:
        raise FunctionFailure(RRXF.term(row[-1]), str(error)) from error
