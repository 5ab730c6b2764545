"""Edges that are none: where a geometry was cut at the antimeridian or at a pole."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.geodesy.arrays import Floats

_HALF: Final = 180.0
_POLE: Final = 90.0


def without_seams(lines: list[Any]) -> list[BaseGeometry]:
    """Rings without what lies on 180 and on -180 at once, or on a pole.

    Lines and points that have nothing of the kind come back as the same objects.
    """
    shared = _on_both_sides(lines)
    kept: list[BaseGeometry] = []
    for line in lines:
        if line.geom_type != "LinearRing" or not _has_seam(line):
            kept.append(line)
            continue
        rest = shapely.union_all([*_open_edges(shapely.get_coordinates(line))])
        rest = shapely.difference(rest, shared)
        merged = shapely.line_merge(rest)
        parts = shapely.get_parts(merged).tolist()
        kept += [part for part in parts if not part.is_empty]
    return kept


def _has_seam(line: Any) -> bool:
    ends = np.abs(shapely.get_coordinates(line))
    on_seam = (ends[:, 0] == _HALF) | (ends[:, 1] == _POLE)
    return bool((on_seam[:-1] & on_seam[1:]).any())


def _open_edges(ring: Floats) -> Iterator[BaseGeometry]:
    """The edges of a ring but those along a pole."""
    for start, end in pairwise(ring):
        if not abs(start[1]) == abs(end[1]) == _POLE:
            yield shapely.LineString([start, end])


def _on_both_sides(lines: list[Any]) -> BaseGeometry:
    """What of the antimeridian has an edge on either side, as lines on both."""
    east, west = (_latitudes(lines, side) for side in (_HALF, -_HALF))
    shared = shapely.intersection(east, west)
    both = [_moved(shared, side) for side in (_HALF, -_HALF)]
    united: BaseGeometry = shapely.union_all(both)
    return united


def _latitudes(lines: list[Any], longitude: float) -> BaseGeometry:
    """The edges on a meridian, moved to the prime one."""
    found = []
    for line in lines:
        places = shapely.get_coordinates(line)
        on_it = places[:, 0] == longitude
        for index in np.flatnonzero(on_it[:-1] & on_it[1:]).tolist():
            ends = places[index : index + 2].copy()
            ends[:, 0] = 0.0
            found.append(shapely.LineString(ends))
    united: BaseGeometry = shapely.union_all(found)
    return united


def _moved(shape: BaseGeometry, longitude: float) -> BaseGeometry:
    parts = [p for p in shapely.get_parts(shape).tolist() if p.geom_type != "Point"]
    offset = np.array([longitude, 0.0])
    return shapely.transform(
        shapely.MultiLineString(parts), lambda places: places + offset
    )
