"""Accuracy, F1 and calibration of classifiers, with confidence intervals.

Shape suffixes: N samples, K classes, G groups of samples, R resamples, X numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.errors import InvalidSamples

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]

RESAMPLES: Final = 1000
"""How often a bootstrap draws."""

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


def interval(value: float, values_R: Any) -> Interval:
    """An estimate, and between which bounds 95 % of its resamples lie."""
    low, high = np.quantile(values_R, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Interval(value, float(low), float(high))


def group_index(
    groups_N: NDArray[np.int64] | None, count: int
) -> tuple[NDArray[np.int64], int]:
    """The group of each sample from 0 on, and how many there are.

    Args:
        groups_N: Their names; None where each sample stands for itself.
        count: How many samples.
    """
    if groups_N is None:
        return np.arange(count), count
    names, index_N = np.unique(groups_N, return_inverse=True)
    return index_N, len(names)


def resampled(sums_GX: NDArray[Any], seed: int) -> Iterator[NDArray[Any]]:
    """The sums (X) over as many groups, drawn with replacement, of each resample."""
    rng = np.random.default_rng(seed)
    count = len(sums_GX)
    share_G = np.full(count, 1 / count)
    for _ in range(RESAMPLES):
        yield rng.multinomial(count, share_G) @ sums_GX


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
    index_N, groups = group_index(groups_N, len(truth_N))
    counts_GX = np.zeros((groups, classes**2), np.int64)
    np.add.at(counts_GX, (index_N, truth_N * classes + predicted_N), 1)

    def of_cells(counts_X: Labels) -> float:
        return statistic(counts_X.reshape(classes, -1))

    values_R = [of_cells(counts_X) for counts_X in resampled(counts_GX, seed)]
    return interval(of_cells(counts_GX.sum(0)), values_R)


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
    index_N, groups = group_index(groups_N, len(truth_N))
    # By how much confidence exceeds what was right in each bin; then how many samples.
    sums_GX = np.zeros((groups, BINS + 1))
    np.add.at(sums_GX, (index_N, bin_N), confidence_N - is_right_N)
    sums_GX[:, BINS] = np.bincount(index_N, minlength=groups)
    errors_R = [
        np.abs(sums_X[:BINS]).sum() / sums_X[BINS]
        for sums_X in resampled(sums_GX, seed)
    ]
    return interval(value, errors_R)


def log_loss(probabilities_NK: Probabilities, truth_N: Labels) -> float:
    """Mean of the negative logarithm of the probability of the true class, nats."""
    chosen_N = probabilities_NK[np.arange(len(truth_N)), truth_N]
    return float(-np.log(np.maximum(chosen_N, np.finfo(np.float64).tiny)).mean())
