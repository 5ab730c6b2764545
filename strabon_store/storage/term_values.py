"""What the new terms of a load are worth, by their keys, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from strabon_store.relational.encoding import PAYLOAD_BITS, PAYLOAD_MASK
from strabon_store.relational.stars import MEASURES
from strabon_store.storage.arrivals import Ids

_Column: TypeAlias = Any  # pyarrow ships no types
_Numbers: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

_NO_MOMENT: Final = np.iinfo(np.int64).min


class NewTerms(NamedTuple):
    """Terms that a block of a load brought.

    Attributes:
        keys: Their keys.
        endings: The numbers of their datatypes and languages.
        number: An Arrow column of numbers.
        moment: An Arrow column of moments, in microseconds.
    """

    keys: Ids
    endings: Ids
    number: _Column
    moment: _Column


@dataclass(frozen=True, slots=True)
class TermValues:
    """What is known of the terms of a load.

    Attributes:
        first_key: The first key of the load.
        endings: The numbers of datatypes and languages by key, from the first.
        numbers: Numbers by key.
        moments: Moments by key, `_NO_MOMENT` for none; empty where no term has one.
    """

    first_key: int
    endings: Ids
    numbers: _Numbers
    moments: Ids

    def endings_of(self, ids: Ids) -> Ids:
        """The distinct numbers of datatype and language of dictionary terms."""
        return np.unique(self.endings[self._places(ids)])

    def measure(self, part: str, ids: Ids) -> _Column:
        """A part of the dictionary for some ids, as star tables have it beside them.

        Args:
            part: A key of `MEASURES`.
            ids: Ids of any kinds.
        """
        has_part = np.isin(ids >> PAYLOAD_BITS, [int(tag) for tag in MEASURES[part]])
        places = self._places(ids[has_part])
        if part == "number":
            numbers = np.zeros(len(ids))
            numbers[has_part] = self.numbers[places]
            return pa.array(numbers, mask=~has_part)
        moments = np.full(len(ids), _NO_MOMENT)
        if len(self.moments):
            moments[has_part] = self.moments[places]
        return pa.array(moments, pa.timestamp("us"), mask=moments == _NO_MOMENT)

    def _places(self, ids: Ids) -> Ids:
        return (ids & PAYLOAD_MASK) - self.first_key


def values_of(blocks: Sequence[NewTerms], first_key: int, next_key: int) -> TermValues:
    """What the terms of a load are worth.

    Args:
        blocks: All of them.
        first_key: No key is below.
        next_key: All keys are below.
    """
    size = next_key - first_key
    endings = np.full(size, -1)
    numbers, moments = np.full(size, np.nan), np.zeros(0, np.int64)
    if any(block.moment.null_count < len(block.moment) for block in blocks):
        moments = np.full(size, _NO_MOMENT)
    for block in blocks:
        places = block.keys - first_key
        endings[places] = block.endings
        numbers[places] = block.number.fill_null(np.nan).to_numpy()
        if len(moments):
            moments[places] = block.moment.fill_null(_NO_MOMENT).to_numpy()
    return TermValues(first_key, endings, numbers, moments)
