"""The azimuthal equidistant plane around a point, by GeographicLib.

Distances and directions from the centre are exact, whatever the latitude; between two
points no farther than d from the centre, distances are too long by a factor of at most
1 + d^2 / 6R^2 (1e-5 at 50 km), and so they are between one of these and any other.
Edges are straight in longitude and latitude on one side and straight in the plane on
the other: the functions here put in vertices until both are one line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.geodesy.arrays import GEOD, Floats

_ROUNDS: Final = 14
_TURN: Final = 360.0
_HALF: Final = 180.0
_DEGREE_M: Final = 111_320.0
_Mapping: TypeAlias = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Azimuthal:
    """A plane in metres, x = east and y = north at its centre.

    Attributes:
        lon: Longitude of the centre.
        lat: Latitude of the centre.
    """

    lon: float
    lat: float

    @classmethod
    def around(cls, coordinates: Floats) -> "Azimuthal":
        """The plane around the middle of some longitudes and latitudes."""
        lon, lat = np.radians(coordinates[:, 0]), np.radians(coordinates[:, 1])
        x, y = np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon)
        east, north, up = x.mean(), y.mean(), np.sin(lat).mean()
        return cls(
            float(np.degrees(np.arctan2(north, east))),
            float(np.degrees(np.arctan2(up, np.hypot(east, north)))),
        )

    def project(self, coordinates: Floats) -> Floats:
        """Longitudes and latitudes to the plane."""
        lon, lat = np.ascontiguousarray(coordinates.T)
        start = np.full(len(lon), self.lon), np.full(len(lat), self.lat)
        azimuth, _, metres = GEOD.inv(*start, lon, lat)
        turn = np.radians(azimuth)
        return np.column_stack([metres * np.sin(turn), metres * np.cos(turn)])

    def unproject(self, coordinates: Floats) -> Floats:
        """The plane to longitudes and latitudes."""
        x, y = coordinates.T
        start = np.full(len(x), self.lon), np.full(len(x), self.lat)
        lon, lat, _ = GEOD.fwd(*start, np.degrees(np.arctan2(x, y)), np.hypot(x, y))
        return np.column_stack([lon, lat])

    def image(self, shape: BaseGeometry, tolerance: float) -> BaseGeometry:
        """A geometry in the plane, no edge farther off than the tolerance in metres."""
        return _map_lines(shape, lambda line: self._image(line, tolerance))

    def original(self, shape: BaseGeometry, tolerance: float) -> BaseGeometry:
        """The way back; its longitudes may jump, see `wrap`."""
        return _map_lines(shape, lambda line: self._original(line, tolerance))

    def _image(self, line: Floats, tolerance: float) -> Floats:
        return _followed(continuous(line), self.project, _off_in_plane, tolerance)

    def _original(self, line: Floats, tolerance: float) -> Floats:
        return _followed(line, self.unproject, _off_on_earth, tolerance)


def continuous(line: Floats) -> Floats:
    """Longitudes without jumps: each edge takes the short way."""
    run = line[:, :2].copy()
    run[:, 0] = np.unwrap(run[:, 0], period=_TURN)
    return run


def _followed(
    line: Floats,
    image: _Mapping,
    off: Callable[[Floats, Floats], Floats],
    tolerance: float,
) -> Floats:
    """The image of a line, with vertices wherever straight edges would stray."""
    for _ in range(_ROUNDS):
        middles = (line[:-1] + line[1:]) / 2
        found = image(np.concatenate([line, middles]))
        ends, between = found[: len(line)], found[len(line) :]
        far = np.flatnonzero(off(ends, between) > tolerance)
        if not len(far):
            break
        line = np.insert(line, far + 1, middles[far], axis=0)
    return image(line)


def _off_in_plane(ends: Floats, between: Floats) -> Floats:
    off: Floats = np.hypot(*(between - (ends[:-1] + ends[1:]) / 2).T)
    return off


def _off_on_earth(ends: Floats, between: Floats) -> Floats:
    """About how far, in metres, places are from the middles of edges in degrees."""
    run = _short(ends[1:, 0] - ends[:-1, 0])
    east = _short(between[:, 0] - ends[:-1, 0] - run / 2)
    north = between[:, 1] - (ends[:-1, 1] + ends[1:, 1]) / 2
    off: Floats = _DEGREE_M * np.hypot(east * np.cos(np.radians(between[:, 1])), north)
    return off


def _short(degrees: Floats) -> Floats:
    short: Floats = (degrees + _HALF) % _TURN - _HALF
    return short


def _map_lines(shape: Any, rule: _Mapping) -> BaseGeometry:
    """The geometry with each point, line and ring put through a rule."""
    if shape.is_empty:
        empty: BaseGeometry = shape
        return empty
    match shape.geom_type:
        case "Polygon":
            rings = (shape.exterior, *shape.interiors)
            shell, *holes = (rule(shapely.get_coordinates(ring)) for ring in rings)
            return shapely.Polygon(shell, holes)
        case "Point" | "LineString" | "LinearRing":
            single: BaseGeometry = type(shape)(rule(shapely.get_coordinates(shape)))
            return single
        case _:
            parts = shapely.get_parts(shape).tolist()
            several: BaseGeometry = type(shape)([_map_lines(p, rule) for p in parts])
            return several
