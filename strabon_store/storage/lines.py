r"""Lines of N-Quads become a column of distinct tokens and where each of them stands.

A token is a term as N-Quads writes it. A line is cut at its spaces, whole blocks at a
time; what is cut is then held against a pattern, each token once:

* `STRICT`: tokens of a file that are valid beyond doubt, and spelled in the one way in
  which pyoxigraph would spell them. Lines with others are given to pyoxigraph, which
  decides.
* `WRITTEN`: tokens that pyoxigraph wrote; what does not match is beyond RDF 1.1.

So one term has one token. That `STRICT` promises no more than pyoxigraph keeps is
checked in `tests/strabon_store/storage/test_lines.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_Tokens: TypeAlias = Any  # pyarrow ships no types
_Integers: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
_Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

# RFC 3987 without userinfo, literal addresses and private characters.
_CHARACTER: Final = (
    "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]"
    "|%[0-9A-Fa-f]{2})"
)
_AUTHORITY: Final = (
    "[A-Za-z0-9\\-._~\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]*(?::[0-9]*)?"
)
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.\-]*:"
_WITH_AUTHORITY: Final = rf"//{_AUTHORITY}(?:/(?:{_CHARACTER}|/)*)?"
# Without an authority, a path never begins with two slashes.
_ROOTLESS: Final = rf"{_CHARACTER}(?:{_CHARACTER}|/)*"
_PATH: Final = rf"(?:{_WITH_AUTHORITY}|/(?:{_ROOTLESS})?|{_ROOTLESS})?"
_QUERY: Final = rf"(?:{_CHARACTER}|[/?])*"
_IRI: Final = rf"<{_SCHEME}{_PATH}(?:\?{_QUERY})?(?:#{_QUERY})?>"
_BLANK: Final = r"_:[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?"
_TEXT: Final = (
    '"(?:[^"\\\\\\x00-\\x1f\\x7f\ufffe\uffff]|\\\\[btnfr"\\\\]'
    '|\\\\u00(?:0[0-7BEF]|1[0-9A-F]|7F)|\\\\uFFF[EF])*"'
)
_LANGUAGE: Final = r"@[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
# Of xsd:string, rdf:langString and rdf:dirLangString, which have other spellings, all
# end in a g.
_DATATYPE: Final = (
    rf"\^\^<{_SCHEME}//{_AUTHORITY}(?:/{_CHARACTER}*)*[/#]{_CHARACTER}*[A-Za-fh-z0-9]>"
)

STRICT: Final = rf"{_IRI}|{_BLANK}|{_TEXT}(?:{_LANGUAGE}|{_DATATYPE})?"
"""A token that is valid, and spelled as pyoxigraph spells it."""

WRITTEN: Final = (
    r"<[^<> ]*>|_:[^ ]+"
    r'|"(?:[^"\\]|\\.)*"(?:@[^ \-]+(?:-[^ \-]+)*|\^\^<[^<> ]*>)?'
)
"""A token of RDF 1.1 that pyoxigraph wrote."""

NO_GRAPH: Final = -1
"""Stands for the default graph in the place of a token."""

_MISFITS: Final = """
SELECT row FROM tokens WHERE NOT regexp_full_match(token, $pattern)
"""
_BATCH_ROWS: Final = 1 << 14
"""Rows that one thread takes at a time."""

_PAGE: Final = 1 << 20
"""Bytes that are searched at a time, while they are near the processor."""

_OF_SUBJECT: Final = (ord("<"), ord("_"))
_OF_OBJECT: Final = (ord("<"), ord("_"), ord('"'))


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements as places of their terms.

    Attributes:
        tokens: Distinct tokens, in the order in which they appear first.
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

    text: bytes
    ends: _Integers
    statements: Statements
    fits: _Flags

    def line(self, number: int) -> bytes:
        """A line, with its line feed."""
        start = self.ends[number - 1] if number else 0
        return self.text[start : self.ends[number]]

    def spliced(self, lines: Sequence[tuple[int, bytes]]) -> bytes:
        """The text with other lines in the place of some, told in order."""
        pieces, rest = [], 0
        for number, line in lines:
            start = self.ends[number - 1] if number else 0
            pieces += [self.text[rest:start], line]
            rest = self.ends[number]
        return b"".join([*pieces, self.text[rest:]])


def cut_lines(text: bytes) -> Lines:
    """Cut a text into lines, and these into tokens, valid or not.

    Args:
        text: Ends in a line feed.
    """
    data = np.frombuffer(text, np.uint8)
    feeds, spaces = find(data, "\n"), find(data, " ")
    edges, fits, has_graphs = _edges(data, feeds, spaces)
    columns = 4 if has_graphs else 3
    edges = edges[:, : 2 * columns]
    offsets = np.append(edges.ravel(), len(text))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    pieces = pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers)
    encoded = pieces.dictionary_encode()
    places = encoded.indices.to_numpy().reshape(-1, 2 * columns)[fits, ::2]
    if not has_graphs:
        places = np.column_stack([places, np.full(len(places), NO_GRAPH, np.int32)])
    else:
        places[edges[fits, 6] == edges[fits, 5], 3] = NO_GRAPH
    return _readable(Lines(text, feeds + 1, _used(encoded.dictionary, places), fits))


def find(data: _Bytes, character: str) -> _Integers:
    """The places of an ASCII character."""
    found = [
        np.flatnonzero(data[start : start + _PAGE] == ord(character)) + start
        for start in range(0, len(data), _PAGE)
    ]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _edges(
    data: _Bytes, feeds: _Integers, spaces: _Integers
) -> tuple[_Integers, _Flags, bool]:
    """Where tokens begin and end.

    Returns:
        For each line where its tokens begin and end, in turn; which lines have the
        parts of a statement (others have empty tokens); whether any has a graph.
    """
    starts = np.concatenate([np.zeros(1, np.int64), feeds + 1])[:-1]
    # Behind the full stop, which stands behind a space.
    stops = feeds - (data[feeds - 1] == ord("\r"))
    first, last = np.searchsorted(spaces, starts), np.searchsorted(spaces, stops) - 1
    fits = last - first >= 2  # noqa: PLR2004 - the spaces behind the three terms
    spaces = np.append(spaces, [0, 0])
    one, two, end = spaces[first], spaces[first + 1], spaces[last]
    fits &= (end == stops - 2) & (data[stops - 1] == ord("."))
    fits &= np.isin(data[starts], _OF_SUBJECT)
    fits &= _begin(data, one, "<") & np.isin(data[two * fits + 1], _OF_OBJECT)
    before = spaces[last - 1]
    graph = fits & (last - first > 2) & _ends_in_graph(data, two, before, end)  # noqa: PLR2004
    value = np.where(graph, before, end)
    edges = [starts, one, one + 1, two, two + 1, value, value + graph, end]
    return np.where(fits, edges, starts).T, fits, bool(graph.any())


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


def checked(cursor: duckdb.DuckDBPyConnection, lines: Lines, pattern: str) -> Lines:
    """The lines; those with tokens that do not match a pattern do not fit."""
    tokens = lines.statements.tokens
    table = pa.table({"row": np.arange(len(tokens)), "token": tokens})
    cursor.register("tokens", in_batches(table))
    rows = cursor.execute(_MISFITS, {"pattern": pattern}).fetchnumpy()["row"]
    cursor.unregister("tokens")
    if not len(rows):
        return lines
    bad = np.zeros(len(tokens), bool)
    bad[rows] = True
    return without(lines, bad)


def in_batches(table: pa.Table) -> pa.Table:
    """The same table in pieces, which threads share."""
    batches = table.to_batches(max_chunksize=_BATCH_ROWS)
    return pa.Table.from_batches(batches, table.schema)
