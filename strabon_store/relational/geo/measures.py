"""Distances, lengths and areas: geodesic in units of length (see docs/adr/0001)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from engines.geodesy import expand_box
from ontologies.errors import OntologyError
from ontologies.geosparql.units import Quantity
from ontologies.namespaces import GEOF
from strabon_store.relational.geo.operands import operand, scaled, unit_of
from strabon_store.relational.geo.relations import overlaps
from strabon_store.relational.numbers import Rank
from strabon_store.relational.scalars import TRUE, Scalar, any_of, call
from strabon_store.relational.values import Value, number


def distance_window(
    left: Value, right: Value, unit: Value | None, limit: float
) -> Scalar:
    """A condition on boxes that holds wherever the distance is at most `limit`.

    It only narrows the search; TRUE where nothing can be said.
    """
    factor = _metres(unit) if unit is not None else 1.0
    if factor is None or not np.isfinite(limit):
        return TRUE
    for fixed, free in ((left, right), (right, left)):
        bounds, variable = operand(fixed).bounds, operand(free).variable
        if bounds is not None and variable is not None:
            boxes = expand_box(bounds, max(limit, 0.0) * factor)
            return any_of(tuple(overlaps(variable, box) for box in boxes))
    return TRUE


def _metres(unit: Value) -> float | None:
    """Metres in the unit; None where it is of another quantity."""
    found = unit_of(unit, Quantity.LENGTH)
    return found.factor if found.quantity is Quantity.LENGTH else None


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
