"""One value of every sample: in memory, or in shards until it is asked for.

Shape suffixes: N samples, B some of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ml.samples.shards.reader import Shards

_AT_ONCE: Final = 256


@runtime_checkable
class Column(Protocol):
    """What networks learn from, sample by sample; arrays are columns."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples, then the shape of each."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any:
        """The values of some samples, (B, ...)."""


@dataclass(frozen=True, slots=True, eq=False)
class ShardColumn:
    """An array of each sample, which stays in the shards until it is asked for.

    Attributes:
        shards: Where they lie.
        part: Which of the arrays.
        rows_N: The samples, by their number in the shards.
    """

    shards: Shards
    part: str
    rows_N: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples, then the shape of each."""
        return len(self.rows_N), *self.shards.manifest.arrays[self.part].shape

    def __len__(self) -> int:
        return len(self.rows_N)

    def __getitem__(self, rows: Any, /) -> NDArray[Any]:
        """The values of some samples: a mask, indices, or a slice; of one: a number."""
        if isinstance(rows, int):
            return self.shards.array(int(self.rows_N[rows]), self.part)
        about = self.shards.manifest.arrays[self.part]
        chosen = self.rows_N[rows].tolist()
        values = np.empty((len(chosen), *about.shape), np.dtype(about.dtype))
        for place, row in enumerate(chosen):
            values[place] = self.shards.array(row, self.part)
        return values

    def take(self, rows: Any) -> "ShardColumn":
        """Some of the samples, not read."""
        return ShardColumn(self.shards, self.part, self.rows_N[rows])


def some(column: Any, rows: Any) -> Any:
    """Some samples of a column: in memory where all are, else not read."""
    return column.take(rows) if isinstance(column, ShardColumn) else column[rows]


def blocks(column: Column, at_once: int = _AT_ONCE) -> Iterator[NDArray[Any]]:
    """All values, some samples at a time."""
    for start in range(0, len(column), at_once):
        yield column[start : start + at_once]


def label_counts(column: Column) -> NDArray[np.int64]:
    """How often each label stands in it, from label 0 to the greatest."""
    counts_K = np.zeros(0, np.int64)
    for labels in blocks(column):
        found_K = np.bincount(labels.ravel(), minlength=len(counts_K))
        found_K[: len(counts_K)] += counts_K
        counts_K = found_K
    return counts_K


def channel_moments(
    column: Column,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel (the last axis); NaN is left out.

    A channel that has nothing but NaN has NaN for both.
    """
    channels = column.shape[-1]
    totals, counts = np.zeros(channels), np.zeros(channels)
    for values in blocks(column):
        pixels = values.reshape(-1, channels).astype(np.float64)
        totals += np.nansum(pixels, axis=0)
        counts += np.isfinite(pixels).sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = totals / counts
    squares = np.zeros(channels)
    for values in blocks(column):
        pixels = values.reshape(-1, channels).astype(np.float64)
        squares += np.nansum(np.square(pixels - mean), axis=0)
    with np.errstate(invalid="ignore"):
        return mean, np.sqrt(squares / counts)
