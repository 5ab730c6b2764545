"""Which pixels are kept: by class and distance, whatever the windows."""

from dataclasses import dataclass

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import CRS

from ml.maps import Grid
from ml.prep.cloud_mask import DROPPED, KEPT, NOTHING, CloudMask, MaskRule, mask_rule
from ml.prep.projection import tiles_of


@dataclass(frozen=True)
class _Classes:
    classes: NDArray[np.float32]

    def read(
        self, row: int, column: int, height: int, width: int
    ) -> NDArray[np.float32]:
        return self.classes[row : row + height, column : column + width]


def _mask(
    classes: NDArray[np.uint8], rule: MaskRule, pixel: float, side: int
) -> NDArray[np.uint8]:
    height, width = classes.shape
    corner = 3e5, 5.4e6
    crs = CRS.from_epsg(32633)
    source = Grid(Affine(20, 0, corner[0], 0, -20, corner[1]), crs, height, width)
    target = Grid(
        Affine(pixel, 0, corner[0], 0, -pixel, corner[1]),
        crs,
        int(height * 20 / pixel),
        int(width * 20 / pixel),
    )
    mask = CloudMask(_Classes(classes.astype("f4")), source, rule, target)
    found = np.zeros((target.height, target.width), np.uint8)
    for tile in tiles_of(target, side):
        rows = slice(tile.row, tile.row + tile.height)
        columns = slice(tile.column, tile.column + tile.width)
        found[rows, columns] = mask.read(tile)
    return found


def test_classes_are_kept_or_dropped() -> None:
    classes = np.arange(12, dtype=np.uint8)[None].repeat(2, 0)
    found = _mask(classes, MaskRule(), 20, 64)[0]
    assert np.flatnonzero(found == KEPT).tolist() == [4, 5, 6]
    assert np.flatnonzero(found == NOTHING).tolist() == [0]
    also = _mask(classes, mask_rule([2, 7]), 20, 64)[0]
    assert np.flatnonzero(also == KEPT).tolist() == [2, 4, 5, 6, 7]


@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 20, 45, 100]))
def test_clouds_grow_by_metres(seed: int, metres: int) -> None:
    rng = np.random.default_rng(seed)
    shares = [0.1, 0.5, 0.2, 0.1, 0.05, 0.05]
    classes = rng.choice([0, 4, 6, 7, 9, 3], (18, 22), p=shares)
    found = _mask(classes.astype("u1"), MaskRule(dilation_m=metres), 20, 7)
    clouds = np.argwhere(np.isin(classes, [3, 8, 9, 10]))
    for row in range(18):
        for column in range(22):
            away = 20 * np.hypot(*(clouds - (row, column)).T) if len(clouds) else [1e9]
            kept = classes[row, column] in {4, 5, 6} and min(away) > metres
            expected = KEPT if kept else DROPPED
            if classes[row, column] == 0:
                expected = NOTHING
            assert found[row, column] == expected


@pytest.mark.parametrize("side", [6, 64])
def test_a_larger_pixel_is_what_its_worst_part_is(side: int) -> None:
    rng = np.random.default_rng(2)
    classes = rng.choice([4, 4, 4, 9, 0], (30, 30), p=[0.4, 0.3, 0.2, 0.08, 0.02])
    fine = _mask(classes.astype("u1"), MaskRule(), 20, side)
    coarse = _mask(classes.astype("u1"), MaskRule(), 60, side)
    np.testing.assert_array_equal(coarse, fine.reshape(10, 3, 10, 3).max((1, 3)))
    finer = _mask(classes.astype("u1"), MaskRule(), 10, side)
    np.testing.assert_array_equal(finer, np.kron(fine, np.ones((2, 2), "u1")))
