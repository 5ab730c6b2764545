"""How far a classifier of simulated samples is from the best that there can be.

Both are asked about the same samples, so what they differ by is known better than what
either reaches.

Shape suffixes: N samples, K classes, G groups, R resamples, M measures, X sums.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.metrics import (
    Interval,
    Labels,
    Probabilities,
    group_index,
    interval,
    resampled,
)


@dataclass(frozen=True, slots=True)
class Regret:
    """A classifier beside the optimum, with 95 % intervals.

    Attributes:
        samples: How many.
        optimum: How often the best classifier is right.
        accuracy: How often this one is.
        regret: The difference.
        log_loss_gap: By how many nats the truth surprises this one more.
    """

    samples: int
    optimum: Interval
    accuracy: Interval
    regret: Interval
    log_loss_gap: Interval

    def as_json(self) -> dict[str, Any]:
        """The same for `json.dumps`."""
        return asdict(self)

    def __str__(self) -> str:
        return "\n".join(
            [
                f"Bayes optimum      {self.optimum}",
                f"regret             {self.regret}",
                f"log loss above it  {self.log_loss_gap} nats",
            ]
        )


def regret(
    said_NK: Probabilities,
    optimal_NK: Probabilities,
    truth_N: Labels,
    groups_N: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Regret:
    """What a classifier loses against the optimum.

    Args:
        said_NK: Probabilities by the classifier.
        optimal_NK: By who knows how the samples were drawn.
        truth_N: Their classes.
        groups_N: Samples of a group are drawn together in the bootstrap; None where
            each stands for itself.
        seed: Of the resamples.
    """
    measures_NM = np.stack(
        [
            optimal_NK.argmax(1) == truth_N,
            said_NK.argmax(1) == truth_N,
            _surprise(said_NK, truth_N) - _surprise(optimal_NK, truth_N),
        ],
        axis=1,
    ).astype(np.float64)
    best, right, gap, loss = _intervals(measures_NM, groups_N, seed)
    return Regret(len(truth_N), best, right, loss, gap)


def _surprise(probabilities_NK: Probabilities, truth_N: Labels) -> Probabilities:
    chosen_N = probabilities_NK[np.arange(len(truth_N)), truth_N]
    result: Probabilities = -np.log(np.maximum(chosen_N, np.finfo(np.float64).tiny))
    return result


def _intervals(
    measures_NM: NDArray[np.float64], groups_N: NDArray[np.int64] | None, seed: int
) -> tuple[Interval, ...]:
    """The mean of each measure, and of what the first has more than the second."""
    index_N, groups = group_index(groups_N, len(measures_NM))
    # Of each measure; then how many samples.
    sums_GX = np.zeros((groups, measures_NM.shape[1] + 1))
    np.add.at(sums_GX, index_N, np.c_[measures_NM, np.ones(len(index_N))])
    means_RM = np.array([_means(sums_X) for sums_X in resampled(sums_GX, seed)])
    values_M = _means(sums_GX.sum(0))
    return tuple(map(interval, values_M.tolist(), means_RM.T))


def _means(sums_X: NDArray[np.float64]) -> NDArray[np.float64]:
    means_M = sums_X[:-1] / sums_X[-1]
    return np.append(means_M, means_M[0] - means_M[1])
