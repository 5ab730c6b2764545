"""Ids without their texts get them in a second step.

An answer of few rows needs few terms. To join them with the dictionary costs an engine
more than all the rest of a look-up, so they are looked up by id when the rows are
there; a dictionary remembers what was asked for before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import pyarrow as pa

from strabon_store.relational.encoding import INLINE, PAYLOAD_BITS, TermId
from strabon_store.results.decode import DecodedColumn


class Text(NamedTuple):
    """What the dictionary says of a term."""

    lexical: str | None
    datatype: str | None
    language: str | None


class Texts(Protocol):
    """A dictionary."""

    def read(self, ids: Iterable[int]) -> Mapping[int, Text]:
        """The texts of those ids that it has."""
        ...


NO_TEXT: Final = Text(None, None, None)
"""Of a term that is its own id."""


def with_texts(
    batches: Iterable[Any], columns: Sequence[DecodedColumn], texts: Texts
) -> Iterator[Any]:
    """Record batches with a column per variable, made to what `decode_batches` reads.

    Args:
        batches: Record batches; `TermId` variables are ids alone.
        columns: The variables.
        texts: The dictionary.
    """
    for batch in batches:
        ids = [
            array.to_pylist() if isinstance(column.encoding, TermId) else None
            for array, column in zip(batch.columns, columns, strict=False)
        ]
        wanted = {each for array in ids if array is not None for each in array}
        found = texts.read(filter(_is_in_dictionary, wanted - {None}))
        arrays: list[Any] = []
        for array, keys in zip(batch.columns, ids, strict=False):
            arrays.append(array)
            if keys is not None:
                rows = [found.get(key, NO_TEXT) for key in keys]
                arrays += (pa.array(part, pa.string()) for part in _parts(rows))
        names = list(map(str, range(len(arrays))))
        yield pa.RecordBatch.from_arrays(arrays, names) if arrays else batch


def _parts(rows: Sequence[Text]) -> Iterable[Sequence[str | None]]:
    return zip(*rows, strict=True) if rows else ((), (), ())


def _is_in_dictionary(term_id: int) -> bool:
    return term_id >> PAYLOAD_BITS not in INLINE
