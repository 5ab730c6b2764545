"""Complete, named recipes: from labelled samples to what predicts them.

| recipe | samples | what it is |
|---|---|---|
| `crop-forest` | series | random forest, the baseline |
| `crop-committee` | series | discriminant and trees, of dense series with gaps |
| `crop-committee-fine` | series | the same, of composites with few gaps |
| `crop-tempcnn` | series of equal dates | three TempCNNs |
| `crop-ltae` | series of any dates | three L-TAEs |
| `crop-both` | series of equal dates | two of each, averaged |
| `ice-forest` | patches | random forest, the baseline |
| `ice-patches` | patches | three residual networks |
| `ice-unet` | chips | a U-Net: a class for each pixel |
| `ice-heads` | chips and charts | a U-Net: concentration, stage and floe size |

Shape suffixes: N samples, K classes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.errors import InvalidTraining, UnknownRecipe
from ml.evaluation.crossvalidation import Logits, TrainAndPredict, logits_of
from ml.models.architectures import describe, text_of
from ml.models.committee import Committee
from ml.models.ensemble import Ensemble
from ml.models.forest import forest_probabilities, patch_features, series_features
from ml.models.headed_unet import HeadedUNet
from ml.models.ltae import Ltae
from ml.models.patch_cnn import PatchCnn
from ml.models.season import Grid
from ml.models.tempcnn import TempCnn
from ml.models.unet import UNet
from ml.samples.columns import some
from ml.samples.polar_patch import CLASSES as PATCH_CLASSES
from ml.samples.polar_patch import PatchSamples
from ml.samples.series import SeriesSamples
from ml.training.config import TrainingConfig
from ml.training.data import (
    ChartData,
    ChipData,
    PatchData,
    SeriesAugmentation,
    SeriesData,
    TrainingData,
)
from ml.training.loop import Loss, fit, predict
from ml.training.run import ONCE, Run

Make: TypeAlias = Callable[[SeriesSamples], nn.Module]
"""Makes a network for the shape of samples, its scales learned from them."""

_RecipeT = TypeVar("_RecipeT")

_CHECKPOINT_STEPS: Final = 100
_CHIPS_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and by what a member of an ensemble is trained.

    Attributes:
        epochs: How often it sees each sample.
        batch: Samples in a batch.
        learning_rate: At its highest.
        balance: How much rare classes count more, 0 to 1.
        smoothing: Share of the probability that all classes share.  Where labels are
            certain it must be 0: a network that is never to be surer than that is
            calibrated by no temperature.
    """

    epochs: int
    batch: int = 128
    learning_rate: float = 2e-3
    balance: float = 0.3
    smoothing: float = 0.05

    def config(
        self, count: int, seed: int, epochs: int | None = None
    ) -> TrainingConfig:
        """The training of a member on so many samples."""
        steps = max(1, (epochs or self.epochs) * count // self.batch)
        return TrainingConfig(
            steps=steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            weight_decay=1e-2,
            label_smoothing=self.smoothing,
            balance=self.balance,
            seed=seed,
            checkpoint_steps=_CHECKPOINT_STEPS,
        )

    def train(
        self,
        model: nn.Module,
        data: TrainingData,
        member: int,
        run: Run,
        loss: Loss | None = None,
    ) -> nn.Module:
        """A member, trained; it goes on from its newest checkpoint."""
        done = fit(
            model,
            data,
            self.config(len(data.labels_N), run.seed_of(member), run.epochs),
            architecture=text_of(describe(model)),
            loss=loss,
            checkpoints=run.checkpoints_of(member),
            processes=run.processes,
            progress=run.progress_of(member),
        )
        run.told(member, done.losses)
        return done.model


def tempcnn(samples: SeriesSamples) -> nn.Module:
    """A TempCNN for series of so many dates."""
    _, dates, channels = samples.values_NTC.shape
    model = TempCnn(channels, dates, len(samples.classes))
    model.input.learn(samples.values_NTC)
    return model


def ltae(samples: SeriesSamples) -> nn.Module:
    """An L-TAE for series of any dates."""
    model = Ltae(samples.values_NTC.shape[2], len(samples.classes))
    model.input.learn(samples.values_NTC)
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

    def train(self, samples: SeriesSamples, run: Run = ONCE) -> Ensemble:
        """The ensemble, trained; the same for the same samples and run."""
        data = SeriesData(samples, self.augmentation)
        trained = []
        for member, make in enumerate(self.members):
            torch.manual_seed(run.seed_of(member))
            trained.append(self.schedule.train(make(samples), data, member, run))
        return Ensemble(trained)

    def logits(self, model: nn.Module, samples: SeriesSamples) -> Logits:
        """What a trained ensemble says of samples, (N, K)."""
        return predict(model, SeriesData(samples)).double().numpy()

    def on(self, samples: SeriesSamples) -> TrainAndPredict:
        """Trained and asked on rows of these samples."""
        return lambda train, test: self.logits(
            self.train(samples.select(train)), samples.select(test)
        )


@dataclass(frozen=True, slots=True)
class PatchRecipe:
    """An ensemble of residual networks for patches.

    Attributes:
        members: How many.
        schedule: How each is trained.
    """

    members: int
    schedule: Schedule

    def train(self, data: PatchData, run: Run = ONCE) -> Ensemble:
        """The ensemble, trained; the same for the same patches and run."""
        return Ensemble([self._member(data, each, run) for each in range(self.members)])

    def _member(self, data: PatchData, member: int, run: Run) -> nn.Module:
        torch.manual_seed(run.seed_of(member))
        channels = data.values_NHWC.shape[3]
        model = PatchCnn(channels, len(PATCH_CLASSES)).learn(data.values_NHWC)
        return self.schedule.train(model, data, member, run)

    def logits(self, model: nn.Module, data: PatchData) -> Logits:
        """What a trained ensemble says of patches, (N, K)."""
        return predict(model, data).double().numpy()

    def on(self, samples: PatchSamples) -> TrainAndPredict:
        """Trained and asked on rows of these patches."""
        return lambda train, test: self.logits(
            self.train(patch_data(samples, train)), patch_data(samples, test)
        )


def patch_data(samples: PatchSamples, rows: NDArray[np.int64]) -> PatchData:
    """Some patches, as they are trained on."""
    return PatchData(some(samples.values_NHWC, rows), samples.labels_N[rows])


@dataclass(frozen=True, slots=True)
class ChipRecipe:
    """A U-Net for scenes.

    Attributes:
        schedule: How it is trained.
        width: Features at the finest scale.
        depth: How often the scale is halved.
    """

    schedule: Schedule
    width: int = 16
    depth: int = 2

    def train(self, data: ChipData, classes: int, run: Run = ONCE) -> nn.Module:
        """The network, trained; the same for the same chips and run."""
        torch.manual_seed(run.seed_of(0))
        channels = data.values_NHWC.shape[3]
        model = UNet(channels, classes, width=self.width, depth=self.depth)
        return self.schedule.train(model.learn(data.values_NHWC), data, 0, run)

    def logits(self, model: nn.Module, data: ChipData) -> Logits:
        """What a trained network says of the pixels of chips, (N H W, K)."""
        logits_NKHW = predict(model, data, _CHIPS_AT_ONCE)
        return logits_NKHW.movedim(1, 3).flatten(0, 2).double().numpy()


@dataclass(frozen=True, slots=True)
class ChartRecipe:
    """A U-Net with a head for each question that ice charts answer.

    Attributes:
        schedule: How it is trained.
        width: Features at the finest scale.
        depth: How often the scale is halved.
    """

    schedule: Schedule
    width: int = 16
    depth: int = 2

    def train(self, data: ChartData, run: Run = ONCE) -> nn.Module:
        """The network, trained; the same for the same chips and run."""
        torch.manual_seed(run.seed_of(0))
        model = HeadedUNet(
            data.values_NHWC.shape[3], data.heads, width=self.width, depth=self.depth
        )
        model.learn(data.values_NHWC)
        return self.schedule.train(model, data, 0, run, data.loss)


@dataclass(frozen=True, slots=True)
class Forest:
    """The random forest of `ml.models.forest`."""

    def on(self, samples: SeriesSamples | PatchSamples) -> TrainAndPredict:
        """Trained and asked on rows of these samples."""
        if isinstance(samples, SeriesSamples):
            features_NF, count = series_features(samples), len(samples.classes)
        else:
            features_NF = patch_features(samples.values_NHWC[:])
            count = len(PATCH_CLASSES)
        labels_N = samples.labels_N
        return lambda train, test: logits_of(
            forest_probabilities(
                features_NF[train], labels_N[train], features_NF[test], count
            )
        )


SERIES_RECIPES: Final[Mapping[str, SeriesRecipe | Forest | Committee]] = (
    MappingProxyType(
        {
            "crop-forest": Forest(),
            "crop-committee": Committee(Grid(width_days=25.0, step_days=20.0)),
            "crop-committee-fine": Committee(Grid(width_days=8.0, step_days=16.0)),
            "crop-tempcnn": SeriesRecipe((tempcnn,) * 3, Schedule(epochs=30)),
            "crop-ltae": SeriesRecipe((ltae,) * 3, Schedule(epochs=40)),
            "crop-both": SeriesRecipe((tempcnn, ltae) * 2, Schedule(epochs=30)),
        }
    )
)
"""Recipes for series, by name."""

PATCH_RECIPES: Final[Mapping[str, PatchRecipe | Forest]] = MappingProxyType(
    {
        "ice-forest": Forest(),
        "ice-patches": PatchRecipe(3, Schedule(epochs=20, batch=64)),
    }
)
"""Recipes for patches, by name."""


CHIP_RECIPES: Final[Mapping[str, ChipRecipe]] = MappingProxyType(
    {"ice-unet": ChipRecipe(Schedule(epochs=12, batch=16, balance=0.0, smoothing=0.0))}
)
"""Recipes for chips of scenes, by name."""


CHART_RECIPES: Final[Mapping[str, ChartRecipe]] = MappingProxyType(
    {"ice-heads": ChartRecipe(Schedule(epochs=12, batch=16, balance=0.0))}
)
"""Recipes for chips with what charts say, by name."""


def find_recipe(recipes: Mapping[str, _RecipeT], name: str) -> _RecipeT:
    """A recipe of one of these tables.

    Raises:
        UnknownRecipe: There is none of this name.
    """
    if name not in recipes:
        raise UnknownRecipe(name, tuple(recipes))
    return recipes[name]


def find_network_recipe(
    recipes: Mapping[str, _RecipeT | Forest | Committee], name: str
) -> _RecipeT:
    """The same, of a recipe that gives a network.

    Raises:
        InvalidTraining: It gives none.
        UnknownRecipe: There is none of this name.
    """
    found = find_recipe(recipes, name)
    if isinstance(found, (Forest, Committee)):
        raise InvalidTraining(f"{name} is no network, and only networks are kept")
    return found
