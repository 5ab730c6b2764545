"""A swath lies over a polar grid as a pass of Sentinel-1 would lay it."""

import math

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS, Geod, Transformer

from ml.maps import Grid
from ml.sim.swath import lay_swath, look_azimuth_deg

POLAR = CRS("EPSG:3413")


def _grid(centre: tuple[float, float], size: int = 200) -> Grid:
    x, y = Transformer.from_crs("OGC:CRS84", POLAR, always_xy=True).transform(*centre)
    half = size * 100.0 / 2
    return Grid(Affine(100, 0, x - half, 0, -100, y + half), POLAR, size, size)


@pytest.mark.parametrize(("latitude", "track"), [(0.0, 351.8), (60.0, 343.5)])
def test_the_antenna_looks_to_the_right_of_an_ascending_track(
    latitude: float, track: float
) -> None:
    assert look_azimuth_deg(latitude) == pytest.approx((track + 90) % 360, abs=0.1)


@pytest.mark.parametrize("centre", [(-10.0, 81.0), (179.9, 75.0), (40.0, 70.0)])
def test_range_grows_in_the_look_direction_on_the_ground(
    centre: tuple[float, float],
) -> None:
    grid = _grid(centre)
    swath = lay_swath(grid, centre, 0.05)
    slope_row, slope_column = np.gradient(swath.range_fraction_HW.astype(float))
    row, column = slope_row[100, 100], slope_column[100, 100]
    length = math.hypot(row, column)
    x, y = grid.locate(
        np.array([100.0, 100 + column / length]), np.array([100.0, 100 + row / length])
    )
    to_lonlat = Transformer.from_crs(POLAR, "OGC:CRS84", always_xy=True)
    longitudes, latitudes = to_lonlat.transform(x, y)
    azimuth = Geod(ellps="WGS84").inv(
        longitudes[0], latitudes[0], longitudes[1], latitudes[1]
    )[0]
    difference = (azimuth - look_azimuth_deg(centre[1]) + 180) % 360 - 180
    assert abs(difference) < 0.5


def test_the_swath_spans_near_to_far_and_leaves_an_edge() -> None:
    grid = _grid((-10.0, 81.0))
    swath = lay_swath(grid, (-10.0, 81.0), 0.05)
    seen = swath.range_fraction_HW[swath.is_seen_HW]
    assert seen.min() == pytest.approx(0, abs=0.01)
    assert seen.max() == pytest.approx(1, abs=0.01)
    corners = swath.is_seen_HW[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert not corners.any()
    assert 0.8 < swath.is_seen_HW.mean() < 1


def test_the_pole_has_a_swath_too() -> None:
    swath = lay_swath(_grid((0.0, 90.0)), (0.0, 90.0), 0.05)
    assert np.isfinite(swath.range_fraction_HW).all()
    assert swath.is_seen_HW.any()
