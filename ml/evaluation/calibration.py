"""Probabilities that mean what they say: temperature scaling, conformal sets.

Both are fitted to samples that the network has not seen.

Shape suffixes: N samples, K classes.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ml.errors import InvalidSamples
from ml.evaluation.metrics import Labels, Probabilities, log_loss

_BOUNDS: Final = (math.log(0.05), math.log(20.0))


def softmax(logits_NK: NDArray[np.floating], temperature: float = 1.0) -> Probabilities:
    """Probabilities (N, K) of logits divided by a temperature."""
    scaled = logits_NK.astype(np.float64) / temperature
    raised = np.exp(scaled - scaled.max(1, keepdims=True))
    result: Probabilities = raised / raised.sum(1, keepdims=True)
    return result


def fit_temperature(logits_NK: NDArray[np.floating], truth_N: Labels) -> float:
    """The temperature by which held-out samples are least surprising (Guo et al. 2017).

    It changes no prediction; above 1 it makes a network less sure.

    Raises:
        InvalidSamples: There are none to fit it to.
    """
    if not len(truth_N):
        raise InvalidSamples("calibration", "there are none")
    found = minimize_scalar(
        lambda log_t: log_loss(softmax(logits_NK, math.exp(log_t)), truth_N),
        bounds=_BOUNDS,
        method="bounded",
    )
    return math.exp(float(found.x))


@dataclass(frozen=True, slots=True)
class ConformalSets:
    """Sets of classes that hold the true one as often as was asked for.

    The sets of adaptive prediction (Romano et al. 2020), without randomization: classes
    from the most probable on, as long as those before them have not reached the
    threshold.  The most probable one is thus always in the set.

    Attributes:
        coverage: How often the true class is to be in the set.
        threshold: Sum of probabilities beyond which no class is added.
    """

    coverage: float
    threshold: float

    @classmethod
    def fit(
        cls, probabilities_NK: Probabilities, truth_N: Labels, coverage: float = 0.9
    ) -> "ConformalSets":
        """Find the threshold on held-out samples.

        Raises:
            InvalidSamples: They are too few for the coverage.
        """
        count = len(truth_N)
        rank = math.ceil((count + 1) * coverage)
        if rank > count:
            raise InvalidSamples("calibration", f"{count} are too few for {coverage}")
        needed_N = _before(probabilities_NK)[np.arange(count), truth_N]
        return cls(coverage, float(np.sort(needed_N)[rank - 1]))

    def sets(self, probabilities_NK: Probabilities) -> NDArray[np.bool_]:
        """Which classes (N, K) are in the set of each sample; at least one."""
        is_in: NDArray[np.bool_] = _before(probabilities_NK) <= self.threshold
        return is_in


def _before(probabilities_NK: Probabilities) -> Probabilities:
    """The sum of the probabilities of all classes more probable than each, (N, K)."""
    order_NK = np.argsort(-probabilities_NK, axis=1, kind="stable")
    sums_NK = np.take_along_axis(probabilities_NK, order_NK, 1).cumsum(1)
    sums_NK = np.pad(sums_NK[:, :-1], ((0, 0), (1, 0)))
    result = np.empty_like(sums_NK)
    np.put_along_axis(result, order_NK, sums_NK, 1)
    return result
