"""The queries that run: each has an id, a deadline, limits, and a way to stop it.

A query that is stopped, for whatever reason, ends in an error; nobody gets its rows as
if they were all. The engine is interrupted until it lets go, because an interrupt that
comes between two of its steps is lost.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar
from weakref import WeakValueDictionary

import duckdb

from engines.duckdb.failures import wrap_error
from engines.duckdb.interrupts import interrupt, resume
from engines.errors import Interrupted, MemoryExceeded
from strabon_store.errors import (
    InternalError,
    QueryCancelled,
    QueryIdTaken,
    QueryMemoryExceeded,
    QueryTimeout,
    ResultTooLarge,
    StoreError,
)

_T = TypeVar("_T")

_BATCH_ROWS: Final = 8192

_RETRY_S: Final = 0.02
"""Between two interrupts of a query that does not stop."""


class Cursor(Protocol):
    """What executes a query."""

    def execute(self, sql: str) -> Any:
        """Execute a statement; returns what has its rows."""
        ...

    def interrupt(self) -> None:
        """Stop what is executed."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class QueryState(StrEnum):
    """How far a query is."""

    COMPILING = "compiling"
    EXECUTING = "executing"
    READING = "reading"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class RunningQuery:
    """A query that runs, as it was when somebody asked.

    Attributes:
        id: Its id.
        text: The query.
        started: When it began.
        state: How far it is; READING means that rows are coming out.
        rows: How many rows came out so far.
        timeout_s: How long it may take in all, or None.
    """

    id: str
    text: str
    started: datetime
    state: QueryState
    rows: int
    timeout_s: float | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may use.

    Attributes:
        timeout_s: Seconds until its last row is read.
        max_rows: Rows that its answer may have.
    """

    timeout_s: float | None = None
    max_rows: int | None = None


def until_deadline(timeout_s: float | None) -> Callable[[], None]:
    """What raises a `QueryTimeout` when it is called after so many seconds."""
    end = None if timeout_s is None else time.monotonic() + timeout_s

    def tick() -> None:
        if end is not None and time.monotonic() > end:
            raise QueryTimeout(timeout_s)

    return tick


class RunningQueries:
    """The queries of one store; safe to use from any thread."""

    def __init__(self) -> None:
        # Weak: an answer that nobody holds any more is no running query.
        self._runs: WeakValueDictionary[str, Run] = WeakValueDictionary()
        self._lock = threading.Lock()

    def begin(self, text: str, limits: Limits, query_id: str | None = None) -> "Run":
        """A query that starts now.

        Args:
            text: The query.
            limits: What it may use; its clock starts here.
            query_id: The id it is to have; made up when None.

        Raises:
            QueryIdTaken: Another query with this id is running.
        """
        run = Run(query_id or secrets.token_hex(8), text, limits, self._end)
        with self._lock:
            if run.id in self._runs:
                raise QueryIdTaken(run.id)
            self._runs[run.id] = run
        run.start_clock()
        return run

    def running(self) -> tuple[RunningQuery, ...]:
        """What runs now, the oldest first."""
        with self._lock:
            runs = list(self._runs.values())
        return tuple(sorted((r.describe() for r in runs), key=lambda q: q.started))

    def cancel(self, query_id: str) -> bool:
        """Stop a query; whether there was one with this id.

        Whoever reads its answer gets a `QueryCancelled`.
        """
        with self._lock:
            run = self._runs.get(query_id)
        if run is None:
            return False
        run.stop(QueryCancelled(query_id))
        return True

    def close(self) -> None:
        """Close them all; who reads the answer of one gets a `QueryCancelled`."""
        with self._lock:
            runs = list(self._runs.values())
        for run in runs:
            run.close()

    def _end(self, run: "Run") -> None:
        with self._lock:
            if self._runs.get(run.id) is run:
                del self._runs[run.id]


class Run:
    """One query on its way, from its text to its last row.

    Attributes:
        id: Its id.
    """

    def __init__(
        self, query_id: str, text: str, limits: Limits, end: Callable[["Run"], None]
    ) -> None:
        self.id = query_id
        self._text = text
        self._limits = limits
        self._end = end
        self._started = datetime.now(UTC)
        self._state = QueryState.COMPILING
        self._rows = 0
        self._reason: StoreError | None = None
        self._cursor: Cursor | None = None
        # Here alone: as long as somebody holds it, a traceback for one, the database
        # is not closed, and who opens it again waits.
        self._reader: Any = None
        self._timer: threading.Timer | None = None
        self._is_closed = False
        # Held while the engine works; whoever holds it may close the cursor.
        self._working = threading.Lock()
        self._changing = threading.Lock()

    def start_clock(self) -> None:
        """Let the deadline come; done once, by who makes the run."""
        timeout_s = self._limits.timeout_s
        if timeout_s is not None:
            self._timer = threading.Timer(
                timeout_s, self.stop, [QueryTimeout(timeout_s)]
            )
            self._timer.daemon = True
            self._timer.start()

    def describe(self) -> RunningQuery:
        """The query as it is now."""
        state = QueryState.STOPPING if self._reason is not None else self._state
        timeout_s = self._limits.timeout_s
        return RunningQuery(
            self.id, self._text, self._started, state, self._rows, timeout_s
        )

    def use(self, cursor: Cursor) -> None:
        """Execute by a cursor, which is closed with the run.

        Raises:
            StoreError: The query was stopped before.
        """
        self._cursor = cursor
        self._state = QueryState.EXECUTING
        if self._is_closed:
            self._release()
        self.check()

    @contextmanager
    def lend(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """A time in which somebody works by a cursor of theirs, and can be stopped.

        The engine is interrupted when the query is stopped; what is done after this
        time, such as to commit, no longer is.

        Raises:
            StoreError: The query was stopped, or needs too much memory.
            EngineError: The engine failed.
        """
        with self._working:
            with self._changing:
                self._cursor = cursor
            self._state = QueryState.EXECUTING
            try:
                self.check()
                yield
                self.check()
            except duckdb.Error as error:
                raise self._failure(error) from error
            finally:
                with self._changing:
                    self._cursor = None
                resume(cursor)

    @property
    def cursor(self) -> Cursor:
        """The cursor in use."""
        if self._cursor is None:
            self.check()
            raise InternalError("a query is executed without a cursor")
        return self._cursor

    def check(self) -> None:
        """Go on, unless the query was stopped or closed.

        Raises:
            StoreError: Why it was.
        """
        if self._reason is not None:
            raise self._reason
        if self._is_closed:
            raise QueryCancelled(self.id)

    def guarded(self, work: Callable[[], _T]) -> _T:
        """The result of some work of the engine, its exceptions made ours.

        Raises:
            StoreError: The query was stopped, or needs too much memory.
            EngineError: The engine failed.
        """
        try:
            with self._working:
                self.check()
                result = work()
        except (duckdb.Error, OSError) as error:
            self.close()
            raise self._failure(error) from error
        except BaseException:
            self.close()
            raise
        if self._is_closed:
            self._release()
        self.check()
        return result

    def _failure(self, error: Exception) -> Exception:
        if self._reason is not None:
            return self._reason
        match wrap_error(error):
            case Interrupted():
                return QueryCancelled(self.id)
            case MemoryExceeded(reason=reason):
                return QueryMemoryExceeded(reason)
            case wrapped:
                return wrapped

    def execute(self, sql: str, is_current: Callable[[], bool] = lambda: True) -> bool:
        """Begin to execute a statement, whose rows are `batches`.

        Args:
            sql: The statement.
            is_current: Whether nothing was committed since it was planned.

        Returns:
            Whether it reads what it was planned for; if not, there are no batches, and
            another statement can be executed.

        Raises:
            StoreError: The query was stopped, or needs too much memory.
            EngineError: The engine failed.
        """
        return self.guarded(lambda: self._open_reader(sql, is_current))

    def _open_reader(self, sql: str, is_current: Callable[[], bool]) -> bool:
        try:
            reader = self.cursor.execute(sql).to_arrow_reader(_BATCH_ROWS)
        except duckdb.Error:
            # A table that it names may have gone.
            if is_current():
                raise
            return False
        # The engine reads what was committed when the statement began.
        if not is_current():
            reader.close()
            return False
        self._reader = reader
        return True

    def batches(self) -> Iterator[Any]:
        """The record batches that the statement returns, until there are none.

        Raises:
            ResultTooLarge: There are more rows than there may be.
            StoreError: The query was stopped, or needs too much memory.
            EngineError: The engine failed.
        """
        self._state = QueryState.READING
        limit = self._limits.max_rows
        while (batch := self.guarded(lambda: next(self._reader, None))) is not None:
            self._rows += batch.num_rows
            if limit is not None and self._rows > limit:
                self.close()
                raise ResultTooLarge(f"{limit} rows")
            yield batch

    def stop(self, reason: StoreError) -> None:
        """Stop the query; who reads its answer gets the reason, the first one given."""
        with self._changing:
            if self._is_closed or self._reason is not None:
                return
            self._reason = reason
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        """Interrupt the engine until it rests, then let go of what it holds."""
        while not self._working.acquire(timeout=_RETRY_S):
            self._interrupt_once()
        self._working.release()
        self.close()

    def _interrupt_once(self) -> None:
        with self._changing:
            if self._cursor is not None:
                interrupt(self._cursor)

    def close(self) -> None:
        """Stop the clock and the engine; harmless when called again."""
        with self._changing:
            was_closed, self._is_closed = self._is_closed, True
        if was_closed:
            # Who closes it first may not have come so far as to say that it ended.
            self._end(self)
            return
        if self._timer is not None:
            self._timer.cancel()
        self._interrupt_once()
        self._release()
        self._end(self)

    def _release(self) -> None:
        """Close the cursor, unless the engine works: then who waits for it does."""
        if self._working.acquire(blocking=False):
            try:
                with self._changing:
                    cursor, self._cursor = self._cursor, None
                reader, self._reader = self._reader, None
                if reader is not None:
                    reader.close()
                if cursor is not None:
                    resume(cursor)
                    cursor.close()
            finally:
                self._working.release()
