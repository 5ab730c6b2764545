"""Ids without their texts get them in a second step.

An answer of few rows needs few terms. To join them with the dictionary costs an engine
more than all the rest of a look-up, so they are looked up by id when the rows are
there; a dictionary remembers what was asked for before. Of many rows, whose terms
repeat, those of a block are looked up together, each once. How many rows a block has
follows from how long the texts of the block before were.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strabon_store.relational.encoding import INLINE, PAYLOAD_BITS, TermId
from strabon_store.relational.inline import decode_inline
from strabon_store.results.columns import (
    IRI_TYPE,
    Batch,
    Index,
    TermColumn,
    TermType,
    type_of,
)
from strabon_store.results.decode import (
    DecodedColumn,
    decode_inline_column,
    decode_term_ids,
    decode_values,
)

_LARGEST_BLOCK: Final = 1 << 20
"""Rows whose terms are looked up together, at most."""

_FIRST_TERMS: Final = 1 << 12
"""Terms of the first block: how long their texts are nobody knows yet."""

_GROWTH: Final = 4
"""How many times as large as the block before one is, at most."""

_MOST_BYTES: Final = 1 << 25
"""Of different texts in a block, if those to come are as long as those before."""

_BATCH_BYTES: Final = 1 << 24
"""Of texts in a batch, if it has more than one row."""

_SPARSE: Final = 8
"""Where ids are so many times fewer than what they range over, they are sorted."""


class Text(NamedTuple):
    """What the dictionary says of a term: its lexical form, and what it is."""

    lexical: str | None
    type: TermType


class Texts(Protocol):
    """A dictionary."""

    def read(self, ids: Iterable[int]) -> Mapping[int, Text]:
        """The texts of those ids that it has."""
        ...

    def read_columns(self, ids: Index) -> Sequence[Any]:
        """Lexical forms, datatypes and languages of different, ascending ids.

        Arrow arrays of the same length, NULL for ids that it has not.
        """
        ...


_UNBOUND: Final = Text(None, IRI_TYPE)
_NO_ROW: Final = -1


def decode_ids(
    batches: Iterable[Any], columns: Sequence[DecodedColumn], texts: Texts
) -> Iterator[Batch]:
    """The solutions of an answer with a column per variable.

    Args:
        batches: Record batches; `TermId` variables are ids alone.
        columns: The variables.
        texts: The dictionary.
    """
    remaining = iter(batches)
    head = next(remaining, None)
    if head is None:
        return
    most = max(1, _FIRST_TERMS // max(1, len(columns)))
    waiting = _Waiting(remaining, head.slice(most))
    # By itself, though there may be few: nobody waits for more.
    head = head.slice(0, most)
    size = yield from _decoded_first(head, columns, texts)
    rows = max(1, head.num_rows)
    while True:
        affordable = _MOST_BYTES * rows // max(1, size)
        rows = max(1, min(rows * _GROWTH, _LARGEST_BLOCK, affordable))
        block = waiting.take(rows)
        if not block:
            return
        # What it reads is let go of before the next block is.
        size = yield from _decoded_together(block, columns, texts)


_NOTHING: Final = pa.record_batch({})


@dataclass(slots=True)
class _Waiting:
    """Batches from which blocks are taken.

    Attributes:
        batches: Those that did not come yet.
        rest: What is left of the last one; it may be empty.
    """

    batches: Iterator[Any]
    rest: Any

    def take(self, rows: int) -> list[Any]:
        """So many rows; fewer, or none, when there are no more."""
        block: list[Any] = []
        while rows > 0:
            if not self.rest.num_rows:
                self.rest = next(self.batches, None)
            if self.rest is None:
                self.rest = _NOTHING
                break
            block.append(self.rest.slice(0, rows))
            self.rest = self.rest.slice(rows)
            rows -= block[-1].num_rows
        return block


def _decoded_first(
    batch: Any, columns: Sequence[DecodedColumn], texts: Texts
) -> Generator[Batch, None, int]:
    """The solutions of a batch, whose terms may be known; how long their texts are."""
    ids = {
        place: batch.columns[place].to_pylist()
        for place, column in enumerate(columns)
        if isinstance(column.encoding, TermId)
    }
    wanted = {each for keys in ids.values() for each in keys if each is not None}
    found = texts.read(filter(_is_in_dictionary, wanted))
    lengths = {key: len(text.lexical or "") for key, text in found.items()}
    longest = len(columns) * max(lengths.values(), default=0)
    # Together they are short, mostly, and need not be counted.
    sizes = np.zeros(batch.num_rows, np.int64)
    if longest * batch.num_rows > _BATCH_BYTES:
        for keys in ids.values():
            sizes += [lengths.get(key, 0) for key in keys]
    start = 0
    for part in _cut(batch, sizes):
        some = {place: keys[start:][: part.num_rows] for place, keys in ids.items()}
        yield _decoded(part, columns, some, found)
        start += part.num_rows
    return sum(lengths.values())


def _decoded(
    batch: Any,
    columns: Sequence[DecodedColumn],
    ids: Mapping[int, Sequence[int | None]],
    found: Mapping[int, Text],
) -> Batch:
    decoded = [
        _column_of_ids(ids[place], found)
        if isinstance(column.encoding, TermId)
        else decode_values(column.encoding, batch.columns[place])
        for place, column in enumerate(columns)
    ]
    return Batch(tuple(decoded), batch.num_rows)


def _column_of_ids(ids: Sequence[int | None], found: Mapping[int, Text]) -> TermColumn:
    """The terms of ids; what is not found is its own text, or unbound."""
    own = {key for key in ids if key is not None and key not in found}
    if own.issuperset(ids):
        return decode_inline_column(np.array(ids, dtype=np.int64))
    known = {**found, **{key: _inline(key) for key in own}} if own else found
    rows = [_UNBOUND if key is None else known[key] for key in ids]
    lexical = pa.array([text for text, _ in rows], pa.string())
    first = rows[0].type
    if all(each is first for _, each in rows):
        return TermColumn(lexical, (first,))
    numbers: dict[TermType, int] = {}
    index = [numbers.setdefault(each, len(numbers)) for _, each in rows]
    return TermColumn(lexical, tuple(numbers), np.array(index))


def _inline(term_id: int) -> Text:
    literal = decode_inline(term_id)
    return Text(literal.lexical, type_of(literal))


def _is_in_dictionary(term_id: int) -> bool:
    return term_id >> PAYLOAD_BITS not in INLINE


@dataclass(frozen=True, slots=True)
class _Distinct:
    """The terms of a column of a block, each once.

    Attributes:
        terms: They.
        rows: Where the term of each row of the block stands; `_NO_ROW` is unbound.
        sizes: Bytes of their texts, and of that of no term behind them.
    """

    terms: TermColumn
    rows: Index
    sizes: Index

    @classmethod
    def of(cls, different: Index, rows: Index, described: Sequence[Any]) -> "_Distinct":
        """Of ids, and what the dictionary says of them."""
        terms = decode_term_ids(pa.array(different), *described)
        lengths = pc.fill_null(pc.binary_length(terms.lexical), 0).to_numpy()
        return cls(terms, rows, np.append(lengths, 0))


def _together(
    block: Sequence[Any], columns: Sequence[DecodedColumn], texts: Texts
) -> dict[int, _Distinct]:
    """The terms of those columns of a block that are ids, by their places.

    Texts of several columns often lie together: to read them at once takes as long as
    to read those of one.
    """
    found = {
        place: _different([batch.columns[place] for batch in block])
        for place, column in enumerate(columns)
        if isinstance(column.encoding, TermId)
    }
    asked = _united([different for different, _ in found.values()])
    known = texts.read_columns(asked)
    return {
        place: _Distinct.of(different, rows, _some(known, asked, different))
        for place, (different, rows) in found.items()
    }


def _different(parts: Sequence[Any]) -> tuple[Index, Index]:
    """The different ids of a column, and where that of each row stands."""
    ids = np.concatenate([part.fill_null(_NO_ROW).to_numpy() for part in parts])
    is_bound = ids != _NO_ROW
    rows = np.full(len(ids), _NO_ROW)
    different, rows[is_bound] = different_ids(ids[is_bound])
    return different, rows


def _united(parts: Sequence[Index]) -> Index:
    """Ascending ids of several columns, each once."""
    if len(parts) <= 1:
        return parts[0] if parts else np.zeros(0, np.int64)
    # Stable: what is made of runs that ascend is merged.
    ids = np.sort(np.concatenate(parts), kind="stable")
    united: Index = ids[np.append(True, ids[1:] != ids[:-1])] if len(ids) else ids
    return united


def _some(known: Sequence[Any], asked: Index, wanted: Index) -> Sequence[Any]:
    """What is known of some of those that were asked for."""
    if len(wanted) == len(asked):
        return known
    places = pa.array(np.searchsorted(asked, wanted))
    return [column.take(places) for column in known]


def _decoded_together(
    block: Sequence[Any], columns: Sequence[DecodedColumn], texts: Texts
) -> Generator[Batch, None, int]:
    """The solutions of many batches, in as many or more; how long their texts are."""
    together = _together(block, columns, texts)
    start = 0
    for whole in block:
        for batch in _cut(whole, _sizes(together, start, whole.num_rows)):
            stop = start + batch.num_rows
            decoded = [
                together[place].terms.take(together[place].rows[start:stop])
                if isinstance(column.encoding, TermId)
                else decode_values(column.encoding, batch.columns[place])
                for place, column in enumerate(columns)
            ]
            yield Batch(tuple(decoded), batch.num_rows)
            start = stop
    return sum(each.terms.lexical.nbytes for each in together.values())


def _sizes(together: Mapping[int, _Distinct], start: int, count: int) -> Index:
    """Bytes of the texts of each of some rows: one text may stand in many."""
    sizes = np.zeros(count, np.int64)
    for each in together.values():
        sizes += each.sizes[each.rows[start : start + count]]
    return sizes


def _cut(batch: Any, sizes: Index) -> Iterator[Any]:
    """A batch in pieces whose texts fit into memory, and into an Arrow array."""
    ends = np.cumsum(sizes)
    start = 0
    # One that has no rows is one piece: it may be all that there is.
    while start < batch.num_rows or not start:
        before = int(ends[start - 1]) if start else 0
        stop = int(np.searchsorted(ends, before + _BATCH_BYTES, side="right"))
        stop = max(stop, start + 1)
        yield batch.slice(start, stop - start)
        start = stop


def different_ids(ids: Index) -> tuple[Index, Index]:
    """The different ids, ascending, and where each id stands among them.

    Examples:
        >>> different_ids(np.array([7, 5, 7]))
        (array([5, 7]), array([1, 0, 1]))
    """
    if not len(ids):
        return ids, ids
    low, high = int(ids.min()), int(ids.max())
    if high - low >= _SPARSE * len(ids):
        different, places = np.unique(ids, return_inverse=True)
        return different, places
    is_there = np.zeros(high - low + 1, bool)
    is_there[ids - low] = True
    numbers = np.cumsum(is_there) - 1
    return np.flatnonzero(is_there) + low, numbers[ids - low]
