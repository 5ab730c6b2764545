"""Random forests: the baseline that a network has to beat.

Shape suffixes: N samples, T dates, C channels, F features, K classes, H rows,
W columns.
"""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from ml.models.series_input import fill_gaps
from ml.samples.series import SeriesSamples

_TREES: Final = 300
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


def series_features(samples: SeriesSamples) -> NDArray[np.float32]:
    """Features (N, F): values with gaps filled, their changes, and their quantiles."""
    filled_NTC, _ = fill_gaps(
        torch.from_numpy(samples.values_NTC[:]), torch.from_numpy(samples.days_NT[:])
    )
    values_NTC = filled_NTC.numpy()
    parts = [
        values_NTC,
        np.diff(values_NTC, axis=1),
        np.quantile(values_NTC, _QUANTILES, axis=1).transpose(1, 0, 2),
        values_NTC.argmax(1)[:, None],
    ]
    rows = [part.reshape(len(samples), -1) for part in parts]
    return np.concatenate(rows, axis=1).astype(np.float32)


def patch_features(values_NHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Features (N, F): moments and quantiles of pixels, and of their differences."""
    values = values_NHWC.astype(np.float32)
    parts = []
    for step in (1, 2, 4):
        for axis in (1, 2):
            change = np.abs(np.diff(values[:, ::step, ::step], axis=axis))
            parts.append(change.mean((1, 2)))
    pixels = values.reshape(len(values), -1, values.shape[3])
    parts += [pixels.mean(1), pixels.std(1)]
    parts += list(np.quantile(pixels, _QUANTILES, axis=1))
    return np.concatenate(parts, axis=1).astype(np.float32)


def forest_probabilities(
    train_NF: NDArray[np.float32],
    labels_N: NDArray[np.int64],
    test_NF: NDArray[np.float32],
    classes: int,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Probabilities (N, K) of test samples by a forest of training samples.

    A class that no training sample has is never probable.
    """
    forest = RandomForestClassifier(_TREES, random_state=seed, n_jobs=1)
    forest.fit(train_NF, labels_N)
    probabilities_NK = np.zeros((len(test_NF), classes))
    probabilities_NK[:, forest.classes_] = forest.predict_proba(test_NF)
    return probabilities_NK
