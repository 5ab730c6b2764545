"""Feature views: a query with a name, of which models are trained and asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from ml.features import training_data
from ml.features.conditions import FeatureReference, as_utc
from ml.features.errors import CorruptFeatures, InvalidQuery, NoSuchEntry
from ml.features.files import numbers
from ml.features.query import FindTable, Query, query_from_json
from ml.features.training_data import TEST, TRAIN, WHOLE, Split, TrainingDataset

Time = datetime | date | int


@dataclass(frozen=True, slots=True, eq=False)
class FeatureView:
    """What a model sees: features, and the labels that it learns.

    Attributes:
        folder: Its files.
        name: Lower-case letters, digits, underscores.
        version: Of the view.
        query: Which rows and features.
        labels: Those that a model learns to tell.
        description: What it is for.
        find: How the groups of a kept query are found.
    """

    folder: Path
    name: str
    version: int
    query: Query
    labels: tuple[str, ...]
    description: str
    find: FindTable

    @property
    def features(self) -> tuple[str, ...]:
        """What a model sees, in its order; not the labels."""
        names = (name for _, _, name in self.query.outputs)
        return tuple(name for name in names if name not in self.labels)

    def get_batch_data(
        self,
        start_time: Time | None = None,
        end_time: Time | None = None,
        as_of: datetime | None = None,
    ) -> pd.DataFrame:
        """The features of all rows, or of those of a time, for a model to tell labels.

        Args:
            start_time: The first event time.
            end_time: The first event time after the last.
            as_of: What the store knew at a time; all that it knows where None.
        """
        query = self.query if as_of is None else self.query.as_of(as_of)
        table = self._between(query, start_time, end_time).arrow()
        frame: pd.DataFrame = table.select(list(self.features)).to_pandas()
        return frame

    def get_feature_vector(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The newest features of one thing.

        Args:
            entry: Its primary key.

        Raises:
            InvalidQuery: It is not the primary key of the base.
            NoSuchEntry: There is no such row.
        """
        base = self.query.base
        if set(entry) != set(base.group.primary_key):
            raise InvalidQuery(f"an entry has the key {[*base.group.primary_key]}")
        query = self.query
        for name, value in entry.items():
            query = query.filter(FeatureReference(base.key, name) == value)
        table = query.arrow()
        if not len(table):
            raise NoSuchEntry(f"row of {dict(entry)} in {self.name}", ())
        # Rows are in the order of key and time: the last one is the newest.
        row: dict[str, Any] = table.slice(len(table) - 1).to_pylist()[0]
        return {name: row[name] for name in self.features}

    def create_training_data(
        self,
        start_time: Time | None = None,
        end_time: Time | None = None,
        description: str = "",
    ) -> TrainingDataset:
        """Keep all rows, or those of a time, as they are now."""
        query = self._between(self.query.pinned(), start_time, end_time)
        return self._keep(query, {WHOLE: query.arrow()}, None, description)

    def create_train_test_split(
        self,
        split: Split | None = None,
        start_time: Time | None = None,
        end_time: Time | None = None,
        description: str = "",
    ) -> TrainingDataset:
        """The same in two parts, to train on and to test with.

        Raises:
            InvalidQuery: The split leaves one of them empty, or has no such column.
        """
        chosen = split or Split()
        query = self._between(self.query.pinned(), start_time, end_time)
        return self._keep(query, self._parts(query, chosen), chosen, description)

    def train_test_split(
        self, test_size: float = 0.2, seed: int = 0, by: str | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Keep a split, and read it: features and labels as `get_train_test_split`.

        Args:
            test_size: Share of the rows to test with.
            seed: Of the order in which they are drawn.
            by: A column of which equal values stay together.
        """
        made = self.create_train_test_split(Split(test_size, seed, by))
        return self.get_train_test_split(made.version)

    def get_training_data(self, version: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Features and labels of a data set that was not split, as they were written.

        Raises:
            NoSuchEntry: There is none of this version, or it was split.
            CorruptFeatures: Its file is missing, or was changed.
        """
        return self._read(version, WHOLE)

    def get_train_test_split(
        self, version: int
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Features to train on and to test with, then labels of both.

        Raises:
            NoSuchEntry: There is none of this version, or it was not split.
            CorruptFeatures: A file is missing, or was changed.
        """
        train, test = self._read(version, TRAIN), self._read(version, TEST)
        return train[0], test[0], train[1], test[1]

    def training_datasets(self) -> tuple[TrainingDataset, ...]:
        """All that were kept, from the first."""
        return tuple(map(self.training_dataset, numbers(self._training)))

    def training_dataset(self, version: int) -> TrainingDataset:
        """What is known of one: commits, split, hashes, statistics.

        Raises:
            NoSuchEntry: There is none of this version.
        """
        return training_data.dataset(self._training, version)

    def recreate_training_data(self, version: int) -> dict[str, pa.Table]:
        """Ask its query again, of the commits of then; the parts, by name.

        Raises:
            CorruptFeatures: They are not what was kept.
        """
        known = self.training_dataset(version)
        query = query_from_json(known.query, self.find)
        made = {WHOLE: query.arrow()} if known.split is None else None
        parts = made or self._parts(query, known.split or Split())
        for name, table in parts.items():
            if not table.equals(training_data.part(self._training, known, name)):
                path = self._training / f"{version:08d}" / f"{name}.parquet"
                raise CorruptFeatures(path, "is not what its query gives")
        return parts

    @property
    def _training(self) -> Path:
        return self.folder / "training"

    def _between(self, query: Query, start: Time | None, end: Time | None) -> Query:
        time = query.base.group.event_time
        if time is None:
            if start is None and end is None:
                return query
            raise InvalidQuery(f"{query.base.group} has no event time")
        at = FeatureReference(query.base.key, time)
        if start is not None:
            query = query.filter(at >= _moment(start))
        return query if end is None else query.filter(at < _moment(end))

    def _parts(self, query: Query, split: Split) -> dict[str, pa.Table]:
        table = query.arrow()
        is_test = split.is_test(table, query.base.group.event_time)
        return {TRAIN: table.filter(~is_test), TEST: table.filter(is_test)}

    def _keep(
        self,
        query: Query,
        parts: Mapping[str, pa.Table],
        split: Split | None,
        description: str,
    ) -> TrainingDataset:
        kept = query.as_json()
        return training_data.keep(self._training, parts, kept, split, description)

    def _read(self, version: int, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        known = self.training_dataset(version)
        table = training_data.part(self._training, known, name)
        seen, told = list(self.features), list(self.labels)
        return table.select(seen).to_pandas(), table.select(told).to_pandas()


def _moment(time: Time) -> Time:
    return as_utc(time) if isinstance(time, datetime) else time
