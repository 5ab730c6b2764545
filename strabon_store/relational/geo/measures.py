"""Distances, lengths and areas: geodesic in units of length (see docs/adr/0001).

In an engineering CRS they are those of its plane (see docs/adr/0016).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from engines.geodesy import expand_box
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.units import Quantity, Unit
from ontologies.namespaces import GEOF, UOM
from strabon_store.relational.geo.bounds import (
    box_of,
    constant_box,
    grown,
    grown_in_degrees,
    grown_in_plane,
    least_metres,
    reach_of,
)
from strabon_store.relational.geo.operands import (
    Bounds,
    Operand,
    may_share_plane,
    operand,
    scaled,
    size_of_unit,
    unit_of,
)
from strabon_store.relational.geo.relations import or_unrelated, overlaps
from strabon_store.relational.numbers import Rank
from strabon_store.relational.scalars import Constant, Scalar, all_of, any_of, call
from strabon_store.relational.values import Value, number

_METRE: Final = Unit(UOM.term("metre"), Quantity.LENGTH, 1.0)
_SLACK_M: Final = 1e-6
"""More than rounding makes of a limit: boxes may leave open too much, never less."""

_SLACK_DEGREES: Final = 1e-11
_TURN: Final = 360.0
_HALF: Final = 180.0
_POLE: Final = 90.0


def within_distance(values: Sequence[Value], limit: Scalar, holds: Scalar) -> Scalar:
    """Whether a distance is at most a limit, asked only where boxes leave it open.

    Args:
        values: What the distance is of: two geometries, and a unit if there is one.
        limit: The limit in the unit, which may differ from row to row.
        holds: The same by the exact distance.
    """
    one, other, *units = values
    unit = unit_of(units[0], Quantity.LENGTH) if units else _METRE
    pair = operand(one), operand(other)
    if unit is None or _is_without_end(limit):
        return holds
    if pair[0].variable is pair[1].variable is None:
        return holds
    if unit.quantity is Quantity.ANGLE:
        degrees = reach_of(limit, math.degrees(unit.factor), _SLACK_DEGREES)
        return _within_degrees(pair, degrees, holds)
    if unit.quantity is not Quantity.LENGTH:
        return holds
    metres = reach_of(limit, unit.factor, _SLACK_M)
    if isinstance(metres, Constant):
        return _within_metres(pair, metres, holds)
    return _within_any_metres(pair, metres, holds)


def _is_without_end(limit: Scalar) -> bool:
    """Whether a limit is none: infinite, or no number at all."""
    match limit:
        case Constant(int() | float() as known):
            return not np.isfinite(known)
        case Constant():
            return True
        case _:
            return False


def _within_any_metres(
    pair: tuple[Operand, Operand], metres: Scalar, holds: Scalar
) -> Scalar:
    """Within what each row says: either geometry may be of the side that says it."""
    free, other = _stored_first(pair)
    if other.bounds is not None:
        if free.may_be_nowhere or other.may_be_nowhere:
            return holds
        nearest = least_metres(box_of(str(free.variable)), constant_box(other.bounds))
        return call("within_bounds", call("less_or_equal", nearest, metres), holds)
    within = _within_metres(pair, metres, holds)
    if other.variable is None:
        return within
    around = _grown_anywhere(other, metres)
    return within if around is None else _within_reach(around, free.shape, within)


def _within_metres(
    pair: tuple[Operand, Operand], metres: Scalar, holds: Scalar
) -> Scalar:
    free, other = _stored_first(pair)
    variable = str(free.variable)
    if other.bounds is not None and isinstance(metres, Constant):
        boxes = _expanded(other, other.bounds, float(metres.value or 0.0))
        near = any_of(tuple(overlaps(variable, box) for box in boxes))
        return call("within_window", or_unrelated(near, other, free), holds)
    box = box_of(variable)
    if free.may_be_nowhere:
        around = _grown_anywhere(free, metres)
        return holds if around is None else _within_reach(around, other.window, holds)
    if other.variable is not None and not other.may_be_nowhere:
        nearest = least_metres(box, box_of(other.variable))
        is_open = call("less_or_equal", nearest, metres)
        holds = call("within_bounds", is_open, holds)
    return _within_reach(grown(box, metres), other.shape, holds)


def _within_reach(around: Scalar, shape: Scalar, holds: Scalar) -> Scalar:
    return call("within_reach", around, shape, holds)


def _expanded(fixed: Operand, bounds: Bounds, metres: float) -> Sequence[Bounds]:
    """Boxes of all within a distance of a constant: on Earth, or in its plane."""
    if not (fixed.may_be_nowhere and isinstance(fixed.crs, Constant)):
        return expand_box(bounds, metres)
    return [_widened(bounds, metres / _unit_of_plane(str(fixed.crs.value)))]


def _widened(bounds: Bounds, reach: float) -> Bounds:
    west, south, east, north = bounds
    return west - reach, south - reach, east + reach, north + reach


def _widened_in_degrees(bounds: Bounds, reach: float) -> tuple[Bounds, ...]:
    """The boxes of all within some degrees: two over the antimeridian."""
    west, south, east, north = _widened(bounds, reach)
    if east - west >= _TURN or max(abs(bounds[1]), abs(bounds[3])) >= _POLE:
        return ((-_HALF, south, _HALF, north),)
    if west < -_HALF:
        return (west + _TURN, south, _HALF, north), (-_HALF, south, east, north)
    if east > _HALF:
        return (west, south, _HALF, north), (-_HALF, south, east - _TURN, north)
    return ((west, south, east, north),)


def _unit_of_plane(iri: str) -> float:
    return crs_from_iri(iri).unit_factor


def _grown_anywhere(free: Operand, metres: Scalar) -> Scalar | None:
    """The box of all within a distance, on Earth or in a plane; None: of what unit?"""
    box = box_of(str(free.variable))
    if not free.may_be_nowhere:
        return grown(box, metres)
    if free.planes is None:
        return None
    reach = scaled(metres, 1.0 / min(map(_unit_of_plane, free.planes - {CRS84_IRI})))
    return call(
        "case", _is_nowhere(free), grown_in_plane(box, reach), grown(box, metres)
    )


def _within_degrees(
    pair: tuple[Operand, Operand], degrees: Scalar, holds: Scalar
) -> Scalar:
    free, other = _stored_first(pair)
    variable = str(free.variable)
    if other.bounds is not None:
        if not isinstance(degrees, Constant):
            return holds
        wider = _widened_in_degrees(other.bounds, float(degrees.value or 0.0))
        near = any_of(tuple(overlaps(variable, box) for box in wider))
        return call("within_window", or_unrelated(near, other, free), holds)
    around = grown_in_degrees(box_of(variable), degrees)
    within = _within_reach(around, other.shape, holds)
    if isinstance(degrees, Constant) or other.variable is None:
        return within
    around = grown_in_degrees(box_of(other.variable), degrees)
    return _within_reach(around, free.shape, within)


def _stored_first(pair: tuple[Operand, Operand]) -> tuple[Operand, Operand]:
    """A stored geometry, and the other operand."""
    one, other = pair
    return (other, one) if other.variable else (one, other)


def _distance(left: Value, right: Value, unit: Value | None = None) -> Value:
    one, other = operand(left), operand(right)
    if unit is None:
        return number(_metres_between(one, other), Rank.DOUBLE)
    metres = _metres_between(one, other)
    radians = call("radians", call("distance_degrees", one.shape, other.shape))
    found = unit_of(unit, Quantity.LENGTH)
    if found is None:
        length = _per_unit(metres, unit, Quantity.LENGTH)
        angle = _per_unit(radians, unit, Quantity.ANGLE)
        return number(call("coalesce", length, angle), Rank.DOUBLE)
    if found.quantity is Quantity.LENGTH:
        return number(scaled(metres, 1.0 / found.factor), Rank.DOUBLE)
    if found.quantity is Quantity.ANGLE:
        return number(scaled(radians, 1.0 / found.factor), Rank.DOUBLE)
    raise OntologyError(
        f"<{found.iri}> measures {found.quantity}; geof:distance wants a length or an "
        "angle, such as <http://www.opengis.net/def/uom/OGC/1.0/metre>"
    )


def _metres_between(one: Operand, other: Operand) -> Scalar:
    """On the ellipsoid, or in the plane of an engineering CRS that both are in."""
    geodesic = call("distance_m", one.shape, other.shape)
    if not (
        one.may_be_nowhere and other.may_be_nowhere and may_share_plane(one, other)
    ):
        return geodesic
    planar = call("planar_distance", one.native, other.native, one.crs)
    is_nowhere = all_of((call("equal", one.crs, other.crs), _is_nowhere(one)))
    return call("case", is_nowhere, planar, geodesic)


def _is_nowhere(one: Operand) -> Scalar:
    return call("is_unbound", one.shape)


def _per_unit(measured: Scalar, unit: Value, quantity: Quantity) -> Scalar:
    """A measure in a unit of each row's own; computed only where the unit fits."""
    size = size_of_unit(unit, quantity)
    return call("if_bound", size, call("per_unit", measured, size))


def _measure(operation: str, planar: str, quantity: Quantity) -> Callable[..., Value]:
    def function(value: Value, unit: Value | None = None) -> Value:
        measured = _measured(operand(value), operation, planar)
        if unit is None:
            return number(measured, Rank.DOUBLE)
        found = unit_of(unit, quantity)
        if found is None:
            return number(_per_unit(measured, unit, quantity), Rank.DOUBLE)
        if found.quantity is not quantity:
            raise OntologyError(
                f"<{found.iri}> measures {found.quantity}, not {quantity}"
            )
        return number(scaled(measured, 1.0 / found.factor), Rank.DOUBLE)

    return function


def _measured(one: Operand, geodesic: str, planar: str) -> Scalar:
    """On the ellipsoid, or in the plane of an engineering CRS."""
    on_earth = call(geodesic, one.shape)
    if not one.may_be_nowhere:
        return on_earth
    return call("case", _is_nowhere(one), call(planar, one.native, one.crs), on_earth)


_AREA: Final = _measure("area_m2", "planar_area", Quantity.AREA)
_LENGTH: Final = _measure("length_m", "planar_length", Quantity.LENGTH)
_PERIMETER: Final = _measure("perimeter_m", "planar_perimeter", Quantity.LENGTH)

MEASURES: Final[Mapping[tuple[str, int], Callable[..., Value]]] = MappingProxyType(
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
"""By local name and number of arguments."""

DISTANCES: Final = frozenset({GEOF.term("distance"), GEOF.term("metricDistance")})
"""IRIs of the functions that a window can speed."""
