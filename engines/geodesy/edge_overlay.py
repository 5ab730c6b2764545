"""Overlays of geometries that are both on the edge of the plane of CRS84.

GEOS knows one plane. What is on the antimeridian or at a pole stands on one side of it,
where the other geometry may stand on the other: points and lines along the edge are
moved there before, and what two areas or lines share on the edge alone is added to what
GEOS says that they share.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.geodesy.arrays import Floats, explode, geometry_array
from engines.geodesy.edge import is_on_edge, shared_on_edge

_HALF: Final = 180.0
_POLE: Final = 90.0
_AREAS: Final = 2


def overlay_on_edge(
    operation: Callable[[Any, Any], Any], one: BaseGeometry, other: BaseGeometry
) -> BaseGeometry:
    """What an operation of shapely's gives of two geometries on the edge.

    Examples:
        >>> east = shapely.from_wkt("POLYGON ((170 0, 180 0, 180 9, 170 9, 170 0))")
        >>> overlay_on_edge(shapely.difference, shapely.Point(-180, 5), east)
        <POINT EMPTY>
        >>> west = shapely.from_wkt("POLYGON ((-180 5, -170 5, -180 20, -180 5))")
        >>> overlay_on_edge(shapely.intersection, east, west)
        <LINESTRING (180 5, 180 9)>
    """
    one = _beside(one, other)
    other = _beside(other, one)
    found: BaseGeometry = operation(one, other)
    if operation is shapely.intersection:
        found = _with_shared(found, one, other)
    return _once(found)


def _with_shared(
    found: BaseGeometry, one: BaseGeometry, other: BaseGeometry
) -> BaseGeometry:
    """An intersection with what is in both on the edge alone."""
    shared = [_drawn(*ends) for ends in shared_on_edge(one, other)]
    # In this order, so that points of what is there already go.
    for known in (found, _mirrored(found)):
        shared = [shapely.difference(each, known) for each in shared]
    poles = _latitudes_of_poles(found)
    rest = [
        each
        for each in shared
        if not each.is_empty and shapely.get_coordinates(each)[0, 1] not in poles
    ]
    return _put_together([found, *rest])


def _drawn(low: float, high: float) -> BaseGeometry:
    """A place, or a stretch, of the edge."""
    if low == high:
        return shapely.Point(0.0 if abs(low) == _POLE else _HALF, low)
    return shapely.LineString([(_HALF, low), (_HALF, high)])


def _latitudes_of_poles(shape: BaseGeometry) -> set[float]:
    latitudes = shapely.get_coordinates(shape)[:, 1]
    poles: list[float] = latitudes[np.abs(latitudes) == _POLE].tolist()
    return set(poles)


def _beside(shape: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """A geometry whose points and lines on the edge are on the side of another one."""
    parts = explode(geometry_array(shape)).geometries
    if not (is_on_edge(parts) & (shapely.get_dimensions(parts) < _AREAS)).any():
        return shape
    return _put_together(_moved(part, other) for part in parts.tolist())


def _moved(part: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    dimension = shapely.get_dimensions(part)
    if dimension == _AREAS or not is_on_edge(geometry_array(part))[0]:
        return part
    if dimension == 0:
        return _point_beside(part, other)
    away = shapely.difference(part, other)
    there = _of_dimension(shapely.intersection(_mirrored(away), other), 1)
    if there.is_empty:
        return part
    stays = shapely.difference(part, _mirrored(there))
    united: BaseGeometry = shapely.union(stays, there)
    return united


def _point_beside(point: Any, other: BaseGeometry) -> BaseGeometry:
    if shapely.intersects(point, other):
        single: BaseGeometry = point
        return single
    if abs(point.y) == _POLE:
        places = shapely.get_coordinates(other)
        at_pole = places[places[:, 1] == point.y]
        return shapely.Point(at_pole[0] if len(at_pole) else (0.0, point.y))
    mirrored = _mirrored(point)
    return mirrored if shapely.intersects(mirrored, other) else point


def _mirrored(shape: BaseGeometry) -> BaseGeometry:
    """What of a geometry is on the antimeridian, on the other side of it."""
    sides = shapely.MultiLineString(
        [[(x, -_POLE), (x, _POLE)] for x in (-_HALF, _HALF)]
    )
    found = shapely.intersection(shape, sides)

    def flipped(places: Floats) -> Floats:
        places[:, 0] *= -1
        return places

    return shapely.transform(found, flipped)


def _once(shape: BaseGeometry) -> BaseGeometry:
    """Without the points and lines on -180 that are on 180 as well."""
    parts = explode(geometry_array(shape)).geometries
    thin = shapely.get_dimensions(parts) < _AREAS
    if not (is_on_edge(parts) & thin).any():
        return shape
    here = shapely.get_coordinates(parts[thin])[:, 0]
    if not (here.min() == -_HALF and here.max() == _HALF):
        return shape
    rest = shapely.union_all(parts[thin])
    east = shapely.LineString([(_HALF, -_POLE), (_HALF, _POLE)])
    twice = _mirrored(shapely.intersection(rest, east))
    return _put_together([*parts[~thin].tolist(), shapely.difference(rest, twice)])


def _of_dimension(shape: BaseGeometry, dimension: int) -> BaseGeometry:
    parts = explode(geometry_array(shape)).geometries
    chosen = parts[shapely.get_dimensions(parts) == dimension]
    united: BaseGeometry = shapely.union_all(chosen)
    return united


def _put_together(shapes: Iterable[BaseGeometry]) -> BaseGeometry:
    united: BaseGeometry = shapely.union_all(list(shapes))
    return united
