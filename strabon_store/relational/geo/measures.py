"""Distances, lengths and areas: geodesic in units of length (see docs/adr/0001)."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from engines.geodesy import expand_box
from ontologies.errors import OntologyError
from ontologies.geosparql.units import Quantity, Unit
from ontologies.namespaces import GEOF, UOM
from strabon_store.relational.geo.bounds import (
    box_of,
    grown,
    grown_in_plane,
    least_metres,
)
from strabon_store.relational.geo.operands import Operand, operand, scaled, unit_of
from strabon_store.relational.geo.relations import overlaps
from strabon_store.relational.numbers import Rank
from strabon_store.relational.scalars import Constant, Scalar, any_of, call
from strabon_store.relational.values import Value, number

_METRE: Final = Unit(UOM.term("metre"), Quantity.LENGTH, 1.0)
_SLACK_M: Final = 1e-6
"""More than rounding makes of a limit: boxes may leave open too much, never less."""


def within_distance(values: Sequence[Value], limit: float, holds: Scalar) -> Scalar:
    """Whether a distance is at most a limit, asked only where boxes leave it open.

    Args:
        values: What the distance is of: two geometries, and a unit if there is one.
        limit: The limit in the unit.
        holds: The same by the exact distance.
    """
    one, other, *units = values
    unit = unit_of(units[0], Quantity.LENGTH) if units else _METRE
    pair = operand(one), operand(other)
    if not np.isfinite(limit) or pair[0].variable is pair[1].variable is None:
        return holds
    most = max(limit, 0.0) * unit.factor
    if unit.quantity is Quantity.LENGTH:
        return _within_metres(pair, most + _SLACK_M, holds)
    if unit.quantity is Quantity.ANGLE:
        return _within_degrees(pair, math.degrees(most), holds)
    return holds


def _within_metres(
    pair: tuple[Operand, Operand], metres: float, holds: Scalar
) -> Scalar:
    free, other = _stored_first(pair)
    if other.bounds is not None:
        boxes = expand_box(other.bounds, metres)
        windows = tuple(overlaps(free, box) for box in boxes)
        return call("within_window", any_of(windows), holds)
    box = box_of(free)
    if other.variable is not None:
        nearest = least_metres(box, box_of(other.variable))
        is_open = call("less_or_equal", nearest, Constant(metres))
        holds = call("within_bounds", is_open, holds)
    return call("within_reach", grown(box, metres), other.shape, holds)


def _within_degrees(
    pair: tuple[Operand, Operand], degrees: float, holds: Scalar
) -> Scalar:
    free, other = _stored_first(pair)
    if other.bounds is not None:
        west, south, east, north = other.bounds
        box = west - degrees, south - degrees, east + degrees, north + degrees
        return call("within_window", overlaps(free, box), holds)
    around = grown_in_plane(box_of(free), degrees)
    return call("within_reach", around, other.shape, holds)


def _stored_first(pair: tuple[Operand, Operand]) -> tuple[str, Operand]:
    """The variable of a stored geometry, and the other operand."""
    one, other = pair
    return (other.variable, one) if other.variable else (str(one.variable), other)


def _distance(left: Value, right: Value, unit: Value | None = None) -> Value:
    shapes = operand(left).shape, operand(right).shape
    if unit is None:
        return number(call("distance_m", *shapes), Rank.DOUBLE)
    found = unit_of(unit, Quantity.LENGTH)
    if found.quantity is Quantity.LENGTH:
        metres = call("distance_m", *shapes)
        return number(scaled(metres, 1.0 / found.factor), Rank.DOUBLE)
    if found.quantity is Quantity.ANGLE:
        radians = call("radians", call("distance_degrees", *shapes))
        return number(scaled(radians, 1.0 / found.factor), Rank.DOUBLE)
    raise OntologyError(
        f"<{found.iri}> measures {found.quantity}; geof:distance wants a length or an "
        "angle, such as <http://www.opengis.net/def/uom/OGC/1.0/metre>"
    )


def _measure(operation: str, quantity: Quantity) -> Callable[..., Value]:
    def function(value: Value, unit: Value | None = None) -> Value:
        measured = call(operation, operand(value).shape)
        if unit is None:
            return number(measured, Rank.DOUBLE)
        found = unit_of(unit, quantity)
        if found.quantity is not quantity:
            raise OntologyError(
                f"<{found.iri}> measures {found.quantity}, not {quantity}"
            )
        return number(scaled(measured, 1.0 / found.factor), Rank.DOUBLE)

    return function


_AREA: Final = _measure("area_m2", Quantity.AREA)
_LENGTH: Final = _measure("length_m", Quantity.LENGTH)
_PERIMETER: Final = _measure("perimeter_m", Quantity.LENGTH)

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
