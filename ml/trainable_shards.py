"""Samples in shards and a recipe brought together, by the kind of the samples."""

from pathlib import Path
from typing import Final

from ml.errors import InvalidTraining
from ml.recipes import (
    CHART_RECIPES,
    CHIP_RECIPES,
    PATCH_RECIPES,
    SERIES_RECIPES,
    find_network_recipe,
    find_recipe,
)
from ml.samples import charts
from ml.samples.series import SeriesSamples
from ml.samples.shards import sources
from ml.samples.shards.reader import Shards, is_shards, open_shards
from ml.samples.splits import OBJECT, Folds, grouped_folds, stratified_folds
from ml.trainable import (
    Trainable,
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
            network = find_network_recipe(SERIES_RECIPES, name)
            return of_series(series, network, name, folds_N)
        case sources.PATCHES:
            name = recipe or "ice-patches"
            of_patch = find_network_recipe(PATCH_RECIPES, name)
            return of_patches(sources.patches_of(shards), of_patch, name)
        case sources.CHIPS:
            name = recipe or "ice-unet"
            chips = sources.chips_of(shards)
            return of_chips(chips, find_recipe(CHIP_RECIPES, name), name)
        case charts.CHARTS:
            name = recipe or "ice-heads"
            of_chart = find_recipe(CHART_RECIPES, name)
            return of_charts(charts.charts_of(shards), of_chart, name)
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
