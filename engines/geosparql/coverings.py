"""Areas covered by the cells of a grid: what is inside needs no geometry.

A cell is a square of `1 / per_degree` degrees, counted from 180 W and 90 S. Cells that
no border comes near are wholly inside or outside. In a cell of the border a ray goes
west from a point to the next cell without a border: how often it crosses the border,
and whether that cell is inside, tell where the point is. A covering keeps the edges
that such a ray can meet.

Cells are found row by row: an edge is cut at the rows, each piece covers a range of
cells, and ranges that overlap are one run. That is linear in the cells of the border.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from engines.errors import NoSuchGeometry

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]

WEST: Final = -180.0
SOUTH: Final = -90.0
ROW: Final = 1 << 32
"""The number of a cell is that of its row times this, and that of its column."""

_NEAR: Final = 1e-9
"""The share of a cell by which an edge that is near the next one covers it too: more
than all that rounding can move it by."""

_FLAT: Final = 1e-6
_AREAS: Final = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True, slots=True)
class Covering:
    """The cells of some areas.

    Attributes:
        inside_of: Of each cell that is wholly inside an area, the number of that area.
        inside: Those cells.
        border_of: Of each cell that a border comes near, the number of the area.
        border: Those cells.
        is_inside: Whether the way west from such a cell ends inside the area.
        starts: Where its edges begin in `edges`; one more for the end.
        edges: x1, y1, x2, y2 of the edges, in degrees.
    """

    inside_of: Integers
    inside: Integers
    border_of: Integers
    border: Integers
    is_inside: Truths
    starts: Integers
    edges: Floats


def cover(geometries: Any, per_degree: float) -> Covering:
    """Cover valid areas in CRS84 by cells.

    Args:
        geometries: An array of polygons and multipolygons; None has no cells.
        per_degree: How many cells are a degree.

    Raises:
        NoSuchGeometry: One of them is no area.

    Examples:
        >>> found = cover(np.array([shapely.box(0.5, 0.5, 3.5, 3.5)]), 1.0)
        >>> len(found.inside), len(found.border)
        (4, 12)
    """
    is_there = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    numbers = np.flatnonzero(is_there)
    if not np.isin(shapely.get_type_id(geometries[numbers]), _AREAS).all():
        raise NoSuchGeometry("only areas are covered by cells")
    ends, owner = _edges(geometries[numbers])
    pieces = pieces_of(ends, per_degree)
    order = np.lexsort((pieces.first, pieces.row, owner[pieces.edge]))
    pieces = Pieces(*(each[order] for each in pieces.parts))
    runs = _runs(pieces, owner[pieces.edge])
    inside_of, inside = _between(runs)
    at, cells = filled(runs.row, runs.first, runs.last)
    taken, starts = spread(runs.begin[at], runs.end[at])
    return Covering(
        numbers[inside_of],
        inside,
        numbers[runs.owner[at]],
        cells,
        runs.from_inside[at],
        starts,
        ends[pieces.edge[taken]],
    )


def _edges(areas: Any) -> tuple[Floats, Integers]:
    """The edges of all rings, and to which area each belongs."""
    parts, of_area = shapely.get_parts(areas, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    places, of_ring = shapely.get_coordinates(rings, return_index=True)
    ends = np.hstack([places[:-1], places[1:]])
    is_edge = (of_ring[:-1] == of_ring[1:]) & (ends[:, :2] != ends[:, 2:]).any(axis=1)
    return ends[is_edge], of_area[of_part][of_ring[:-1][is_edge]]


@dataclass(frozen=True, slots=True)
class Pieces:
    """Edges within rows of the grid.

    Attributes:
        edge: The number of the edge.
        row: The row.
        first: The column of the first cell that it comes near.
        last: That of the last one.
        crosses: Whether it goes through the middle of the row.
    """

    edge: Integers
    row: Integers
    first: Integers
    last: Integers
    crosses: Truths

    @property
    def parts(self) -> tuple[npt.NDArray[Any], ...]:
        """All of them."""
        return self.edge, self.row, self.first, self.last, self.crosses


def pieces_of(ends: Floats, per_degree: float) -> Pieces:
    """The rows of the grid that edges come near, and where.

    Args:
        ends: x1, y1, x2, y2 of the edges, in degrees.
        per_degree: How many cells are a degree.
    """
    # The same sums as those by which the cell of a point is found.
    x1, y1, x2, y2 = ((ends - np.array([WEST, SOUTH] * 2)) * per_degree).T
    low, high = np.minimum(y1, y2), np.maximum(y1, y2)
    bottom, top = _cell(low - _NEAR), _cell(high + _NEAR)
    edge, starts = spread(bottom, top + 1, numbers=True)
    row = bottom[edge] + np.arange(len(edge)) - starts[edge]
    x1, y1, x2, y2, low, high = (each[edge] for each in (x1, y1, x2, y2, low, high))
    west, east = np.minimum(x1, x2), np.maximum(x1, x2)
    steep = np.where(high - low < _FLAT, 1.0, y2 - y1)
    reached = [
        x1 + (np.clip(row + side, low, high) - y1) * ((x2 - x1) / steep)
        for side in (-_NEAR, 1.0 + _NEAR)
    ]
    is_flat = high - low < _FLAT
    first = np.where(is_flat, west, np.clip(np.minimum(*reached), west, east))
    last = np.where(is_flat, east, np.clip(np.maximum(*reached), west, east))
    middle = row + 0.5
    crosses = (y1 > middle) != (y2 > middle)
    return Pieces(edge, row, _cell(first - _NEAR), _cell(last + _NEAR), crosses)


def _cell(places: Floats) -> Integers:
    return np.floor(places).astype(np.int64)


def spread(
    begin: Integers, end: Integers, *, numbers: bool = False
) -> tuple[Integers, Integers]:
    """All integers of many ranges, or whose range each is; and where each starts.

    Args:
        begin: The first of each range.
        end: Behind the last of each.
        numbers: Whether to tell whose range each is.

    Examples:
        >>> spread(np.array([3, 8]), np.array([5, 9]))
        (array([3, 4, 8]), array([0, 2, 3]))
    """
    counts = end - begin
    starts = np.concatenate([[0], np.cumsum(counts)])
    number = np.repeat(np.arange(len(counts)), counts)
    if numbers:
        return number, starts
    return np.arange(starts[-1]) - starts[number] + begin[number], starts


@dataclass(frozen=True, slots=True)
class _Runs:
    """Ranges of cells in a row that a border comes near, from west to east.

    Attributes:
        owner: The area.
        row: The row.
        first: Their first cell.
        last: Their last cell.
        begin: Their first piece.
        end: Behind their last piece.
        from_inside: Whether what is west of them is inside.
        to_inside: Whether what is east of them is inside.
    """

    owner: Integers
    row: Integers
    first: Integers
    last: Integers
    begin: Integers
    end: Integers
    from_inside: Truths
    to_inside: Truths


def _runs(pieces: Pieces, owner: Integers) -> _Runs:
    is_new_row = np.ones(len(owner), dtype=bool)
    is_new_row[1:] = (np.diff(owner) != 0) | (np.diff(pieces.row) != 0)
    rows = np.cumsum(is_new_row) * ROW
    reached = np.maximum.accumulate(pieces.last + rows) - rows
    is_new = is_new_row.copy()
    is_new[1:] |= pieces.first[1:] > reached[:-1]
    begin = np.flatnonzero(is_new)
    end = np.append(begin[1:], len(owner))[: len(begin)]
    # Each row of an area is crossed an even number of times, so that sums over all of
    # them are as odd as those over a row.
    crossed = np.cumsum(pieces.crosses)
    return _Runs(
        owner[begin],
        pieces.row[begin],
        pieces.first[begin],
        reached[end - 1],
        begin,
        end,
        np.asarray((crossed - pieces.crosses)[begin] % 2 == 1),
        np.asarray(crossed[end - 1] % 2 == 1),
    )


def _between(runs: _Runs) -> tuple[Integers, Integers]:
    """Cells between two runs of a row that are inside, and of which area."""
    west = np.flatnonzero(runs.to_inside)
    at, cells = filled(runs.row[west], runs.last[west] + 1, runs.first[west + 1] - 1)
    return runs.owner[west][at], cells


def filled(row: Integers, first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """All cells of ranges, and whose range each is in."""
    columns, starts = spread(first, last + 1)
    at = np.repeat(np.arange(len(row)), np.diff(starts))
    return at, row[at] * ROW + columns


ROUNDED: Final = 3.3306690738754716e-16
"""The error of an orientation in doubles, as a share of its terms (Shewchuk 1997)."""


def are_within(
    places: Floats,
    edges: Floats,
    starts: Integers,
    is_inside: Truths,
    *,
    on_border: bool,
) -> Truths:
    """Where points in cells of a border are, as GEOS tells it.

    Args:
        places: Longitude and latitude of each point.
        edges: Those of its cell, see `Covering`.
        starts: Where they begin; one more for the end.
        is_inside: Whether the way west ends inside.
        on_border: What to say of a point on the border.

    Examples:
        >>> edges = np.array([[0.0, 0, 2, 2]])
        >>> ways = np.array([True])
        >>> at = np.array([0, 1])
        >>> are_within(np.array([[1.0, 1]]), edges, at, ways, on_border=False)
        array([False])
    """
    at, _ = spread(starts[:-1], starts[1:], numbers=True)
    near = edges[starts[0] : starts[-1]]
    (x, y), (x1, y1, x2, y2) = places[at].T, near.T
    one, other = (x2 - x1) * (y - y1), (y2 - y1) * (x - x1)
    is_open = np.abs(one - other) <= ROUNDED * (np.abs(one) + np.abs(other))
    crosses = ((y1 > y) != (y2 > y)) & ((one < other) == (y2 > y))
    pairs = np.flatnonzero(is_open)
    crosses[pairs], is_on = _told(places[at[pairs]], near[pairs])
    is_odd = np.bincount(at, crosses, len(places)).astype(np.int64) % 2 == 1
    found: Truths = is_inside ^ is_odd
    found[at[pairs[is_on]]] = on_border
    return found


def _told(places: Floats, edges: Floats) -> tuple[Truths, Truths]:
    """Whether a ray west from a point crosses an edge, and whether the point is on it.

    GEOS computes with 106 bits, which are not always enough; to agree with it, it is
    asked where a point is in an area west of the edge, of which no other edge is near.
    """
    (x, y), (x1, y1, x2, y2) = places.T, edges.T
    spans = (y1 > y) != (y2 > y)
    west = np.minimum(np.minimum(x1, x2), x) - np.abs(y2 - y1) - 1
    up = np.sign(y2 - y1)
    corners = [(x1, y1), (x2, y2), (west, y2 + up), (west, y1 - up)]
    areas = shapely.polygons(np.stack([np.stack(c, -1) for c in corners], 1)[spans])
    points = shapely.points(places[spans])
    crosses, is_on = np.zeros((2, len(places)), bool)
    is_west = shapely.contains(areas, points)
    crosses[spans] = ~shapely.intersects(areas, points)
    is_on[spans] = ~is_west & ~crosses[spans]
    is_at_end = ((x == x1) & (y == y1)) | ((x == x2) & (y == y2))
    is_flat = (
        (y == y1) & (y == y2) & (np.minimum(x1, x2) <= x) & (x <= np.maximum(x1, x2))
    )
    return crosses, is_on | is_at_end | is_flat
