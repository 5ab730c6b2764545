"""The kinds of terms that are new, many at a time.

Most are told by the datatype, or by the number that the engine found; the others are
what `literal_kind` says, one by one.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strabon_store.relational.encoding import Tag
from strabon_store.relational.kinds import VALUED_DATATYPES, literal_kind

_Table: TypeAlias = Any  # pyarrow ships no types
_Integers: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

_VALUED: Final = pa.array(sorted(VALUED_DATATYPES), pa.large_string())


@dataclass(frozen=True, slots=True)
class KindsRead:
    """A column of kinds.

    Attributes:
        tags: Their tags.
        number: The values of numbers, NULL for others.
        moment: The values of moments, in microseconds.
    """

    tags: _Integers
    number: Any
    moment: Any


def find_kinds(tags: _Integers, terms: _Table) -> KindsRead:
    """The kinds of terms.

    Args:
        tags: What the end of each token tells of it.
        terms: With the columns `lexical`, `datatype` and `number`, of doubles where the
            engine could read them.
    """
    is_read = terms["number"].is_valid()
    tags = np.where(is_read.to_numpy(), int(Tag.NUMBER), tags)
    is_asked = pc.and_not(pc.is_in(terms["datatype"], _VALUED), is_read)
    rows = np.flatnonzero(is_asked.to_numpy())
    asked = terms.take(pa.array(rows))
    texts = (asked[name].to_pylist() for name in ("lexical", "datatype"))
    kinds = list(map(literal_kind, *texts))
    tags[rows] = [int(kind.tag) for kind in kinds]
    numbers = pa.array([kind.number for kind in kinds], pa.float64())
    moments = pa.array([kind.moment for kind in kinds], pa.int64())
    mask = is_asked.combine_chunks()
    return KindsRead(
        tags,
        pc.replace_with_mask(terms["number"].combine_chunks(), mask, numbers),
        pc.replace_with_mask(pa.nulls(len(tags), pa.int64()), mask, moments),
    )
