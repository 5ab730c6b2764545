"""What boxes alone tell of distances: bounds that need no geometry and no geodesic.

On a sphere of the smallest radius of curvature of WGS 84 two points are, at the same
longitudes and latitudes, never farther apart than on the ellipsoid, and on one of the
greatest never nearer: the metrics have the same axes, and each of one is at most that
of the other. Between boxes the least and the greatest differences of longitude and
latitude stand for those of points (ADR 17).
"""

from typing import Final, TypeAlias

from strabon_store.relational.geo.operands import Bounds
from strabon_store.relational.scalars import Constant, Scalar, call
from strabon_store.relational.values import part

Box: TypeAlias = tuple[Scalar, ...]
"""West, south, east, north, in degrees of CRS84; NULL for the empty geometry."""

LEAST_RADIUS_M: Final = 6_335_439.0
"""Rounded down: a(1 - e^2), of the meridian at the equator."""

GREATEST_RADIUS_M: Final = 6_399_594.0
"""Rounded up: a^2 / b, of every direction at the poles."""

_HALF_TURN: Final = 180.0
_EDGES: Final = ("minx", "miny", "maxx", "maxy")


def box_of(variable: str) -> Box:
    """The box of a stored geometry."""
    return tuple(part(variable, edge) for edge in _EDGES)


def constant_box(bounds: Bounds) -> Box:
    """The box of a constant."""
    return tuple(map(Constant, bounds))


def least_metres(one: Box, other: Box) -> Scalar:
    """At most the geodesic distance of what is in the boxes."""
    return call("least_metres", *one, *other, Constant(LEAST_RADIUS_M))


def most_metres(one: Box, other: Box) -> Scalar:
    """At least the geodesic distance of what the boxes are of."""
    return call("most_metres", *one, *other, Constant(GREATEST_RADIUS_M))


def least_degrees(one: Box, other: Box) -> Scalar:
    """At most the distance in the plane of longitudes and latitudes."""
    return call("least_degrees", *one, *other)


def most_degrees(one: Box, other: Box) -> Scalar:
    """At least the same."""
    return call("most_degrees", *one, *other)


def boxes_meet(one: Scalar, other: Scalar) -> Scalar:
    """Whether the boxes of two shapes meet: what an index on shapes can answer."""
    return call("boxes_meet", one, other)


def reach_of(limit: Scalar, factor: float, slack: float = 0.0) -> Scalar:
    """How far something can be that is within a limit, in another unit.

    Of a limit below 0, and of what is no number, it is the slack alone: nothing is
    within it, but what is said beside it may hold.

    Examples:
        >>> reach_of(Constant(-2), 1000.0, 0.5)
        Constant(value=0.5)
    """
    match limit:
        case Constant(int() | float() as known):
            return Constant(max(known, 0.0) * factor + slack)
        case _:
            return call("reach", limit, Constant(factor), Constant(slack))


def grown(box: Box, metres: Scalar) -> Scalar:
    """A shape whose box holds all that is within a distance of the box.

    All longitudes where that reaches a pole, or across the antimeridian.
    """
    degrees = reach_of(metres, 1.0 / LEAST_RADIUS_M * 180 / 3.141592653589793)
    match degrees:
        case Constant(float() as known):
            degrees = Constant(min(known, _HALF_TURN))
        case _:
            degrees = call("least", degrees, Constant(_HALF_TURN))
    return call("grown_box", *box, degrees, metres)


def grown_in_degrees(box: Box, degrees: Scalar) -> Scalar:
    """The same for a distance in degrees, in the plane of longitude and latitude."""
    return call("grown_in_degrees", *box, degrees)


def grown_in_plane(box: Box, degrees: Scalar) -> Scalar:
    """The same for a distance in the unit of a plane."""
    return call("grown_in_plane", *box, degrees)
