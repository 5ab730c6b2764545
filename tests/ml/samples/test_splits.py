"""Splits: what they keep together, and the leaks that are found."""

import numpy as np
import pytest
from pyproj import Geod

from ml.errors import InvalidSplit
from ml.samples.splits import (
    check_split,
    leave_one_out,
    spatial_blocks,
    stratified_folds,
)


def test_each_fold_has_its_share_of_each_class() -> None:
    labels = np.repeat([0, 1, 2], [50, 10, 7])
    folds = stratified_folds(labels, 5, seed=3)
    for label in range(3):
        counts = np.bincount(folds[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert not np.array_equal(folds, stratified_folds(labels, 5, seed=4))


def test_a_group_is_left_out_at_once() -> None:
    groups = np.array(["b", "a", "b", "c"])
    folds = leave_one_out(groups)
    assert len(set(folds.tolist())) == 3
    assert folds[0] == folds[2]
    with pytest.raises(InvalidSplit, match="one group"):
        leave_one_out(np.array(["a", "a"]))


def test_blocks_are_whole_and_about_equal() -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform([-180, -85], [180, 85], (600, 2))
    folds = spatial_blocks(places, 1, 4)
    assert np.bincount(folds).max() < 1.2 * np.bincount(folds).min()
    near = np.vstack([places[0], places[0] + 1e-7])
    assert len(set(spatial_blocks(np.vstack([near, places[1:]]), 1, 4)[:2])) == 1
    with pytest.raises(InvalidSplit, match="1 groups"):
        spatial_blocks(near, 1, 2)


def test_an_object_in_two_folds_is_a_leak() -> None:
    folds = np.array([0, 0, 1])
    check_split(folds, np.array(["a", "a", "b"]))
    with pytest.raises(InvalidSplit, match=r"1 objects .* \['a'\]"):
        check_split(folds, np.array(["a", "b", "a"]))


@pytest.mark.parametrize("lonlat", [(10.0, 60.0), (180.0, 10.0), (0.0, 89.9999)])
def test_neighbors_in_two_folds_are_a_leak_anywhere(
    lonlat: tuple[float, float],
) -> None:
    east = Geod(ellps="sphere").fwd(*lonlat, 90, 400)[:2]
    places = np.array([lonlat, east])
    objects = np.array(["a", "b"])
    check_split(np.array([0, 1]), objects, places, apart_m=390)
    check_split(np.array([0, 0]), objects, places, apart_m=500)
    with pytest.raises(InvalidSplit, match="within 410 m"):
        check_split(np.array([0, 1]), objects, places, apart_m=410)


def test_fewer_samples_than_folds_are_refused() -> None:
    with pytest.raises(InvalidSplit, match="3 samples make no 5"):
        stratified_folds(np.zeros(3, np.int64), 5)
