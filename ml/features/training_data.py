"""Training data sets of a feature view: made of pinned commits, kept with their hashes.

views/NAME/VERSION/training/00000001/
  training.json     query with commits, split, hashes, statistics of what is trained on
  train.parquet     or data.parquet, where nothing was split
  test.parquet
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from engines.whole_files import whole_directory
from ml.features.errors import InvalidQuery, NoSuchEntry, UnwritableFeatures
from ml.features.files import (
    check_sha256,
    is_taken,
    json_bytes,
    numbers,
    read_json,
    sha256_of,
)
from ml.features.statistics import (
    FeatureStatistics,
    statistics_from_json,
    statistics_of,
)
from ml.version import software_version

WHOLE: Final = "data"
TRAIN: Final = "train"
TEST: Final = "test"
_DOCUMENT: Final = "training.json"


@dataclass(frozen=True, slots=True)
class Split:
    """How rows are parted into those to train on and those to test with.

    Attributes:
        test_size: Share of the rows to test with, above 0 and below 1.
        seed: Of the order in which they are drawn.
        by: A column of which equal values stay together: a parcel, a region.
        test_start: Rows from this time on are those to test with; nothing is drawn.
    """

    test_size: float = 0.2
    seed: int = 0
    by: str | None = None
    test_start: datetime | None = None

    def is_test(self, table: pa.Table, event_time: str | None) -> NDArray[np.bool_]:
        """Which rows are those to test with.

        Raises:
            InvalidQuery: There is no such column, no event time, or one side is empty.
        """
        if self.test_start is not None:
            found = self._since(table, event_time)
        else:
            found = self._drawn(table)
        if not len(found) or found.all() or not found.any():
            told = f"{int(found.sum())} of {len(found)} rows"
            raise InvalidQuery(f"{told} would be for the test; change the split")
        return found

    def _since(self, table: pa.Table, event_time: str | None) -> NDArray[np.bool_]:
        if event_time is None or event_time not in table.column_names:
            raise InvalidQuery(
                "a split by time needs the event time among the features"
            )
        start = pa.scalar(self.test_start, table[event_time].type)
        return np.asarray(pc.greater_equal(table[event_time], start))

    def _drawn(self, table: pa.Table) -> NDArray[np.bool_]:
        if not 0 < self.test_size < 1:
            raise InvalidQuery(
                f"the test size is {self.test_size}, not between 0 and 1"
            )
        rng = np.random.default_rng(self.seed)
        wanted = self.test_size * len(table)
        if self.by is None:
            rows = rng.permutation(len(table))[: round(wanted)]
            is_test = np.zeros(len(table), bool)
            is_test[rows] = True
            return is_test
        if self.by not in table.column_names:
            raise InvalidQuery(f"{self.by!r} is no column of {table.column_names}")
        encoded = table[self.by].combine_chunks().dictionary_encode()
        group_N = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy()
        return _whole_groups(group_N, wanted, rng)


def _whole_groups(
    group_N: NDArray[np.int64], wanted: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Groups in a random order, while one more brings the test nearer to its size."""
    sizes = np.bincount(group_N)
    chosen: list[int] = []
    held = 0
    for group in rng.permutation(len(sizes)).tolist():
        if abs(held + sizes[group] - wanted) < abs(held - wanted):
            chosen.append(group)
            held += sizes[group]
    return np.isin(group_N, chosen)


@dataclass(frozen=True, slots=True)
class TrainingDataset:
    """What is known of a training data set.

    Attributes:
        version: From 1.
        created: When, UTC.
        description: What it is for.
        query: With the commit of each group.
        split: None where nothing was split.
        rows: Of each part.
        sha256: Of the file of each part.
        statistics: Of what is trained on.
        software: The version that wrote it.
    """

    version: int
    created: datetime
    description: str
    query: Mapping[str, Any]
    split: Split | None
    rows: Mapping[str, int]
    sha256: Mapping[str, str]
    statistics: Mapping[str, FeatureStatistics]
    software: str


def keep(
    folder: Path,
    parts: Mapping[str, pa.Table],
    query: Mapping[str, Any],
    split: Split | None,
    description: str,
) -> TrainingDataset:
    """Keep a training data set under the next number; all of it, or nothing.

    Raises:
        UnwritableFeatures: The disk is full, or the folder may not be written.
    """
    while True:
        version = max(numbers(folder), default=0) + 1
        target = folder / f"{version:08d}"
        try:
            with whole_directory(target) as partial:
                made = _write(partial, version, parts, query, split, description)
        except OSError as error:
            if is_taken(error):
                continue  # another process took the number
            raise UnwritableFeatures(target, str(error)) from error
        return made


def _write(
    folder: Path,
    version: int,
    parts: Mapping[str, pa.Table],
    query: Mapping[str, Any],
    split: Split | None,
    description: str,
) -> TrainingDataset:
    sha256 = {}
    for name, table in parts.items():
        path = folder / f"{name}.parquet"
        pq.write_table(table, path, compression="zstd")
        sha256[name] = sha256_of(path)
    made = TrainingDataset(
        version=version,
        created=datetime.now(UTC),
        description=description,
        query=query,
        split=split,
        rows={name: len(table) for name, table in parts.items()},
        sha256=sha256,
        statistics=statistics_of(next(iter(parts.values()))),
        software=software_version(),
    )
    (folder / _DOCUMENT).write_bytes(json_bytes(_as_json(made)))
    return made


def dataset(folder: Path, version: int) -> TrainingDataset:
    """What is known of a training data set.

    Raises:
        NoSuchEntry: There is none of this version.
    """
    known = numbers(folder)
    if version not in known:
        raise NoSuchEntry(f"training data set {version}", known)
    data = read_json(folder / f"{version:08d}" / _DOCUMENT)
    statistics = data["statistics"].items()
    return TrainingDataset(
        **{
            **data,
            "created": datetime.fromisoformat(data["created"]),
            "split": data["split"] and _split_from_json(data["split"]),
            "statistics": {k: statistics_from_json(one) for k, one in statistics},
        }
    )


def part(folder: Path, found: TrainingDataset, name: str) -> pa.Table:
    """One part of a training data set, as it was written.

    Raises:
        NoSuchEntry: It has no such part.
        CorruptFeatures: The file is missing, or was changed.
    """
    if name not in found.sha256:
        raise NoSuchEntry(f"part {name!r} of {found.version}", found.sha256)
    path = folder / f"{found.version:08d}" / f"{name}.parquet"
    check_sha256(path, found.sha256[name])
    return pq.read_table(path)


def _as_json(made: TrainingDataset) -> dict[str, Any]:
    start = made.split and made.split.test_start
    split = made.split and {
        **asdict(made.split),
        "test_start": start and start.isoformat(),
    }
    return {
        "version": made.version,
        "created": made.created.isoformat(),
        "description": made.description,
        "query": made.query,
        "split": split,
        "rows": made.rows,
        "sha256": made.sha256,
        "statistics": {name: one.as_json() for name, one in made.statistics.items()},
        "software": made.software,
    }


def _split_from_json(data: Mapping[str, Any]) -> Split:
    start = data["test_start"] and datetime.fromisoformat(data["test_start"])
    return Split(**{**data, "test_start": start})
