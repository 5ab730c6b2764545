"""A write: one at a time, in one transaction that is kept whole or undone whole."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from strabon_store.errors import StoreBusy, StoreUnavailable
from strabon_store.storage.database import Database


@contextmanager
def exclusive(database: Database, wait_s: float | None = None) -> Iterator[None]:
    """The time in which nobody else writes; readers go on.

    Args:
        database: The store.
        wait_s: How long to wait for the writer before; None: as long as it takes.

    Raises:
        StoreUnavailable: The store is open for reading only.
        StoreBusy: Another writer did not end in time.
    """
    if database.is_read_only:
        raise StoreUnavailable(
            f"the store {database.location} is open for reading only; nothing was "
            "changed: open it for writing"
        )
    if not database.write_lock.acquire(timeout=-1 if wait_s is None else wait_s):
        raise StoreBusy(wait_s)
    try:
        yield
    finally:
        database.write_lock.release()


@contextmanager
def write_transaction(
    database: Database, wait_s: float | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor whose work is kept at the end, or undone on any error.

    Args:
        database: The store.
        wait_s: How long to wait for another writer; None: as long as it takes.

    Raises:
        StoreUnavailable: The store is open for reading only.
        StoreBusy: Another writer did not end in time.
    """
    with (
        exclusive(database, wait_s),
        database.cursor() as cursor,
        transaction(database, cursor),
    ):
        yield cursor


@contextmanager
def transaction(
    database: Database, cursor: duckdb.DuckDBPyConnection
) -> Iterator[None]:
    """The time in which the work of a cursor is kept at the end, or undone on an error.

    Only for who has the store to itself: see `exclusive`.
    """
    cursor.begin()
    try:
        yield
        with database.commits.one():
            cursor.commit()
    except BaseException:
        _roll_back(cursor)
        raise


def _roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.rollback()
    except duckdb.TransactionException:
        # The engine ended the transaction itself when the statement or commit failed.
        return
