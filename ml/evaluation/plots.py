"""Pictures of how good a classifier is: the confusion matrix, and its reliability.

Shape suffixes: K classes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ml.evaluation.metrics import Labels, Reliability

_PER_CLASS_IN: Final = 0.55
_LEAST_IN: Final = 4.0
_DARK: Final = 0.5


def plot_confusion(confusion_KK: Labels, classes: Sequence[str], path: Path) -> None:
    """Draw a confusion matrix: shares of the true class, with counts.

    Args:
        confusion_KK: Counts, the true class by row.
        classes: Their names.
        path: `.png` or `.svg`.
    """
    side = max(_LEAST_IN, _PER_CLASS_IN * len(classes) + 2)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.add_subplot()
    shares_KK = confusion_KK / np.maximum(confusion_KK.sum(1, keepdims=True), 1)
    axes.imshow(shares_KK, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(confusion_KK):
        color = "white" if shares_KK[row, column] > _DARK else "black"
        if count:
            axes.text(column, row, f"{count}", ha="center", va="center", color=color)
    places = range(len(classes))
    axes.set_xticks(places, classes, rotation=45, ha="right")
    axes.set_yticks(places, classes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    figure.savefig(path)


def plot_reliability(before: Reliability, after: Reliability, path: Path) -> None:
    """Draw how often what was said to be so probable was right.

    Args:
        before: As predicted.
        after: After temperature scaling.
        path: `.png` or `.svg`.
    """
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="gray", linewidth=1, label="honest")
    _draw(axes, before, "as predicted")
    _draw(axes, after, "after scaling")
    axes.set_xlabel("probability of the predicted class")
    axes.set_ylabel("share that was right")
    axes.set_aspect("equal")
    axes.legend()
    figure.savefig(path)


def _draw(axes: Axes, found: Reliability, name: str) -> None:
    error = found.expected_calibration_error
    axes.plot(
        found.confidence, found.accuracy, marker="o", label=f"{name}, ECE {error:.1%}"
    )
