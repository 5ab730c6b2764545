"""Labelled time series of parcels, as arrays.

Shape suffixes: N samples, T dates, C channels, K classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ml.errors import InvalidSamples
from ml.samples.columns import Column, some


@dataclass(frozen=True, slots=True)
class SeriesSamples:
    """Series of parcels, each with the class of the parcel.

    Attributes:
        name: Of the data set.
        ids_N: Identifiers of the parcels, unique.
        values_NTC: What was observed, float32; NaN where nothing was.
        days_NT: Days since the first of January of the season's year, float32.
        labels_N: Index of the class of each, into `classes`.
        classes: Names of the classes.
        channels: Names of the channels, with units where they have any.
        groups: What a split may keep apart, a value for each parcel: `region`, `year`.
        lonlat_N2: A point in each parcel, degrees in CRS84.
    """

    name: str
    ids_N: NDArray[np.str_]
    values_NTC: Column
    days_NT: Column
    labels_N: NDArray[np.int64]
    classes: tuple[str, ...]
    channels: tuple[str, ...]
    groups: Mapping[str, NDArray[np.str_]]
    lonlat_N2: NDArray[np.float64]

    def __post_init__(self) -> None:
        count, dates, channels = self.values_NTC.shape
        shapes = {
            "ids": (self.ids_N.shape, (count,)),
            "days": (self.days_NT.shape, (count, dates)),
            "labels": (self.labels_N.shape, (count,)),
            "coordinates": (self.lonlat_N2.shape, (count, 2)),
            "channels": ((len(self.channels),), (channels,)),
        }
        shapes |= {name: (each.shape, (count,)) for name, each in self.groups.items()}
        for name, (shape, expected) in shapes.items():
            if shape != expected:
                raise InvalidSamples(self.name, f"{name}: {shape}, not {expected}")
        if len(np.unique(self.ids_N)) != count:
            raise InvalidSamples(self.name, "a parcel stands in it twice")

    def __len__(self) -> int:
        return len(self.ids_N)

    def select(self, rows: NDArray[Any]) -> Self:
        """Some of the samples: of a mask, or of indices."""
        chosen = {
            each.name: some(getattr(self, each.name), rows)
            for each in fields(self)
            if each.name in _PER_SAMPLE
        }
        groups = {name: each[rows] for name, each in self.groups.items()}
        return replace(self, **chosen, groups=groups)

    def of_common_classes(self, least: int) -> Self:
        """The samples of classes with at least so many, the classes counted anew.

        Raises:
            InvalidSamples: No class has so many.
        """
        counts_K = np.bincount(self.labels_N, minlength=len(self.classes))
        kept_K = np.flatnonzero(counts_K >= least)
        if not len(kept_K):
            raise InvalidSamples(self.name, f"no class has {least} samples")
        index_K = np.full(len(self.classes), -1)
        index_K[kept_K] = np.arange(len(kept_K))
        rows = np.isin(self.labels_N, kept_K)
        some = self.select(rows)
        return replace(
            some,
            labels_N=index_K[some.labels_N],
            classes=tuple(self.classes[k] for k in kept_K),
        )


_PER_SAMPLE = frozenset({"ids_N", "values_NTC", "days_NT", "labels_N", "lonlat_N2"})
