"""Samples and a recipe brought together: what can be trained, and what it would say.

Shape suffixes: N samples, M labels (of samples, or of all their pixels), K classes.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ml.errors import InvalidTraining
from ml.evaluation.crossvalidation import Logits
from ml.evaluation.metrics import Labels
from ml.experiments import patch_folds, series_experiment
from ml.recipes import (
    CHIP_RECIPES,
    PATCH_RECIPES,
    SERIES_RECIPES,
    ChipRecipe,
    PatchRecipe,
    SeriesRecipe,
    find_network_recipe,
    find_recipe,
    patch_data,
)
from ml.registry.store import Signature, Tensor
from ml.samples.columns import Column, blocks, some
from ml.samples.named import PATCHES, SIMULATED, read_patches
from ml.samples.polar_patch import CLASSES as PATCH_CLASSES
from ml.samples.polar_patch import PatchSamples
from ml.samples.series import SeriesSamples
from ml.samples.simulated_ice import ChipSamples, ice_classes, simulate_chips
from ml.samples.splits import (
    Folds,
    leave_one_out,
    stratified_folds,
)
from ml.sim.crop import season, simulate_fields
from ml.simulated_crops import ASKED, CROPS, training_fields
from ml.training.data import ChipData
from ml.training.run import Run
from ontologies.progress import Progress, silent
from ontologies.vocabulary import concept_scheme

_FOLDS: Final = 5
_UNSEEN_SCENES: Final = 16
_UNSEEN_SEED: Final = 4_000_000

Rows: TypeAlias = NDArray[np.int64]

_HCAT: Final = {
    "alfalfa": "3301090301",
    "cotton": "3301060300",
    "fallow": "3301110000",
    "maize": "3301010600",
    "orchard": "3303010000",
    "rice": "3301010700",
}
"""Classes of `central-asia` that HCAT has; it has none for two crops in a year."""


@dataclass(frozen=True, slots=True)
class Trainable:
    """A recipe for the samples of a data set.

    Attributes:
        recipe: Its name.
        classes: Their IRIs, or names where no scheme has them.
        folds_N: Samples of a fold are held out together.
        signature: Of the network.
        sha256: Of values and labels.
        train: The network, by some of the samples.
        logits: What a network says of some of them, (M, K).
        truth: The labels of some of them, (M).
        observed: What the network is to be given: its channels, its dates.
        is_grouped: Whether samples of a fold depend on each other, as those of one
            scene do.
        metrics: More than accuracy and macro-F1, of logits (M, K) and truth (M).
    """

    recipe: str
    classes: tuple[str, ...]
    folds_N: Folds
    signature: Signature
    sha256: str
    train: Callable[[Rows, Run], nn.Module]
    logits: Callable[[nn.Module, Rows], Logits]
    truth: Callable[[Rows], Labels]
    observed: Mapping[str, str] = field(default_factory=dict)
    is_grouped: bool = False
    metrics: Callable[[Logits, Labels], Mapping[str, float]] = lambda *_: {}


def trainable(
    dataset: str, recipe: str | None, folder: Path | None, progress: Progress = silent
) -> Trainable:
    """What a recipe would be trained on.

    Args:
        dataset: Its name.
        recipe: The data set's own where None.
        folder: Where the data sets lie; not needed by simulated ones.
        progress: Told how far a simulation is.

    Raises:
        UnknownRecipe: There is no such data set or recipe.
        InvalidTraining: The recipe is no network, or the folder is not named.
        UnreadableSamples: The data set is missing or broken.
    """
    if dataset == SIMULATED:
        name = recipe or "ice-unet"
        chosen = find_recipe(CHIP_RECIPES, name)
        return of_chips(simulate_chips(progress=progress), chosen, name)
    if dataset == CROPS:
        return _of_fields(training_fields(), recipe)
    if folder is None:
        raise InvalidTraining(f"{dataset} lies in a folder; name it with --data")
    if dataset == PATCHES:
        name = recipe or "ice-patches"
        of_patch = find_network_recipe(PATCH_RECIPES, name)
        return of_patches(read_patches(folder), of_patch, name)
    experiment = series_experiment(dataset, SIMULATED, CROPS)
    name = recipe or experiment.recipe
    network = find_network_recipe(SERIES_RECIPES, name)
    series = experiment.read(folder)
    make_split = next(iter(experiment.splits.values()))
    return of_series(series, network, name, make_split(series))


def unseen(
    dataset: str, recipe: str | None, progress: Progress = silent
) -> Trainable | None:
    """Simulated samples that nothing was trained on; None where data are real.

    Raises:
        UnknownRecipe: There is no such recipe.
    """
    if dataset == SIMULATED:
        name = recipe or "ice-unet"
        chips = simulate_chips(_UNSEEN_SCENES, _UNSEEN_SEED, progress)
        return of_chips(chips, find_recipe(CHIP_RECIPES, name), name)
    if dataset == CROPS:
        return _of_fields(simulate_fields(season(), ASKED, _UNSEEN_SEED), recipe)
    return None


def _of_fields(fields: SeriesSamples, recipe: str | None) -> Trainable:
    name = recipe or "crop-tempcnn"
    folds_N = stratified_folds(fields.labels_N, _FOLDS)
    return of_series(fields, find_network_recipe(SERIES_RECIPES, name), name, folds_N)


def of_series(
    samples: SeriesSamples, recipe: SeriesRecipe, name: str, folds_N: Folds
) -> Trainable:
    """A recipe for series."""
    _, dates, channels = samples.values_NTC.shape
    return Trainable(
        recipe=name,
        classes=tuple(map(_crop, samples.classes)),
        folds_N=folds_N,
        signature=_signature(
            Tensor("values", "FP32", (-1, dates, channels)),
            Tensor("days", "FP32", (-1, dates)),
            output=(-1, len(samples.classes)),
        ),
        sha256=_digest(samples.values_NTC, samples.days_NT, samples.labels_N),
        train=lambda rows, run: recipe.train(samples.select(rows), run),
        logits=lambda model, rows: recipe.logits(model, samples.select(rows)),
        truth=lambda rows: samples.labels_N[rows],
        observed={
            "channels": json.dumps(samples.channels),
            "days": json.dumps(samples.days_NT[0].round().astype(int).tolist()),
        },
    )


def of_patches(samples: PatchSamples, recipe: PatchRecipe, name: str) -> Trainable:
    """A recipe for patches."""
    shape = samples.values_NHWC.shape[1:]
    return Trainable(
        recipe=name,
        classes=PATCH_CLASSES,
        folds_N=patch_folds(samples),
        signature=_signature(
            Tensor("values", "FP32", (-1, *shape)), output=(-1, len(PATCH_CLASSES))
        ),
        sha256=_digest(samples.values_NHWC, samples.labels_N),
        train=lambda rows, run: recipe.train(patch_data(samples, rows), run),
        logits=lambda model, rows: recipe.logits(model, patch_data(samples, rows)),
        truth=lambda rows: samples.labels_N[rows],
        is_grouped=True,
    )


def of_chips(samples: ChipSamples, recipe: ChipRecipe, name: str) -> Trainable:
    """A recipe for chips of simulated scenes."""
    classes = ice_classes()

    def data(rows: Rows) -> ChipData:
        values_NHWC = some(samples.values_NHWC, rows)
        return ChipData(values_NHWC, some(samples.labels_NHW, rows))

    return Trainable(
        recipe=name,
        classes=classes,
        folds_N=leave_one_out(samples.scenes_N),
        signature=_signature(
            Tensor("values", "FP32", (-1, -1, -1, samples.values_NHWC.shape[3])),
            output=(-1, len(classes), -1, -1),
        ),
        sha256=_digest(samples.values_NHWC, samples.labels_NHW),
        train=lambda rows, run: recipe.train(data(rows), len(classes), run),
        logits=lambda model, rows: recipe.logits(model, data(rows)),
        truth=lambda rows: samples.labels_NHW[rows].ravel(),
        is_grouped=True,
    )


def _signature(*inputs: Tensor, output: tuple[int, ...]) -> Signature:
    return Signature(inputs, (Tensor("logits", "FP32", output),))


def _crop(name: str) -> str:
    return concept_scheme("hcat")[_HCAT[name]].iri if name in _HCAT else name


def _digest(*columns: Column) -> str:
    digest = hashlib.sha256()
    for column in columns:
        for values in blocks(column):
            digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
