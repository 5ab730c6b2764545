"""Feature groups: what users insert into, select from and travel in time with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from ml.features.conditions import Condition, FeatureReference
from ml.features.errors import InvalidRows
from ml.features.files import read_json, write_json
from ml.features.query import Query, Selection
from ml.features.schema import Feature, Rows, Schema, as_table, fitted
from ml.features.statistics import (
    FeatureStatistics,
    statistics_from_json,
    statistics_of,
)
from ml.features.tables import Commit, GroupTable, numbered

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class FeatureGroup:
    """Features that come from one place, in one version.

    Another version has other features, or means them otherwise.

    Attributes:
        table: Its rows, as of a commit.
    """

    table: GroupTable

    def __str__(self) -> str:
        return str(self.table)

    def __getitem__(self, feature: str) -> FeatureReference:
        """A feature, to make conditions of.

        Raises:
            NoSuchEntry: There is none of this name.
        """
        self.table.check_features([feature])
        return FeatureReference(self.table.key, feature)

    @property
    def name(self) -> str:
        """Lower-case letters, digits, underscores."""
        return self.table.name

    @property
    def version(self) -> int:
        """From 1."""
        return self.table.version

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.table.folder

    @property
    def schema(self) -> Schema:
        """Its features and keys.

        Raises:
            NoSuchEntry: Nobody said which, and there are no rows yet.
        """
        return self.table.schema

    @property
    def features(self) -> tuple[Feature, ...]:
        """Its features, in their order."""
        return self.schema.features

    def insert(self, rows: Rows, operation: str = "upsert") -> Commit:
        """Add rows in a commit; with `upsert` rows of the same key are replaced.

        Args:
            rows: A frame of pandas, or a table of Arrow, a column for each feature.
            operation: `upsert`, or `insert`, which refuses keys that are there.

        Raises:
            InvalidRows: They do not fit the schema, or a key stands twice, or is there.
            UnwritableFeatures: The commit cannot be written.
        """
        if operation not in {"upsert", "insert"}:
            raise InvalidRows(str(self), f"{operation!r} is neither upsert nor insert")
        table = as_table(rows)
        schema = self.table.schema_for(table)
        made = fitted(str(self), schema, table, schema.names)
        return self._commit(made, operation)

    def delete(self, keys: Rows) -> Commit:
        """Take rows away by their keys (with the event time); history keeps them.

        Raises:
            InvalidRows: The columns are not the key.
            NoSuchEntry: The group has no rows yet.
        """
        self.table.at()
        schema = self.schema
        made = fitted(str(self), schema, as_table(keys), schema.row_key)
        return self._commit(made, "delete")

    def read(self) -> pd.DataFrame:
        """All rows, in the order of their keys.

        Raises:
            NoSuchEntry: There are none yet.
        """
        return self.select_all().read()

    def select(self, features: Sequence[str]) -> Query:
        """Some features, to join, filter and read.

        Raises:
            NoSuchEntry: One is not there.
        """
        self.table.check_features(features)
        return Query(Selection(self.table, tuple(features)))

    def select_all(self) -> Query:
        """All features."""
        return self.select(self.schema.names)

    def filter(self, condition: Condition) -> Query:
        """The rows for which a condition holds."""
        return self.select_all().filter(condition)

    def as_of(self, when: int | datetime) -> "FeatureGroup":
        """The group as it was: after a commit, or at a time.

        Raises:
            NoSuchEntry: There is no such commit, or was none at that time.
        """
        return FeatureGroup(self.table.as_of(when))

    def commits(self) -> tuple[Commit, ...]:
        """All of them, from the first."""
        return self.table.commits()

    @property
    def statistics(self) -> Mapping[str, FeatureStatistics]:
        """Of each feature, of all rows as of the commit; kept when asked first."""
        pinned = self.table.pin()
        path = numbered(self.folder / "statistics", pinned.at())
        if path.is_file():
            kept = read_json(path)
            return {name: statistics_from_json(one) for name, one in kept.items()}
        found = statistics_of(FeatureGroup(pinned).select_all().arrow())
        write_json(path, {name: one.as_json() for name, one in found.items()})
        return found

    def verify(self) -> None:
        """Compare the files of all commits with their hashes.

        Raises:
            CorruptFeatures: One is missing, or was changed.
        """
        self.table.verify()

    def _commit(self, rows: pa.Table, operation: str) -> Commit:
        def check() -> None:
            if operation == "insert" and self.commits():
                self._refuse_known(rows)

        return self.table.append(rows, operation, check)

    def _refuse_known(self, rows: pa.Table) -> None:
        keys = list(self.schema.row_key)
        both = rows.select(keys).join(
            self.select(keys).arrow(), keys, join_type="inner"
        )
        if len(both):
            some = both.slice(0, _SHOWN).to_pylist()
            reason = f"{len(both)} keys are there already: {some}; upsert replaces them"
            raise InvalidRows(str(self), reason)
