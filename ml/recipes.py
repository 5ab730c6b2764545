"""Complete, named recipes: from labelled samples to what predicts them.

| recipe | samples | what it is |
|---|---|---|
| `crop-forest` | series | random forest, the baseline |
| `crop-tempcnn` | series of equal dates | three TempCNNs |
| `crop-ltae` | series of any dates | three L-TAEs |
| `crop-both` | series of equal dates | two of each, averaged |
| `ice-forest` | patches | random forest, the baseline |
| `ice-patches` | patches | three residual networks |

Shape suffixes: N samples, K classes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.errors import UnknownRecipe
from ml.evaluation.crossvalidation import TrainAndPredict, logits_of
from ml.models.ensemble import Ensemble
from ml.models.forest import forest_probabilities, patch_features, series_features
from ml.models.ltae import Ltae
from ml.models.patch_cnn import PatchCnn
from ml.models.tempcnn import TempCnn
from ml.samples.polar_patch import CLASSES as PATCH_CLASSES
from ml.samples.polar_patch import PatchSamples
from ml.samples.series import SeriesSamples
from ml.training.config import TrainingConfig
from ml.training.data import PatchData, SeriesAugmentation, SeriesData, TrainingData
from ml.training.loop import fit, predict

Make: TypeAlias = Callable[[SeriesSamples], nn.Module]
"""Makes a network for the shape of samples, its scales learned from them."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and by what a member of an ensemble is trained.

    Attributes:
        epochs: How often it sees each sample.
        batch: Samples in a batch.
        learning_rate: At its highest.
        balance: How much rare classes count more, 0 to 1.
    """

    epochs: int
    batch: int = 128
    learning_rate: float = 2e-3
    balance: float = 0.3

    def config(self, count: int, seed: int) -> TrainingConfig:
        """The training of a member on so many samples."""
        steps = max(1, self.epochs * count // self.batch)
        return TrainingConfig(
            steps=steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            weight_decay=1e-2,
            label_smoothing=0.05,
            balance=self.balance,
            seed=seed,
        )


def tempcnn(samples: SeriesSamples) -> nn.Module:
    """A TempCNN for series of so many dates."""
    _, dates, channels = samples.values_NTC.shape
    model = TempCnn(channels, dates, len(samples.classes))
    model.input.learn(samples)
    return model


def ltae(samples: SeriesSamples) -> nn.Module:
    """An L-TAE for series of any dates."""
    model = Ltae(samples.values_NTC.shape[2], len(samples.classes))
    model.input.learn(samples)
    return model


@dataclass(frozen=True, slots=True)
class SeriesRecipe:
    """An ensemble of networks for series.

    Attributes:
        members: What makes each of them.
        schedule: How each is trained.
        augmentation: How samples are changed meanwhile.
    """

    members: tuple[Make, ...]
    schedule: Schedule
    augmentation: SeriesAugmentation = field(default_factory=SeriesAugmentation)

    def train(self, samples: SeriesSamples) -> Ensemble:
        """The ensemble, trained; the same for the same samples."""
        data = SeriesData(samples, self.augmentation)
        return Ensemble(
            [
                _trained(make, samples, data, self.schedule, seed)
                for seed, make in enumerate(self.members)
            ]
        )

    def on(self, samples: SeriesSamples) -> TrainAndPredict:
        """Trained and asked on rows of these samples."""
        return lambda train, test: (
            predict(self.train(samples.select(train)), SeriesData(samples.select(test)))
            .double()
            .numpy()
        )


def _trained(
    make: Make, samples: SeriesSamples, data: TrainingData, how: Schedule, seed: int
) -> nn.Module:
    torch.manual_seed(seed)
    return fit(make(samples), data, how.config(len(samples), seed)).model


@dataclass(frozen=True, slots=True)
class PatchRecipe:
    """An ensemble of residual networks for patches.

    Attributes:
        members: How many.
        schedule: How each is trained.
    """

    members: int
    schedule: Schedule

    def train(self, data: PatchData) -> Ensemble:
        """The ensemble, trained; the same for the same patches."""
        return Ensemble([self._member(data, seed) for seed in range(self.members)])

    def _member(self, data: PatchData, seed: int) -> nn.Module:
        torch.manual_seed(seed)
        channels = data.values_NHWC.shape[3]
        model = PatchCnn(channels, len(PATCH_CLASSES)).learn(data.values_NHWC)
        return fit(model, data, self.schedule.config(len(data.labels_N), seed)).model

    def on(self, samples: PatchSamples) -> TrainAndPredict:
        """Trained and asked on rows of these patches."""

        def data(rows: NDArray[np.int64]) -> PatchData:
            return PatchData(samples.values_NHWC[rows], samples.labels_N[rows])

        return lambda train, test: (
            predict(self.train(data(train)), data(test)).double().numpy()
        )


@dataclass(frozen=True, slots=True)
class Forest:
    """The random forest of `ml.models.forest`."""

    def on(self, samples: SeriesSamples | PatchSamples) -> TrainAndPredict:
        """Trained and asked on rows of these samples."""
        if isinstance(samples, SeriesSamples):
            features_NF, count = series_features(samples), len(samples.classes)
        else:
            features_NF, count = patch_features(samples.values_NHWC), len(PATCH_CLASSES)
        labels_N = samples.labels_N
        return lambda train, test: logits_of(
            forest_probabilities(
                features_NF[train], labels_N[train], features_NF[test], count
            )
        )


SERIES_RECIPES: Final[Mapping[str, SeriesRecipe | Forest]] = MappingProxyType(
    {
        "crop-forest": Forest(),
        "crop-tempcnn": SeriesRecipe((tempcnn,) * 3, Schedule(epochs=30)),
        "crop-ltae": SeriesRecipe((ltae,) * 3, Schedule(epochs=40)),
        "crop-both": SeriesRecipe((tempcnn, ltae) * 2, Schedule(epochs=30)),
    }
)
"""Recipes for series, by name."""

PATCH_RECIPES: Final[Mapping[str, PatchRecipe | Forest]] = MappingProxyType(
    {
        "ice-forest": Forest(),
        "ice-patches": PatchRecipe(3, Schedule(epochs=20, batch=64)),
    }
)
"""Recipes for patches, by name."""


def series_recipe(name: str) -> SeriesRecipe | Forest:
    """A recipe for series.

    Raises:
        UnknownRecipe: There is none of this name.
    """
    if name not in SERIES_RECIPES:
        raise UnknownRecipe(name, tuple(SERIES_RECIPES))
    return SERIES_RECIPES[name]


def patch_recipe(name: str) -> PatchRecipe | Forest:
    """A recipe for patches.

    Raises:
        UnknownRecipe: There is none of this name.
    """
    if name not in PATCH_RECIPES:
        raise UnknownRecipe(name, tuple(PATCH_RECIPES))
    return PATCH_RECIPES[name]
