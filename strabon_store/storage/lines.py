"""Lines of N-Quads become a column of distinct tokens and where each of them stands.

A token is a term as N-Quads writes it. A line is cut at its spaces, whole blocks at a
time; whether what was cut is valid, `storage/token_patterns.py` says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Text: TypeAlias = bytes | memoryview
"""UTF-8, as far as anyone knows."""

_Tokens: TypeAlias = Any  # pyarrow ships no types
_Integers: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
_Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

NO_GRAPH: Final = -1
"""Stands for the default graph in the place of a token."""

_BATCH_ROWS: Final = 1 << 14
"""Rows that one thread takes at a time."""

_ROW_GROUP: Final = 1 << 15
"""Rows of one row group of a store (see `engines.duckdb.session.LAYOUT`)."""

_PAGE: Final = 1 << 20
"""Bytes that are searched at a time, while they are near the processor."""

_LARGE: Final = pa.large_binary()
_DEL: Final = 0x7F
_ABOVE_SPACE: Final = np.uint8(_DEL - ord(" "))
_OF_LAST: Final = 0xEF
"""Begins U+FFFE and U+FFFF in UTF-8, among others."""

_OF_SUBJECT: Final = (ord("<"), ord("_"))
_OF_OBJECT: Final = (ord("<"), ord("_"), ord('"'))


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements as places of their terms.

    Attributes:
        tokens: Distinct tokens, literals last; what a text says together stands
            together.
        places: A row for each statement: where in `tokens` its subject, predicate,
            object and graph stand, or `NO_GRAPH`.
    """

    tokens: _Tokens
    places: np.ndarray[Any, np.dtype[np.int32]]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.places)

    def in_graph(self, token: str | None) -> "Statements":
        """The same, with the triples in a graph."""
        if token is None:
            return self
        place = pc.index(self.tokens, pa.scalar(token, pa.large_string())).as_py()
        tokens, places = self.tokens, self.places.copy()
        if place < 0:
            place = len(tokens)
            added = pa.array([token], pa.large_string())
            tokens = pa.concat_arrays([tokens, added])
        graphs = places[:, 3]
        graphs[graphs == NO_GRAPH] = place
        return Statements(tokens, places)

    def by_predicate(self) -> "Statements":
        """The same, where those of one predicate stand together."""
        predicates = self.places[:, 1]
        if not len(predicates):
            return self
        codes = predicates - predicates.min()
        if codes.max() <= np.iinfo(np.uint16).max:
            # Those are sorted by counting.
            codes = codes.astype(np.uint16)
        order = np.argsort(codes, kind="stable")
        return Statements(self.tokens, np.take(self.places.T, order, axis=1).T)

    def has_other_graphs(self, token: str) -> bool:
        """Whether one of them is in a named graph that is not this one."""
        used = np.unique(self.places[:, 3])
        graphs = self.tokens.take(pa.array(used[used != NO_GRAPH]))
        return bool(set(graphs.to_pylist()) - {token})


@dataclass(frozen=True, slots=True)
class Lines:
    """A text, cut.

    Attributes:
        text: Ends in a line feed.
        ends: For each line, behind its line feed.
        statements: What the lines say that have the parts of a statement.
        fits: Which lines those are.
    """

    text: Text
    ends: _Integers
    statements: Statements
    fits: _Flags

    def line(self, number: int) -> bytes:
        """A line, with its line feed."""
        start = self.ends[number - 1] if number else 0
        return bytes(self.text[start : self.ends[number]])

    def spliced(self, lines: Sequence[tuple[int, bytes]]) -> bytes:
        """The text with other lines in the place of some, told in order."""
        pieces: list[Text] = []
        rest = 0
        for number, line in lines:
            start = self.ends[number - 1] if number else 0
            pieces += [self.text[rest:start], line]
            rest = self.ends[number]
        return b"".join([*pieces, self.text[rest:]])


def cut_lines(text: Text) -> Lines:
    """Cut a text into lines, and these into tokens, valid or not.

    Args:
        text: Ends in a line feed.
    """
    data = np.frombuffer(text, np.uint8)
    edges = _edges(data)
    statements = _statements(text, edges)
    return _readable(Lines(text, edges.feeds + 1, statements, edges.fits))


def find(data: _Bytes, character: str) -> _Integers:
    """The places of an ASCII character."""
    return _places(data, lambda page: page == ord(character))


def find_odd(data: _Bytes) -> _Integers:
    """The places of bytes that no plain text has in UTF-8.

    Of control characters, of DEL, and of those that may begin U+FFFE or U+FFFF.
    """
    # Below a space is above all others when a space is zero.
    found = _places(data, lambda page: page - np.uint8(ord(" ")) >= _ABOVE_SPACE)
    kinds = data[found]
    is_odd = (kinds < ord(" ")) | (kinds == _DEL) | (kinds == _OF_LAST)
    odd: _Integers = found[is_odd]
    return odd


def _places(data: _Bytes, test: Callable[[_Bytes], _Flags]) -> _Integers:
    """The places of the bytes that pass a test."""
    found = [
        np.flatnonzero(test(data[start : start + _PAGE])) + start
        for start in range(0, len(data), _PAGE)
    ]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


class _Edges(NamedTuple):
    """Where tokens begin and end, in the lines that have the parts of a statement.

    Attributes:
        feeds: The line feed of each line.
        fits: Which lines have the parts of a statement.
        tokens: Where the tokens of each place in those lines begin, and end.
        has_graph: Which of those lines name a graph.
    """

    feeds: _Integers
    fits: _Flags
    tokens: tuple[tuple[_Integers, _Integers], ...]
    has_graph: _Flags


def _edges(data: _Bytes) -> _Edges:
    marks, behind = _marks(data)
    feeds = marks[behind]
    first = np.concatenate([np.zeros(1, np.int64), behind + 1])[:-1]
    last = behind - 1
    starts = np.concatenate([np.zeros(1, np.int64), feeds + 1])[:-1]
    # Behind the full stop, which stands behind a space.
    stops = feeds - (data[feeds - 1] == ord("\r"))
    fits = last - first >= 2  # noqa: PLR2004 - the spaces behind the three terms
    marks = np.append(marks, [0, 0])
    one, two, end = marks[first], marks[first + 1], marks[last]
    fits &= (end == stops - 2) & (data[stops - 1] == ord("."))
    fits &= _is_one_of(data[starts], _OF_SUBJECT)
    fits &= _begin(data, one, "<") & _is_one_of(data[two * fits + 1], _OF_OBJECT)
    before = marks[last - 1]
    graph = fits & (last - first > 2) & _ends_in_graph(data, two, before, end)  # noqa: PLR2004
    value = np.where(graph, before, end)
    edges = [starts, one, one + 1, two, two + 1, value, value + graph, end]
    if not fits.all():
        edges = [each[fits] for each in edges]
    tokens = tuple(zip(edges[::2], edges[1::2], strict=True))
    return _Edges(feeds, fits, tokens, graph[fits])


def _marks(data: _Bytes) -> tuple[_Integers, _Integers]:
    """The places of spaces and line feeds, and which of these are line feeds."""
    marks = _places(data, lambda page: page <= ord(" "))
    kinds = data[marks]
    is_feed = kinds == ord("\n")
    is_mark = is_feed | (kinds == ord(" "))
    if not is_mark.all():
        marks, is_feed = marks[is_mark], is_feed[is_mark]
    return marks, np.flatnonzero(is_feed)


def _is_one_of(found: _Bytes, characters: Sequence[int]) -> _Flags:
    flags: _Flags = found == characters[0]
    for character in characters[1:]:
        flags |= found == character
    return flags


def _statements(text: Text, edges: _Edges) -> Statements:
    """The distinct tokens between edges, and where they stand.

    Each place of a statement has a dictionary of its own first: few terms stand in more
    than one, and literals, which are most of the text, in one only.
    """
    graphs = np.flatnonzero(edges.has_graph)
    subjects, predicates, objects, names = (
        _between(text, *each)
        for each in (*edges.tokens[:3], [each[graphs] for each in edges.tokens[3]])
    )
    is_literal = _heads(objects.dictionary) == ord('"')
    nodes = objects.dictionary.filter(pa.array(~is_literal))
    parts = [subjects.dictionary, predicates.dictionary, names.dictionary, nodes]
    resources = pa.concat_arrays(parts).dictionary_encode()
    numbers = np.split(
        resources.indices.to_numpy(), np.cumsum([len(part) for part in parts])[:-1]
    )
    literals = objects.dictionary.filter(pa.array(is_literal))
    of_objects = np.empty(len(is_literal), np.int32)
    of_objects[~is_literal] = numbers[3]
    of_objects[is_literal] = len(resources.dictionary) + np.arange(len(literals))
    places = np.full((4, len(edges.has_graph)), NO_GRAPH, np.int32)
    places[0] = numbers[0][subjects.indices.to_numpy()]
    places[1] = numbers[1][predicates.indices.to_numpy()]
    places[2] = of_objects[objects.indices.to_numpy()]
    places[3, graphs] = numbers[2][names.indices.to_numpy()]
    return Statements(pa.concat_arrays([resources.dictionary, literals]), places.T)


def _between(text: Text, begins: _Integers, ends: _Integers) -> _Tokens:
    """The pieces of a text between edges that ascend, as a dictionary."""
    is_short = len(text) <= np.iinfo(np.int32).max
    offsets = np.empty(2 * len(begins) + 1, np.int32 if is_short else np.int64)
    offsets[:-1:2], offsets[1::2], offsets[-1] = begins, ends, len(text)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    binary = pa.binary() if is_short else _LARGE
    pieces = pa.Array.from_buffers(binary, len(offsets) - 1, buffers)
    # Every other one is what stands between the pieces.
    wanted = pieces.take(pa.array(np.arange(0, 2 * len(begins), 2)))
    found = wanted.dictionary_encode()
    return pa.DictionaryArray.from_arrays(found.indices, found.dictionary.cast(_LARGE))


def _heads(tokens: _Tokens) -> _Bytes:
    """The first bytes of tokens, none of which is empty."""
    data, offsets = buffers_of(tokens)
    return data[offsets[:-1]]


def buffers_of(tokens: _Tokens) -> tuple[_Bytes, _Integers]:
    """The bytes of a column of texts, and where each begins and ends in them."""
    _, offsets, data = tokens.buffers()
    if not len(tokens):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    numbers = np.frombuffer(offsets, np.int64)[tokens.offset :][: len(tokens) + 1]
    return np.frombuffer(data, np.uint8), numbers


def _begin(data: _Bytes, places: _Integers, character: str) -> _Flags:
    """Whether a character stands behind each place; not at the end of all."""
    found: _Flags = data[np.minimum(places + 1, len(data) - 1)] == ord(character)
    return found


def _ends_in_graph(
    data: _Bytes, two: _Integers, before: _Integers, end: _Integers
) -> _Flags:
    """Whether what stands between the last two spaces is the name of a graph.

    An object with spaces is a literal, and the part that ends it has a quote in it,
    which no graph name has.
    """
    found: _Flags = (before > two) & (
        _begin(data, before, "<") | _begin(data, before, "_")
    )
    candidates = np.flatnonzero(found)
    if len(candidates):
        quotes = find(data, '"')
        spans = (before[candidates], end[candidates])
        low, high = (np.searchsorted(quotes, each) for each in spans)
        found[candidates] = low == high
    return found


def _used(tokens: _Tokens, places: np.ndarray[Any, np.dtype[np.int32]]) -> Statements:
    """Statements without the pieces that are no tokens of theirs."""
    is_used = np.zeros(len(tokens) + 1, bool)
    is_used[places] = True
    # The last flag is that of `NO_GRAPH`, wherever it is.
    is_used[-1] = False
    numbers = np.cumsum(is_used, dtype=np.int32) - 1
    numbers[-1] = NO_GRAPH
    return Statements(tokens.filter(pa.array(is_used[:-1])), numbers[places])


def _readable(lines: Lines) -> Lines:
    """The lines with tokens as texts; those that are no UTF-8 do not fit."""
    statements = lines.statements
    try:
        tokens = statements.tokens.cast(pa.large_string())
    except pa.ArrowInvalid:
        bad = np.array([not _is_utf8(each.as_py()) for each in statements.tokens])
        kept = without(lines, bad)
        tokens = kept.statements.tokens.cast(pa.large_string())
        return replace(kept, statements=replace(kept.statements, tokens=tokens))
    return replace(lines, statements=replace(statements, tokens=tokens))


def without(lines: Lines, bad: _Flags) -> Lines:
    """The lines, those with one of some tokens among those that do not fit."""
    statements = lines.statements
    kept = ~np.append(bad, False)[statements.places].any(axis=1)
    fits = lines.fits.copy()
    fits[fits] = kept
    used = _used(statements.tokens, statements.places[kept])
    return replace(lines, statements=used, fits=fits)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def in_batches(table: pa.Table) -> pa.Table:
    """The same table in pieces, which threads share."""
    batches = table.to_batches(max_chunksize=_BATCH_ROWS)
    return pa.Table.from_batches(batches, table.schema)


def in_row_groups(table: pa.Table) -> pa.RecordBatchReader:
    """The rows in pieces that each fill a row group of the store, to be read once.

    Threads that insert smaller ones have to copy them once more to fill row groups.
    """
    pieces = (
        table.slice(start, _ROW_GROUP).combine_chunks().to_batches()[0]
        for start in range(0, len(table), _ROW_GROUP)
    )
    return pa.RecordBatchReader.from_batches(table.schema, pieces)
