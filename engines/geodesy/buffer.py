"""Everything within a geodesic distance of a geometry, and the circle around one.

How: a geometry up to 150 km across is laid into an azimuthal equidistant plane, where
GEOS draws the buffer. The outline of a larger one is cut into such pieces, and their
buffers are joined with what is inside, or taken away from it.

Accuracy, as a share of the distance: places on the outline are right to 2.5e-4, those
around a point to the nanometre; between two vertices of an arc the outline is inside
the arc by 3e-4 at most. Checked against
GeographicLib at all latitudes, over the antimeridian and the poles.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.errors import NoSuchGeometry
from engines.geodesy.arrays import (
    GEOD,
    Floats,
    Parts,
    edges,
    explode,
    geometry_array,
)
from engines.geodesy.azimuthal import Azimuthal, continuous
from engines.geodesy.seams import without_seams
from engines.geodesy.wrap import wrap

_REACH_M: Final = 75_000.0
_QUARTER: Final = 32
"""Edges in a quarter of a circle."""

_FARTHEST_M: Final = 9_000_000.0
"""Less than a quarter of a meridian: beyond, a circle has no inside of its own."""

_FINE: Final = 1e-4
_FINEST_M: Final = 1e-3
_SIDES: Final = 4 * _QUARTER
_STILL_M: Final = 0.01
_ROUNDS: Final = 40


def buffer_m(shape: BaseGeometry, metres: float) -> BaseGeometry:
    """The area within a distance of a geometry, Z and M left out.

    Args:
        shape: In CRS84, cut at the antimeridian or not.
        metres: Geodesic distance; a negative one takes away from areas.

    Returns:
        In CRS84, cut at the antimeridian.

    Raises:
        NoSuchGeometry: The distance is beyond 9000 km.

    Examples:
        >>> circle = buffer_m(shapely.Point(0, 90), 100_000)
        >>> [round(edge, 2) for edge in circle.bounds]
        [-180.0, 89.1, 180.0, 90.0]
    """
    if not abs(metres) <= _FARTHEST_M:
        raise NoSuchGeometry(f"a buffer of {metres:g} m is wider than {_FARTHEST_M:g}")
    if isinstance(shape, shapely.Point) and metres > 0 and not shape.is_empty:
        return _circle(Azimuthal(shape.x, shape.y), metres, metres)
    outline = explode(geometry_array(shape))
    if not metres or not len(outline.geometries):
        inside: BaseGeometry = wrap(_areas(outline)).geometries[0]
        return inside
    lines = edges(outline).geometries.tolist()
    plane = Azimuthal.around(shapely.get_coordinates(lines))
    if len(outline.geometries) == 1 and _reach(plane, lines) <= _REACH_M:
        return _drawn(plane, outline.geometries[0], metres)
    areas = wrap(_areas(outline)).geometries[0]
    around = [
        _drawn(Azimuthal.around(shapely.get_coordinates(piece)), piece, abs(metres))
        for line in without_seams(lines)
        for piece in _pieces(line)
    ]
    if metres > 0:
        united: BaseGeometry = shapely.union_all([areas, *around])
        return united
    left: BaseGeometry = shapely.difference(areas, shapely.union_all(around))
    return left


def _areas(parts: Parts) -> BaseGeometry:
    """The polygons; none of them is an empty one."""
    polygons = parts.geometries[shapely.get_dimensions(parts.geometries) > 1].tolist()
    if len(polygons) == 1:
        single: BaseGeometry = polygons[0]
        return single
    return shapely.MultiPolygon(polygons) if polygons else shapely.Polygon()


def _reach(plane: Azimuthal, lines: list[Any]) -> float:
    return float(np.hypot(*plane.project(shapely.get_coordinates(lines)).T).max())


def _drawn(plane: Azimuthal, shape: BaseGeometry, metres: float) -> BaseGeometry:
    tolerance = max(abs(metres) * _FINE, _FINEST_M)
    laid = plane.image(shape, tolerance)
    drawn = shapely.buffer(laid, metres, quad_segs=_QUARTER)
    found: BaseGeometry = wrap(plane.original(drawn, tolerance)).geometries[0]
    return found


def _pieces(line: Any) -> Iterator[BaseGeometry]:
    """A point, or a line in pieces that are near enough to their middles."""
    if shapely.get_dimensions(line) == 0:
        yield line
        return
    places = _dense(shapely.get_coordinates(line), _REACH_M / 2)
    _, _, steps = GEOD.inv(*places[:-1].T, *places[1:].T)
    run = np.concatenate([[0.0], np.cumsum(steps)])
    number = np.floor_divide(run, 2 * _REACH_M - _REACH_M / 2).astype(int)
    for each in range(int(number[-1]) + 1):
        rows = np.flatnonzero(number == each)
        piece = places[rows[0] : min(rows[-1] + 2, len(places))]
        if len(piece) > 1:
            yield shapely.LineString(piece)


def _dense(line: Floats, metres: float) -> Floats:
    """A line in degrees, without jumps, and a vertex at least every so many metres."""
    run = continuous(line)
    _, _, steps = GEOD.inv(*run[:-1].T, *run[1:].T)
    counts = np.maximum(np.ceil(np.asarray(steps) / metres).astype(int), 1)
    start = np.repeat(run[:-1], counts, axis=0)
    step = np.repeat((run[1:] - run[:-1]) / counts[:, None], counts, axis=0)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    inner = start + step * (np.arange(len(start)) - first)[:, None]
    return np.concatenate([inner, run[-1:]])


def circle_around(shape: BaseGeometry) -> BaseGeometry:
    """The least geodesic circle that holds a geometry, as a polygon of 128 sides.

    The sides touch the circle from outside, so that nothing sticks out; the corners are
    4e-4 of the radius too far out.

    Args:
        shape: In CRS84.

    Returns:
        In CRS84, cut at the antimeridian; a point for what is only one.

    Raises:
        NoSuchGeometry: The radius is beyond 9000 km.

    Examples:
        >>> ends = shapely.MultiPoint([(-1, 89), (179, 89)])
        >>> circle_around(ends).covers(ends)
        True
    """
    lines = edges(explode(geometry_array(shape))).geometries.tolist()
    if not lines:
        return shapely.Polygon()
    plane = Azimuthal.around(shapely.get_coordinates(lines))
    tolerance = max(_reach(plane, lines) * _FINE, _FINEST_M)
    laid = [plane.image(line, tolerance) for line in lines]
    places = plane.unproject(shapely.get_coordinates(laid))
    plane, radius = _least_circle(places)
    if radius > _FARTHEST_M:
        raise NoSuchGeometry("no circle of less than 9000 km holds the geometry")
    if radius <= _FINEST_M:
        return shapely.Point(shapely.get_coordinates(lines)[0])
    margin = 2 * tolerance + _STILL_M
    return _circle(plane, (radius + margin) / np.cos(np.pi / _SIDES), radius)


_TURNS: Final = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
_CIRCLE: Final = np.column_stack([np.cos(_TURNS), np.sin(_TURNS)])


def _circle(plane: Azimuthal, corners: float, radius: float) -> BaseGeometry:
    """A polygon with its corners at a distance from the centre."""
    tolerance = max(radius * _FINE, _FINEST_M)
    drawn = plane.original(shapely.Polygon(corners * _CIRCLE), tolerance)
    found: BaseGeometry = wrap(drawn).geometries[0]
    return found


def _least_circle(places: Floats) -> tuple[Azimuthal, float]:
    """The plane around the centre of the least circle, and its radius.

    From the centre distances and directions are exact, so a circle that the plane finds
    least around its own centre is the least one on the ellipsoid.
    """
    plane = Azimuthal.around(places)
    radius = np.inf
    for _ in range(_ROUNDS):
        laid = shapely.MultiPoint(plane.project(places))
        circle = shapely.minimum_bounding_circle(laid)
        centre = shapely.get_coordinates(shapely.centroid(circle))
        radius = float(np.hypot(*(plane.project(places)).T).max())
        if np.hypot(*centre[0]) < _STILL_M:
            break
        plane = Azimuthal(*plane.unproject(centre)[0].tolist())
    return plane, radius
