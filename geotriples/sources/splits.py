"""Sources in parts that can be read apart, for engines that read in several tasks.

Put together in order, the parts are the rows of the source, each once; what a row holds
does not depend on how the source was split.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch
from itertools import pairwise
from typing import TypeAlias

import pyarrow as pa
import pyarrow.dataset as ds

from geotriples.sources.base import Source
from geotriples.sources.dataset import read_columns
from geotriples.sources.parquet import ParquetSource


@dataclass(frozen=True, slots=True)
class Whole:
    """All rows."""


@dataclass(frozen=True, slots=True)
class RowGroups:
    """Row groups of a Parquet file.

    Attributes:
        first: The first group.
        count: How many there are.
    """

    first: int
    count: int


Split: TypeAlias = Whole | RowGroups


@singledispatch
def splits(source: Source, wanted: int) -> tuple[Split, ...]:
    """Parts of a source: about as many as wanted, or one where it has no parts."""
    del source, wanted
    return (Whole(),)


@splits.register
def _(source: ParquetSource, wanted: int) -> tuple[Split, ...]:
    fragment = next(iter(source.dataset.get_fragments()))
    groups = fragment.num_row_groups
    bounds = [groups * i // wanted for i in range(wanted + 1)]
    parts = [
        RowGroups(first, end - first) for first, end in pairwise(bounds) if end > first
    ]
    return tuple(parts) or (Whole(),)


def read_split(
    source: Source, references: Mapping[str, str], split: Split
) -> pa.RecordBatchReader:
    """The rows of a part, as `Source.read` reads them all.

    Raises:
        SourceError: The source cannot be read; also later, from the reader.
    """
    if isinstance(split, RowGroups) and isinstance(source, ParquetSource):
        return _row_groups(source, references, split)
    return source.read(references)


def _row_groups(
    source: ParquetSource, references: Mapping[str, str], split: RowGroups
) -> pa.RecordBatchReader:
    fragment = next(iter(source.dataset.get_fragments()))
    numbers = range(split.first, split.first + split.count)
    part = fragment.subset(row_group_ids=list(numbers))
    dataset = ds.FileSystemDataset(
        [part], source.dataset.schema, part.format, part.filesystem
    )
    return read_columns(dataset, source.path, references)
