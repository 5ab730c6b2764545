"""Two lakes of a mapping -> the statements that one has and the other has not."""

from collections.abc import Iterator
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path
from typing import Final

import duckdb

from engines.duckdb import connect
from engines.duckdb.failures import wrap_error
from engines.duckdb.session import Spill
from engines.lake import KEY, LAYOUT, check_whole, statements_of
from engines.term_columns import StatementBatch

_MEMORY: Final = 512 << 20
_READ_ROWS: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class LakeDifference:
    """How a lake differs from an earlier one.

    Attributes:
        before: The earlier one; None where there is none.
        after: The later one.
        spill: A folder for what does not fit in memory.
    """

    before: Path | None
    after: Path
    spill: Path

    def added(self) -> Iterator[StatementBatch]:
        """The statements that only the later one has."""
        return self._only(self.after, self.before)

    def removed(self) -> Iterator[StatementBatch]:
        """The statements that only the earlier one has."""
        return iter(()) if self.before is None else self._only(self.before, self.after)

    def _only(self, here: Path, there: Path | None) -> Iterator[StatementBatch]:
        """What one has and the other has not, one predicate after the other.

        Raises:
            SourceUnreadable: One is no lake, or is not complete.
            EngineError: A file of it is broken.
        """
        check_whole(here)
        if there is not None:
            check_whole(there)
        with connect(memory_limit=_MEMORY, spill=Spill(self.spill)) as connection:
            for folder in sorted(here.glob(f"{KEY}=*")):
                other = None if there is None else there / folder.name
                if not _are_same(folder, other):
                    yield from _except(connection, folder, other)


def _are_same(here: Path, there: Path | None) -> bool:
    """Whether both have the same files, by their bytes."""
    files = sorted(one.name for one in here.glob("*.parquet"))
    if there is None or files != sorted(one.name for one in there.glob("*.parquet")):
        return False
    return all(cmp(here / name, there / name, shallow=False) for name in files)


def _except(
    connection: duckdb.DuckDBPyConnection, here: Path, there: Path | None
) -> Iterator[StatementBatch]:
    columns = ", ".join(LAYOUT.names)
    try:
        rows = connection.read_parquet(str(here / "*.parquet")).project(columns)
        if there is not None and there.is_dir():
            known = connection.read_parquet(str(there / "*.parquet")).project(columns)
            rows = rows.except_(known)
        for batch in rows.to_arrow_reader(_READ_ROWS):
            yield from statements_of(batch)
    except duckdb.Error as error:
        raise wrap_error(error) from error
