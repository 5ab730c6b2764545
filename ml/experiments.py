"""Experiments on real samples: a data set, a split and a recipe, each by its name.

| data set | splits | what is left out of each fold |
|---|---|---|
| `central-asia` | `fold`, `region`, `block` | a fifth; a region; cells of 69 km |
| `worldcereal-2022`, `-2023`, `-croptype` | `fold`, `block` | a fifth; cells of 26 km |
| `polar-patch` | `scene` | a scene |

Rare classes are left out: of fields those with fewer than 100, of parcels with fewer
than 13.  Labels of `polar-patch` are right to about 98.7 %.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

from ml.errors import UnknownRecipe
from ml.evaluation.crossvalidation import Validation, cross_validate
from ml.recipes import PATCH_RECIPES, SERIES_RECIPES, find_recipe
from ml.samples.named import PATCHES, SERIES, read_patches
from ml.samples.polar_patch import CLASSES, PatchSamples
from ml.samples.series import SeriesSamples
from ml.samples.splits import (
    Folds,
    check_split,
    leave_one_out,
    spatial_blocks,
    stratified_folds,
)
from ontologies.progress import Progress, silent

_FOLDS: Final = 5
_SplitT = TypeVar("_SplitT")

Split: TypeAlias = Callable[[SeriesSamples], Folds]


@dataclass(frozen=True, slots=True)
class SeriesExperiment:
    """A data set of series.

    Attributes:
        read: From the folder of data sets to the samples.
        splits: How they may be split, by name.
        recipe: The one that is taken where none is named.
    """

    read: Callable[[Path], SeriesSamples]
    splits: Mapping[str, Split]
    recipe: str = "crop-both"


def _fifths(samples: SeriesSamples) -> Folds:
    return stratified_folds(samples.labels_N, _FOLDS)


def _blocks(resolution: int) -> Split:
    return lambda samples: spatial_blocks(samples.lonlat_N2, resolution, _FOLDS)


_PARCELS: Final[Mapping[str, Split]] = MappingProxyType(
    {"fold": _fifths, "block": _blocks(4)}
)

_SERIES: Final[Mapping[str, SeriesExperiment]] = MappingProxyType(
    {
        "central-asia": SeriesExperiment(
            SERIES["central-asia"],
            {
                "fold": _fifths,
                "region": lambda samples: leave_one_out(samples.groups["region"]),
                "block": _blocks(3),
            },
        ),
        **{
            name: SeriesExperiment(SERIES[name], _PARCELS)
            for name in ("worldcereal-2022", "worldcereal-2023", "worldcereal-croptype")
        },
    }
)

NAMES: Final = (*_SERIES, PATCHES)
"""The data sets."""


def validate(
    name: str,
    folder: Path,
    split: str | None = None,
    recipe: str | None = None,
    progress: Progress = silent,
) -> Validation:
    """Cross-validate a recipe on a data set.

    Args:
        name: Of the data set.
        folder: Where the data sets lie.
        split: The first of the data set's where None.
        recipe: The data set's own where None.
        progress: Told of each fold.

    Raises:
        UnknownRecipe: There is no such data set, split or recipe.
        UnreadableSamples: The data set is missing or broken.
    """
    if name == PATCHES:
        return _validate_patches(folder, split, recipe or "ice-patches", progress)
    experiment = series_experiment(name)
    chosen = find_recipe(SERIES_RECIPES, recipe or experiment.recipe)
    make_split = _chosen(experiment.splits, split)
    samples = experiment.read(folder)
    folds_N = make_split(samples)
    check_split(folds_N, samples.ids_N)
    return cross_validate(
        samples.labels_N, samples.classes, folds_N, chosen.on(samples), progress
    )


def series_experiment(name: str, *others: str) -> SeriesExperiment:
    """A data set of series.

    Args:
        name: Of the data set.
        others: What the caller knows beside those of `NAMES`.

    Raises:
        UnknownRecipe: There is no such data set.
    """
    if name not in _SERIES:
        raise UnknownRecipe(name, (*NAMES, *others))
    return _SERIES[name]


def _validate_patches(
    folder: Path, split: str | None, recipe: str, progress: Progress
) -> Validation:
    chosen = find_recipe(PATCH_RECIPES, recipe)
    make_split = _chosen({"scene": patch_folds}, split)
    samples = read_patches(folder)
    folds_N = make_split(samples)
    check_split(folds_N, samples.scenes_N)
    done = cross_validate(
        samples.labels_N, CLASSES, folds_N, chosen.on(samples), progress
    )
    return replace(done, is_grouped=True)


def patch_folds(samples: PatchSamples) -> Folds:
    """A fold for each scene."""
    return leave_one_out(samples.scenes_N)


def _chosen(splits: Mapping[str, _SplitT], name: str | None) -> _SplitT:
    if name is None:
        return next(iter(splits.values()))
    if name not in splits:
        raise UnknownRecipe(name, tuple(splits))
    return splits[name]
