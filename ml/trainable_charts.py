"""Chips with what ice charts say, and a recipe for them, brought together.

All heads have their classes behind each other.  A label is a class of one head: of the
others nothing is asked, so their logits are far below.  Networks are measured by the
labels of every fourth pixel, either way, that the dominance rule gave; they learn from
shares of all pixels.

Shape suffixes: N samples, M labels, K classes of all heads, X heads, H rows, W columns.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.evaluation.crossvalidation import Logits
from ml.evaluation.metrics import Labels
from ml.recipes import ChartRecipe
from ml.registry.store import Signature, Tensor
from ml.samples.charts import ChartSamples
from ml.samples.columns import some
from ml.samples.sigrid3.labels import NO_LABEL
from ml.samples.splits import Folds, grouped_folds, leave_one_out
from ml.trainable import Rows, Trainable
from ml.training.data import ChartData

_STEP: Final = 4
_AT_ONCE: Final = 64
_NEVER: Final = -1e4
"""A logit that no temperature makes probable."""

_FOLDS: Final = 5


def of_charts(samples: ChartSamples, recipe: ChartRecipe, name: str) -> Trainable:
    """A recipe for chips with what charts say."""
    asked = _Asked(samples)
    classes = tuple(
        f"{h}: {one}" for h, names in samples.heads.items() for one in names
    )
    channels = samples.values_NHWC.shape[3]
    return Trainable(
        recipe=name,
        classes=classes,
        folds_N=_folds(samples),
        signature=Signature(
            (Tensor("values", "FP32", (-1, -1, -1, channels)),),
            (Tensor("logits", "FP32", (-1, len(classes), -1, -1)),),
        ),
        sha256=samples.sha256,
        train=lambda rows, run: recipe.train(chart_data(samples, rows), run),
        logits=asked.logits,
        truth=asked.truth,
        observed={
            "channels": json.dumps(samples.channels),
            "heads": json.dumps(samples.heads),
        },
        metrics=asked.metrics,
    )


def chart_data(samples: ChartSamples, rows: Rows) -> ChartData:
    """Some chips, as they are trained on."""
    return ChartData(
        some(samples.values_NHWC, rows),
        some(samples.polygons_NHW, rows),
        samples.shares_PK,
        {head: len(names) for head, names in samples.heads.items()},
    )


def _folds(samples: ChartSamples) -> Folds:
    """A scene is left out; where there is one only, blocks of it."""
    if len(np.unique(samples.scenes_N)) > 1:
        return leave_one_out(samples.scenes_N)
    count = min(_FOLDS, len(np.unique(samples.blocks_N)))
    return grouped_folds(samples.blocks_N, count)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What networks are asked, and what charts say.

    Attributes:
        samples: All chips.
    """

    samples: ChartSamples

    def truth(self, rows: Rows) -> Labels:
        """The labels (M), as classes of all heads."""
        found = [
            labels_NHW[labels_NHW != NO_LABEL].astype(np.int64) + head.start
            for block in _blocks(rows)
            for head, labels_NHW in self._labels(block)
        ]
        return np.concatenate(found)

    def logits(self, model: nn.Module, rows: Rows) -> Logits:
        """What a network says of them (M, K)."""
        model.eval()
        found = []
        with torch.inference_mode():
            for block in _blocks(rows):
                values = torch.from_numpy(self.samples.values_NHWC[block])
                said_NKHW = model(values)[:, :, ::_STEP, ::_STEP].double().numpy()
                found += [
                    _of_head(said_NKHW, head, labels_NHW)
                    for head, labels_NHW in self._labels(block)
                ]
        return np.concatenate(found)

    def metrics(self, logits_MK: Logits, truth_M: Labels) -> dict[str, float]:
        """The accuracy of each head that has labels."""
        right_M = logits_MK.argmax(1) == truth_M
        found = {}
        for name, head in zip(self.samples.heads, self._heads(), strict=True):
            is_of_M = (truth_M >= head.start) & (truth_M < head.stop)
            if is_of_M.any():
                found[f"accuracy_{name}"] = float(right_M[is_of_M].mean())
        return found

    def _heads(self) -> Iterator[slice]:
        start = 0
        for names in self.samples.heads.values():
            yield slice(start, start + len(names))
            start += len(names)

    def _labels(self, block: Rows) -> Iterator[tuple[slice, NDArray[Any]]]:
        labels_NXHW = self.samples.labels_NXHW[block][:, :, ::_STEP, ::_STEP]
        yield from zip(self._heads(), np.moveaxis(labels_NXHW, 1, 0), strict=True)


def _of_head(said_NKHW: Logits, head: slice, labels_NHW: NDArray[Any]) -> Logits:
    """The logits of labelled pixels, those of other heads far below."""
    said_MK = np.moveaxis(said_NKHW, 1, 3)[labels_NHW != NO_LABEL]
    only_MK: Logits = np.full_like(said_MK, _NEVER)
    only_MK[:, head] = said_MK[:, head]
    return only_MK


def _blocks(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]
