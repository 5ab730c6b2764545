"""Distances by longitude and latitude as coordinates, in degrees."""

from collections.abc import Callable
from typing import Final

import numpy as np
import shapely

from engines.geodesy.arrays import Floats, Geometries

_TURN: Final = 360.0
_POLE: Final = 90.0


def distance_degrees(left: Geometries, right: Geometries) -> Floats:
    """The distance of pairs in the plane of longitude and latitude, whose edge is none.

    Longitudes go on over the antimeridian, and a pole has all of them. NaN where either
    side is None or empty.

    Examples:
        >>> west = shapely.from_wkt(["POINT (179 0)", "POINT (5 89)"])
        >>> distance_degrees(
        ...     west, shapely.from_wkt(["POINT (-179 0)", "POINT (99 90)"])
        ... )
        array([2., 1.])
    """
    found = np.array(shapely.distance(left, right), dtype=float)
    west, _, east, _ = _outer(left, right)
    near = np.flatnonzero(_TURN + west - east < found)
    for turn in (-_TURN, _TURN):
        moved = shapely.transform(right[near], _turned(turn))
        found[near] = np.minimum(found[near], shapely.distance(left[near], moved))
    for one, other in ((left, right), (right, left)):
        found = np.minimum(found, _by_pole(one, other, found))
    return found


def _turned(degrees: float) -> Callable[[Floats], Floats]:
    return lambda places: places + np.array([degrees, 0.0])


def _outer(left: Geometries, right: Geometries) -> tuple[Floats, ...]:
    """West, south, east and north of both together."""
    one, other = shapely.bounds(left), shapely.bounds(right)
    low = np.minimum(one[:, :2], other[:, :2])
    high = np.maximum(one[:, 2:], other[:, 2:])
    return low[:, 0], low[:, 1], high[:, 0], high[:, 1]


def _by_pole(one: Geometries, other: Geometries, known: Floats) -> Floats:
    """How far the other is from a pole that is in the one; else what is known."""
    _, south, _, north = shapely.bounds(one).T
    _, low, _, high = shapely.bounds(other).T
    found = np.where(north == _POLE, np.minimum(known, _POLE - high), known)
    return np.where(south == -_POLE, np.minimum(found, low + _POLE), found)
