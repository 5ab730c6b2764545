"""What lies on the edge of the plane of CRS84, where that is no edge on Earth.

The meridians 180 and -180 are one, and all longitudes of a pole are one place. In the
plane an area over the antimeridian has a border there, and a point on it stands on one
side only. So the matrix of two geometries that are both on the edge is put together of
two: one of what is within the plane, by GEOS, with true borders in place of those of
the plane, and one of what is on the edge, by comparing both along it (ADR 25).

Geometries are in CRS84, cut as `wrap` cuts them, and valid.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.geodesy.arrays import Booleans, Floats, Geometries, explode, geometry_array

_HALF: Final = 180.0
_POLE: Final = 90.0
_INTERIOR, _BORDER, _EXTERIOR = 0, 1, 2
_NONE: Final = -1
"""The dimension of nothing, `F` in a matrix."""

_CELLS: Final = {"F": _NONE, "0": 0, "1": 1, "2": 2}
_LETTERS: Final = {dimension: letter for letter, dimension in _CELLS.items()}


def is_on_edge(shapes: Geometries) -> Booleans:
    """Which geometries have a place on the antimeridian or at a pole.

    Examples:
        >>> shapes = shapely.from_wkt(["POINT (-180 7)", "POINT (3 90)", "POINT (1 2)"])
        >>> is_on_edge(shapes).tolist()
        [True, True, False]
    """
    west, south, east, north = shapely.bounds(shapes).T
    with np.errstate(invalid="ignore"):
        found: Booleans = (west <= -_HALF) | (east >= _HALF)
        found |= (south <= -_POLE) | (north >= _POLE)
    return found


def relate_pairs(left: Geometries, right: Geometries) -> list[str]:
    """The DE-9IM matrices of pairs of geometries on the globe."""
    # In a join one side mostly repeats.
    known = {id(shape): shape for side in (left, right) for shape in side}
    laid_out = {key: _laid_out(shape) for key, shape in known.items()}
    return [
        _matrix_of(laid_out[id(one)], laid_out[id(other)])
        for one, other in zip(left, right, strict=True)
    ]


def relate(one: BaseGeometry, other: BaseGeometry) -> str:
    """The DE-9IM matrix of two geometries on the globe.

    Examples:
        >>> area = shapely.from_wkt("POLYGON ((170 0, 180 0, 180 9, 170 9, 170 0))")
        >>> relate(area, shapely.from_wkt("POINT (-180 5)"))
        'FF20F1FF2'
    """
    return _matrix_of(_laid_out(one), _laid_out(other))


def _matrix_of(left: "_Layout", right: "_Layout") -> str:
    cells = _within_plane(left, right)
    for row, column, dimension in _on_edge(left, right):
        cells[row, column] = max(cells[row, column], dimension)
    return "".join(_LETTERS[int(cell)] for cell in cells.ravel())


def meet_on_edge(left: Geometries, right: Geometries) -> Booleans:
    """Which pairs of geometries share a place on the antimeridian or at a pole.

    Examples:
        >>> pole, cape = shapely.from_wkt(["POINT (5 90)", "LINESTRING (9 80, 9 90)"])
        >>> meet_on_edge(np.array([pole]), np.array([cape])).tolist()
        [True]
    """
    meet: Booleans = is_on_edge(left) & is_on_edge(right)
    for row in np.flatnonzero(meet).tolist():
        sides = _laid_out(left[row]), _laid_out(right[row])
        meet[row] = any(_EXTERIOR not in (a, b) for a, b, _ in _on_edge(*sides))
    return meet


def shared_on_edge(
    one: BaseGeometry, other: BaseGeometry
) -> Iterator[tuple[float, float]]:
    """Places and stretches of the edge that are in both, borders included.

    Yields:
        From which latitude to which; of a place it is the same.
    """
    left, right = _laid_out(one).edge, _laid_out(other).edge
    latitudes = sorted({*left.latitudes, *right.latitudes})
    for low, high in pairwise(latitudes):
        if _EXTERIOR not in (left.from_(low), right.from_(low)):
            yield low, high
    for latitude in latitudes:
        if _EXTERIOR not in (left.at(latitude), right.at(latitude)):
            yield latitude, latitude


def border_on_edge(shape: BaseGeometry) -> BaseGeometry:
    """The boundary of a geometry in CRS84, without what is one in the plane alone.

    Examples:
        >>> border_on_edge(shapely.box(-180, 80, 180, 90))
        <LINESTRING (-180 80, 180 80)>
    """
    laid_out = _laid_out(shape)
    parts = [laid_out.border, *_drawn_border(laid_out.edge)]
    dimension = shapely.get_dimensions(shape) - 1
    own = [part for part in parts if shapely.get_dimensions(part) == dimension]
    united = shapely.union_all(own)
    border: BaseGeometry = shapely.line_merge(united) if dimension else united
    return border


def _drawn_border(edge: "Edge") -> Iterator[BaseGeometry]:
    """What of the edge is a border, at longitude 180."""
    for low, high in pairwise(edge.latitudes):
        if edge.from_(low) == _BORDER:
            yield shapely.LineString([(_HALF, low), (_HALF, high)])
    for latitude in edge.latitudes:
        if edge.at(latitude) == _BORDER:
            yield shapely.Point(0.0 if abs(latitude) == _POLE else _HALF, latitude)


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a geometry is along the edge: inside, on its border, or neither.

    The edge is one line of latitudes, from pole to pole.

    Attributes:
        latitudes: Where that may change; they ascend.
        places: What it is at each of them.
        stretches: What it is from each of them to the next.
    """

    latitudes: Sequence[float]
    places: Sequence[int]
    stretches: Sequence[int]

    def at(self, latitude: float) -> int:
        """What the geometry is at a latitude."""
        index = bisect_left(self.latitudes, latitude)
        if self.latitudes[index : index + 1] == [latitude]:
            return self.places[index]
        return self.from_(latitude)

    def from_(self, latitude: float) -> int:
        """What it is from a latitude on, as far as the next where that may change."""
        index = bisect_right(self.latitudes, latitude) - 1
        known = 0 <= index < len(self.stretches)
        return self.stretches[index] if known else _EXTERIOR


@dataclass(frozen=True, slots=True)
class _Layout:
    """A geometry as what it is within the plane, and what it is on the edge.

    Attributes:
        inner: What its interior is of, within the plane.
        border: All of its border, but for what is one in the plane alone.
        edge: What it is on the edge.
    """

    inner: BaseGeometry
    border: BaseGeometry
    edge: Edge


def _within_plane(left: _Layout, right: _Layout) -> Any:
    """The nine cells, as far as they are of what is within the plane."""
    cells = np.full((3, 3), _NONE)
    inner, border = left.inner, left.border
    of_interiors = _matrix(inner, right.inner)
    of_left = _matrix(border, right.inner)
    of_right = _matrix(inner, right.border)
    # Borders are closed: ends of theirs are as much of them as the rest.
    cells[0, 0], cells[0, 2], cells[2, 0] = of_interiors[[0, 0, 2], [0, 2, 0]]
    cells[1, 0], cells[1, 2] = of_left[:2, 0].max(), of_left[:2, 2].max()
    cells[0, 1], cells[2, 1] = of_right[0, :2].max(), of_right[2, :2].max()
    cells[1, 1] = _matrix(border, right.border)[:2, :2].max()
    cells[2, 2] = 2
    return cells


def _matrix(one: BaseGeometry, other: BaseGeometry) -> Any:
    letters = shapely.relate(one, other)
    return np.array([_CELLS[letter] for letter in letters]).reshape(3, 3)


def _on_edge(left: _Layout, right: _Layout) -> Iterator[tuple[int, int, int]]:
    """What both are on the edge, place by place: row, column and dimension."""
    one, other = left.edge, right.edge
    latitudes = sorted({*one.latitudes, *other.latitudes})
    for latitude in latitudes:
        yield one.at(latitude), other.at(latitude), 0
    for latitude in latitudes[:-1]:
        yield one.from_(latitude), other.from_(latitude), 1


def _laid_out(shape: BaseGeometry) -> _Layout:
    parts = explode(geometry_array(shape)).geometries
    dimensions = shapely.get_dimensions(parts)
    points, lines, areas = (parts[dimensions == each] for each in range(3))
    if isinstance(shape, shapely.GeometryCollection):
        # In a multipolygon they may not overlap.
        areas = shapely.get_parts(shapely.union_all(areas))
    rings = _linestrings(shapely.get_rings(areas))
    ends = shapely.boundary(shapely.MultiLineString(lines.tolist()))
    inner = [*points[~is_on_edge(points)], *_pieces(lines), *areas]
    border = [*_pieces(rings), *_beside_edge(ends)]
    edges = [_edge_of_points(points), _edge_of_lines(lines), _edge_of_areas(rings)]
    return _Layout(_collected(inner), _collected(border), _united(edges))


def _linestrings(rings: Geometries) -> Geometries:
    coordinates, index = shapely.get_coordinates(rings, return_index=True)
    lines: Geometries = np.asarray(shapely.linestrings(coordinates, indices=index))
    return lines


def _beside_edge(points: BaseGeometry) -> Geometries:
    parts = shapely.get_parts(points)
    beside: Geometries = parts[~is_on_edge(parts)]
    return beside


def _collected(parts: list[Any]) -> BaseGeometry:
    """Parts as one geometry: homogeneous, where they are."""
    dimensions = {int(shapely.get_dimensions(part)) for part in parts}
    if len(dimensions) != 1:
        return shapely.GeometryCollection(parts)
    kinds = shapely.MultiPoint, shapely.MultiLineString, shapely.MultiPolygon
    return kinds[dimensions.pop()](parts)


def _pieces(lines: Geometries) -> Iterator[BaseGeometry]:
    """Lines without what of them is on the edge; most come back as they are."""
    for line, touches in zip(lines, is_on_edge(lines), strict=True):
        if touches:
            yield from _pieces_of(shapely.get_coordinates(line))
        else:
            yield line


def _pieces_of(places: Floats) -> Iterator[BaseGeometry]:
    kept = ~(_along_seam(places) | _along_pole(places))
    changes = np.flatnonzero(np.diff(kept, prepend=False, append=False))
    for first, last in changes.reshape(-1, 2).tolist():
        yield shapely.LineString(places[first : last + 1])


def _along_seam(places: Floats) -> Booleans:
    """Which segments between the places follow the antimeridian."""
    longitudes = places[:, 0]
    on_it = np.abs(longitudes) == _HALF
    found: Booleans = on_it[:-1] & (longitudes[:-1] == longitudes[1:])
    return found


def _along_pole(places: Floats) -> Booleans:
    """Which segments stay at a pole."""
    latitudes = places[:, 1]
    at_pole = np.abs(latitudes) == _POLE
    found: Booleans = at_pole[:-1] & (latitudes[:-1] == latitudes[1:])
    return found


def _on_the_edge(places: Floats) -> Booleans:
    return np.asarray((np.abs(places) == [_HALF, _POLE]).any(axis=1))


def _edge_of_points(points: Geometries) -> Edge:
    places = shapely.get_coordinates(points)
    latitudes = np.unique(places[_on_the_edge(places), 1]).tolist()
    inside = [_INTERIOR] * len(latitudes)
    return Edge(latitudes, inside, [_EXTERIOR] * max(len(latitudes) - 1, 0))


def _edge_of_lines(lines: Geometries) -> Edge:
    """Ends are the border, where an odd number of lines ends (mod 2)."""
    drawn = [shapely.get_coordinates(line) for line in lines[is_on_edge(lines)]]
    ends = [places[[0, -1]] for places in drawn if (places[0] != places[-1]).any()]
    latitudes = _latitudes(drawn)
    counts = Counter(
        each for places in ends for each in places[_on_the_edge(places), 1].tolist()
    )
    places = [_BORDER if counts[each] % 2 else _INTERIOR for each in latitudes]
    along = [*_stretches(drawn, _HALF), *_stretches(drawn, -_HALF)]
    covered = _covered(latitudes, along)
    stretches = [_INTERIOR if each else _EXTERIOR for each in covered]
    return Edge(latitudes, places, stretches)


def _edge_of_areas(rings: Geometries) -> Edge:
    """Inside is what has the area on either side; a true border stays one."""
    drawn = [shapely.get_coordinates(ring) for ring in rings[is_on_edge(rings)]]
    latitudes = _latitudes(drawn)
    east, west = (_covered(latitudes, _stretches(drawn, x)) for x in (_HALF, -_HALF))
    stretches = [_EXTERIOR - one - other for one, other in zip(east, west, strict=True)]
    bordered = {latitude for places in drawn for latitude in _left_at(places)}
    beside = zip([_EXTERIOR, *stretches], [*stretches, _EXTERIOR], strict=True)
    places = [
        _BORDER if latitude in bordered or not _is_inside(latitude, around) else 0
        for latitude, around in zip(latitudes, beside, strict=False)
    ]
    return Edge(latitudes, places, stretches)


def _is_inside(latitude: float, around: tuple[int, int]) -> bool:
    """Whether what is inside on the edge beside a place goes around it; at a pole too.

    The stretches below and above it are given.
    """
    if abs(latitude) == _POLE:
        return _INTERIOR in around
    return around == (_INTERIOR, _INTERIOR)


def _left_at(places: Floats) -> list[float]:
    """Latitudes at which a ring comes to the edge, or leaves it."""
    free = ~(_along_seam(places) | _along_pole(places))
    ends = np.concatenate([places[:-1][free], places[1:][free]])
    left: list[float] = ends[_on_the_edge(ends), 1].tolist()
    return left


def _latitudes(drawn: list[Floats]) -> list[float]:
    found = {each for p in drawn for each in p[_on_the_edge(p), 1].tolist()}
    return sorted(found)


def _stretches(drawn: list[Floats], longitude: float) -> list[tuple[float, float]]:
    """From where to where lines follow a meridian."""
    found = []
    for places in drawn:
        for index in np.flatnonzero(_along_seam(places)).tolist():
            if places[index, 0] == longitude:
                low, high = sorted(places[index : index + 2, 1].tolist())
                found.append((low, high))
    return found


def _covered(
    latitudes: list[float], stretches: list[tuple[float, float]]
) -> list[bool]:
    """Which steps from a latitude to the next one of the stretches covers."""
    steps = [False] * max(len(latitudes) - 1, 0)
    for low, high in stretches:
        first, last = bisect_left(latitudes, low), bisect_left(latitudes, high)
        steps[first:last] = [True] * (last - first)
    return steps


def _united(edges: Sequence[Edge]) -> Edge:
    """Of several geometries together: inside of one is inside of all."""
    latitudes = sorted({each for edge in edges for each in edge.latitudes})
    places = [min(edge.at(each) for edge in edges) for each in latitudes]
    stretches = [min(edge.from_(each) for edge in edges) for each in latitudes[:-1]]
    return Edge(latitudes, places, stretches)
