"""Metrics against scikit-learn, and intervals and calibration against their promise."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import dirichlet
from sklearn.metrics import accuracy_score, f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from ml.errors import InvalidSamples
from ml.evaluation.calibration import ConformalSets, fit_temperature, softmax
from ml.evaluation.metrics import (
    accuracy,
    bootstrap,
    calibration_error,
    confusion_matrix,
    log_loss,
    macro_f1,
    reliability,
)

CLASSES = 4


def _draw(count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Probabilities that are true: the classes are drawn by them."""
    rng = np.random.default_rng(seed)
    probabilities = dirichlet.rvs([0.5] * CLASSES, count, random_state=seed)
    drawn = (rng.random(count)[:, None] > probabilities.cumsum(1)).sum(1)
    return probabilities, drawn.clip(0, CLASSES - 1)


def test_scores_are_those_of_scikit_learn() -> None:
    probabilities, truth = _draw(500, 0)
    predicted = probabilities.argmax(1)
    confusion = confusion_matrix(truth, predicted, CLASSES)
    assert accuracy(confusion) == pytest.approx(accuracy_score(truth, predicted))
    expected = f1_score(truth, predicted, average="macro")
    assert macro_f1(confusion) == pytest.approx(expected)
    assert log_loss(probabilities, truth) == pytest.approx(
        sklearn_log_loss(truth, probabilities)
    )


def test_a_class_that_is_nowhere_does_not_count() -> None:
    confusion = confusion_matrix(np.array([0, 1]), np.array([0, 1]), 3)
    assert macro_f1(confusion) == 1


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        truth = np.zeros(200, np.int64)
        predicted = (rng.random(200) > 0.8).astype(np.int64)
        interval = bootstrap(accuracy, truth, predicted, 2)
        held += interval.low <= 0.8 <= interval.high
    assert 52 <= held <= 60


def test_scenes_are_drawn_whole() -> None:
    truth = np.zeros(200, np.int64)
    predicted = np.repeat([0, 1], 100)
    alone = bootstrap(accuracy, truth, predicted, 2)
    scenes = bootstrap(accuracy, truth, predicted, 2, np.repeat([0, 1], 100))
    assert (scenes.low, scenes.high) == (0, 1)
    assert alone.low > 0.4


def test_the_interval_of_a_calibration_error_holds_its_value() -> None:
    probabilities, truth = _draw(3_000, 5)
    bold = softmax(np.log(np.maximum(probabilities, 1e-9)), 0.3)
    honest, overdone = (
        calibration_error(each, truth) for each in (probabilities, bold)
    )
    assert honest.low <= honest.value + 0.01 < overdone.low
    assert overdone.low < overdone.value < overdone.high
    expected = reliability(bold, truth).expected_calibration_error
    assert overdone.value == expected


def test_a_true_probability_is_calibrated_and_a_bold_one_is_not() -> None:
    probabilities, truth = _draw(20_000, 1)
    assert reliability(probabilities, truth).expected_calibration_error < 0.01
    logits = np.log(probabilities.clip(1e-300))
    bold = softmax(3 * logits)
    assert reliability(bold, truth).expected_calibration_error > 0.05
    assert fit_temperature(3 * logits, truth) == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_conformal_sets_hold_the_truth_as_often_as_was_asked(coverage: float) -> None:
    sets = ConformalSets.fit(*_draw(4000, 2), coverage)
    probabilities, truth = _draw(4000, 3)
    is_in = sets.sets(probabilities)
    held = is_in[np.arange(len(truth)), truth].mean()
    # A class always stays in: without randomization sets are rather too large.
    assert coverage - 0.02 < held < coverage + 0.1
    assert is_in.any(1).all()
    assert 1 < is_in.sum(1).mean() < CLASSES


def test_too_few_samples_calibrate_nothing() -> None:
    probabilities, truth = _draw(5, 4)
    with pytest.raises(InvalidSamples, match="too few"):
        ConformalSets.fit(probabilities, truth, 0.9)
    with pytest.raises(InvalidSamples, match="none"):
        fit_temperature(probabilities[:0], truth[:0])
    with pytest.raises(InvalidSamples, match="none"):
        reliability(probabilities[:0], truth[:0])
