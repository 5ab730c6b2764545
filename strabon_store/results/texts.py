"""Ids without their texts get them in a second step.

An answer of few rows needs few terms. To join them with the dictionary costs an engine
more than all the rest of a look-up, so they are looked up by id when the rows are
there; a dictionary remembers what was asked for before. Of many rows, whose terms
repeat, those of a block are looked up together, each once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

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

_GROWTH: Final = 4
"""How many times as large as the block before one is; the first is a batch."""

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
    for is_first, block in _blocks(batches):
        if is_first:
            yield _decoded(block[0], columns, texts)
        else:
            yield from _decoded_together(block, columns, texts)


def _blocks(batches: Iterable[Any]) -> Iterator[tuple[bool, list[Any]]]:
    """Batches in blocks that grow, the first by itself: nobody waits for more."""
    block: list[Any] = []
    rows, wanted, is_first = 0, 1, True
    for batch in batches:
        block.append(batch)
        rows += batch.num_rows
        if rows >= wanted:
            yield is_first, block
            wanted = min(max(wanted, rows) * _GROWTH, _LARGEST_BLOCK)
            block, rows, is_first = [], 0, False
    if block:
        yield is_first and len(block) == 1, block


def _decoded(batch: Any, columns: Sequence[DecodedColumn], texts: Texts) -> Batch:
    ids = {
        place: batch.columns[place].to_pylist()
        for place, column in enumerate(columns)
        if isinstance(column.encoding, TermId)
    }
    wanted = {each for keys in ids.values() for each in keys if each is not None}
    found = texts.read(filter(_is_in_dictionary, wanted))
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
    """

    terms: TermColumn
    rows: Index


def _decoded_together(
    block: Sequence[Any], columns: Sequence[DecodedColumn], texts: Texts
) -> Iterator[Batch]:
    """The solutions of many batches, in as many."""
    together = {
        place: _distinct([batch.columns[place] for batch in block], texts)
        for place, column in enumerate(columns)
        if isinstance(column.encoding, TermId)
    }
    start = 0
    for batch in block:
        stop = start + batch.num_rows
        decoded = [
            together[place].terms.take(together[place].rows[start:stop])
            if isinstance(column.encoding, TermId)
            else decode_values(column.encoding, batch.columns[place])
            for place, column in enumerate(columns)
        ]
        yield Batch(tuple(decoded), batch.num_rows)
        start = stop


def _distinct(parts: Sequence[Any], texts: Texts) -> _Distinct:
    ids = np.concatenate([part.fill_null(_NO_ROW).to_numpy() for part in parts])
    is_bound = ids != _NO_ROW
    rows = np.full(len(ids), _NO_ROW)
    different, rows[is_bound] = different_ids(ids[is_bound])
    described = texts.read_columns(different)
    return _Distinct(decode_term_ids(pa.array(different), *described), rows)


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
