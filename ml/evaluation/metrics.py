"""Accuracy, F1 and calibration of classifiers, with confidence intervals.

Shape suffixes: N samples, K classes, R resamples.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.errors import InvalidSamples

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]

_RESAMPLES: Final = 1000
_LEVEL: Final = 0.95

BINS: Final = 15
"""Of confidence, equally wide, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the bounds of its confidence interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def confusion_matrix(truth_N: Labels, predicted_N: Labels, classes: int) -> Labels:
    """Counts (K, K): the true class by row, the predicted one by column.

    Examples:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    counts = np.bincount(truth_N * classes + predicted_N, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.int64)


def accuracy(confusion_KK: Labels) -> float:
    """The share of samples whose class was found."""
    return float(np.trace(confusion_KK) / confusion_KK.sum())


def f1_of_classes(confusion_KK: Labels) -> NDArray[np.float64]:
    """F1 (K) of each class; NaN of one that neither is there nor was predicted."""
    found_K = np.diag(confusion_KK)
    both_K = confusion_KK.sum(0) + confusion_KK.sum(1)
    with np.errstate(invalid="ignore"):
        scores_K: NDArray[np.float64] = 2 * found_K / both_K
    return scores_K


def macro_f1(confusion_KK: Labels) -> float:
    """The mean of F1 over classes that are there or were predicted."""
    return float(np.nanmean(f1_of_classes(confusion_KK)))


def bootstrap(
    statistic: Callable[[Labels], float],
    truth_N: Labels,
    predicted_N: Labels,
    classes: int,
    groups_N: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Interval:
    """A statistic of the confusion matrix with its 95 % interval.

    Args:
        statistic: Of a confusion matrix.
        truth_N: True classes.
        predicted_N: Predicted ones.
        classes: How many there are.
        groups_N: Samples of a group are drawn together, as those of one scene depend
            on each other; None where each stands for itself.
        seed: Of the resamples.
    """
    groups_N = np.arange(len(truth_N)) if groups_N is None else groups_N
    names, index_N = np.unique(groups_N, return_inverse=True)
    cells_N = truth_N * classes + predicted_N
    counts = np.zeros((len(names), classes**2), np.int64)
    np.add.at(counts, (index_N, cells_N), 1)
    rng = np.random.default_rng(seed)
    share = np.full(len(names), 1 / len(names))
    values_R = [
        statistic((rng.multinomial(len(names), share) @ counts).reshape(classes, -1))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.nanquantile(values_R, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    value = statistic(counts.sum(0).reshape(classes, -1))
    return Interval(value, float(low), float(high))


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a class was right that was said to be so probable.

    Attributes:
        confidence: Mean of the highest probability in each bin.
        accuracy: Share that was right in each bin.
        counts: Samples in each bin.
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    counts: Labels

    @property
    def expected_calibration_error(self) -> float:
        """Mean distance of confidence and accuracy, bins weighted by samples."""
        gaps = np.abs(self.confidence - self.accuracy)
        return float((gaps * self.counts).sum() / self.counts.sum())


def reliability(
    probabilities_NK: Probabilities, truth_N: Labels, bins: int = BINS
) -> Reliability:
    """Confidence and accuracy in bins of equal width (Guo et al. 2017).

    Raises:
        InvalidSamples: There are none.
    """
    if not len(truth_N):
        raise InvalidSamples("reliability", "there are none")
    confidence_N = probabilities_NK.max(1)
    is_right_N = probabilities_NK.argmax(1) == truth_N
    bin_N = np.minimum((confidence_N * bins).astype(np.int64), bins - 1)
    counts = np.bincount(bin_N, minlength=bins)
    filled = counts > 0
    confidence, right = (
        np.bincount(bin_N, weights=each, minlength=bins)[filled] / counts[filled]
        for each in (confidence_N, is_right_N)
    )
    return Reliability(confidence, right, counts[filled].astype(np.int64))


def calibration_error(
    probabilities_NK: Probabilities,
    truth_N: Labels,
    groups_N: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Interval:
    """The expected calibration error over `BINS` bins, with its 95 % interval.

    It is above 0 for honest probabilities too, the more so the fewer samples there are.

    Args:
        probabilities_NK: What was said.
        truth_N: True classes.
        groups_N: Samples of a group are drawn together; None where each stands for
            itself.
        seed: Of the resamples.
    """
    value = reliability(probabilities_NK, truth_N).expected_calibration_error
    confidence_N = probabilities_NK.max(1)
    is_right_N = probabilities_NK.argmax(1) == truth_N
    bin_N = np.minimum((confidence_N * BINS).astype(np.int64), BINS - 1)
    groups_N = np.arange(len(truth_N)) if groups_N is None else groups_N
    names, index_N = np.unique(groups_N, return_inverse=True)
    # By how much confidence exceeds what was right, in each group and bin.
    excess = np.zeros((len(names), BINS))
    np.add.at(excess, (index_N, bin_N), confidence_N - is_right_N)
    counts_G = np.bincount(index_N, minlength=len(names))
    rng = np.random.default_rng(seed)
    share_G = np.full(len(names), 1 / len(names))
    errors_R = []
    for _ in range(_RESAMPLES):
        drawn_G = rng.multinomial(len(names), share_G)
        errors_R.append(np.abs(drawn_G @ excess).sum() / (drawn_G @ counts_G))
    low, high = np.quantile(errors_R, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Interval(value, float(low), float(high))


def log_loss(probabilities_NK: Probabilities, truth_N: Labels) -> float:
    """Mean of the negative logarithm of the probability of the true class, nats."""
    chosen_N = probabilities_NK[np.arange(len(truth_N)), truth_N]
    return float(-np.log(np.maximum(chosen_N, np.finfo(np.float64).tiny)).mean())
