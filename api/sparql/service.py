"""Queries side by side, within limits, and no cut-off answer that looks complete.

An answer's first bytes are made before anybody sees it, so what is wrong with a query
is known before a status is sent. What goes wrong later is raised while the answer is
read; the connection is then aborted, and the client sees an answer without an end.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from api.errors import Overloaded
from api.sparql.formats import Document, Wanted
from api.sparql.protocol import QueryRequest
from federation.sources import Source
from strabon_store.errors import (
    QueryCutOff,
    QueryIdTaken,
    QueryTimeout,
    ResultTooLarge,
)
from strabon_store.results.graphs import Result

_T = TypeVar("_T")

_CHUNK_BYTES: Final = 65_536

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """What one query may use.

    Attributes:
        timeout_s: Seconds until its answer is read; a request may ask for less.
        max_rows: Rows of its answer, or None.
        max_bytes: Bytes of its answer.
    """

    timeout_s: float
    max_rows: int | None = None
    max_bytes: int = 1 << 40

    def timeout_of(self, request: QueryRequest) -> float:
        """How long a query may take: what it asks for, up to the limit."""
        return min(request.timeout_s or self.timeout_s, self.timeout_s)


@dataclass(slots=True)
class _Run:
    """One query on its way; used by one thread at a time."""

    source: Source
    request: QueryRequest
    wanted: Wanted
    query_id: str
    limits: ServiceLimits
    timeout_s: float = field(init=False)
    deadline: float = field(init=False)
    document: Document | None = field(init=False, default=None)
    result: Result | None = field(init=False, default=None)
    lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    length: int = field(init=False, default=0)
    is_done: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.timeout_s = self.limits.timeout_of(self.request)
        self.deadline = time.monotonic() + self.timeout_s

    def pull(self) -> bytes:
        """The next bytes of the answer; none at its end.

        Raises:
            PytheasError: There is no complete answer.
        """
        with self.lock:
            if self.document is None:
                self.result = self._query()
                self.document = self.wanted.document(self.result)
            return b"".join(self._next_pieces(self.document.pieces))

    def _query(self) -> Result:
        try:
            return self.source.query(
                self.request.text,
                self.timeout_s,
                base=self.request.base,
                dataset=self.request.dataset,
                query_id=self.query_id,
                max_rows=self.limits.max_rows,
            )
        except QueryIdTaken:
            # The query with this id is somebody else's, and not to be stopped.
            self.is_done = True
            raise

    def _next_pieces(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        length = 0
        for piece in pieces:
            if time.monotonic() > self.deadline:
                raise QueryTimeout(self.timeout_s)
            self.length += len(piece)
            if self.length > self.limits.max_bytes:
                raise ResultTooLarge(f"{self.limits.max_bytes} bytes")
            yield piece
            length += len(piece)
            if length >= _CHUNK_BYTES:
                return

    def close(self) -> None:
        """Stop the query, and free what it holds when the thread that pulls is done."""
        if not self.is_done:
            self.source.cancel(self.query_id)
        with self.lock:
            if self.result is not None and not isinstance(self.result, bool):
                self.result.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of an answer; the first are there, the others are made when read.

    Attributes:
        media_type: Of what format they are.
        first: The first bytes.
        rest: The others; whoever holds an answer closes it.
    """

    media_type: str
    first: bytes
    rest: AsyncGenerator[bytes]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """All bytes, in order."""
        yield self.first
        async for chunk in self.rest:
            yield chunk

    async def aclose(self) -> None:
        """Stop the query, when it still runs, and give its place to the next one."""
        await self.rest.aclose()


class SparqlService:
    """Answers queries from one source, a bounded number of them at once.

    Attributes:
        source: Who knows the answers.
        limits: What one query may use.
    """

    def __init__(
        self,
        source: Source,
        limits: ServiceLimits,
        *,
        places: int,
        queue_timeout_s: float,
    ) -> None:
        self.source = source
        self.limits = limits
        self._places = places
        self._queue_timeout_s = queue_timeout_s
        self._free = asyncio.Semaphore(places)
        # Twice the places: closing an answer waits for the thread that makes it.
        self._threads = ThreadPoolExecutor(2 * places, thread_name_prefix="query")

    async def answer(
        self, request: QueryRequest, wanted: Wanted, query_id: str
    ) -> Answer:
        """The answer to a query, begun.

        Raises:
            NotAcceptable: The answer has no format that the client wants.
            Overloaded: No place for another query became free in time.
            PytheasError: The query is wrong, or took too long.
        """
        await self._take_place()
        run = _Run(self.source, request, wanted, query_id, self.limits)
        stream = self._stream(run)
        # A graph without triples is an answer without bytes.
        first = await anext(stream, b"")
        media_type = "" if run.document is None else run.document.media_type
        return Answer(media_type, first, stream)

    async def check(self) -> None:
        """Ask the source the smallest of all queries.

        Raises:
            PytheasError: It does not answer.
        """
        await self.ask("ASK {}")

    async def ask(self, text: str) -> bool:
        """The answer to an ASK query that takes little.

        Raises:
            PytheasError: There is none.
        """
        loop = asyncio.get_running_loop()
        timeout_s = self.limits.timeout_s
        answer = await loop.run_in_executor(None, self.source.query, text, timeout_s)
        return answer is True

    async def alongside(self, work: Callable[[], _T]) -> _T:
        """The result of work that takes one of the places for queries.

        Raises:
            Overloaded: No place became free in time.
            PytheasError: The work failed.
        """
        await self._take_place()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work)
        finally:
            self._free.release()

    def close(self) -> None:
        """Wait for the queries that run, and take no more."""
        self._threads.shutdown()

    async def _take_place(self) -> None:
        try:
            async with asyncio.timeout(self._queue_timeout_s):
                await self._free.acquire()
        except TimeoutError as error:
            raise Overloaded(self._places, self._queue_timeout_s) from error

    async def _stream(self, run: _Run) -> AsyncGenerator[bytes]:
        loop = asyncio.get_running_loop()
        count = 0
        try:
            while chunk := await loop.run_in_executor(self._threads, run.pull):
                count += len(chunk)
                yield chunk
            run.is_done = True
            _log.info("query %s answered with %d bytes", run.query_id, count)
        except QueryCutOff as error:
            _log.warning("%s (%s, after %d bytes)", error, run.query_id, count)
            raise
        finally:
            # No await here: a client that goes away cancels this very task.
            closing = self._threads.submit(run.close)
            closing.add_done_callback(
                lambda _: loop.call_soon_threadsafe(self._free.release)
            )
