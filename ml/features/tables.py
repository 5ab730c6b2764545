"""The files of a group: rows by key and time, in commits that are never changed.

    groups/NAME/VERSION/
      group.json              key, event time, description
      schema.json             the features; from the first rows where nobody said
      commits/00000001.json   time, operation, rows, file, SHA-256
      statistics/00000001.json  of all rows as of that commit
      data/....parquet        the rows of a commit

What a group holds as of a commit is the newest row of each key up to there.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from ml.features.conditions import as_utc
from ml.features.errors import NoSuchEntry
from ml.features.files import (
    check_sha256,
    claim_json,
    numbers,
    read_json,
    write_table,
)
from ml.features.schema import Schema, inferred, schema_of


@dataclass(frozen=True, slots=True)
class Commit:
    """One change of a group.

    Attributes:
        number: From 1.
        time: When, UTC; never before the one before.
        operation: `upsert`, `insert` or `delete`.
        rows: How many it brought, or took away.
        data: The file of its rows; of deletions their keys.
        sha256: Of that file.
    """

    number: int
    time: datetime
    operation: str
    rows: int
    data: str
    sha256: str

    @property
    def is_deletion(self) -> bool:
        """Whether its rows are those that went."""
        return self.operation == "delete"


@dataclass(frozen=True, slots=True, eq=False)
class GroupTable:
    """The rows of a group, as of a commit.

    Attributes:
        folder: Its files.
        name: Of the group.
        version: Of the group.
        primary_key: What tells things apart.
        event_time: When a row began to be so; None where rows have no time.
        description: What it is.
        pinned: The commit as of which it is read; None for the newest.
    """

    folder: Path
    name: str
    version: int
    primary_key: tuple[str, ...]
    event_time: str | None
    description: str
    pinned: int | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def key(self) -> tuple[str, int]:
        """Name and version."""
        return self.name, self.version

    @property
    def schema(self) -> Schema:
        """Its features.

        Raises:
            NoSuchEntry: Nobody said which, and there are no rows yet.
        """
        path = self.folder / "schema.json"
        if not path.is_file():
            raise NoSuchEntry(f"schema of {self}, which has no rows yet", ())
        return schema_of(read_json(path))

    def as_of(self, when: int | datetime) -> "GroupTable":
        """The rows as they were: after a commit, or at a time.

        Raises:
            NoSuchEntry: There is no such commit, or was none at that time.
        """
        known = self.commits()
        if isinstance(when, datetime):
            found = [one.number for one in known if one.time <= as_utc(when)]
        else:
            found = [one.number for one in known if one.number == when]
        if not found:
            told = [f"{one.number} ({one.time:%Y-%m-%d %H:%M:%S})" for one in known]
            raise NoSuchEntry(f"commit of {self} as of {when}", told)
        return replace(self, pinned=found[-1])

    def commits(self) -> tuple[Commit, ...]:
        """All of them, from the first."""
        folder = self.folder / "commits"
        documents = (read_json(numbered(folder, one)) for one in numbers(folder))
        return tuple(
            Commit(**{**one, "time": datetime.fromisoformat(one["time"])})
            for one in documents
        )

    def at(self) -> int:
        """The commit as of which it is read.

        Raises:
            NoSuchEntry: There is none yet.
        """
        if self.pinned is not None:
            return self.pinned
        if not (found := numbers(self.folder / "commits")):
            raise NoSuchEntry(f"commit of {self}", ())
        return found[-1]

    def pin(self) -> "GroupTable":
        """The rows as of the commit now, whatever comes later.

        Raises:
            NoSuchEntry: There is none yet.
        """
        return replace(self, pinned=self.at())

    def verify(self) -> None:
        """Compare the files of all commits with their hashes.

        Raises:
            CorruptFeatures: One is missing, or was changed.
        """
        for commit in self.commits():
            check_sha256(self.folder / "data" / commit.data, commit.sha256)

    def check_features(self, features: Iterable[str]) -> None:
        """Refuse names of features that are not there.

        Raises:
            NoSuchEntry: One is not there.
        """
        for name in features:
            if name not in self.schema.names:
                raise NoSuchEntry(f"feature {name!r} in {self}", self.schema.names)

    def schema_for(self, table: pa.Table) -> Schema:
        """The schema; that of these rows where there is none yet."""
        path = self.folder / "schema.json"
        if not path.is_file():
            found = inferred(table, self.primary_key, self.event_time)
            # Of two first inserts the schema of one counts for both.
            claim_json(path, found.as_json())
        return self.schema

    def append(
        self, table: pa.Table, operation: str, check: Callable[[], None]
    ) -> Commit:
        """Add a commit.

        Args:
            table: Its rows, in the types of the schema.
            operation: `upsert`, `insert` or `delete`.
            check: Asked before, and again after another process was faster.
        """
        name = f"{uuid.uuid4().hex}.parquet"
        check()
        sha256 = write_table(self.folder / "data" / name, table)
        while True:
            before = self.commits()
            now = max([datetime.now(UTC), *(one.time for one in before[-1:])])
            number = before[-1].number + 1 if before else 1
            made = Commit(number, now, operation, len(table), name, sha256)
            document = {**asdict(made), "time": now.isoformat()}
            if claim_json(numbered(self.folder / "commits", number), document):
                return made
            check()


def group_json(table: GroupTable) -> dict[str, Any]:
    """What `group.json` holds."""
    return {
        "primary_key": table.primary_key,
        "event_time": table.event_time,
        "description": table.description,
    }


def numbered(folder: Path, number: int) -> Path:
    """The document of a number."""
    return folder / f"{number:08d}.json"
