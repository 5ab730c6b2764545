"""Stores that are nowhere but in memory, each for as long as one query needs it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Final

import duckdb

from engines.duckdb import connect
from engines.duckdb.failures import wrap_error
from strabon_store.storage.database import Database, create_tables, prepare_functions

_LOCATION: Final = Path("memory")
"""What stands for the directory in messages."""


class MemoryDatabases:
    """Databases of one engine in memory; nothing of them goes to disk."""

    def __init__(self, memory_limit: int | None = None) -> None:
        """An engine.

        Args:
            memory_limit: Bytes that all databases together may hold; 80 % of the
                machine's memory when None.
        """
        self._connection = connect(memory_limit=memory_limit)
        self._connection.execute("SET GLOBAL temp_directory = ''")
        prepare_functions(self._connection)
        self._numbers = count()
        self._lock = Lock()

    @contextmanager
    def one(self) -> Iterator[Database]:
        """A database with the tables of a store, which vanishes at the end.

        Raises:
            EngineError: The engine failed.
        """
        with self._lock:
            name = f"memory_{next(self._numbers)}"
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(f"ATTACH ':memory:' AS {name}")
                cursor.execute(f"USE {name}")
                create_tables(cursor)
        except duckdb.Error as error:
            raise wrap_error(error) from error
        try:
            own = self._connection.cursor()
            yield Database(_LOCATION, own, is_read_only=False, name=name)
        finally:
            # Where the engine is closed already, so is the database.
            with suppress(duckdb.Error), self._connection.cursor() as cursor:
                cursor.execute(f"DETACH {name}")

    def close(self) -> None:
        """Let go of the engine; harmless when called again."""
        self._connection.close()
