"""Batches of solutions as text, whole columns at a time.

What a text format says of a term is a prefix and a suffix by the term's type, and its
lexical form, escaped, between them. So a format is a table of prefixes and suffixes and
a way to escape; Arrow puts the pieces together.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from strabon_store.results.columns import Batch, Strings, TermColumn, TermType

Escape: TypeAlias = Callable[[TermColumn], Strings]
"""The lexical forms of a column as a format writes them between prefix and suffix."""

_LARGEST: Final = 1 << 26
"""Bytes of lexical forms that are turned to text at a time."""


@dataclass(frozen=True, slots=True)
class CellStyle:
    """How a format writes a term.

    Attributes:
        around: The prefix and the suffix of terms of a type.
        escape: Makes the lexical forms fit to stand between them.
    """

    around: Callable[[TermType], tuple[str, str]]
    escape: Escape

    def cells(self, column: TermColumn, before: str = "", after: str = "") -> Strings:
        """The terms of a column as text, NULL where unbound.

        Args:
            column: The terms.
            before: What stands before each term that is bound.
            after: What stands after it.
        """
        around = [self.around(each) for each in column.types]
        prefixes, suffixes = zip(*around, strict=True)
        if not any((before, after, *prefixes, *suffixes)):
            return self.escape(column)
        return pc.binary_join_element_wise(
            _chosen([before + each for each in prefixes], column),
            self.escape(column),
            _chosen([each + after for each in suffixes], column),
            "",
        )


def _chosen(texts: Sequence[str], column: TermColumn) -> Any:
    if column.index is None:
        return pa.scalar(texts[0])
    return pa.array(texts).take(pa.array(column.index))


def joined(pieces: Sequence[Any], length: int) -> Strings:
    """Texts side by side, row by row; what is NULL is left out.

    Args:
        pieces: Arrays of texts, and texts that are the same in all rows.
        length: How many rows there are.
    """
    arrays = [pa.scalar(each) if isinstance(each, str) else each for each in pieces]
    # What has nothing but NULLs in it would be NULL.
    arrays.append(pa.repeat("", length))
    return pc.binary_join_element_wise(*arrays, "", null_handling="skip")


def data_of(texts: Strings) -> NDArray[np.uint8]:
    """The bytes of all texts of an array, one after the other, not copied."""
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return np.empty(0, dtype=np.uint8)
    ends = np.frombuffer(offsets, dtype=np.int32)[texts.offset :][: len(texts) + 1]
    return np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]]


def write_rows(
    batches: Iterable[Batch], rows_of: Callable[[Batch], Strings]
) -> Iterator[bytes]:
    """The bytes of the rows of all batches.

    Args:
        batches: The solutions.
        rows_of: The rows of a batch as text.
    """
    for batch in batches:
        for part in batch.parts(_LARGEST):
            yield data_of(rows_of(part)).tobytes()


class Escaper:
    """Escapes texts where they need it, which hardly any do.

    Attributes:
        one: Escapes one text.
    """

    def __init__(self, special: bytes, one: Callable[[str], str]) -> None:
        """Texts without any of the special bytes, in UTF-8, are left as they are."""
        self.one = one
        self._is_special = np.zeros(256, dtype=bool)
        self._is_special[list(special)] = True

    def __call__(self, texts: Strings) -> Strings:
        """The texts, escaped."""
        if not self._is_special[data_of(texts)].any():
            return texts
        return pa.array(
            [None if each is None else self.one(each) for each in texts.to_pylist()],
            pa.string(),
        )
