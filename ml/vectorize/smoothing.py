"""Maps without salt and pepper: what neighbors say counts, before polygons are drawn.

| way | what becomes of a pixel |
|---|---|
| mode | the class that most pixels around have; its own where several have as many |
| bayes | the logits of its probabilities are normal around those of the window |

The second weighs what a pixel says of itself by how much its neighbors differ from each
other: among like ones it becomes like them, at an edge it stays what it is.

Shape suffixes: K classes, H rows, W columns.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from ml.maps import ClassMap
from ml.vectorize.errors import InvalidSmoothing

Floats = NDArray[np.float64]

_LEAST: Final = 1e-4
"""Probabilities are at least this, so that their logits are finite."""

_OWN_VARIANCE: Final = 10.0
"""Of a logit around what it should be; the larger, the smoother the map."""

_HALF: Final = 0.5


class Way(StrEnum):
    """How a map is smoothed."""

    MODE = "mode"
    BAYES = "bayes"


@dataclass(frozen=True, slots=True)
class Smoothing:
    """A way, and how far it looks.

    Attributes:
        way: How.
        window_px: Rows and columns of the window around a pixel, odd.
    """

    way: Way
    window_px: int = 3

    def __post_init__(self) -> None:
        if self.window_px < 3 or self.window_px % 2 == 0:  # noqa: PLR2004 - 1 is none
            raise InvalidSmoothing(self.window_px)


def smooth(class_map: ClassMap, how: Smoothing) -> ClassMap:
    """The map, smoothed; pixels without a class stay so, and count for nothing.

    By mode the probabilities stay those of the pixel; by Bayes they are smoothed, and
    the class is the most probable one.
    """
    if how.way is Way.MODE:
        return replace(class_map, classes_HW=_mode(class_map, how.window_px))
    probabilities_KHW = _bayes(class_map, how.window_px)
    indices_K = np.array([each.index for each in class_map.legend], np.int32)
    return replace(
        class_map,
        probabilities_KHW=probabilities_KHW,
        classes_HW=indices_K[probabilities_KHW.argmax(0)],
    )


def _around(values_HW: NDArray[Any], window: int) -> Floats:
    """The sum over the window of each pixel, nothing beyond the edges."""
    mean_HW: Floats = uniform_filter(
        values_HW.astype(np.float64), window, mode="constant"
    )
    return mean_HW * window**2


def _mode(class_map: ClassMap, window: int) -> NDArray[np.int32]:
    own_HW = class_map.classes_HW
    counts_KHW = []
    for each in class_map.legend:
        is_class_HW = (own_HW == each.index) & class_map.valid_HW
        # Half a pixel more for its own class decides where several have as many.
        counts_KHW.append(np.rint(_around(is_class_HW, window)) + is_class_HW * _HALF)
    indices_K = np.array([each.index for each in class_map.legend], np.int32)
    found_HW = indices_K[np.stack(counts_KHW).argmax(0)]
    return np.where(class_map.valid_HW, found_HW, own_HW).astype(np.int32)


def _bayes(class_map: ClassMap, window: int) -> NDArray[np.float32]:
    valid_HW = class_map.valid_HW
    count_HW = np.maximum(_around(valid_HW, window), 1.0)
    smoothed = []
    for own_HW in class_map.probabilities_KHW:
        clipped_HW = np.clip(own_HW.astype(np.float64), _LEAST, 1 - _LEAST)
        logit_HW = np.where(valid_HW, np.log(clipped_HW / (1 - clipped_HW)), 0.0)
        mean_HW = _around(logit_HW, window) / count_HW
        square_HW = _around(logit_HW**2, window) / count_HW
        variance_HW = np.maximum(square_HW - mean_HW**2, 0.0)
        trust_HW = variance_HW / (variance_HW + _OWN_VARIANCE)
        better_HW = trust_HW * logit_HW + (1 - trust_HW) * mean_HW
        smoothed.append(1 / (1 + np.exp(-better_HW)))
    probabilities_KHW = np.stack(smoothed)
    probabilities_KHW /= probabilities_KHW.sum(0)
    return np.where(valid_HW, probabilities_KHW, 0).astype(np.float32)
