"""Pictures of curves: one panel for each name, one line for each run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

_WIDTH_IN: Final = 7.0
_HEIGHT_IN: Final = 2.5
_SMOOTHED: Final = 50
"""Points to which a long curve is averaged."""


def plot_curves(runs: Mapping[str, Mapping[str, Sequence[float]]], path: Path) -> None:
    """Draw the curves of runs.

    Args:
        runs: Curves by name, by run.
        path: `.png` or `.svg`.
    """
    names = list(dict.fromkeys(name for curves in runs.values() for name in curves))
    figure = Figure(
        figsize=(_WIDTH_IN, _HEIGHT_IN * max(1, len(names))), layout="constrained"
    )
    panels = figure.subplots(max(1, len(names)), squeeze=False)[:, 0]
    for name, axes in zip(names, panels, strict=False):
        for run, curves in runs.items():
            if name in curves:
                steps, values = smoothed(curves[name])
                axes.plot(steps, values, label=run)
        axes.set_ylabel(name)
        axes.set_xlabel("step")
        if len(runs) > 1:
            axes.legend(fontsize="small")
    figure.savefig(path)


def smoothed(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """The middle and the mean of equal parts of a curve, at most fifty.

    Examples:
        >>> smoothed([4.0, 2.0])
        ([0.0, 1.0], [4.0, 2.0])
    """
    parts = np.array_split(np.arange(len(values)), min(len(values), _SMOOTHED))
    curve = np.asarray(values)
    return (
        [float(part.mean()) for part in parts],
        [float(curve[part].mean()) for part in parts],
    )
