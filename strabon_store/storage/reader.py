"""The statements of a file, a block at a time, as places of their terms."""

import os
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from queue import SimpleQueue
from typing import IO, Any, Final, NamedTuple, TypeAlias, TypeVar

import duckdb
import numpy as np
import pyoxigraph as ox

from strabon_store.errors import InternalError, LoadError
from strabon_store.storage.described import Block, describe_block
from strabon_store.storage.lines import Lines, Statements, Text, cut_lines
from strabon_store.storage.rejects import Rejects
from strabon_store.storage.sources import Source, reason_of, refused
from strabon_store.storage.token_patterns import STRICT, WRITTEN, checked
from strabon_store.storage.valid_times import BadValidTime, as_quads

BLOCK_BYTES: Final = 1 << 24
"""How much text is cut at a time; bounds the memory of a load.

Blank nodes are numbered block by block: with other blocks, a file that is loaded again
would bring new ones.
"""

_SLACK: Final = 1 << 16
"""Bytes beyond a block that its memory has, for the line that goes on behind it."""


_BLOCK_QUADS: Final = 1 << 19
_PAGE: Final = 1 << 16
"""How many bytes are searched for a line feed at a time."""

_LONGEST: Final = 1 << 30
"""Bytes of the longest line that is read."""

_NO_STATEMENT: Final = re.compile(rb"[ \t\r\n]*(?:#.*)?\s*", re.DOTALL)
"""A line that is empty or a comment."""

_WORKERS: Final = min(4, os.cpu_count() or 1)
"""Threads that read blocks; each has one, and another one waits for it."""

_Memory: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

_T = TypeVar("_T")
_R = TypeVar("_R")


class _Misfit(NamedTuple):
    """A line that only pyoxigraph can judge."""

    number: int
    text: bytes


class _Bad(NamedTuple):
    """What is wrong with a line, and in which column."""

    column: int
    reason: str


class _Text(NamedTuple):
    """Lines of a file.

    Attributes:
        text: The lines.
        memory: Where they are; None: in memory of their own.
    """

    text: Text
    memory: _Memory | None = None


class _Part(NamedTuple):
    """Lines of a file, as they are handed out.

    Attributes:
        of: The lines.
        bytes_read: How many bytes of the file had been read with them.
    """

    of: _Text
    bytes_read: int


class _ReadPart(NamedTuple):
    """A part that was read.

    Attributes:
        read: What it says; or it, cut, if some lines are to be judged first.
        lines: How many lines it has.
        bytes_read: As it is of the part.
    """

    read: Block | Lines
    lines: int
    bytes_read: int


class Reader:
    """What a file says, in blocks.

    Attributes:
        source: The file.
        bytes_used: How many of its bytes are behind the blocks that were given out.
    """

    def __init__(
        self,
        source: Source,
        graph: str | None = None,
        rejects: Rejects | None = None,
    ) -> None:
        """Read `source`.

        Args:
            source: The file.
            graph: The IRI of the graph that triples go to; None: the default graph.
            rejects: Where bad statements go; None: they end the load.
        """
        self.source = source
        self.bytes_used = 0
        self._graph = None if graph is None else f"<{graph}>"
        self._rejects = rejects
        self._lines = 0
        self._spare: SimpleQueue[_Memory] = SimpleQueue()

    def blocks(
        self, connection: duckdb.DuckDBPyConnection, *, with_geometries: bool = False
    ) -> Iterator[Block]:
        """The statements, many at a time; the next ones are read meanwhile.

        Args:
            connection: To an engine, by cursors of which several threads read blocks;
                no table of it is read.
            with_geometries: See `describe_block`.

        Raises:
            LoadError: The file cannot be read, or a statement is bad.
        """

        def read(part: _Part) -> _ReadPart:
            with connection.cursor() as cursor:
                return self._read(cursor, part, with_geometries=with_geometries)

        try:
            with (
                self.source.open() as stream,
                connection.cursor() as cursor,
                closing(_ahead(self._parts(stream))) as parts,
                closing(_in_order(read, parts)) as found,
            ):
                for each in found:
                    self.bytes_used = each.bytes_read
                    block = each.read
                    if isinstance(block, Lines):
                        block = describe_block(cursor, self._judge(block))
                    self._lines += each.lines
                    yield block
        except SyntaxError as error:
            raise refused(self.source, error) from error

    def _parts(self, stream: IO[bytes]) -> Iterator[_Part]:
        for text in self._texts(stream):
            yield _Part(text, self.source.bytes_read)

    def _texts(self, stream: IO[bytes]) -> Iterator[_Text]:
        if self.source.is_lines:
            yield from _blocks(stream, self.source, self._spare)
        else:
            quads = self.source.parse(stream)
            while text := _serialize(islice(quads, _BLOCK_QUADS)):
                yield _Text(text)

    def _read(
        self, cursor: duckdb.DuckDBPyConnection, part: _Part, *, with_geometries: bool
    ) -> _ReadPart:
        """What a part says, if each of its lines is valid beyond doubt."""
        pattern = STRICT if self.source.is_lines else WRITTEN
        lines = checked(cursor, cut_lines(part.of.text), pattern)
        if not lines.fits.all():
            return _ReadPart(lines, len(lines.ends), part.bytes_read)
        statements = lines.statements.in_graph(self._graph)
        block = describe_block(cursor, statements, with_geometries=with_geometries)
        if part.of.memory is not None:
            # All that is in it has been copied.
            self._spare.put(part.of.memory)
        return _ReadPart(block, len(lines.ends), part.bytes_read)

    def _judge(self, lines: Lines) -> Statements:
        """What lines say, after pyoxigraph has judged those that do not fit."""
        numbers = np.flatnonzero(~lines.fits).tolist()
        if not self.source.is_lines:
            self._refuse_beyond([lines.line(number) for number in numbers])
        odd = [_Misfit(number, lines.line(number)) for number in numbers]
        rewritten = cut_lines(lines.spliced(self._rewrite(odd)))
        _require_all(rewritten)
        return rewritten.statements.in_graph(self._graph)

    def _rewrite(self, odd: Sequence[_Misfit]) -> list[tuple[int, bytes]]:
        """Odd lines as pyoxigraph writes them, without those that say nothing."""
        timed = self._timed(odd)
        odd = [line for line in odd if line.number not in timed]
        said = [line for line in odd if not _NO_STATEMENT.fullmatch(line.text)]
        try:
            written = _serialize(self._parse(b"".join(line.text for line in said)))
        except (SyntaxError, _BeyondRdf):
            written = b""
        texts = written.splitlines(keepends=True)
        if len(texts) != len(said):
            texts = list(map(self._judge_one, said))
        written_as = timed | {line.number: b"" for line in odd}
        written_as.update(zip((line.number for line in said), texts, strict=True))
        return list(written_as.items())

    def _timed(self, odd: Sequence[_Misfit]) -> dict[int, bytes]:
        """The lines with a valid time, as quads."""
        if self.source.format != ox.RdfFormat.N_QUADS:
            return {}
        found: dict[int, bytes] = {}
        for line in odd:
            try:
                quads = as_quads(line.text)
            except BadValidTime as error:
                self._set_aside(line, _Bad(error.column, str(error)))
                quads = b""
            if quads is not None:
                found[line.number] = quads
        return found

    def _judge_one(self, line: _Misfit) -> bytes:
        """A line as pyoxigraph writes it; nothing for a bad one, which is set aside."""
        try:
            return _serialize(self._parse(line.text.rstrip(b"\r\n")))
        except SyntaxError as error:
            self._set_aside(line, _Bad(error.offset or 1, reason_of(error)))
        except _BeyondRdf as error:
            self._set_aside(line, _Bad(1, str(error)))
        return b""

    def _parse(self, text: bytes) -> Iterator[ox.Quad]:
        return map(_within_rdf, ox.parse(text, self.source.format))

    def _set_aside(self, line: _Misfit, bad: _Bad) -> None:
        place = f"{self.source.name}:{self._lines + line.number + 1}:{bad.column}"
        what = f"{place}: not {self.source.format.name}: {bad.reason}"
        if self._rejects is None:
            raise LoadError(f"{what}; nothing was loaded")
        self._rejects.add_line(what, line.text)

    def _refuse_beyond(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            try:
                for quad in ox.parse(line, ox.RdfFormat.N_QUADS):
                    _within_rdf(quad)
            except _BeyondRdf as error:
                raise LoadError(
                    f"{self.source.name}: {error}; nothing was loaded"
                ) from error
            raise InternalError(f"pyoxigraph wrote a line that is not cut: {line!r}")


class _BeyondRdf(Exception):
    """A term is none of RDF 1.1."""

    def __init__(self, term: object, problem: str) -> None:
        super().__init__(
            f"{term} {problem}; RDF 1.1 has none, and the store holds no other"
        )


def _within_rdf(quad: ox.Quad) -> ox.Quad:
    subject, _, value, _ = quad
    for term in (subject, value):
        if isinstance(term, ox.Triple):
            raise _BeyondRdf(term, "is a quoted triple")
    if isinstance(value, ox.Literal) and value.direction is not None:
        raise _BeyondRdf(value, "has a text direction")
    return quad


def problem_of(source: Source) -> str | None:
    """What is wrong with a file, read from end to end; None when nothing is.

    For formats in which a parser cannot go on behind an error.
    """
    try:
        with source.quads() as quads:
            for quad in quads:
                _within_rdf(quad)
    except (LoadError, _BeyondRdf) as error:
        return str(error)
    return None


def _serialize(quads: Iterator[ox.Quad]) -> bytes:
    return ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""


def _blocks(
    stream: IO[bytes], source: Source, spare: SimpleQueue[_Memory]
) -> Iterator[_Text]:
    """Whole lines; the last one ends in a line feed though the file does not."""
    rest: Text = b""
    while True:
        size = len(rest) + BLOCK_BYTES
        memory = _memory(spare, size)
        block = memory[:size]
        block[: len(rest)] = np.frombuffer(rest, np.uint8)
        filled = len(rest) + _fill(stream, block[len(rest) :].data)
        if filled == len(rest):
            break
        end = _behind_last_feed(block[:filled])
        if end:
            yield _Text(block[:end].data, memory)
        # A copy: the block may be filled anew before the next one is.
        rest = block[end:filled].tobytes()
        if len(rest) > _LONGEST:
            raise LoadError(
                f"{source.name}: a line is longer than {_LONGEST >> 20} MiB; nothing "
                "was loaded"
            )
    if rest:
        yield _Text(bytes(rest) + b"\n")


def _memory(spare: SimpleQueue[_Memory], size: int) -> _Memory:
    """Memory for so many bytes, that of a block that was read if there is any.

    Its pages are there already: to be given new ones takes longer than to read a file.
    """
    while not spare.empty():
        found = spare.get()
        if len(found) >= size:
            return found
    # Memory of numpy's has large pages, which are touched faster than small ones.
    return np.empty(size + _SLACK, np.uint8)


def _fill(stream: IO[bytes], block: memoryview) -> int:
    """Read until a block is full, or the file ends; how many bytes were read."""
    filled = 0
    while filled < len(block):
        count: int = stream.readinto(block[filled:])  # type: ignore[attr-defined]
        if not count:
            break
        filled += count
    return filled


def _behind_last_feed(block: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    """How many bytes are lines with their line feeds."""
    end = len(block)
    while end:
        start = max(0, end - _PAGE)
        feeds = np.flatnonzero(block[start:end] == ord("\n"))
        if len(feeds):
            return start + int(feeds[-1]) + 1
        end = start
    return 0


def _require_all(lines: Lines) -> None:
    """That no line is left that does not fit.

    Raises:
        InternalError: There is one.
    """
    for number in np.flatnonzero(~lines.fits).tolist():
        line = lines.line(number)
        raise InternalError(f"pyoxigraph wrote a line that is not cut: {line!r}")


def _ahead(items: Iterable[_T]) -> Generator[_T]:
    """The same items, each made in another thread while the one before is used."""
    iterator = iter(items)

    def some() -> list[_T]:
        return list(islice(iterator, 1))

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(some)
        while found := coming.result():
            coming = pool.submit(some)
            yield found[0]


def _in_order(function: Callable[[_T], _R], items: Iterable[_T]) -> Generator[_R]:
    """What a function gives for items, in their order, by several threads."""
    with ThreadPoolExecutor(_WORKERS) as pool:
        coming: deque[Future[_R]] = deque()
        try:
            for each in _submitted(pool, function, items):
                coming.append(each)
                if len(coming) > 2 * _WORKERS:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _submitted(
    pool: ThreadPoolExecutor, function: Callable[[_T], _R], items: Iterable[_T]
) -> Iterator[Future[_R]]:
    """What is to come of items; an error behind them comes after what they give."""
    try:
        for item in items:
            yield pool.submit(function, item)
    except Exception as error:  # noqa: BLE001 - raised when its turn comes
        failed: Future[_R] = Future()
        failed.set_exception(error)
        yield failed
