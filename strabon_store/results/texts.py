"""Ids without their texts get them in a second step.

An answer of few rows needs few terms. To join them with the dictionary costs an engine
more than all the rest of a look-up, so they are looked up by id when the rows are
there; a dictionary remembers what was asked for before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from strabon_store.relational.encoding import INLINE, PAYLOAD_BITS, TermId
from strabon_store.relational.inline import decode_inline
from strabon_store.results.columns import (
    IRI_TYPE,
    Batch,
    TermColumn,
    TermType,
    type_of,
)
from strabon_store.results.decode import (
    DecodedColumn,
    decode_inline_column,
    decode_values,
)


class Text(NamedTuple):
    """What the dictionary says of a term: its lexical form, and what it is."""

    lexical: str | None
    type: TermType


class Texts(Protocol):
    """A dictionary."""

    def read(self, ids: Iterable[int]) -> Mapping[int, Text]:
        """The texts of those ids that it has."""
        ...


_UNBOUND: Final = Text(None, IRI_TYPE)


def decode_ids(
    batches: Iterable[Any], columns: Sequence[DecodedColumn], texts: Texts
) -> Iterator[Batch]:
    """The solutions of an answer with a column per variable.

    Args:
        batches: Record batches; `TermId` variables are ids alone.
        columns: The variables.
        texts: The dictionary.
    """
    for batch in batches:
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
        yield Batch(tuple(decoded), batch.num_rows)


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
