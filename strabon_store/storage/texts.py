"""The dictionary by id: what it says of few terms, without reading the rest of it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from strabon_store.relational.encoding import INLINE, PAYLOAD_BITS, Tag
from strabon_store.results.columns import (
    BLANK_TYPE,
    IRI_TYPE,
    Index,
    TermKind,
    TermType,
)
from strabon_store.results.texts import Text
from strabon_store.sessions import Session, Sessions

_REMEMBERED: Final = 50_000
"""Terms that are kept in memory."""

_CHARACTERS: Final = 20_000_000
"""How long the texts of all of them may be together."""

_TYPES: Final = 1_000
"""Datatypes and language tags that are kept."""

_AT_ONCE: Final = 32
"""Ids of one statement."""

_FEW: Final = 96
"""Up to so many ids each is found by zone maps; for more, all ids are read."""

_DESCRIBED: Final = "id, lexical, datatype, language"
_NAMES: Final = "id, lexical, NULL AS datatype, NULL AS language"
"""Of IRIs and blank nodes; a column that is not read costs nothing."""

_NO_ID: Final = -1
_ONE: Final = "SELECT {0} FROM terms WHERE id = ${1}"
_MANY: Final = """
SELECT {} FROM terms WHERE id IN (SELECT unnest($1::BIGINT[]))
"""
_RANGE: Final = "SELECT {} FROM terms WHERE id BETWEEN $low AND $high"
_LISTED: Final = "SELECT {} FROM terms WHERE id IN (SELECT id FROM wanted_terms)"
_WANTED: Final = "wanted_terms"

_DENSE: Final = 8
"""Where at least one in so many ids of ranges is wanted, the ranges are read."""

_GAP: Final = 1 << 15
"""Ids between two ranges, at least: what it costs to read one more."""

_RANGES: Final = 32
"""Ranges that are read for ids of one tag, at most."""


def _statements(columns: str) -> dict[int, str]:
    """By how many ids they look up; zone maps work for `=` alone, one id each."""
    sizes = (1, 2, 4, 8, 16, _AT_ONCE)
    ones = {n: [_ONE.format(columns, i + 1) for i in range(n)] for n in sizes}
    return {size: " UNION ALL ".join(each) for size, each in ones.items()}


_STATEMENTS: Final = {each: _statements(each) for each in (_DESCRIBED, _NAMES)}


class TermTexts:
    """What the dictionary says of terms, by id; remembers some of it.

    A term keeps its id and its text for as long as the store exists.
    """

    def __init__(self, sessions: Sessions) -> None:
        """Read by sessions of a store."""
        self._sessions = sessions
        self._known: dict[int, Text] = {}
        self._characters = 0

    def read(self, ids: Iterable[int]) -> Mapping[int, Text]:
        """The texts of those ids that the dictionary has."""
        wanted, known = list(ids), self._known
        found = {key: known[key] for key in wanted if key in known}
        missing = [key for key in wanted if key not in found]
        if missing:
            read = self._read(missing)
            found |= read
            self._remember(read)
        return found

    def _remember(self, read: Mapping[int, Text]) -> None:
        self._characters += sum(len(text.lexical or "") for text in read.values())
        if self._characters > _CHARACTERS or len(self._known) > _REMEMBERED:
            # Others may be reading what was known.
            self._known, self._characters = {}, 0
        else:
            self._known.update(read)

    def _read(self, ids: list[int]) -> dict[int, Text]:
        names = [key for key in ids if key >> PAYLOAD_BITS <= Tag.BLANK]
        others = [key for key in ids if key >> PAYLOAD_BITS > Tag.BLANK]
        with self._session() as session:
            rows = _rows(session, _NAMES, names) + _rows(session, _DESCRIBED, others)
        return {key: Text(text, _type_of(key, *rest)) for key, text, *rest in rows}

    def read_columns(self, ids: Index) -> list[Any]:
        """Lexical forms, datatypes and languages of different, ascending ids.

        Arrow arrays of the same length, NULL for ids that the dictionary has not.
        """
        tags = ids >> PAYLOAD_BITS
        starts = [0, *(np.flatnonzero(np.diff(tags)) + 1).tolist(), len(ids)]
        with self._session() as session:
            runs = [_run(session, ids[a:b]) for a, b in pairwise(starts) if a < b]
        parts = ("lexical", "datatype", "language")
        columns = [[run[part] for run in runs] for part in parts]
        return [_united(each) for each in columns]

    @contextmanager
    def _session(self) -> Iterator[Session]:
        session = self._sessions.take()
        try:
            session.keep_to(self._sessions.generation)
            yield session
        finally:
            session.close()


@lru_cache(_TYPES)
def _literal_type(datatype: str, language: str | None) -> TermType:
    return TermType(TermKind.LITERAL, datatype, language)


def _type_of(term_id: int, datatype: str | None, language: str | None) -> TermType:
    """What a term is; the same object for the same, which is compared at once."""
    if datatype is not None:
        return _literal_type(datatype, language)
    return BLANK_TYPE if term_id >> PAYLOAD_BITS == Tag.BLANK else IRI_TYPE


def _rows(session: Session, columns: str, ids: list[int]) -> list[Any]:
    if len(ids) > _FEW:
        rows: list[Any] = session.cursor.execute(
            _MANY.format(columns), [ids]
        ).fetchall()
        return rows
    return list(_few(session, columns, ids))


def _few(session: Session, columns: str, ids: list[int]) -> Iterator[Any]:
    statements = _STATEMENTS[columns]
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        size = next(size for size in statements if size >= len(some))
        padded = some + [_NO_ID] * (size - len(some))
        yield from session.execute(statements[size], padded).fetchall()


def _run(session: Session, ids: Index) -> pa.Table:
    """What the dictionary says of ascending ids of one tag, row by row of them."""
    tag = int(ids[0]) >> PAYLOAD_BITS
    if tag in INLINE:
        return _NOTHING.take(pa.nulls(len(ids), pa.int64()))
    found = _found(session.cursor, _NAMES if tag <= Tag.BLANK else _DESCRIBED, ids)
    known = found["id"].to_numpy()
    if np.any(known[1:] < known[:-1]):
        order = np.argsort(known)
        found, known = found.take(pa.array(order)), known[order]
    if len(known) == len(ids) and np.array_equal(known, ids):
        return found
    places = np.searchsorted(known, ids)
    is_known = known[np.minimum(places, len(known) - 1)] == ids if len(known) else False
    return found.take(pa.array(places, mask=~np.broadcast_to(is_known, len(ids))))


def _found(cursor: duckdb.DuckDBPyConnection, columns: str, ids: Index) -> pa.Table:
    ranges = _ranges(ids)
    span = sum(high - low for low, high in ranges)
    if len(ranges) <= _RANGES and span < _DENSE * len(ids):
        statement = _RANGE.format(columns)
        ends = ({"low": low, "high": high} for low, high in ranges)
        return pa.concat_tables(
            [cursor.execute(statement, each).to_arrow_table() for each in ends]
        )
    cursor.register(_WANTED, pa.table({"id": ids}))
    try:
        return cursor.execute(_LISTED.format(columns)).to_arrow_table()
    finally:
        cursor.unregister(_WANTED)


def _ranges(ids: Index) -> list[tuple[int, int]]:
    """The least and the greatest of ascending ids between wide gaps."""
    gaps = np.flatnonzero(np.diff(ids) > _GAP)
    lows, highs = ids[[0, *(gaps + 1)]].tolist(), ids[[*gaps, -1]].tolist()
    return list(zip(lows, highs, strict=True))


def _united(parts: list[pa.ChunkedArray]) -> pa.Array:
    chunks = [chunk.cast(pa.string()) for part in parts for chunk in part.chunks]
    return pa.concat_arrays(chunks) if chunks else pa.nulls(0, pa.string())


_NOTHING: Final = pa.table(
    {name: pa.nulls(0, pa.string()) for name in ("lexical", "datatype", "language")}
)
