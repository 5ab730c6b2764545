"""Regions: what belongs together, and what joins its neighbour."""

import numpy as np
import pytest

from ml.vectorize.regions import find_regions, merge_small_regions
from tests.ml.class_maps import smooth_classes


def test_pixels_that_meet_in_a_corner_alone_are_two_regions() -> None:
    regions = find_regions(np.array([[1, 2], [2, 1]], np.int32), np.ones((2, 2), bool))
    assert regions.labels_HW.tolist() == [[1, 2], [3, 4]]


def test_labels_follow_the_order_of_first_pixels() -> None:
    classes_HW = smooth_classes((60, 70))
    valid_HW = np.random.default_rng(1).random((60, 70)) > 0.2
    regions = find_regions(classes_HW, valid_HW)
    rows, columns = regions.first_N2.T
    assert (np.diff(rows * 70 + columns) > 0).all()
    assert (regions.labels_HW[rows, columns] == np.arange(regions.count) + 1).all()
    assert (classes_HW[rows, columns] == regions.class_index_N).all()


def test_every_valid_pixel_is_counted_once_and_no_other() -> None:
    valid_HW = np.random.default_rng(1).random((60, 70)) > 0.2
    regions = find_regions(smooth_classes((60, 70)), valid_HW)
    assert regions.n_pixels_N.sum() == valid_HW.sum()
    assert ((regions.labels_HW > 0) == valid_HW).all()


@pytest.mark.parametrize("minimum_px", [2, 5, 20])
def test_after_merging_no_region_is_smaller_than_the_minimum(minimum_px: int) -> None:
    classes_HW = np.random.default_rng(3).integers(1, 5, (80, 80)).astype(np.int32)
    valid_HW = np.ones((80, 80), bool)
    merged_HW = merge_small_regions(classes_HW, valid_HW, minimum_px)
    assert find_regions(merged_HW, valid_HW).n_pixels_N.min() >= minimum_px


def test_a_small_region_joins_the_largest_of_its_neighbours() -> None:
    classes_HW = np.array([[1, 1, 2, 2, 2], [1, 1, 3, 2, 2]], np.int32)
    merged_HW = merge_small_regions(classes_HW, np.ones((2, 5), bool), 2)
    assert merged_HW.tolist() == [[1, 1, 2, 2, 2], [1, 1, 2, 2, 2]]


def test_merging_leaves_nodata_and_islands_in_it_alone() -> None:
    classes_HW = np.ones((9, 9), np.int32)
    classes_HW[4, 4] = 2
    classes_HW[0, 0] = 3
    valid_HW = np.ones((9, 9), bool)
    valid_HW[0:2, 0:2] = False
    valid_HW[0, 0] = True
    merged_HW = merge_small_regions(classes_HW, valid_HW, 5)
    assert merged_HW[4, 4] == 1
    assert merged_HW[0, 0] == 3


@pytest.mark.parametrize("minimum_px", [0, 1])
def test_a_minimum_of_one_pixel_changes_nothing(minimum_px: int) -> None:
    classes_HW = smooth_classes((20, 20))
    valid_HW = np.ones((20, 20), bool)
    assert merge_small_regions(classes_HW, valid_HW, minimum_px) is classes_HW
