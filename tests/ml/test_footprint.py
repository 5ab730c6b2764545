"""Footprints on the globe: at 80 north, over the antimeridian, around the pole."""

import numpy as np
import pytest
import shapely
from affine import Affine
from numpy.typing import NDArray

from engines.geodesy import area_m2
from ml.footprint import bbox_crs84, footprint_crs84
from ml.maps import Grid
from tests.ml.class_maps import POLAR


def _grid(x: float, y: float, pixel_m: float, side: int = 200) -> Grid:
    """A square grid in polar stereographic coordinates with its center at x, y."""
    west, north = x - pixel_m * side / 2, y + pixel_m * side / 2
    return Grid(Affine(pixel_m, 0, west, 0, -pixel_m, north), POLAR, side, side)


def _all(grid: Grid) -> NDArray[np.bool_]:
    return np.ones((grid.height, grid.width), np.bool_)


def test_a_scene_at_80_north_has_the_area_that_it_has() -> None:
    # 45 degrees west is straight down; 80 north lies 1088 km from the pole.
    grid = _grid(0, -1_088_000, 400)
    footprint = footprint_crs84(grid, _all(grid))
    assert shapely.is_valid(footprint)
    assert footprint.contains(shapely.Point(-45, 80))
    # The scale of EPSG:3413 at 80 north is 0.977.
    true_km2 = area_m2(np.array([footprint]))[0] / 1e6
    assert true_km2 == pytest.approx(80**2 / 0.9772**2, rel=2e-3)
    west, south, east, north = bbox_crs84(footprint)
    assert west == pytest.approx(-45 - np.degrees(np.arctan2(40, 1048)), abs=0.01)
    assert east == pytest.approx(-45 + np.degrees(np.arctan2(40, 1048)), abs=0.01)
    assert south < 80 < north
    # Its long edges bend: a straight one would cut off the southern bulge.
    assert shapely.get_num_coordinates(footprint) > 10


def test_over_the_antimeridian_west_is_greater_than_east() -> None:
    # 180 degrees is up and to the left: 135 degrees from straight down.
    grid = _grid(-800_000, 800_000, 400)
    footprint = footprint_crs84(grid, _all(grid))
    assert footprint.geom_type == "MultiPolygon"
    assert shapely.is_valid(footprint)
    west, _, east, _ = bbox_crs84(footprint)
    assert 170 < west < 180
    assert -180 < east < -170


def test_around_the_pole_all_longitudes_are_covered() -> None:
    grid = _grid(0, 0, 1000)
    footprint = footprint_crs84(grid, _all(grid))
    assert shapely.is_valid(footprint)
    west, south, east, north = bbox_crs84(footprint)
    assert (west, east, north) == (-180, 180, 90)
    assert 88 < south < 90


def test_nodata_is_outside() -> None:
    grid = _grid(0, -1_088_000, 400)
    valid_HW = _all(grid)
    valid_HW[:, :100] = False
    half = footprint_crs84(grid, valid_HW)
    whole = footprint_crs84(grid, _all(grid))
    ratio = area_m2(np.array([half]))[0] / area_m2(np.array([whole]))[0]
    assert ratio == pytest.approx(0.5, rel=1e-3)


def test_shells_are_counterclockwise() -> None:
    grid = _grid(-800_000, 800_000, 400)
    parts = shapely.get_parts(footprint_crs84(grid, _all(grid)))
    assert shapely.is_ccw(shapely.get_exterior_ring(parts)).all()


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([(10, 1, 20, 2)], (10, 1, 20, 2)),
        ([(-180, 1, 180, 2)], (-180, 1, 180, 2)),
        ([(-170, 1, -160, 2), (160, 1, 170, 2)], (160, 1, -160, 2)),
        ([(-20, 1, -10, 2), (10, 1, 20, 2)], (-20, 1, 20, 2)),
        ([(-20, 1, 5, 2), (0, 1, 20, 2)], (-20, 1, 20, 2)),
    ],
)
def test_the_bounding_box_is_the_narrowest(
    boxes: list[tuple[float, float, float, float]],
    expected: tuple[float, float, float, float],
) -> None:
    parts = shapely.multipolygons([shapely.box(*box) for box in boxes])
    assert bbox_crs84(parts) == expected
