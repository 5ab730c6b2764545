"""Zonal statistics against numpy, one region at a time."""

import numpy as np
import pytest

from ml.vectorize.regions import Regions, find_regions
from ml.vectorize.statistics import ZonalStatistics, summarize_regions
from tests.ml.class_maps import smooth_classes

SHAPE = (40, 50)


def _random_case() -> tuple[Regions, np.ndarray, np.ndarray, ZonalStatistics]:
    rng = np.random.default_rng(7)
    drawn_HWK = rng.dirichlet(np.ones(4), SHAPE)
    probabilities_KHW = np.asarray(drawn_HWK.transpose(2, 0, 1), np.float32)
    valid_HW = rng.random(SHAPE) > 0.1
    probabilities_KHW[:, ~valid_HW] = np.nan
    regions = find_regions(smooth_classes(SHAPE), valid_HW)
    position_N = regions.class_index_N.astype(np.int64) - 1
    statistics = summarize_regions(regions, probabilities_KHW, position_N)
    return regions, probabilities_KHW, position_N, statistics


def test_each_statistic_equals_that_of_the_region_alone() -> None:
    regions, probabilities_KHW, position_N, statistics = _random_case()
    assert regions.count > 20
    for n in range(regions.count):
        own_KP = probabilities_KHW[:, regions.labels_HW == n + 1].astype(np.float64)
        own_P = own_KP[position_N[n]]
        assert statistics.mean_N[n] == pytest.approx(own_P.mean())
        tenth = np.percentile(own_P, 10)
        assert statistics.tenth_percentile_N[n] == pytest.approx(tenth)
        p_KP = own_KP / own_KP.sum(axis=0)
        entropy = -(p_KP * np.log2(np.where(p_KP > 0, p_KP, 1))).sum(axis=0).mean()
        assert statistics.entropy_N[n] == pytest.approx(entropy)
        means_K = own_KP.mean(axis=1)
        means_K[position_N[n]] = -1
        assert statistics.second_N[n] == means_K.argmax()
        assert statistics.second_mean_N[n] == pytest.approx(means_K.max())


def test_one_class_has_no_runner_up() -> None:
    regions = find_regions(np.ones((2, 2), np.int32), np.ones((2, 2), bool))
    statistics = summarize_regions(
        regions, np.ones((1, 2, 2), np.float32), np.zeros(1, np.int64)
    )
    assert statistics.second_N.tolist() == [-1]
    assert np.isnan(statistics.second_mean_N).all()
    assert statistics.entropy_N.tolist() == [0.0]


def test_entropy_is_that_of_a_distribution_whatever_the_sum() -> None:
    regions = find_regions(np.ones((1, 1), np.int32), np.ones((1, 1), bool))
    rounded_KHW = np.full((4, 1, 1), 0.24, np.float32)
    statistics = summarize_regions(regions, rounded_KHW, np.zeros(1, np.int64))
    assert statistics.entropy_N[0] == pytest.approx(2.0)
