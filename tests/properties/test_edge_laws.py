"""On the antimeridian and at the poles all is as it is elsewhere."""

from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from engines.geodesy import distance_m, wrap
from engines.geodesy.arrays import explode
from engines.geodesy.edge import border_on_edge, is_on_edge, relate
from engines.geodesy.edge_overlay import overlay_on_edge

# What crosses the middle does it at a latitude that a double has.
steps = st.sampled_from([-3.0, -1.0, 0.0, 1.0, 3.0])
corners = st.tuples(steps, st.integers(0, 4).map(float))
points = st.lists(corners, min_size=1, max_size=3).map(shapely.MultiPoint)
# Of several lines with common ends GEOS does not always find the border.
lines = (
    st.lists(corners, min_size=2, max_size=4, unique=True)
    .map(shapely.LineString)
    .filter(lambda line: bool(line.is_simple))
)
polygons = (
    st.lists(corners, min_size=3, max_size=5, unique=True)
    .map(shapely.Polygon)
    .filter(lambda polygon: bool(polygon.is_valid))
)
spans = st.lists(steps, min_size=2, max_size=2, unique=True)
heights = st.lists(st.integers(0, 4).map(float), min_size=2, max_size=2, unique=True)
boxes = st.builds(
    lambda x, y: shapely.box(min(x), min(y), max(x), max(y)), spans, heights
)
areas = polygons | st.lists(boxes, min_size=1, max_size=3).map(shapely.union_all)
geometries: st.SearchStrategy[BaseGeometry] = points | lines | areas


def turned(shape: BaseGeometry, degrees: float) -> BaseGeometry:
    """A geometry with other longitudes, as a literal would have it."""

    def moved(places: Any) -> Any:
        places[:, 0] = (places[:, 0] + degrees + 180) % 360 - 180
        return places

    turned: BaseGeometry = wrap(shapely.transform(shape, moved)).geometries[0]
    return turned


@settings(deadline=None, max_examples=150)
@given(geometries, geometries)
def test_relations_do_not_depend_on_where_the_antimeridian_is(
    a: BaseGeometry, b: BaseGeometry
) -> None:
    expected = shapely.relate(a, b)
    assert relate(turned(a, 0), turned(b, 0)) == expected
    assert relate(turned(a, 180), turned(b, 180)) == expected


def back(shape: BaseGeometry) -> BaseGeometry:
    """What was turned by 180 degrees, where it was."""
    parts = explode(np.array([shape], dtype=object)).geometries.tolist()
    # On the antimeridian both sides are the middle.
    moved = [
        shapely.transform(
            part, lambda p: np.column_stack([(p[:, 0] + 360) % 360 - 180, p[:, 1]])
        )
        for part in parts
    ]
    return shapely.union_all(moved)


def are_same(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether geometries are the same to 1e-9 degrees, of the same dimension."""
    if one.is_empty or other.is_empty:
        return bool(one.is_empty and other.is_empty)
    near = one.buffer(1e-9).covers(other) and other.buffer(1e-9).covers(one)
    return bool(near and shapely.get_dimensions(one) == shapely.get_dimensions(other))


OVERLAYS = (
    shapely.difference,
    shapely.intersection,
    shapely.symmetric_difference,
    shapely.union,
)


@pytest.mark.parametrize("operation", OVERLAYS)
@settings(deadline=None, max_examples=60)
@given(geometries, geometries)
def test_overlays_do_not_depend_on_where_the_antimeridian_is(
    operation: Any, a: BaseGeometry, b: BaseGeometry
) -> None:
    sides = turned(a, 180), turned(b, 180)
    if not is_on_edge(np.array(sides, dtype=object)).all():
        return
    found, expected = back(overlay_on_edge(operation, *sides)), operation(a, b)
    assert are_same(found, expected)


@settings(deadline=None, max_examples=60)
@given(geometries, geometries)
def test_what_meets_on_the_antimeridian_is_at_no_distance(
    a: BaseGeometry, b: BaseGeometry
) -> None:
    far = float(distance_m(turned(a, 180), turned(b, 180))[0])
    assert (far == 0) == bool(shapely.intersects(a, b))
    assert far == pytest.approx(float(distance_m(a, b)[0]), rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(geometries)
def test_boundaries_do_not_depend_on_where_the_antimeridian_is(a: BaseGeometry) -> None:
    found, expected = back(border_on_edge(turned(a, 180))), shapely.boundary(a)
    assert are_same(found, expected)


RINGS = [70.0, 80.0, 90.0]
MERIDIANS = [float(each) for each in range(-180, 181, 60)]
nodes = st.tuples(st.sampled_from(MERIDIANS), st.sampled_from(RINGS))
cells = st.tuples(st.integers(0, 5), st.integers(0, 1)).map(
    lambda it: shapely.box(
        MERIDIANS[it[0]], RINGS[it[1]], MERIDIANS[it[0] + 1], RINGS[it[1] + 1]
    )
)


def _is_along_grid(ends: tuple[tuple[float, float], tuple[float, float]]) -> bool:
    """Whether a line follows a meridian, or a parallel on its side of the world."""
    (x, y), (other_x, other_y) = ends
    is_level = y == other_y < RINGS[-1] and 0 < abs(x - other_x) <= 180
    return is_level or (x == other_x and y != other_y)


nearby = (
    st.lists(nodes, min_size=1, max_size=3).map(shapely.MultiPoint)
    | st.tuples(nodes, nodes).filter(_is_along_grid).map(shapely.LineString)
    | st.lists(cells, min_size=1, max_size=8).map(shapely.union_all)
)


_PLANES = {1: "EPSG:3995", -1: "EPSG:3031"}


def around_pole(shape: BaseGeometry, pole: int) -> BaseGeometry:
    """What was drawn by longitude and latitude, in a polar plane, to the millimetre."""
    polar = pyproj.Transformer.from_crs("OGC:CRS84", _PLANES[pole], always_xy=True)
    dense = shapely.segmentize(shape, 10.0)

    def laid(places: Any) -> Any:
        return np.column_stack(polar.transform(places[:, 0], pole * places[:, 1]))

    return shapely.transform(dense, lambda places: np.round(laid(places), 3) + 0.0)


def _valid(shape: BaseGeometry) -> BaseGeometry:
    """Without the way to the pole and back, and lines of no length."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shapely.union_all(
            [p for p in shapely.get_parts(shapely.make_valid(shape)) if p.area],
            grid_size=1e-3,
        )
    return shape


@pytest.mark.parametrize("pole", [1, -1])
@settings(deadline=None, max_examples=150)
@given(nearby, nearby)
def test_relations_at_a_pole_are_those_in_a_polar_plane(
    pole: int, a: BaseGeometry, b: BaseGeometry
) -> None:
    expected = shapely.relate(*(_valid(around_pole(each, pole)) for each in (a, b)))
    drawn = (shapely.transform(each, lambda p: p * [1, pole]) for each in (a, b))
    assert relate(*(wrap(each).geometries[0] for each in drawn)) == expected
