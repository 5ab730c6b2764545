"""Polygons tile the valid pixels: the laws of a coverage, on maps of many kinds."""

import numpy as np
import pytest
import rasterio.features
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from numpy.typing import NDArray

from ml.errors import InvalidCoverage
from ml.vectorize.coverage import MAX_EDGE_PX, simplify_coverage, trace_regions
from ml.vectorize.regions import Regions, find_regions, merge_small_regions
from tests.ml.class_maps import smooth_classes


def _nodata_holes(shape: tuple[int, int]) -> NDArray[np.bool_]:
    valid_HW = np.ones(shape, np.bool_)
    valid_HW[10:20, 30:33] = False
    valid_HW[:5, :9] = False
    valid_HW[-1, 3] = False
    return valid_HW


def _islands() -> NDArray[np.int32]:
    classes_HW = np.ones((40, 40), np.int32)
    classes_HW[5:30, 5:30] = 2
    classes_HW[10:20, 10:20] = 1
    classes_HW[12:14, 12:14] = 3
    return classes_HW


MAPS = {
    "patches": (smooth_classes((120, 150)), np.ones((120, 150), bool)),
    "patches with nodata": (smooth_classes((90, 80)), _nodata_holes((90, 80))),
    "noise": (
        np.random.default_rng(0).integers(1, 4, (60, 60)).astype(np.int32),
        np.random.default_rng(1).random((60, 60)) > 0.1,
    ),
    "islands in islands": (_islands(), np.ones((40, 40), bool)),
    "one region": (np.ones((200, 90), np.int32), np.ones((200, 90), bool)),
    "one pixel": (np.ones((1, 1), np.int32), np.ones((1, 1), bool)),
}
every_map = pytest.mark.parametrize("name", MAPS)
every_tolerance = pytest.mark.parametrize("tolerance_px", [0.0, 0.5, 1.0, 2.0, 5.0])


def _outlines(name: str, tolerance_px: float) -> tuple[Regions, NDArray[np.object_]]:
    regions = find_regions(*MAPS[name])
    return regions, simplify_coverage(trace_regions(regions), tolerance_px)


@every_map
@every_tolerance
def test_polygons_are_valid_and_their_coverage_is(
    name: str, tolerance_px: float
) -> None:
    _, outlines = _outlines(name, tolerance_px)
    assert (shapely.get_type_id(outlines) == shapely.GeometryType.POLYGON).all()
    assert shapely.is_valid(outlines).all()
    assert shapely.coverage_is_valid(outlines)


@every_map
@every_tolerance
def test_the_union_is_the_valid_pixels(name: str, tolerance_px: float) -> None:
    regions, outlines = _outlines(name, tolerance_px)
    pixels = regions.n_pixels_N.sum()
    assert shapely.area(outlines).sum() == pytest.approx(pixels, rel=1e-9)
    union = shapely.union_all(outlines)
    assert union.area == pytest.approx(pixels, rel=1e-9)
    exact = shapely.union_all(trace_regions(regions))
    assert union.symmetric_difference(exact).area == pytest.approx(0, abs=1e-9)


@every_map
@every_tolerance
def test_interiors_are_pairwise_disjoint(name: str, tolerance_px: float) -> None:
    _, outlines = _outlines(name, tolerance_px)
    left, right = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    pairs = left < right
    shared = shapely.intersection(outlines[left[pairs]], outlines[right[pairs]])
    assert shapely.area(shared).sum() == pytest.approx(0, abs=1e-9)


@every_map
def test_without_tolerance_each_polygon_is_exactly_its_pixels(name: str) -> None:
    regions, outlines = _outlines(name, 0.0)
    assert shapely.area(outlines).tolist() == regions.n_pixels_N.tolist()
    burned_HW = rasterio.features.rasterize(
        zip(outlines, range(1, regions.count + 1), strict=True),
        out_shape=regions.labels_HW.shape,
        dtype=np.int32,
    )
    assert (burned_HW == regions.labels_HW).all()


def test_at_one_pixel_99_percent_of_the_pixels_keep_their_class() -> None:
    valid_HW = np.ones((400, 400), np.bool_)
    raw_HW = smooth_classes((400, 400), scale_px=8.0, seed=5)
    classes_HW = merge_small_regions(raw_HW, valid_HW, minimum_px=10)
    regions = find_regions(classes_HW, valid_HW)
    outlines = simplify_coverage(trace_regions(regions), 1.0)
    burned_HW = rasterio.features.rasterize(
        zip(outlines, regions.class_index_N, strict=True),
        out_shape=classes_HW.shape,
        dtype=np.int32,
    )
    assert (burned_HW == classes_HW).mean() >= 0.99


def test_smoothing_takes_vertices_away() -> None:
    _, exact = _outlines("patches", 0.0)
    _, smooth = _outlines("patches", 1.0)
    counts = [shapely.get_num_coordinates(o).sum() for o in (exact, smooth)]
    assert counts[1] < counts[0]


def test_holes_are_kept() -> None:
    regions, outlines = _outlines("islands in islands", 1.0)
    holes = shapely.get_num_interior_rings(outlines)
    assert holes.tolist() == [1, 1, 1, 0]
    assert regions.class_index_N.tolist() == [1, 2, 1, 3]


def test_straight_edges_have_a_vertex_only_where_it_is_needed() -> None:
    classes_HW = np.ones((30, 30), np.int32)
    classes_HW[:, 15:] = 2
    classes_HW[10:, 15:] = 3
    outlines = trace_regions(find_regions(classes_HW, np.ones((30, 30), bool)))
    # The west half has four corners and the foot of the T.
    assert set(shapely.get_coordinates(outlines[0])[:, 1]) == {0.0, 10.0, 30.0}
    assert shapely.get_num_coordinates(outlines).tolist() == [6, 5, 5]


def test_no_edge_of_the_outer_boundary_is_longer_than_the_limit() -> None:
    regions = find_regions(np.ones((300, 200), np.int32), np.ones((300, 200), bool))
    ring = shapely.get_exterior_ring(trace_regions(regions)[0])
    corners = shapely.get_coordinates(ring)
    assert np.abs(np.diff(corners, axis=0)).max() == MAX_EDGE_PX


def test_polygons_that_overlap_are_refused() -> None:
    overlapping = np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)])
    with pytest.raises(InvalidCoverage, match="2 polygons are no valid coverage"):
        simplify_coverage(overlapping, 0.0)


@settings(max_examples=60, deadline=None)
@given(
    st_numpy.arrays(
        np.int32,
        st.tuples(st.integers(1, 12), st.integers(1, 12)),
        elements=st.integers(0, 3),
    ),
    st.sampled_from([0.0, 1.0, 3.0]),
)
def test_any_small_map_becomes_a_coverage_of_its_pixels(
    classes_HW: NDArray[np.int32], tolerance_px: float
) -> None:
    valid_HW = classes_HW > 0
    if not valid_HW.any():
        return
    regions = find_regions(classes_HW, valid_HW)
    outlines = simplify_coverage(trace_regions(regions), tolerance_px)
    assert shapely.is_valid(outlines).all()
    assert shapely.coverage_is_valid(outlines)
    assert shapely.area(outlines).sum() == pytest.approx(valid_HW.sum(), rel=1e-9)
