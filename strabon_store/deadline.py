"""A deadline over work that is many statements of an engine."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb

from strabon_store.errors import QueryTimeout

_AGAIN_S: Final = 0.02


class Deadline:
    """When work has to end: at a moment, or when somebody cancels it.

    Attributes:
        timeout_s: How long the work may take, None for as long as it likes.
    """

    def __init__(self, timeout_s: float | None = None) -> None:
        """Counted from now."""
        self.timeout_s = timeout_s
        self._end = None if timeout_s is None else time.monotonic() + timeout_s
        self._is_cancelled = False
        self._changed = threading.Event()

    @property
    def remaining_s(self) -> float | None:
        """How much time is left, None for any amount."""
        return None if self._end is None else max(self._end - time.monotonic(), 0.0)

    def cancel(self) -> None:
        """End the work now; it is undone."""
        self._is_cancelled = True
        self._changed.set()

    def check(self) -> None:
        """Go on if there is time.

        Raises:
            QueryTimeout: There is none, or somebody cancelled.
        """
        if self._is_cancelled:
            raise QueryTimeout(None)
        if self._end is not None and time.monotonic() >= self._end:
            raise QueryTimeout(self.timeout_s)

    @contextmanager
    def interrupting(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """A time in which the statements of a cursor are cut off when time is up.

        Raises:
            QueryTimeout: Time was up before the end.
        """
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(cursor, done), daemon=True)
        watch.start()
        try:
            yield
        except duckdb.InterruptException:
            self.check()
            raise
        finally:
            done.set()
            self._changed.set()
            watch.join()
        self.check()

    def _watch(self, cursor: duckdb.DuckDBPyConnection, done: threading.Event) -> None:
        if not self._is_cancelled:
            self._changed.wait(self.remaining_s)
        # An engine forgets an interrupt that comes between two statements.
        while not done.wait(_AGAIN_S):
            cursor.interrupt()
