from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engines.errors import NoSuchGeometry
from engines.geosparql.coverings import ROW, SOUTH, WEST, are_within, cover

AREAS = {
    "square": shapely.box(0.25, 0.25, 7.75, 5.5),
    "on the lines of the grid": shapely.box(0, 0, 4, 3),
    "hole": shapely.Polygon(
        shapely.box(0, 0, 9, 9).exterior, [shapely.box(2, 2, 5, 4.5).exterior.coords]
    ),
    "hole that touches": shapely.from_wkt(
        "POLYGON ((0 0, 8 0, 8 8, 0 8, 0 0), (0 0, 5 2, 2 5, 0 0))"
    ),
    "two": shapely.MultiPolygon([shapely.box(0, 0, 3, 3), shapely.box(3, 3, 6, 5)]),
    "in one cell": shapely.Polygon([(1.1, 1.1), (1.3, 1.2), (1.2, 1.4)]),
    "sliver": shapely.Polygon([(0, 0), (9, 0.0001), (9, 0.0002)]),
    "around the pole": shapely.box(-180, 80, 180, 90),
    "at the antimeridian": shapely.MultiPolygon(
        [shapely.box(170, -5, 180, 5), shapely.box(-180, -5, -171.5, 5)]
    ),
    "comb": shapely.Polygon(
        [(0, 0), *((i / 8, 1 + 6 * (i % 2)) for i in range(64)), (8, 0)]
    ),
}


def _places(area: Any, rng: np.random.Generator) -> Any:
    """Vertices, places on edges and near them, lines of the grid, and random ones."""
    corners = shapely.get_coordinates(area)
    middles = (corners[1:] + corners[:-1]) / 2
    west, south, east, north = area.bounds
    spread = rng.uniform((west - 1, south - 1), (east + 1, north + 1), (400, 2))
    near = [np.nextafter(corners, each) for each in (-400.0, 400.0)]
    places = np.concatenate([corners, middles, spread, np.round(spread), *near])
    return places[(abs(places) <= (180, 90)).all(axis=1)]


def _found(area: Any, places: Any, per_degree: float, *, on_border: bool) -> Any:
    """Which places the covering finds in the area, as the SQL does."""
    covering = cover(np.array([area]), per_degree)
    column, row = np.floor((places - (WEST, SOUTH)) * per_degree).astype(np.int64).T
    cells = row * ROW + column
    found = np.isin(cells, covering.inside)
    numbers = {cell: i for i, cell in enumerate(covering.border.tolist())}
    assert len(numbers) == len(covering.border)
    for i in np.flatnonzero(np.isin(cells, covering.border)):
        at = numbers[int(cells[i])]
        found[i] = are_within(
            places[i : i + 1],
            covering.edges,
            covering.starts[at : at + 2],
            covering.is_inside[at : at + 1],
            on_border=on_border,
        )[0]
    return found


@pytest.mark.parametrize("per_degree", [0.25, 1.0, 4.0])
@pytest.mark.parametrize("name", AREAS)
def test_a_covering_tells_where_points_are_as_geos_does(
    name: str, per_degree: float
) -> None:
    area = AREAS[name]
    places = _places(area, np.random.default_rng(1))
    points = shapely.points(places)
    for on_border, relation in ((True, shapely.intersects), (False, shapely.contains)):
        found = _found(area, places, per_degree, on_border=on_border)
        assert found.tolist() == relation(area, points).tolist()


# For GEOS a point beside a vertex is on the other side of the edge than it is.
@example(corners=[(0, 0), (9, 11), (-31, -9)], per_degree=0.5)
@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(-40, 40), st.integers(-40, 40)), min_size=3, max_size=12
    ),
    st.sampled_from([0.5, 1.0, 2.0, 8.0]),
)
def test_a_covering_of_any_area_tells_the_same_as_geos(
    corners: list[tuple[int, int]], per_degree: float
) -> None:
    hull = shapely.buffer(shapely.LineString([(x / 4, y / 4) for x, y in corners]), 0.3)
    area = shapely.difference(hull, shapely.box(-1, -1, 1, 1))
    if area.is_empty:
        return
    places = _places(area, np.random.default_rng(2))
    found = _found(area, places, per_degree, on_border=True)
    assert found.tolist() == shapely.intersects(area, shapely.points(places)).tolist()


def test_cells_inside_are_inside() -> None:
    area = AREAS["hole"]
    covering = cover(np.array([None, area]), 2.0)
    row, column = np.divmod(covering.inside, ROW)
    cells = shapely.box(
        *(column / 2 + WEST, row / 2 + SOUTH),
        *((column + 1) / 2 + WEST, (row + 1) / 2 + SOUTH),
    )
    assert len(cells) > 100
    assert shapely.contains_properly(area, cells).all()
    assert set(covering.inside_of.tolist()) == {1}


def test_what_is_no_area_has_no_covering() -> None:
    with pytest.raises(NoSuchGeometry, match="only areas"):
        cover(np.array([shapely.Point(1, 2)]), 1.0)
