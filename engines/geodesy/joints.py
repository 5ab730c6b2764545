"""Edges that were cut at the antimeridian, for measures that want them whole.

CRS84 holds an edge over the antimeridian as two, which meet where the straight line in
longitude and latitude does. The geodesic between the ends of the edge crosses it
elsewhere: at 70 degrees the two pieces are longer by 1e-4 than the one edge.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.geodesy.arrays import GEOD, Booleans, Floats, Integers, Segments

_HALF: Final = 180.0
_TURN: Final = 360.0
_ROUNDING: Final = 1e-10
"""Degrees by which the place of a cut may be off the edge."""


@dataclass(frozen=True, slots=True)
class Joints:
    """Where two pieces of an edge meet.

    Attributes:
        start: (n, 2) where the edge begins, in the direction of its first piece.
        cut: (n, 2) where it was cut.
        end: (n, 2) where it ends.
        row: The row of the geometry.
    """

    start: Floats
    cut: Floats
    end: Floats
    row: Integers


def find_joints(found: Segments) -> Joints:
    """The cuts among the edges of each geometry.

    A cut is where a piece arrives at 180 and another leaves from -180, or the other way
    around, in one straight line. Whoever cut it: GeoJSON's own files are cut so too. On
    a parallel that goes on before or behind, the place is a vertex of an outline that
    follows the parallel, and no cut.
    """
    arrives = _is_at_seam(found.end) & ~_is_at_seam(found.start)
    leaves = _is_at_seam(found.start) & ~_is_at_seam(found.end)
    pairs = list(_pairs(found, arrives, leaves))
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    return Joints(
        found.start[first], found.end[first], found.end[second], found.row[first]
    )


def excess_length_m(joints: Joints, rows: int) -> Floats:
    """By how much the pieces of each geometry's edges are longer than the edges."""
    pieces = _between(joints.start, joints.cut) + _between(joints.cut, joints.end)
    excess = pieces - _between(joints.start, joints.end)
    return np.bincount(joints.row, excess, minlength=rows).astype(float)


def excess_area_m2(joints: Joints, rows: int) -> Floats:
    """The area between the pieces and the edges, positive where the pieces add it.

    The edges are those of rings that run counterclockwise around what they enclose.
    """
    corners = np.stack([joints.start, joints.cut, joints.end], axis=1)
    excess = [
        GEOD.polygon_area_perimeter(places[:, 0], places[:, 1])[0] for places in corners
    ]
    weights = np.array(excess, dtype=float)
    return np.bincount(joints.row, weights, minlength=rows).astype(float)


def _is_at_seam(places: Floats) -> Booleans:
    return np.asarray(np.abs(places[:, 0]) == _HALF)


def _pairs(
    found: Segments, arrives: Booleans, leaves: Booleans
) -> Iterator[tuple[int, int]]:
    leaving = np.flatnonzero(leaves)
    leaving = leaving[np.lexsort((found.start[leaving, 1], found.row[leaving]))]
    rows, latitudes = found.row[leaving], found.start[leaving, 1]
    for first in np.flatnonzero(arrives).tolist():
        begin, stop = _range(rows, found.row[first], found.row[first])
        latitude = found.end[first, 1]
        lowest, highest = latitude - _ROUNDING, latitude + _ROUNDING
        low, high = _range(latitudes[begin:stop], lowest, highest)
        for second in leaving[begin + low : begin + high].tolist():
            if _is_one_edge(found, first, second):
                yield first, second
                break


def _range(ascending: Floats | Integers, least: float, most: float) -> tuple[int, int]:
    """Where the values from `least` to `most` begin and end."""
    begin = int(np.searchsorted(ascending, least, side="left"))
    return begin, int(np.searchsorted(ascending, most, side="right"))


def _is_one_edge(found: Segments, first: int, second: int) -> bool:
    """Whether two pieces that meet at the seam are one straight edge."""
    cut = found.end[first]
    if cut[0] != -found.start[second][0]:
        return False
    # Behind the seam longitudes run on.
    end = found.end[second] + [np.copysign(_TURN, cut[0]), 0.0]
    run, step = end - found.start[first], cut - found.start[first]
    beside = run[0] * step[1] - run[1] * step[0]
    is_straight = abs(beside) <= _ROUNDING * np.hypot(*run)
    return bool(is_straight) and not _is_on_parallel(found, first, second)


def _is_on_parallel(found: Segments, first: int, second: int) -> bool:
    """Whether two pieces are on one parallel, with more edges of the outline on it."""
    start, end = found.start[first], found.end[second]
    if not start[1] == found.end[first][1] == end[1]:
        return False
    own = slice(*_range(found.row, found.row[first], found.row[first]))
    starts, ends = found.start[own], found.end[own]
    is_level = (starts[:, 1] == start[1]) & (ends[:, 1] == start[1])
    is_near = np.all(ends == start, axis=1) | np.all(starts == end, axis=1)
    return bool(np.any(is_level & is_near))


def _between(start: Floats, end: Floats) -> Floats:
    return np.asarray(GEOD.inv(*start.T, *end.T)[2], dtype=float)
