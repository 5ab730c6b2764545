"""Geometries over the antimeridian or a pole, cut so that CRS84 can hold them.

Two neighboring vertices more than 180 degrees of longitude apart are read as an edge
that takes the short way, over the antimeridian. A ring whose longitudes go once around
encloses a pole. The package `antimeridian` answers the same question but turns a
clockwise polar cap into its complement and leaves slivers at -180, so it is not used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.errors import NoSuchGeometry
from engines.geodesy.arrays import (
    Booleans,
    Floats,
    Geometries,
    GeometryLike,
    edges,
    explode,
    geometry_array,
    segments,
)

_TURN: Final = 360.0
_HALF: Final = 180.0
_POLE: Final = 90.0
_ROUNDING: Final = 1e-11


@dataclass(frozen=True, slots=True)
class Wrapped:
    """Geometries that are right to relate in the plane of longitude and latitude.

    Attributes:
        geometries: Longitudes within -180..180 and no edge over the antimeridian.
        crosses_antimeridian: Which of them were cut there.
        contains_pole: Which of them have a pole inside.
    """

    geometries: Geometries
    crosses_antimeridian: Booleans
    contains_pole: Booleans


def wrap(geoms: GeometryLike) -> Wrapped:
    """Cut geometries at longitude 180, and close rings around a pole along it.

    Geometries that do neither come back as the same objects; `wrap` applied twice is
    `wrap` applied once. Z is kept at vertices; M is lost where a geometry is cut.

    Raises:
        NoSuchGeometry: An outline crosses itself, and GEOS cannot tell its inside.

    Examples:
        >>> square = shapely.from_wkt("POLYGON((170 0,-170 0,-170 9,170 9,170 0))")
        >>> wrapped = wrap(np.array([square]))
        >>> wrapped.geometries[0].bounds, wrapped.geometries[0].area
        ((-180.0, 0.0, 180.0, 9.0), 180.0)
        >>> wrapped.crosses_antimeridian.tolist(), wrapped.contains_pole.tolist()
        ([True], [False])
    """
    array = geometry_array(geoms)
    wrapped = array.copy()
    crosses = np.zeros(len(array), dtype=bool)
    polar = np.zeros(len(array), dtype=bool)
    for row in np.flatnonzero(needs_wrap(array)).tolist():
        cut, crosses[row], polar[row] = _cut_one(array[row])
        wrapped[row] = _restore(cut, array[row])
    return Wrapped(wrapped, crosses, polar)


def needs_wrap(geoms: Geometries) -> Booleans:
    """True where an edge jumps, a longitude is out of range, or a vertex is a pole."""
    needs = np.zeros(len(geoms), dtype=bool)
    # By their bounds most geometries can do none of it, and bounds are cheap.
    suspects = np.flatnonzero(~are_tame(shapely.bounds(geoms)))
    if len(suspects):
        needs[suspects] = _need_wrap(geoms[suspects])
    return needs


def are_tame(bounds: Floats) -> Booleans:
    """Whether what has such bounds needs no wrapping for sure.

    Args:
        bounds: Shape (n, 4): west, south, east, north; NaN of what is empty or none.
    """
    west, south, east, north = bounds.T
    with np.errstate(invalid="ignore"):
        in_range = (west >= -_HALF) & (east <= _HALF) & (east - west <= _HALF)
        tame = in_range & (south > -_POLE) & (north < _POLE)
    # What has no bounds is empty, or none at all.
    found: Booleans = tame | np.isnan(west)
    return found


def _need_wrap(geoms: Geometries) -> Booleans:
    found = segments(edges(explode(geoms)))
    jump = np.abs(found.end[:, 0] - found.start[:, 0])
    # From -180 to 180 is no jump but a parallel: the edge of a box around the world.
    odd = (jump > _HALF) & (jump < _TURN)
    odd |= (np.abs(found.start[:, 0]) > _HALF) | (np.abs(found.end[:, 0]) > _HALF)
    odd |= (np.abs(found.start[:, 1]) == _POLE) & (jump > 0) & (jump < _TURN)
    needs = np.zeros(len(geoms), dtype=bool)
    needs[found.row[odd]] = True
    return needs


def _cut_one(geometry: BaseGeometry) -> tuple[BaseGeometry, bool, bool]:
    try:
        return _wrap_one(geometry)
    except shapely.errors.GEOSException as error:
        # The rest of it is advice to programmers.
        reason = str(error).partition(". ")[0]
        raise NoSuchGeometry(
            "an outline crosses itself where it goes over the antimeridian or around "
            f"a pole, and cannot be cut there ({reason})"
        ) from error


def _wrap_one(geometry: BaseGeometry) -> tuple[BaseGeometry, bool, bool]:
    """The geometry cut, whether it was, and whether a pole is inside."""
    if isinstance(geometry, shapely.Polygon):
        return _wrap_polygon(geometry)
    if hasattr(geometry, "geoms"):
        pieces = [_wrap_one(part) for part in geometry.geoms]
        crosses = any(piece[1] for piece in pieces)
        polar = any(piece[2] for piece in pieces)
        return _collect([piece[0] for piece in pieces]), crosses, polar
    if isinstance(geometry, shapely.Point):
        return _home(geometry), False, False
    cut, crosses = _cut_line(geometry)
    return cut, crosses, False


def _wrap_polygon(polygon: shapely.Polygon) -> tuple[BaseGeometry, bool, bool]:
    shell, crosses, polar = _wrap_ring(polygon.exterior)
    for interior in polygon.interiors:
        hole, hole_crosses, hole_polar = _wrap_ring(interior)
        shell = shell.difference(hole)
        crosses |= hole_crosses
        polar &= not hole_polar
    return shell, crosses, polar


def _wrap_ring(ring: BaseGeometry) -> tuple[BaseGeometry, bool, bool]:
    """The area inside a ring, cut."""
    coordinates = _unwrap(_spread_poles(_coordinates(ring)))
    turn = coordinates[-1, 0] - coordinates[0, 0]
    polar = bool(abs(turn) > _HALF)
    if polar:
        # The ring does not close in the plane: go up to the pole on its side, and back.
        coordinates = _from_seam(coordinates, turn)
        pole = np.copysign(_POLE, coordinates[:, 1].mean())
        corners = coordinates[[-1, 0, 0]].copy()
        corners[:2, 1] = pole
        coordinates = np.concatenate([coordinates, corners])
    area, crosses = _cut(shapely.Polygon(coordinates))
    return area, crosses, polar


def _from_seam(coordinates: Floats, turn: float) -> Floats:
    """A ring around a pole that begins, and ends, on the antimeridian to the bit.

    Begun elsewhere it would be closed along a meridian on which, a turn apart and
    rounded, its two ends no longer meet.
    """
    worlds = np.floor((coordinates[:, 0] + _HALF) / _TURN)
    edge = int(np.flatnonzero(np.diff(worlds))[0])
    seam = _TURN * worlds[edge : edge + 2].max() - _HALF
    start, end = coordinates[edge], coordinates[edge + 1]
    # Wherever an edge goes over it there is a vertex.
    crossing = start if start[0] == seam else end
    run = np.copysign(_TURN, turn)
    again = np.concatenate([coordinates[1 : edge + 1], [crossing]])
    again[:, 0] += run
    ring = np.concatenate([[crossing], coordinates[edge + 1 :], again])
    ring[:, 0] -= seam + np.copysign(_HALF, turn)
    # A vertex on the antimeridian stands there twice now.
    moves = np.diff(ring, axis=0, prepend=np.nan).any(axis=1)
    return ring[moves]


def _spread_poles(coordinates: Floats) -> Floats:
    """A vertex at a pole has every longitude: give it those of its two neighbors."""
    at_pole = np.abs(coordinates[:, 1]) == _POLE
    if not at_pole.any() or at_pole.all():
        return coordinates
    closed = coordinates[:-1]
    spread = []
    for index, vertex in enumerate(closed):
        if not at_pole[index]:
            spread.append(vertex)
            continue
        for neighbor in (closed[index - 1], closed[(index + 1) % len(closed)]):
            corner = vertex.copy()
            corner[0] = vertex[0] if abs(neighbor[1]) == _POLE else neighbor[0]
            spread.append(corner)
    return np.array([*spread, spread[0]])


def _coordinates(line: BaseGeometry) -> Floats:
    found: Floats = shapely.get_coordinates(line, include_z=bool(line.has_z))
    return found


def _unwrap(coordinates: Floats) -> Floats:
    """Longitudes without jumps, running on beyond 180 by whole turns.

    Where an edge goes over the antimeridian it gets a vertex.
    """
    run = coordinates.copy()
    free = np.unwrap(coordinates[:, 0], period=_TURN)
    # np.unwrap sums as it goes; adding turns keeps a closed ring closed to the bit.
    run[:, 0] += _TURN * np.round((free - coordinates[:, 0]) / _TURN)
    low, high = np.sort([run[:-1, 0], run[1:, 0]], axis=0)
    seam = _TURN * np.floor((high + _HALF) / _TURN) - _HALF
    over = np.flatnonzero((low < seam) & (seam < high))
    if not len(over):
        return run
    vertices = _crossings(coordinates[over], coordinates[over + 1])
    vertices[:, 0] = seam[over]
    return np.insert(run, over + 1, vertices, axis=0)


def _crossings(start: Floats, end: Floats) -> Floats:
    """Where edges go over the antimeridian: the same place in either direction.

    Two areas may have an edge in common, and are to have it still when it is cut.

    Args:
        start: (n, 2) or (n, 3) where each begins, as it was drawn.
        end: Where each ends.
    """
    start, end = start.copy(), end.copy()
    for places in (start, end):
        places[:, 0] -= _TURN * np.round(places[:, 0] / _TURN)
    eastward = start[:, :1] > 0
    west, east = np.where(eastward, start, end), np.where(eastward, end, start)
    before, behind = _HALF - west[:, :1], _HALF + east[:, :1]
    crossings: Floats = (west * behind + east * before) / (before + behind)
    return crossings


def _restore(cut: BaseGeometry, original: BaseGeometry) -> BaseGeometry:
    """Vertices that went around and came back, as they were to the last bit.

    Adding and taking away 360 loses digits; a neighbor that shares the vertex and was
    not cut would no longer touch.
    """
    vertices = shapely.get_coordinates(original)
    # What is as good as on the antimeridian stays there, on both of its sides.
    away = vertices[np.abs(np.abs(vertices[:, 0]) - _HALF) >= _ROUNDING]
    known = {tuple(np.round(vertex, 11)): vertex for vertex in away}

    def restored(coordinates: Floats) -> Floats:
        keys = map(tuple, np.round(coordinates[:, :2], 11))
        for index, key in enumerate(keys):
            coordinates[index, :2] = known.get(key, coordinates[index, :2])
        return coordinates

    return shapely.transform(cut, restored, include_z=bool(cut.has_z))


def _home(point: shapely.Point) -> BaseGeometry:
    """A point within a turn; on the antimeridian it stays on its side."""
    turns = np.ceil((abs(point.x) - _HALF) / _TURN)
    return _shift(point, -np.copysign(_TURN, point.x) * turns)


def _cut_line(line: BaseGeometry) -> tuple[BaseGeometry, bool]:
    """Cut a line where it goes from one world to the next.

    What of it follows the antimeridian stays with what is before, on one side alone.
    """
    run = _unwrap(_coordinates(line))
    worlds = _worlds(run)
    changes = np.flatnonzero(np.diff(worlds, prepend=np.nan, append=np.nan))
    pieces = [run[first : last + 1] for first, last in pairwise(changes.tolist())]
    numbers = worlds[changes[:-1]].tolist()
    if len(pieces) > 1 and numbers[0] == numbers[-1] and (run[0] == run[-1]).all():
        # The line is closed: what begins it goes on where it ends.
        pieces[0] = np.concatenate([pieces.pop(), pieces[0][1:]])
        numbers.pop()
    home: list[BaseGeometry] = [
        shapely.LineString(piece - np.eye(1, piece.shape[1]) * _TURN * number)
        for piece, number in zip(pieces, numbers, strict=True)
    ]
    return _collect(home), len(home) > 1


def _worlds(run: Floats) -> Floats:
    """In which turn each edge is: by its middle, or as the edge before it."""
    middles = (run[:-1, 0] + run[1:, 0]) / 2
    worlds: Floats = np.floor((middles + _HALF) / _TURN)
    follows = (run[:-1, 0] == run[1:, 0]) & (np.mod(middles, _TURN) == _HALF)
    free = np.flatnonzero(~follows)
    if not len(free):
        # All on the antimeridian, which is at 180.
        return worlds - 1
    before = np.searchsorted(free, np.arange(len(worlds)), side="right") - 1
    return worlds[free[np.maximum(before, 0)]]


def _cut(area: BaseGeometry) -> tuple[BaseGeometry, bool]:
    """Cut an area that runs on beyond 180, and bring each piece home."""
    west, _, east, _ = area.bounds
    first = int(np.floor((west + _HALF) / _TURN))
    last = int(np.ceil((east + _HALF) / _TURN)) - 1
    if last <= first:
        return _shift(area, -_TURN * first), False
    pieces = []
    for turn in range(first, last + 1):
        world = shapely.box(-_HALF + _TURN * turn, -91, _HALF + _TURN * turn, 91)
        piece = _shift(shapely.intersection(area, world), -_TURN * turn)
        piece = shapely.transform(piece, _onto_seam, include_z=bool(piece.has_z))
        pieces += [
            part
            for part in shapely.get_parts(piece).tolist()
            if not part.is_empty
            and shapely.get_dimensions(part) == shapely.get_dimensions(area)
        ]
    return _collect(pieces), True


def _onto_seam(coordinates: Floats) -> Floats:
    """Where an edge meets the antimeridian is computed, and rounded."""
    side = np.copysign(_HALF, coordinates[:, 0])
    near = np.abs(coordinates[:, 0] - side) < _ROUNDING
    coordinates[near, 0] = side[near]
    return coordinates


def _shift(geometry: BaseGeometry, degrees: float) -> BaseGeometry:
    if not degrees:
        return geometry

    def moved(coordinates: Floats) -> Floats:
        coordinates[:, 0] += degrees
        return coordinates

    return shapely.transform(geometry, moved, include_z=bool(geometry.has_z))


_MULTI: Final[dict[int, Callable[[list[Any]], BaseGeometry]]] = {
    0: shapely.MultiPoint,
    1: shapely.MultiLineString,
    2: shapely.MultiPolygon,
}


def _collect(geometries: list[BaseGeometry]) -> BaseGeometry:
    """One geometry of the narrowest type that holds them; areas that touch are merged.

    Areas that met at +180 and -180 stay apart, areas that overlap may not: a
    multipolygon is valid only without.
    """
    parts = shapely.get_parts(geometries).tolist()
    dimensions = {int(shapely.get_dimensions(part)) for part in parts}
    if len(parts) == 1:
        single: BaseGeometry = parts[0]
        return single
    if len(dimensions) != 1:
        return shapely.GeometryCollection(geometries)
    dimension = dimensions.pop()
    if dimension == shapely.get_dimensions(shapely.Polygon()):
        united: BaseGeometry = shapely.union_all(parts)
        return united
    return _MULTI[dimension](parts)
