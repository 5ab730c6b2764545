"""Connections that outlive a query, with the statements that they have ready.

To plan a statement takes an engine longer than to look something up by it. What DuckDB
has prepared it executes without planning again, but a prepared statement is no longer
right when rows were added: what statistics ruled out is left out of it for good. So a
statement is kept for one generation of the store, and one with a join is not kept.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import count
from threading import Lock
from typing import Any, Final

import duckdb

from engines.duckdb.interrupts import interrupt, resume

_KEPT: Final = 64
"""Statements that a session has ready."""

_LONGEST: Final = 50_000
"""Characters of a statement that is worth to be kept."""

_TELLS_SCANS: Final = re.compile(r"\b(?:JOIN|EXISTS|LIMIT)\b|\bIN \(\s*SELECT\b")
"""What makes DuckDB narrow a scan while it runs, by what it found elsewhere.

In a prepared statement the narrowed scan outlives its execution, and the next one, by
several threads, reads it while it is changed (1.5.5): a crash, or rows too few.
"""

_IDLE: Final = 8
"""Sessions that wait for work."""


class Sessions:
    """The sessions of one store; safe to use from any thread.

    Attributes:
        generation: The latest generation of the store that a session was told of.
    """

    def __init__(self, cursor: Callable[[], duckdb.DuckDBPyConnection]) -> None:
        """Of a database, by cursors of it."""
        self.generation = -1
        self._cursor = cursor
        self._idle: list[Session] = []
        self._lock = Lock()
        self._is_closed = False

    def take(self) -> "Session":
        """A session that nobody else uses, until it is closed."""
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        return idle or Session(self, self._cursor())

    def give_back(self, session: "Session") -> bool:
        """Let others use a session; False where it is of no use any more."""
        with self._lock:
            is_kept = not self._is_closed and len(self._idle) < _IDLE
            if is_kept:
                self._idle.append(session)
        return is_kept

    def close(self) -> None:
        """Close the sessions; those in use are closed when they are given back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for session in idle:
            session.cursor.close()


class Session:
    """A cursor with statements that are ready.

    Attributes:
        cursor: The cursor.
    """

    def __init__(self, sessions: Sessions, cursor: duckdb.DuckDBPyConnection) -> None:
        """Of some sessions, which take it back."""
        self.cursor = cursor
        self._sessions = sessions
        self._ready: OrderedDict[str, str] = OrderedDict()
        self._generation = -1
        self._is_in_transaction = False
        self._numbers = count()

    def begin(self) -> None:
        """Begin a transaction, which ends with the use of the session."""
        self.cursor.begin()
        self._is_in_transaction = True

    def keep_to(self, generation: int) -> None:
        """Execute from here on what was prepared in this generation of the store."""
        self._sessions.generation = max(self._sessions.generation, generation)
        if generation != self._generation:
            while self._ready:
                self._forget_one()
            self._generation = generation

    def execute(self, sql: str, arguments: Sequence[int] = ()) -> Any:
        """Execute a query; what its cursor then returns are the rows.

        Args:
            sql: A query, with `$1`, `$2`, ... for arguments.
            arguments: Numbers.
        """
        if len(sql) > _LONGEST or _TELLS_SCANS.search(sql):
            return self.cursor.execute(sql, list(arguments))
        name = self._ready.get(sql)
        if name is None:
            name = self._prepare(sql)
        self._ready.move_to_end(sql)
        given = f"({', '.join(map(str, arguments))})" if arguments else ""
        return self.cursor.execute(f"EXECUTE {name}{given}")

    def _prepare(self, sql: str) -> str:
        if len(self._ready) >= _KEPT:
            self._forget_one()
        name = f"s{next(self._numbers)}"
        self.cursor.execute(f"PREPARE {name} AS {sql}")
        self._ready[sql] = name
        return name

    def _forget_one(self) -> None:
        _, name = self._ready.popitem(last=False)
        self.cursor.execute(f"DEALLOCATE PREPARE {name}")

    def interrupt(self) -> None:
        """Stop what is executed."""
        interrupt(self.cursor)

    def close(self) -> None:
        """End the transaction if there is one, and let others use the session."""
        resume(self.cursor)
        if self._is_in_transaction:
            self._is_in_transaction = False
            try:
                self.cursor.rollback()
            except duckdb.Error:
                # Whatever broke the transaction, the next one is not to inherit it.
                self.cursor.close()
                return
        if not self._sessions.give_back(self):
            self.cursor.close()
