"""Data sets as samples for shards, and back.

Shape suffixes: N samples.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from ml.samples.columns import ShardColumn
from ml.samples.polar_patch import CLASSES as PATCH_CLASSES
from ml.samples.polar_patch import UNLABELLED, PatchSamples
from ml.samples.series import SeriesSamples
from ml.samples.shards.errors import UnreadableShards
from ml.samples.shards.model import MANIFEST, Sample, SampleSet
from ml.samples.shards.reader import Shards
from ml.samples.simulated_ice import CHANNELS as CHIP_CHANNELS
from ml.samples.simulated_ice import ChipSamples

SERIES: Final = "series"
PATCHES: Final = "patches"
CHIPS: Final = "chips"

VALUES: Final = "values.npy"
DAYS: Final = "days.npy"
LABELS: Final = "labels.npy"
_YEAR: Final = "year"


def series_set(samples: SeriesSamples) -> SampleSet:
    """Series of parcels; where they have the group `year`, days become times."""
    return SampleSet(
        name=samples.name,
        kind=SERIES,
        classes=samples.classes,
        channels=samples.channels,
        groups=tuple(samples.groups),
        samples=_series(samples),
        count=len(samples),
    )


def _series(samples: SeriesSamples) -> Iterator[Sample]:
    for row, name in enumerate(samples.ids_N.tolist()):
        groups = {key: str(each[row]) for key, each in samples.groups.items()}
        days_T = samples.days_NT[[row]][0]
        yield Sample(
            id=name,
            arrays={VALUES: samples.values_NTC[[row]][0], DAYS: days_T},
            label=int(samples.labels_N[row]),
            groups=groups,
            place=_point(samples.lonlat_N2[row]),
            period=_period(groups, days_T),
        )


def _point(lonlat: NDArray[np.float64]) -> shapely.Point | None:
    return shapely.Point(lonlat) if np.isfinite(lonlat).all() else None


def _period(
    groups: Mapping[str, str], days_T: NDArray[np.float32]
) -> tuple[datetime, datetime] | None:
    year = groups.get(_YEAR, "")
    if not year.isdecimal():
        return None
    start = datetime(int(year), 1, 1, tzinfo=UTC)
    first, last = (timedelta(days=float(day)) for day in (days_T.min(), days_T.max()))
    return start + first, start + last


def patch_set(samples: PatchSamples, name: str) -> SampleSet:
    """Patches that have a label; corners are rows and columns of their scene."""
    labelled = samples.labelled()
    return SampleSet(
        name=name,
        kind=PATCHES,
        classes=PATCH_CLASSES,
        channels=("red", "green", "blue"),
        groups=("scene", "row", "column"),
        samples=_patches(labelled),
        count=len(labelled),
    )


def _patches(samples: PatchSamples) -> Iterator[Sample]:
    for row, number in enumerate(samples.ids_N.tolist()):
        first_row, first_column = samples.corners_N2[row].tolist()
        yield Sample(
            id=str(number),
            arrays={VALUES: samples.values_NHWC[[row]][0]},
            label=int(samples.labels_N[row]),
            groups={
                "scene": str(samples.scenes_N[row]),
                "row": str(first_row),
                "column": str(first_column),
            },
        )


def chip_set(
    name: str, classes: tuple[str, ...], scenes: Iterable[ChipSamples]
) -> SampleSet:
    """Chips with a class for each pixel; simulated scenes lie nowhere on Earth."""
    return SampleSet(
        name=name,
        kind=CHIPS,
        classes=classes,
        channels=CHIP_CHANNELS,
        groups=("scene",),
        samples=_chips(scenes),
    )


def _chips(scenes: Iterable[ChipSamples]) -> Iterator[Sample]:
    number = itertools.count()
    for samples in scenes:
        for row, scene in enumerate(samples.scenes_N.tolist()):
            labels_HW = samples.labels_NHW[[row]][0].astype(np.uint8)
            yield Sample(
                id=f"chip-{next(number)}",
                arrays={VALUES: samples.values_NHWC[[row]][0], LABELS: labels_HW},
                groups={"scene": str(scene)},
            )


def series_of(shards: Shards) -> SeriesSamples:
    """Series whose values stay in the shards.

    Raises:
        UnreadableShards: They are of another kind.
    """
    expect(shards, SERIES)
    about = shards.manifest
    return SeriesSamples(
        name=about.name,
        ids_N=texts(shards, "id"),
        values_NTC=whole(shards, VALUES),
        days_NT=whole(shards, DAYS),
        labels_N=_labels(shards),
        classes=about.classes,
        channels=about.channels,
        groups={name: texts(shards, name) for name in about.groups},
        lonlat_N2=_lonlat(shards),
    )


def patches_of(shards: Shards) -> PatchSamples:
    """Patches whose values stay in the shards.

    Raises:
        UnreadableShards: They are of another kind.
    """
    expect(shards, PATCHES)
    corners = [texts(shards, name).astype(np.int64) for name in ("row", "column")]
    return PatchSamples(
        ids_N=texts(shards, "id").astype(np.int64),
        values_NHWC=whole(shards, VALUES),
        labels_N=_labels(shards),
        scenes_N=texts(shards, "scene").astype(np.int64),
        corners_N2=np.column_stack(corners),
    )


def chips_of(shards: Shards) -> ChipSamples:
    """Chips whose values and labels stay in the shards.

    Raises:
        UnreadableShards: They are of another kind.
    """
    expect(shards, CHIPS)
    scenes_N = texts(shards, "scene").astype(np.int64)
    return ChipSamples(whole(shards, VALUES), whole(shards, LABELS), scenes_N)


def expect(shards: Shards, kind: str) -> None:
    """Refuse shards of another kind.

    Raises:
        UnreadableShards: They are of another kind.
    """
    found = shards.manifest.kind
    if found != kind:
        reason = f"has samples of the kind {found!r}, not {kind!r}"
        raise UnreadableShards(shards.folder / MANIFEST, reason)


def whole(shards: Shards, part: str) -> ShardColumn:
    """An array of all samples, not read."""
    return ShardColumn(shards, part, np.arange(len(shards)))


def texts(shards: Shards, name: str) -> NDArray[np.str_]:
    """A column of the index, or a group."""
    return np.array(shards.column(name).to_pylist(), dtype=np.str_)


def _labels(shards: Shards) -> NDArray[np.int64]:
    filled = shards.column("label").fill_null(UNLABELLED)
    return np.asarray(filled.to_numpy(), dtype=np.int64)


def _lonlat(shards: Shards) -> NDArray[np.float64]:
    """A point in the footprint of each; NaN where it has none."""
    places: NDArray[Any] = shapely.from_wkb(
        np.array(shards.column("geometry").to_pylist(), dtype=object)
    )
    points = shapely.point_on_surface(places)
    return np.column_stack([shapely.get_x(points), shapely.get_y(points)])
