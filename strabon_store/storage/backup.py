"""Backups: a consistent copy of a store is a store, made while others read and write.

A backup is whole or absent; so is what is restored from it.
"""

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from engines.duckdb import DATABASE, LAYOUT
from engines.whole_files import whole_directory, whole_file
from ontologies.progress import Progress, silent
from strabon_store.backends.sql import Sql, Template, identifier, literal
from strabon_store.errors import BackupFailed, StoreInUse, StoreUnavailable
from strabon_store.relational.layout import QUADS
from strabon_store.storage.compact import count_rows
from strabon_store.storage.database import FILE_NAME, Database, open_database
from strabon_store.storage.verify import verify

_OPTIONS: Final = f"(READ_WRITE, {LAYOUT})"
"""A read-only store can have a copy that is not."""

_COPY: Final = Template("INSERT INTO :a.main.:b SELECT * FROM :b")


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup, or a restore, wrote.

    Attributes:
        location: The directory of the copy.
        triples: How many statements are in it.
        size: Its bytes.
        seconds: How long it took.
    """

    location: Path
    triples: int
    size: int
    seconds: float

    def __str__(self) -> str:
        """A line for people."""
        return (
            f"{self.location}: {self.triples:,} triples, {self.size:,} bytes, in "
            f"{self.seconds:.1f} s"
        )


def backup(
    database: Database, target: Path, progress: Progress = silent
) -> BackupReport:
    """Copy the store as it is now into a directory that is not there yet.

    Readers and the writer go on meanwhile; what they change is not in the copy. The
    copy holds no free blocks: it may be smaller than the store.

    Raises:
        BackupFailed: `target` is there already, or cannot be written; nothing is left.
    """
    started = time.perf_counter()
    _require_absent(target)
    try:
        with whole_directory(target) as place:
            triples = _copy_tables(database, place / FILE_NAME, progress)
    except (OSError, duckdb.Error) as error:
        raise BackupFailed(
            f"cannot make the backup {target}: {_reason(error)}; nothing was written"
        ) from error
    return _report(target, triples, started)


def restore(
    source: Path, location: Path, *, replace: bool = False, progress: Progress = silent
) -> BackupReport:
    """Make the store at `location` from a backup, after verifying that.

    Args:
        source: The directory of the backup.
        location: The directory of the store.
        replace: Take the place of the store that is there; it must not be in use.
        progress: Told the fraction of the checks that are done.

    Raises:
        StoreUnavailable: The backup is absent or damaged, or the old store is in use.
        BackupFailed: The backup contradicts itself, there is a store already, or it
            cannot be written; the old store is as it was.
    """
    started = time.perf_counter()
    triples = _require_sound(source, progress)
    if (location / FILE_NAME).exists():
        if not replace:
            raise BackupFailed(
                f"there is a store at {location}; restore to another place, or with "
                "--replace"
            )
        with _held(location):
            _copy_file(source, location)
    else:
        _copy_file(source, location)
    return _report(location, triples, started)


def _copy_tables(database: Database, path: Path, progress: Progress) -> int:
    # Two backups may be made at a time, and the engine's names are everybody's.
    copy = identifier(f"copy_{secrets.token_hex(8)}")
    with database.cursor() as cursor:
        cursor.execute(f"ATTACH {literal(str(path))} AS {copy} {_OPTIONS}")
        try:
            triples = _copy_attached(cursor, copy, progress)
            cursor.execute(f"CHECKPOINT {copy}")
        finally:
            cursor.execute(f"DETACH {copy}")
    return triples


def _copy_attached(
    cursor: duckdb.DuckDBPyConnection, copy: Sql, progress: Progress
) -> int:
    """Copy table by table, all of them as one transaction sees them."""
    cursor.begin()
    try:
        cursor.execute(f"COPY FROM DATABASE {DATABASE} TO {copy} (SCHEMA)")
        tables = _tables(cursor)
        total = sum(tables.values()) or 1
        done = 0
        for table, rows in tables.items():
            cursor.execute(_COPY.filled([copy, identifier(table)]))
            done += rows
            progress("backup", done / total)
        triples = count_rows(cursor, QUADS)
        cursor.commit()
    except BaseException:
        cursor.rollback()
        raise
    return triples


def _tables(cursor: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The tables of the store, with about how many rows each has."""
    rows = cursor.execute(
        "SELECT table_name, estimated_size FROM duckdb_tables() "
        "WHERE database_name = current_database() AND NOT temporary ORDER BY table_name"
    ).fetchall()
    return dict(rows)


def _require_absent(target: Path) -> None:
    is_empty = target.is_dir() and not any(target.iterdir())
    if target.exists() and not is_empty:
        raise BackupFailed(
            f"{target} is there already; name a directory that is not, so that no "
            "older backup is lost"
        )


def _require_sound(source: Path, progress: Progress) -> int:
    database = open_database(source, read_only=True)
    try:
        found = verify(database, progress)
        triples = count_rows(database.connection, QUADS)
    finally:
        database.close()
    if not found.is_sound:
        raise BackupFailed(
            f"the backup {source} contradicts itself: {found.problems[0]}; restore "
            "another one"
        )
    return triples


@contextmanager
def _held(location: Path) -> Iterator[None]:
    """Keep everybody else from the store while its file is replaced.

    Whoever opens a store writes what its log holds into its file: no log is left that
    a restored file would be given.
    """
    try:
        database = open_database(location)
    except StoreInUse:
        raise
    except StoreUnavailable:
        # Damaged: that is what a backup is for.
        (location / f"{FILE_NAME}.wal").unlink(missing_ok=True)
        yield
        return
    try:
        database.connection.execute("CHECKPOINT")
        yield
    finally:
        database.close()


def _copy_file(source: Path, location: Path) -> None:
    try:
        location.mkdir(parents=True, exist_ok=True)
        with (
            (source / FILE_NAME).open("rb") as original,
            whole_file(location / FILE_NAME) as copy,
        ):
            shutil.copyfileobj(original, copy, 1 << 20)
    except OSError as error:
        raise BackupFailed(
            f"cannot restore to {location}: {_reason(error)}; nothing was changed"
        ) from error


def _report(location: Path, triples: int, started: float) -> BackupReport:
    size = (location / FILE_NAME).stat().st_size
    return BackupReport(location, triples, size, time.perf_counter() - started)


def _reason(error: Exception) -> str:
    system = error.strerror if isinstance(error, OSError) else None
    return system or str(error).splitlines()[0]
