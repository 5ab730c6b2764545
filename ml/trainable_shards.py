"""Samples in shards and a recipe brought together, by the kind of the samples."""

from pathlib import Path
from typing import Final

from ml.errors import InvalidTraining
from ml.recipes import chart_recipe, chip_recipe, patch_recipe, series_recipe
from ml.samples import charts
from ml.samples.series import SeriesSamples
from ml.samples.shards import sources
from ml.samples.shards.reader import Shards, is_shards, open_shards
from ml.samples.splits import OBJECT, Folds, grouped_folds, stratified_folds
from ml.trainable import (
    Trainable,
    network_of,
    of_chips,
    of_patches,
    of_series,
    trainable,
)
from ml.trainable_charts import of_charts
from ontologies.progress import Progress, silent

_FOLDS: Final = 5


def of_shards(shards: Shards, recipe: str | None) -> Trainable:
    """What a recipe would be trained on; the values of samples stay in the shards.

    Args:
        shards: The samples.
        recipe: By name; that of their kind where None.

    Raises:
        UnknownRecipe: There is none of this name for their kind.
        InvalidTraining: The recipe is no network, or none is for their kind.
    """
    match shards.manifest.kind:
        case sources.SERIES:
            series = sources.series_of(shards)
            name = recipe or "crop-both"
            folds_N = _series_folds(series)
            return of_series(series, network_of(name, series_recipe), name, folds_N)
        case sources.PATCHES:
            name = recipe or "ice-patches"
            network = network_of(name, patch_recipe)
            return of_patches(sources.patches_of(shards), network, name)
        case sources.CHIPS:
            name = recipe or "ice-unet"
            chips = sources.chips_of(shards)
            return of_chips(chips, chip_recipe(name), name)
        case charts.CHARTS:
            name = recipe or "ice-heads"
            return of_charts(charts.charts_of(shards), chart_recipe(name), name)
        case kind:
            raise InvalidTraining(f"{shards.folder}: no recipe is for {kind!r}")


def _series_folds(samples: SeriesSamples) -> Folds:
    """By object where samples show one several times, else with equal classes."""
    if OBJECT in samples.groups:
        return grouped_folds(samples.groups[OBJECT], _FOLDS)
    return stratified_folds(samples.labels_N, _FOLDS)


def what_to_train(
    dataset: str, recipe: str | None, folder: Path | None, progress: Progress = silent
) -> Trainable:
    """What a recipe would be trained on.

    Args:
        dataset: A folder of shards, or the name of a data set.
        recipe: The data set's own where None.
        folder: Where the data sets lie; not needed by simulated ones and shards.
        progress: Told how far a simulation is.

    Raises:
        MlError: See `of_shards` and `ml.trainable.trainable`.
    """
    shards = Path(dataset)
    if is_shards(shards):
        return of_shards(open_shards(shards), recipe)
    return trainable(dataset, recipe, folder, progress)
