"""The functions of GeoSPARQL: relations and measures, and the windows that speed them.

A stored literal has its geometry beside it, parsed at load, in CRS84 and cut at the
antimeridian; a literal that stands in the query is brought to the same form here.
Measures are geodesic (see docs/adr/0001).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.errors import EngineError
from engines.geodesy import expand_box, transform, wrap
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.literals import parse_geojson_literal, parse_wkt_literal
from ontologies.geosparql.relations import RELATIONS
from ontologies.geosparql.units import Quantity, Unit, unit_from_iri
from ontologies.namespaces import GEO, GEOF
from strabon_store.algebra.terms import IRI, Literal
from strabon_store.errors import UnsupportedFeature
from strabon_store.relational.numbers import Rank
from strabon_store.relational.scalars import (
    TRUE,
    Constant,
    Scalar,
    all_of,
    any_of,
    call,
)
from strabon_store.relational.values import Value, boolean, number, part

_DISJOINT: Final = frozenset({"sfDisjoint", "ehDisjoint", "rcc8dc"})
_PARSERS: Final = {
    GEO.term("wktLiteral"): parse_wkt_literal,
    GEO.term("geoJSONLiteral"): parse_geojson_literal,
}


@dataclass(frozen=True, slots=True)
class Operand:
    """A geometry argument, ready for SQL.

    Attributes:
        geometry: The scalar of the geometry in CRS84.
        bounds: West, south, east, north of a constant; None where it varies.
        variable: The stored variable that it is looked up for; None for a constant.
    """

    geometry: Scalar
    bounds: tuple[float, float, float, float] | None
    variable: str | None


def lower_geof(name: str, arguments: tuple[Value, ...]) -> Value:
    """The value of `geof:{name}(arguments...)`.

    Raises:
        UnsupportedFeature: We do not compile the function, or not on such arguments.
        OntologyError: A unit of measure is unknown.
    """
    if name in RELATIONS and len(arguments) == 2:  # noqa: PLR2004 - relations are binary
        return _relation(name, *(operand(each, name) for each in arguments))
    function = _MEASURES.get((name, len(arguments)))
    if function is None:
        raise UnsupportedFeature(f"geof:{name} with {len(arguments)} argument(s)")
    return function(*arguments)


def operand(value: Value, function: str) -> Operand:
    """The geometry of a value; of anything but a geometry literal it is an error."""
    if value.variable is not None:
        geometry = part(value.variable, "geometry")
        return Operand(geometry, None, value.variable)
    if value.term is None:
        raise UnsupportedFeature(f"geof:{function} on a geometry that is computed")
    parsed = None
    if isinstance(value.term, Literal):
        parsed = _constant_geometry(value.term.lexical, value.term.datatype)
    if parsed is None:
        return Operand(call("no_geometry"), None, None)
    west, south, east, north = (float(each) for each in parsed.bounds)
    wkb = Constant(bytes(shapely.to_wkb(parsed)))
    bounds = None if parsed.is_empty else (west, south, east, north)
    return Operand(call("geometry_constant", wkb), bounds, None)


@lru_cache(maxsize=256)
def _constant_geometry(lexical: str, datatype: str) -> BaseGeometry | None:
    parse = _PARSERS.get(datatype)
    if parse is None:
        return None
    try:
        parsed = parse(lexical)
        shapes = np.array([parsed.shapely], dtype=object)
        if parsed.crs_iri != CRS84_IRI:
            source, target = crs_from_iri(parsed.crs_iri), crs_from_iri(CRS84_IRI)
            shapes = transform(shapes, source, target)
    except (OntologyError, EngineError):
        # An ill-formed literal is an error of the expression, not of the query (17.2).
        return None
    wrapped: BaseGeometry = wrap(shapes).geometries[0]
    return wrapped if wrapped.is_valid else None


def _relation(name: str, left: Operand, right: Operand) -> Value:
    holds = call(f"relation:{name}", left.geometry, right.geometry)
    if name in _DISJOINT:
        return boolean(holds)
    return boolean(call("within_window", _window(left, right), holds))


def _window(left: Operand, right: Operand) -> Scalar:
    """What the boxes must satisfy where one side is constant."""
    if left.bounds is not None and right.variable is not None:
        return _overlaps(right.variable, left.bounds)
    if right.bounds is not None and left.variable is not None:
        return _overlaps(left.variable, right.bounds)
    return TRUE


def _overlaps(variable: str, box: tuple[float, float, float, float]) -> Scalar:
    west, south, east, north = (Constant(each) for each in box)
    return all_of(
        (
            call("less_or_equal", part(variable, "minx"), east),
            call("less_or_equal", west, part(variable, "maxx")),
            call("less_or_equal", part(variable, "miny"), north),
            call("less_or_equal", south, part(variable, "maxy")),
        )
    )


def distance_window(
    left: Value, right: Value, unit: Value | None, limit: float
) -> Scalar:
    """A condition on boxes that holds wherever the distance is at most `limit`.

    It only narrows the search; TRUE where nothing can be said.
    """
    factor = _factor(unit, Quantity.LENGTH) if unit is not None else 1.0
    if factor is None or not np.isfinite(limit):
        return TRUE
    for fixed, free in ((left, right), (right, left)):
        bounds = operand(fixed, "distance").bounds
        if bounds is not None and free.variable is not None:
            boxes = expand_box(bounds, max(limit, 0.0) * factor)
            return any_of(tuple(_overlaps(free.variable, box) for box in boxes))
    return TRUE


def _factor(unit: Value, quantity: Quantity) -> float | None:
    """Metres (square metres) in the unit; None where it is of another quantity."""
    found = _unit(unit)
    return found.factor if found.quantity is quantity else None


def _unit(value: Value) -> Unit:
    if not isinstance(value.term, IRI):
        raise UnsupportedFeature("a unit of measure that is not an IRI in the query")
    return unit_from_iri(value.term.value)


def _distance(left: Value, right: Value, unit: Value | None = None) -> Value:
    geometries = operand(left, "distance").geometry, operand(right, "distance").geometry
    found = None if unit is None else _unit(unit)
    if found is None or found.quantity is Quantity.LENGTH:
        metres = call("distance_m", *geometries)
        return number(_scaled(metres, found), Rank.DOUBLE)
    if found.quantity is Quantity.ANGLE:
        radians = call("radians", call("distance_degrees", *geometries))
        return number(_scaled(radians, found), Rank.DOUBLE)
    raise OntologyError(
        f"<{found.iri}> measures {found.quantity}; geof:distance wants a length or an "
        "angle, such as <http://www.opengis.net/def/uom/OGC/1.0/metre>"
    )


def _measure(operation: str, quantity: Quantity) -> Callable[..., Value]:
    def function(value: Value, unit: Value | None = None) -> Value:
        measured = call(operation, operand(value, operation).geometry)
        found = None if unit is None else _unit(unit)
        if found is not None and found.quantity is not quantity:
            # GeoSPARQL's own examples ask for areas in metres: read as square metres.
            if (quantity, found.quantity) != (Quantity.AREA, Quantity.LENGTH):
                raise OntologyError(
                    f"<{found.iri}> measures {found.quantity}, not {quantity}"
                )
            found = Unit(found.iri, quantity, found.factor**2)
        return number(_scaled(measured, found), Rank.DOUBLE)

    return function


def _scaled(scalar: Scalar, unit: Unit | None) -> Scalar:
    if unit is None or unit.factor == 1.0:
        return scalar
    return call("scale", scalar, Constant(1.0 / unit.factor))


_AREA: Final = _measure("area_m2", Quantity.AREA)
_LENGTH: Final = _measure("length_m", Quantity.LENGTH)
_PERIMETER: Final = _measure("perimeter_m", Quantity.LENGTH)

_MEASURES: Final[Mapping[tuple[str, int], Callable[..., Value]]] = MappingProxyType(
    {
        ("distance", 3): _distance,
        ("metricDistance", 2): _distance,
        ("area", 2): _AREA,
        ("metricArea", 1): _AREA,
        ("length", 2): _LENGTH,
        ("metricLength", 1): _LENGTH,
        ("perimeter", 2): _PERIMETER,
        ("metricPerimeter", 1): _PERIMETER,
    }
)

SUPPORTED: Final = tuple(
    sorted({*RELATIONS, *(name for name, _ in _MEASURES)}, key=str.lower)
)
"""Local names of the `geof:` functions that we compile."""

DISTANCES: Final = frozenset({GEOF.term("distance"), GEOF.term("metricDistance")})
"""IRIs of the functions that a window can speed."""
