"""Points on lines, as cells tell it, beside shapely."""

from typing import Any

import numpy as np
import pytest
import shapely

from engines.errors import NoSuchGeometry
from engines.geosparql.coverings import ROW, SOUTH, WEST
from engines.geosparql.line_coverings import are_on_any, cover_lines

LINES: dict[str, list[tuple[float, float]]] = {
    "there and back": [(0, 0), (9, 5), (0, 0.1)],
    "along the grid": [(0, 1), (4, 1), (4, 4), (1, 4), (1, 0)],
    "closed": [(0, 0), (3, 1), (2, 5), (0, 0)],
    "twice the same way": [(0, 0), (2, 2), (0, 0), (3, 3)],
    "in one cell": [(1.1, 1.1), (1.3, 1.2), (1.3, 1.2), (1.2, 1.4)],
    "at the corner of the world": [(170, -85), (180, -90), (-180, 90)],
}


def _places(line: shapely.LineString) -> Any:
    """Vertices, places on edges and near them, and whole numbers."""
    rng = np.random.default_rng(3)
    corners = shapely.get_coordinates(line)
    middles = (corners[1:] + corners[:-1]) / 2
    along = [corners[:-1] + t * np.diff(corners, axis=0) for t in rng.random(20)]
    near = [np.nextafter(corners, each) for each in (-400.0, 400.0)]
    whole = np.stack(np.meshgrid(np.arange(10.0), np.arange(6.0)), -1).reshape(-1, 2)
    places = np.concatenate([corners, middles, *along, *near, whole])
    return places[(abs(places) <= (180, 90)).all(axis=1)]


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("per_degree", [0.25, 1.0, 8.0])
def test_points_on_lines_are_those_of_geos(name: str, per_degree: float) -> None:
    line = shapely.LineString(LINES[name])
    places = _places(line)
    covering = cover_lines(np.array([None, line]), per_degree)
    assert set(covering.line_of.tolist()) == {1}
    numbers = {cell: i for i, cell in enumerate(covering.cells.tolist())}
    assert len(numbers) == len(covering.cells)
    column, row = np.floor((places - (WEST, SOUTH)) * per_degree).astype(np.int64).T
    found = np.zeros(len(places), bool)
    for i, cell in enumerate((row * ROW + column).tolist()):
        if cell in numbers:
            starts = covering.starts[numbers[cell] : numbers[cell] + 2]
            found[i] = are_on_any(places[i : i + 1], covering.edges, starts)[0]
    expected = shapely.intersects(line, shapely.points(places))
    assert expected.any()
    assert not expected.all()
    assert np.array_equal(found, expected)


def test_parts_and_lines_are_apart() -> None:
    both = shapely.MultiLineString([[(0, 0), (1, 0)], [(5, 0), (6, 0)]])
    other = shapely.LineString([(0.2, 0.2), (0.3, 0.2)])
    covering = cover_lines(np.array([both, other]), 1.0)
    near = covering.cells[covering.line_of == 0] % ROW + WEST
    assert not np.isin([2, 3], near).any()
    assert {0, 1} == set(covering.line_of.tolist())
    assert covering.starts[-1] == len(covering.edges)


def test_areas_are_no_lines() -> None:
    with pytest.raises(NoSuchGeometry, match="only lines"):
        cover_lines(np.array([shapely.box(0, 0, 1, 1)]), 1.0)
