"""Layers on other grids: as libraries and arithmetic have it, whatever the windows."""

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from scipy import ndimage

from ml.maps import Grid
from ml.prep.placing import Kind, Placement
from ml.prep.projection import Tile, tiles_of

UTM = CRS.from_epsg(32633)


def _grid(pixel: float, size: int, corner: tuple[float, float] = (3e5, 5.4e6)) -> Grid:
    return Grid(Affine(pixel, 0, corner[0], 0, -pixel, corner[1]), UTM, size, size)


def _placed(
    values: NDArray[np.float32], placement: Placement, side: int
) -> NDArray[np.float32]:
    def read(row: int, column: int, height: int, width: int) -> NDArray[np.float32]:
        assert 0 <= row <= row + height <= values.shape[0]
        assert 0 <= column <= column + width <= values.shape[1]
        return values[row : row + height, column : column + width].copy()

    target = placement.target
    found = np.full((target.height, target.width), -1, np.float32)
    for tile in tiles_of(target, side):
        rows = slice(tile.row, tile.row + tile.height)
        columns = slice(tile.column, tile.column + tile.width)
        found[rows, columns] = placement.read(read, tile)
    return found


def _values(size: int) -> NDArray[np.float32]:
    return np.random.default_rng(3).uniform(0, 1, (size, size)).astype("f4")


@pytest.mark.parametrize("side", [7, 64])
def test_a_part_is_the_part(side: int) -> None:
    values = _values(40)
    part = _grid(10, 30, (300_100.0, 5_399_800.0))
    placement = Placement(_grid(10, 40), part)
    assert placement.method == "as it is"
    found = _placed(values, placement, side)
    np.testing.assert_array_equal(found[:20], values[20:, 10:])
    # Below the layer there is nothing.
    assert np.isnan(found[20:]).all()


@pytest.mark.parametrize("side", [13, 64])
def test_smaller_pixels_are_interpolated(side: int) -> None:
    values = _values(20)
    placement = Placement(_grid(20, 20), _grid(10, 40))
    assert placement.method == "bilinear"
    place = (np.arange(40) + 0.5) / 2 - 0.5
    expected = ndimage.map_coordinates(
        values, np.meshgrid(place, place, indexing="ij"), order=1, mode="nearest"
    )
    np.testing.assert_allclose(_placed(values, placement, side), expected, atol=1e-6)


@pytest.mark.parametrize("side", [5, 64])
def test_larger_pixels_are_averaged(side: int) -> None:
    values = _values(60)
    placement = Placement(_grid(10, 60), _grid(60, 10))
    assert placement.method == "average"
    expected = values.reshape(10, 6, 10, 6).mean((1, 3))
    np.testing.assert_allclose(_placed(values, placement, side), expected, atol=1e-6)


def test_a_pixel_says_something_where_that_of_the_layer_does() -> None:
    values = _values(20)
    values[4:9, 3] = np.nan
    values[:, 12:] = np.nan
    placement = Placement(_grid(20, 20), _grid(10, 40))
    is_there = np.kron(np.isfinite(values), np.ones((2, 2), bool))
    np.testing.assert_array_equal(np.isfinite(_placed(values, placement, 64)), is_there)


@pytest.mark.parametrize("side", [9, 64])
def test_of_classes_the_nearest_or_the_greatest_is_taken(side: int) -> None:
    classes = np.random.default_rng(5).integers(0, 3, (20, 20)).astype("f4")
    finer = Placement(_grid(20, 20), _grid(10, 40), Kind.CLASS)
    expected = np.kron(classes, np.ones((2, 2), "f4"))
    np.testing.assert_array_equal(_placed(classes, finer, side), expected)
    coarser = Placement(_grid(20, 20), _grid(80, 5), Kind.CLASS)
    greatest = classes.reshape(5, 4, 5, 4).max((1, 3))
    np.testing.assert_array_equal(_placed(classes, coarser, side), greatest)
    assert (finer.method, coarser.method) == ("nearest", "greatest")


@pytest.mark.parametrize("side", [17, 100])
def test_a_layer_of_another_zone_comes_where_it_is(side: int) -> None:
    # A field that is linear in easting and northing of its own zone.
    source = Grid(
        Affine(20, 0, 699_960, 0, -20, 5_400_000), CRS.from_epsg(32632), 90, 90
    )
    columns, rows = np.meshgrid(np.arange(90) + 0.5, np.arange(90) + 0.5)
    x, y = source.locate(columns, rows)
    values = ((x - 7e5) / 1000 + (y - 5.4e6) / 500).astype("f4")
    to_target = Transformer.from_crs(source.crs, UTM, always_xy=True)
    west, north = to_target.transform(700_500, 5_399_300)
    target = Grid(Affine(10, 0, west, 0, -10, north), UTM, 60, 60)
    placement = Placement(source, target)
    found = _placed(values, placement, side)
    xs, ys = target.locate(*np.meshgrid(np.arange(60) + 0.5, np.arange(60) + 0.5))
    back_x, back_y = to_target.transform(xs, ys, direction="INVERSE")
    expected = (back_x - 7e5) / 1000 + (back_y - 5.4e6) / 500
    # A hundredth of a pixel.
    np.testing.assert_allclose(found, expected, atol=0.2 / 1000 + 0.2 / 500)


def test_what_lies_elsewhere_is_not_there() -> None:
    placement = Placement(_grid(20, 20), _grid(10, 8, (900_000.0, 1e6)))
    assert np.isnan(_placed(_values(20), placement, 64)).all()
    far = Grid(Affine(10, 0, 3e5, 0, -10, 5.4e6), CRS.from_epsg(32601), 8, 8)
    tile = Tile(0, 0, 8, 8)
    nothing = Placement(_grid(20, 20), far).read(lambda *_: _values(20), tile)
    assert np.isnan(nothing).all()
