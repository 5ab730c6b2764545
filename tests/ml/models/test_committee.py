"""A discriminant and trees learn from few samples, and from no label of others."""

from dataclasses import replace

import numpy as np
import pytest

from ml.models.committee import Committee
from ml.models.season import Grid, season_features, season_values
from ml.samples.series import SeriesSamples
from tests.ml.series import two_crops

GRID = Grid(width_days=25.0, step_days=30.0)
TRAIN, TEST = np.arange(40), np.arange(40, 64)


def test_a_season_is_the_weighted_mean_of_what_was_seen() -> None:
    samples = two_crops(6)
    found = season_values(samples, GRID)
    days = np.arange(0, 361, 30)
    assert found.shape == (6, len(days), 2)
    for row, place, channel in ((0, 3, 0), (5, 12, 1), (2, 0, 1)):
        values = np.asarray(samples.values_NTC)[row, :, channel].astype(float)
        seen = np.isfinite(values)
        weights = np.exp(-(((days[place] - samples.days_NT[row]) / 25) ** 2) / 2)
        weights = np.append(weights[seen], 0.05)
        expected = np.average([*values[seen], values[seen].mean()], weights=weights)
        assert found[row, place, channel] == pytest.approx(expected)


def test_indices_stand_beside_the_bands_they_are_of() -> None:
    samples = replace(
        two_crops(5),
        channels=("S2-L2A-B08 reflectance", "S2-L2A-B04 reflectance"),
        values_NTC=np.tile(np.array([0.6, 0.2], np.float32), (5, 12, 1)),
    )
    found = season_values(samples, GRID)
    assert found.shape[2] == 3
    assert found[..., 2] == pytest.approx(0.5)


def test_few_samples_are_enough() -> None:
    samples = two_crops()
    logits = Committee(GRID).on(samples)(TRAIN, TEST)
    assert (logits.argmax(1) == samples.labels_N[TEST]).mean() > 0.9
    again = Committee(GRID).on(samples)(TRAIN, TEST)
    np.testing.assert_array_equal(logits, again)


def test_labels_that_are_asked_about_change_nothing() -> None:
    samples = two_crops()
    labels_N = samples.labels_N.copy()
    labels_N[TEST] = 0
    turned = replace(samples, labels_N=labels_N)
    one, other = (Committee(GRID).on(each)(TRAIN, TEST) for each in (samples, turned))
    np.testing.assert_allclose(one, other)


def test_a_class_that_nobody_has_seen_is_hardly_probable() -> None:
    samples = replace(two_crops(), classes=("early", "late", "never"))
    logits = Committee(GRID).on(samples)(TRAIN, TEST)
    assert logits.shape == (24, 3)
    assert (logits[:, 2] < logits.max(1) - 5).all()


def test_a_field_is_seen_beside_its_region() -> None:
    samples = two_crops()
    features = season_features(samples, GRID)
    alone = season_features(replace(samples, groups={}), GRID)
    beside = features[:, alone.shape[1] :]
    assert beside.shape[1] == season_values(samples, GRID)[0].size
    moved = _moved(samples)
    # What a whole region has more of does not count there.
    found = season_features(moved, GRID)[:, alone.shape[1] :]
    assert found == pytest.approx(beside, abs=1e-4)


def _moved(samples: SeriesSamples) -> SeriesSamples:
    """The north with all values higher."""
    north = samples.groups["region"] == "north"
    values_NTC = np.asarray(samples.values_NTC).copy()
    values_NTC[north] += 0.5
    return replace(samples, values_NTC=values_NTC)
