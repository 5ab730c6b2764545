"""Which points are on which lines, by the cells of a grid that edges come near.

A line is in far fewer cells than its box has, if it is long. A point is in one cell; it
is on a line exactly if it is on one of the edges that come near that cell.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from engines.errors import NoSuchGeometry
from engines.geosparql.coverings import (
    ROUNDED,
    Floats,
    Integers,
    Truths,
    filled,
    pieces_of,
    spread,
)

_LINES: Final = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)


@dataclass(frozen=True, slots=True)
class LineCovering:
    """The cells of some lines.

    Attributes:
        line_of: Of each cell that an edge comes near, the number of the line.
        cells: Those cells, as `coverings` numbers them; each once for a line.
        starts: Where the edges near each begin in `edges`; one more for the end.
        edges: x1, y1, x2, y2 of the edges, in degrees.
    """

    line_of: Integers
    cells: Integers
    starts: Integers
    edges: Floats


def cover_lines(geometries: Any, per_degree: float) -> LineCovering:
    """Cover lines in CRS84 by cells.

    Args:
        geometries: An array of line strings and multi line strings; None has no cells.
        per_degree: How many cells are a degree.

    Raises:
        NoSuchGeometry: One of them is no line.

    Examples:
        >>> line = shapely.LineString([(0.5, 0.5), (3.5, 0.5), (3.5, 0.6)])
        >>> found = cover_lines(np.array([line]), 1.0)
        >>> len(found.cells), len(found.edges)
        (4, 5)
    """
    is_there = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    numbers = np.flatnonzero(is_there)
    if not np.isin(shapely.get_type_id(geometries[numbers]), _LINES).all():
        raise NoSuchGeometry("only lines are covered by the cells of their edges")
    ends, owner = _edges(geometries[numbers])
    pieces = pieces_of(ends, per_degree)
    at, cells = filled(pieces.row, pieces.first, pieces.last)
    edge = pieces.edge[at]
    order = np.lexsort((cells, owner[edge]))
    edge, cells = edge[order], cells[order]
    line = owner[edge]
    is_new = np.ones(len(cells), bool)
    is_new[1:] = (np.diff(cells) != 0) | (np.diff(line) != 0)
    starts = np.flatnonzero(is_new)
    behind = np.append(starts, len(cells))
    return LineCovering(numbers[line[starts]], cells[starts], behind, ends[edge])


def _edges(lines: Any) -> tuple[Floats, Integers]:
    """The edges of all parts, and to which line each belongs."""
    parts, of_line = shapely.get_parts(lines, return_index=True)
    places, of_part = shapely.get_coordinates(parts, return_index=True)
    ends = np.hstack([places[:-1], places[1:]])
    is_edge = (of_part[:-1] == of_part[1:]) & (ends[:, :2] != ends[:, 2:]).any(axis=1)
    return ends[is_edge], of_line[of_part[:-1][is_edge]]


def are_on(places: Floats, edges: Floats) -> Truths:
    """Whether each point is on the edge beside it, as GEOS tells it.

    Args:
        places: Longitude and latitude of the points.
        edges: x1, y1, x2, y2 of the edges.

    Examples:
        >>> are_on(np.array([[1.0, 1], [1, 2]]), np.array([[0.0, 0, 2, 2]] * 2))
        array([ True, False])
    """
    (x, y), (x1, y1, x2, y2) = places.T, edges.T
    one, other = (x2 - x1) * (y - y1), (y2 - y1) * (x - x1)
    is_open = np.abs(one - other) <= ROUNDED * (np.abs(one) + np.abs(other))
    is_open &= (np.minimum(x1, x2) <= x) & (x <= np.maximum(x1, x2))
    is_open &= (np.minimum(y1, y2) <= y) & (y <= np.maximum(y1, y2))
    found: Truths = is_open.copy()
    lines = shapely.linestrings(edges[is_open].reshape(-1, 2, 2))
    found[is_open] = shapely.intersects(lines, shapely.points(places[is_open]))
    return found


def are_on_any(places: Floats, edges: Floats, starts: Integers) -> Truths:
    """Whether each point is on one of several edges.

    Args:
        places: Longitude and latitude of each point.
        edges: Those of all cells.
        starts: Where those of each point begin; one more for the end.
    """
    at, _ = spread(starts[:-1], starts[1:], numbers=True)
    is_on = are_on(places[at], edges[starts[0] : starts[-1]])
    return np.bincount(at, is_on, len(places)) > 0
