"""The statements of a file, a block at a time, as lines of N-Quads that are split."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyoxigraph as ox

from strabon_store.errors import InternalError, LoadError
from strabon_store.storage.lines import (
    STRICT,
    WRITTEN,
    create_split,
    cut_lines,
    misfits,
    split_lines,
)
from strabon_store.storage.rejects import Rejects
from strabon_store.storage.sources import Source, reason_of, refused

BLOCK_BYTES: Final = 1 << 26
"""How much text is split at a time; bounds the memory of a load."""

_BLOCK_QUADS: Final = 1 << 19
_LONGEST: Final = 1 << 30
"""Bytes of the longest line that is read."""


class _Misfit(NamedTuple):
    """A line that only pyoxigraph can judge."""

    number: int
    text: bytes


class _Bad(NamedTuple):
    """What is wrong with a line, and in which column."""

    column: int
    reason: str


class Reader:
    """What a file says, in blocks.

    Attributes:
        source: The file.
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
        self._graph = None if graph is None else f"<{graph}>"
        self._rejects = rejects
        self._lines = 0

    def blocks(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[int]:
        """Fill the table `split`, again and again; how many statements are in it.

        Raises:
            LoadError: The file cannot be read, or a statement is bad.
        """
        try:
            with self.source.open() as stream:
                if self.source.is_lines:
                    for block in _blocks(stream, self.source):
                        yield self._split(cursor, block)
                else:
                    quads = self.source.parse(stream)
                    while block := _serialize(islice(quads, _BLOCK_QUADS)):
                        yield self._split_written(cursor, block)
        except SyntaxError as error:
            raise refused(self.source, error) from error

    def _split_written(self, cursor: duckdb.DuckDBPyConnection, block: bytes) -> int:
        create_split(cursor)
        lines = cut_lines(block)
        numbers = np.arange(self._lines, self._lines + len(lines))
        self._lines += len(lines)
        split_lines(cursor, lines, numbers, WRITTEN, self._graph)
        self._refuse_beyond(misfits(cursor))
        return len(lines)

    def _split(self, cursor: duckdb.DuckDBPyConnection, block: bytes) -> int:
        create_split(cursor)
        unreadable: list[_Misfit] = []
        try:
            lines = cut_lines(block)
            numbers = np.arange(self._lines, self._lines + len(lines))
            self._lines += len(lines)
        except pa.ArrowInvalid:
            lines, numbers, unreadable = self._cut_unreadable(block)
        split_lines(cursor, lines, numbers, STRICT, self._graph)
        odd = [_Misfit(n, text.encode()) for n, text in misfits(cursor)]
        count = len(lines) - len(odd)
        if odd or unreadable:
            cursor.execute("DELETE FROM split WHERE NOT fits")
            count += self._add_odd(cursor, sorted(odd + unreadable))
        return count

    def _cut_unreadable(
        self, block: bytes
    ) -> tuple[pa.Array, "np.ndarray[tuple[int], np.dtype[np.int64]]", list[_Misfit]]:
        """As `cut_lines`, the lines that are no UTF-8 apart."""
        good: list[str] = []
        numbers: list[int] = []
        bad: list[_Misfit] = []
        for number, line in enumerate(block.split(b"\n")[:-1], self._lines):
            try:
                good.append(line.decode() + "\n")
                numbers.append(number)
            except UnicodeDecodeError:
                bad.append(_Misfit(number, line))
        self._lines += len(good) + len(bad)
        return pa.array(good, pa.large_string()), np.array(numbers, np.int64), bad

    def _add_odd(
        self, cursor: duckdb.DuckDBPyConnection, odd: Sequence[_Misfit]
    ) -> int:
        """Put what pyoxigraph makes of odd lines into the table `split`; how many."""
        try:
            quads = self._parse(b"".join(line.text for line in odd))
            written = _serialize(quads)
            numbers = [line.number for line in odd]
        except (SyntaxError, _BeyondRdf):
            written, numbers = self._judge_each(odd)
        lines = cut_lines(written)
        if len(numbers) != len(lines):
            # Comments are among them: from here on, their order is all that counts.
            numbers = list(range(odd[0].number, odd[0].number + len(lines)))
        places = np.array(numbers, np.int64)
        split_lines(cursor, lines, places, WRITTEN, self._graph)
        return len(lines)

    def _judge_each(self, odd: Sequence[_Misfit]) -> tuple[bytes, list[int]]:
        """The good ones among lines, and their numbers; the bad ones are set aside."""
        written, numbers = b"", []
        for line in odd:
            try:
                one = _serialize(self._parse(line.text.rstrip(b"\r\n")))
            except SyntaxError as error:
                self._set_aside(line, _Bad(error.offset or 1, reason_of(error)))
            except _BeyondRdf as error:
                self._set_aside(line, _Bad(1, str(error)))
            else:
                written += one
                numbers += [line.number] * one.count(b"\n")
        return written, numbers

    def _parse(self, text: bytes) -> Iterator[ox.Quad]:
        return map(_within_rdf, ox.parse(text, self.source.format))

    def _set_aside(self, line: _Misfit, bad: _Bad) -> None:
        place = f"{self.source.name}:{line.number + 1}:{bad.column}"
        what = f"{place}: not {self.source.format.name}: {bad.reason}"
        if self._rejects is None:
            raise LoadError(f"{what}; nothing was loaded")
        self._rejects.add_line(what, line.text)

    def _refuse_beyond(self, lines: Sequence[tuple[int, str]]) -> None:
        for _, line in lines:
            try:
                for quad in ox.parse(line.encode(), ox.RdfFormat.N_QUADS):
                    _within_rdf(quad)
            except _BeyondRdf as error:
                raise LoadError(
                    f"{self.source.name}: {error}; nothing was loaded"
                ) from error
            raise InternalError(f"pyoxigraph wrote a line that is not split: {line}")


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


def _blocks(stream: IO[bytes], source: Source) -> Iterator[bytes]:
    """Whole lines; the last one ends in a line feed though the file does not."""
    rest = b""
    while data := stream.read(BLOCK_BYTES):
        end = data.rfind(b"\n") + 1
        if end:
            yield rest + data[:end]
            rest = data[end:]
        else:
            rest += data
        if len(rest) > _LONGEST:
            raise LoadError(
                f"{source.name}: a line is longer than {_LONGEST >> 20} MiB; nothing "
                "was loaded"
            )
    if rest:
        yield rest + b"\n"
