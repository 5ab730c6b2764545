"""Boxes in CRS84 around what is straight in the plane of a projected CRS."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.errors import NowhereOnEarth
from engines.geodesy import transform
from engines.geosparql.placing import place, place_one
from ontologies.geosparql.crs import CRS84_IRI, PLANE_IRI, crs_from_iri

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = crs_from_iri(CRS84_IRI)
# Where each is meant to be used, and for polar ones the pole itself.
EXTENTS = {
    "32631": (200_000, 100_000, 800_000, 9_000_000),
    "3413": (-4_000_000, -4_000_000, 4_000_000, 4_000_000),
    "3031": (-4_000_000, -4_000_000, 4_000_000, 4_000_000),
    "3035": (2_500_000, 1_500_000, 6_500_000, 5_400_000),
    "3857": (-20_000_000, -15_000_000, 20_000_000, 15_000_000),
}


@st.composite
def shares(draw: st.DrawFn) -> tuple[str, np.ndarray]:
    """A CRS, and three places in its extent: far apart, or within kilometres."""
    code = draw(st.sampled_from(sorted(EXTENTS)))
    left, low, right, high = EXTENTS[code]
    share = st.floats(0, 1, allow_nan=False)
    corners = np.array([[draw(share), draw(share)] for _ in range(3)])
    scale = draw(st.sampled_from([1, 1, 0.1, 0.001, 0.00001]))
    middle = draw(st.sampled_from([corners[0], np.array([0.5, 0.5])]))
    corners = np.clip(middle + (corners - corners.mean(axis=0)) * scale, 0, 1)
    return code, np.array([left, low]) + corners * [right - left, high - low]


@settings(max_examples=300, deadline=None)
@given(shares())
def test_all_that_is_in_a_plane_is_in_its_box(found: tuple[str, np.ndarray]) -> None:
    code, corners = found
    crs = crs_from_iri(EPSG + code)
    area = shapely.Polygon(corners)
    line = shapely.LineString(corners[:2])
    for drawn in (area, line):
        if not drawn.is_valid or drawn.length == 0:
            continue
        (window,) = place_one(drawn, crs).windows
        along = np.linspace(0, drawn.length, 200)
        rim = drawn.boundary if drawn.geom_type == "Polygon" else drawn
        places = [*shapely.line_interpolate_point(rim, along), drawn.centroid]
        inside = transform(np.array(places), crs, CRS84)
        # Rounded to what longitudes are.
        inside = shapely.transform(
            inside, lambda xy: np.clip(xy, (-180, -90), (180, 90))
        )
        box = shapely.box(*window)
        assert shapely.covers(box, inside).all(), (window, drawn)


def test_a_vertex_on_a_long_edge_is_in_the_box_of_the_edge() -> None:
    crs = crs_from_iri(EPSG + "32631")
    edge = shapely.LineString([(300_000, 5_700_000), (700_000, 5_700_000)])
    middle = shapely.Point(500_000, 5_700_000)
    assert edge.intersects(middle)
    placed = place(np.array([edge, middle], dtype=object), crs)
    assert shapely.distance(*placed.shapes) > 1e-3
    assert shapely.intersects(*(shapely.box(*box) for box in placed.windows))


@settings(max_examples=300, deadline=None)
@given(shares())
def test_boxes_of_two_that_meet_in_a_plane_meet(found: tuple[str, np.ndarray]) -> None:
    code, corners = found
    crs = crs_from_iri(EPSG + code)
    start, end, other = corners
    middle = (start + end) / 2
    halves = shapely.LineString([start, middle]), shapely.LineString([middle, other])
    boxes = [shapely.box(*place_one(half, crs).windows[0]) for half in halves]
    assert boxes[0].intersects(boxes[1])


def test_what_is_smaller_than_a_rounding_has_a_box() -> None:
    crs = crs_from_iri(EPSG + "3413")
    line = shapely.LineString([(-2_666_666.67, -4.7e-10), (-2_666_666.67, 2.3e-10)])
    assert line.is_valid
    placed = place_one(line, crs)
    assert np.isfinite(placed.windows).all()
    assert placed.shapes[0].distance(shapely.Point(-135, 65.7378)) < 1e-4


def test_boxes_meet_over_the_antimeridian() -> None:
    crs = crs_from_iri(EPSG + "3832")
    seam = transform(shapely.Point(180, -17), CRS84, crs)[0].x
    halves = shapely.box(seam - 90, 0, seam, 50), shapely.box(seam, 0, seam + 90, 50)
    boxes = [shapely.box(*place_one(half, crs).windows[0]) for half in halves]
    assert halves[0].touches(halves[1])
    assert boxes[0].intersects(boxes[1])


def test_what_is_valid_where_it_was_drawn_is_valid_in_crs84() -> None:
    # A hole that touches the shell with a vertex; in CRS84 it sticks out.
    shell = shapely.box(300_000, 5_700_000, 700_000, 5_800_000).exterior
    hole = [(500_000, 5_800_000), (510_000, 5_750_000), (490_000, 5_750_000)]
    touching = shapely.Polygon(shell, [hole])
    assert touching.is_valid
    crs = crs_from_iri(EPSG + "32631")
    assert not transform(touching, crs, CRS84)[0].is_valid
    placed = place_one(touching, crs)
    assert placed.is_valid[0]
    assert placed.shapes[0].is_valid
    assert placed.shapes[0].geom_type in {"Polygon", "MultiPolygon"}


def test_what_is_invalid_where_it_was_drawn_is_invalid() -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    for iri in (PLANE_IRI, EPSG + "3035", CRS84_IRI):
        moved = shapely.transform(bow, lambda xy: xy + 4e6) if "3035" in iri else bow
        assert not place_one(moved, crs_from_iri(iri)).is_valid[0]


def test_what_is_nowhere_on_earth_has_no_shape_there() -> None:
    plane = crs_from_iri(PLANE_IRI)
    drawn = shapely.LineString([(0, 0), (1e7, 5)])
    placed = place_one(drawn, plane)
    assert placed.shapes[0] is None
    assert placed.windows.tolist() == [[0, 0, 1e7, 5]]
    with pytest.raises(NowhereOnEarth, match="nobody knows where on Earth"):
        transform(drawn, plane, CRS84)


def test_empty_geometries_have_no_box() -> None:
    for iri in (PLANE_IRI, EPSG + "3413", CRS84_IRI):
        assert np.isnan(place_one(shapely.Point(), crs_from_iri(iri)).windows).all()
