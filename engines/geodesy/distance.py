"""The least geodesic distance between two geometries, for many pairs at once.

How: 1. Pairs that meet in the plane, or over its edge, are at 0, points are exact by
GeographicLib. 2. Otherwise both boundaries are laid into an azimuthal equidistant
plane around a vertex of the smaller one, where GEOS names the nearest pair of segments.
3. On that pair, and on its neighbors, the two feet are moved until the geodesic between
them is shortest; GeographicLib measures it.

Accuracy: step 3 ends within a few nanometres of a minimum of the exact distance. Step 2
chooses between minima: with the smaller geometry up to 50 km across it may take one
that is longer than the best by a factor of 1 + 1e-5 at most (d^2 / 6R^2), and tells far
closer ones apart where that geometry is small (1e-7 at 5 km, exact for a point). Larger
pairs are first cut down to the stretches that can hold the minimum.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from engines.geodesy.arrays import (
    GEOD,
    Booleans,
    Floats,
    Geometries,
    GeometryLike,
    Integers,
    Parts,
    Segments,
    edges,
    explode,
    geometry_array,
    segments_of,
)
from engines.geodesy.edge import meet_on_edge
from engines.geodesy.near import Boundaries, are_large, chords
from engines.geodesy.wrap import wrap

# Edges are straight in longitude and latitude; pieces of this length stray from the
# geodesic by 0.4 m at most, which step 3 makes good.
_PIECE_DEG: Final = 0.05
# The smaller geometry of a pair may be this wide before the pair is cut down.
_LARGE_DEG: Final = 0.5
_PIECES_AT_ONCE: Final = 8
_ROUNDS: Final = 12
_AT_REST: Final = 1e-12


def distance_m(left: GeometryLike, right: GeometryLike) -> Floats:
    """The shortest geodesic between each pair, in metres, 0 where they meet.

    Args:
        left: Geometries in CRS84; one geometry, or as many as `right`.
        right: Geometries in CRS84.

    Returns:
        One distance a row; NaN where either side is None or empty.

    Examples:
        >>> pole = shapely.from_wkt("POINT (0 90)")
        >>> ring = shapely.from_wkt("LINESTRING (0 80, 90 80, 180 80)")
        >>> float(distance_m(pole, ring).round(3)[0])
        1116825.857
    """
    a, b = np.broadcast_arrays(geometry_array(left), geometry_array(right))
    distances = np.full(len(a), np.nan)
    # is_empty is False for None.
    known = ~(shapely.is_missing(a) | shapely.is_missing(b))
    known &= ~(shapely.is_empty(a) | shapely.is_empty(b))
    points = known & (_is_point(a) & _is_point(b))
    if points.any():
        ends = (shapely.get_coordinates(side[points]).T for side in (a, b))
        lon_a, lat_a, lon_b, lat_b = (axis for end in ends for axis in end)
        distances[points] = GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2]
    rest = np.flatnonzero(known & ~points)
    if len(rest):
        a, b = wrap(a[rest]).geometries, wrap(b[rest]).geometries
        apart = ~(_intersect(a, b) | meet_on_edge(a, b))
        distances[rest] = 0.0
        distances[rest[apart]] = _between(a[apart], b[apart])
    return distances


def _intersect(a: Geometries, b: Geometries) -> Booleans:
    """Whether pairs meet in the plane; large geometries mostly come again."""
    sizes = shapely.get_num_coordinates(a), shapely.get_num_coordinates(b)
    large, small = np.where(sizes[0] < sizes[1], [b, a], [a, b])
    shapely.prepare(large[are_large(large)])
    return np.asarray(shapely.intersects(large, small))


def within_distance(
    left: GeometryLike, right: GeometryLike, limit_m: float
) -> Booleans:
    """True where the geometries of a pair are at most `limit_m` metres apart.

    `within_distance(a, b, d) == (distance_m(a, b) <= d)`; False where either is None.
    """
    return np.asarray(distance_m(left, right) <= limit_m)


def _is_point(geoms: Geometries) -> Booleans:
    return np.asarray(shapely.get_type_id(geoms) == shapely.GeometryType.POINT)


def _between(a: Geometries, b: Geometries) -> Floats:
    """Distances of pairs that do not meet in the plane."""
    if not len(a):
        return np.zeros(0)
    swap = _extent(a) > _extent(b)
    small, large = np.where(swap, b, a), np.where(swap, a, b)
    row = np.arange(len(a))
    wide = _extent(small) > _LARGE_DEG
    if wide.any():
        cut = [_cut_down(small[i], large[i]) for i in np.flatnonzero(wide).tolist()]
        counts = [len(pieces) for pieces, _ in cut]
        row = np.concatenate([row[~wide], np.repeat(row[wide], counts)])
        small = np.concatenate([small[~wide], *(pieces for pieces, _ in cut)])
        large = np.concatenate(
            [
                large[~wide],
                np.array([rest for _, rest in cut], dtype=object).repeat(counts),
            ]
        )
    for index in np.flatnonzero(are_large(large)).tolist():
        large[index] = _BOUNDARIES.of(large[index]).near(small[index])
    distances = np.full(len(a), np.inf)
    np.minimum.at(distances, row, _nearby(small, large))
    return distances


def _extent(geoms: Geometries) -> Floats:
    """The larger side of the bounding box, in degrees of a great circle, about."""
    west, south, east, north = shapely.bounds(geoms).T
    shrink = np.cos(np.radians(np.minimum(np.abs(south), np.abs(north))))
    shrink = np.where(south * north < 0, 1.0, shrink)
    return np.asarray(np.maximum((east - west) * shrink, north - south))


def _cut_down(
    a: shapely.Geometry, b: shapely.Geometry
) -> tuple[Geometries, shapely.Geometry]:
    """The stretches of `a`, and what of `b`, that can hold the shortest geodesic.

    The true minimum lies within half a piece of a vertex on either side, so a piece
    whose vertices are farther than the nearest vertices by a whole one cannot hold it.
    """
    pieces = [_pieces(geometry_array(side)) for side in (a, b)]
    ends = [(chords(piece.start), chords(piece.end)) for piece in pieces]
    slack = sum(float(np.linalg.norm(end - start, axis=1).max()) for start, end in ends)
    # It takes a fifth of a second to import, and few processes measure large shapes.
    from scipy.spatial import cKDTree  # noqa: PLC0415

    keep = []
    for mine, theirs in ((0, 1), (1, 0)):
        tree = cKDTree(np.concatenate(ends[theirs]))
        nearest = np.minimum(*(tree.query(end)[0] for end in ends[mine]))
        keep.append(nearest <= nearest.min() + slack)
    stretches, rest = (
        _lines(piece.start[kept], piece.end[kept])
        for piece, kept in zip(pieces, keep, strict=True)
    )
    # Neighbors travel together; a run is at most `_LARGE_DEG` long.
    run = np.arange(len(stretches)) // _PIECES_AT_ONCE
    runs: Any = shapely.multilinestrings(stretches, indices=run)
    whole: Any = shapely.multilinestrings(rest)
    return runs, whole


def _parts(geoms: Geometries) -> Parts:
    parts = edges(explode(geoms))
    return Parts(shapely.segmentize(parts.geometries, _PIECE_DEG), parts.row)


def _pieces(geoms: Geometries) -> Segments:
    parts = _parts(geoms)
    coordinates, part = shapely.get_coordinates(parts.geometries, return_index=True)
    return segments_of(coordinates, part, parts.row)


_BOUNDARIES: Final = Boundaries(lambda shape: _pieces(geometry_array(shape)))


@dataclass(frozen=True, slots=True)
class _Side:
    """One geometry of each pair, in degrees and in the plane around a center."""

    lonlat: Segments
    plane: Segments
    geometries: Geometries


def _nearby(small: Geometries, large: Geometries) -> Floats:
    """Distances where the smaller geometry of each pair is small."""
    parts = _parts(small), _parts(large)
    coordinates, part = shapely.get_coordinates(parts[0].geometries, return_index=True)
    firsts = np.searchsorted(parts[0].row[part], np.arange(len(small)))
    centers = coordinates[firsts]
    a, b = (_lay(side, centers) for side in parts)
    feet = shapely.get_coordinates(shapely.shortest_line(a.geometries, b.geometries))
    nearest_a, nearest_b = _owner(a.plane, feet[::2]), _owner(b.plane, feet[1::2])
    best, at_end_a, at_end_b = _shortest(a.lonlat, nearest_a, b.lonlat, nearest_b)
    # A foot at a vertex may belong on the segment beyond it.
    for step in (-1, 1):
        row = np.flatnonzero(at_end_a)
        other = _neighbor(a.lonlat, nearest_a[row], step)
        found, _, _ = _shortest(a.lonlat, other, b.lonlat, nearest_b[row])
        best[row] = np.minimum(best[row], found)
        row = np.flatnonzero(at_end_b)
        other = _neighbor(b.lonlat, nearest_b[row], step)
        found, _, _ = _shortest(a.lonlat, nearest_a[row], b.lonlat, other)
        best[row] = np.minimum(best[row], found)
    return best


def _lay(parts: Parts, centers: Floats) -> _Side:
    """Parts into azimuthal equidistant planes, one around the center of each row."""
    coordinates, part = shapely.get_coordinates(parts.geometries, return_index=True)
    center = centers[parts.row[part]]
    azimuth, _, radius = GEOD.inv(*center.T, *coordinates.T)
    turn = np.radians(azimuth)
    plane = np.column_stack([radius * np.sin(turn), radius * np.cos(turn)])
    flat = shapely.set_coordinates(parts.geometries.copy(), plane)
    rows: Any = shapely.geometrycollections(_as_lines(flat), indices=parts.row)
    return _Side(
        segments_of(coordinates, part, parts.row),
        segments_of(plane, part, parts.row),
        rows,
    )


def _as_lines(parts: Geometries) -> Geometries:
    """Rings as lines: a collection takes no ring."""
    rings = shapely.get_type_id(parts) == shapely.GeometryType.LINEARRING
    lines = parts.copy()
    coordinates, index = shapely.get_coordinates(parts[rings], return_index=True)
    lines[rings] = shapely.linestrings(coordinates, indices=index)
    return lines


def _owner(pieces: Segments, feet: Floats) -> Integers:
    """For each row, the index of the segment on which its foot lies."""
    start, along = pieces.start, pieces.end - pieces.start
    to_foot = feet[pieces.row] - start
    squared = np.maximum((along**2).sum(axis=1), np.finfo(float).tiny)
    place = np.clip((to_foot * along).sum(axis=1) / squared, 0.0, 1.0)
    gap = ((to_foot - place[:, None] * along) ** 2).sum(axis=1)
    order = np.lexsort((gap, pieces.row))
    firsts = np.searchsorted(pieces.row[order], np.arange(len(feet)))
    return np.asarray(order[firsts])


def _neighbor(pieces: Segments, chosen: Integers, step: int) -> Integers:
    other = np.clip(chosen + step, 0, len(pieces.part) - 1)
    return np.where(pieces.part[other] == pieces.part[chosen], other, chosen)


def _shortest(
    left: Segments, left_index: Integers, right: Segments, right_index: Integers
) -> tuple[Floats, Booleans, Booleans]:
    """The shortest geodesic between two segments of a row, for each row.

    The feet move as on a plane along the tangents at their places, where the first
    variation of a geodesic's length is exact; they rest where it vanishes.

    Returns:
        The lengths, and where the left and the right foot are at the end of theirs.
    """
    a, a_run = left.start[left_index], (left.end - left.start)[left_index]
    b, b_run = right.start[right_index], (right.end - right.start)[right_index]
    t, u = np.full(len(a), 0.5), np.full(len(a), 0.5)
    best = np.full(len(a), np.inf)
    moving = np.arange(len(a))
    for _ in range(_ROUNDS):
        step = (
            _step(a[moving], a_run[moving], t[moving]),
            _step(b[moving], b_run[moving], u[moving]),
        )
        new_t, new_u, length = _closer(*step)
        best[moving] = np.minimum(best[moving], length)
        moved = np.maximum(np.abs(new_t - t[moving]), np.abs(new_u - u[moving]))
        t[moving], u[moving] = new_t, new_u
        moving = moving[moved > _AT_REST]
        if not len(moving):
            break
    return best, (t == 0) | (t == 1), (u == 0) | (u == 1)


@dataclass(frozen=True, slots=True)
class _Foot:
    """A place on a segment, and the tangent there, per whole segment, in metres."""

    lonlat: Floats
    place: Floats
    tangent: Floats


def _step(start: Floats, run: Floats, place: Floats) -> _Foot:
    lonlat = start + place[:, None] * run
    return _Foot(lonlat, place, _metric(lonlat) * run)


def _closer(p: _Foot, q: _Foot) -> tuple[Floats, Floats, Floats]:
    """Better places for two feet, and the length of the geodesic between the old."""
    azimuth, back, length = GEOD.inv(*p.lonlat.T, *q.lonlat.T)
    v, w = _turned(p.tangent, azimuth), _turned(q.tangent, back + 180)
    start_p, start_q = -p.place[:, None] * v, -q.place[:, None] * w
    start_q[:, 0] += length
    feet = shapely.get_coordinates(
        shapely.shortest_line(
            _lines(start_p, start_p + v), _lines(start_q, start_q + w)
        )
    )
    new_p = _place(feet[::2], start_p, v, p.place)
    new_q = _place(feet[1::2], start_q, w, q.place)
    return new_p, new_q, np.asarray(length)


def _metric(lonlat: Floats) -> Floats:
    """Metres per degree of longitude and of latitude."""
    lat = np.radians(lonlat[:, 1])
    w = 1 - GEOD.es * np.sin(lat) ** 2
    east = GEOD.a / np.sqrt(w) * np.cos(lat)
    north = GEOD.a * (1 - GEOD.es) / w**1.5
    return np.radians(np.column_stack([east, north]))


def _turned(vector: Floats, azimuth: Floats) -> Floats:
    """A vector (east, north) as (along, left of) a direction of travel."""
    turn = np.radians(azimuth)
    sine, cosine = np.sin(turn), np.cos(turn)
    east, north = vector.T
    return np.column_stack([east * sine + north * cosine, north * sine - east * cosine])


def _lines(start: Floats, end: Floats) -> Geometries:
    lines: Any = shapely.linestrings(np.stack([start, end], axis=1))
    return np.asarray(lines, dtype=object)


def _place(foot: Floats, start: Floats, run: Floats, before: Floats) -> Floats:
    squared = (run**2).sum(axis=1)
    moves = squared > 0
    place = ((foot - start) * run).sum(axis=1) / np.where(moves, squared, 1.0)
    return np.where(moves, np.clip(place, 0.0, 1.0), before)
