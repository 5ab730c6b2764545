"""The first load of a store: what there is to know of all quads is found in memory.

Nothing was there before, and all ids and what they are worth are at hand, in order.
What later loads, updates and `optimize` find by SQL (`storage.changes`,
`storage.statistics`, `storage.stars`) takes a fraction of the time so.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import duckdb
import numpy as np

from strabon_store.relational.encoding import PAYLOAD_BITS, Tag
from strabon_store.relational.layout import QUADS, QUADS_BY_OBJECT
from strabon_store.storage.arrivals import Ids, Quads, stage
from strabon_store.storage.changes import next_generation
from strabon_store.storage.first_stars import build_first_stars
from strabon_store.storage.sorted_quads import SortedQuads, firsts, sort_quads
from strabon_store.storage.statistics import DATATYPES, tags_of
from strabon_store.storage.term_values import TermValues

_Row: TypeAlias = list[Any]

_INSERT: Final = "INSERT INTO predicate_statistics VALUES (?, ?, ?, ?, ?, ?)"
_TAGS: Final = len(Tag)


class FirstQuads(NamedTuple):
    """All statements of a store, as they go into it.

    Attributes:
        quads: The statements.
        by_object: The same in the other order.
        values: What their terms are worth.
        statistics: Rows of `predicate_statistics`.
    """

    quads: SortedQuads
    by_object: Quads
    values: TermValues
    statistics: Sequence[_Row]


def sort_first(
    blocks: Sequence[Quads], values: TermValues, datatypes: Sequence[str | None]
) -> FirstQuads:
    """Sort statements, and find out what there is to know of them.

    Args:
        blocks: The statements.
        values: What their terms are worth.
        datatypes: By the numbers that `values` has.
    """
    quads = sort_quads(blocks)
    rows = [_observe(key, quads, values, datatypes) for key in quads.slices]
    return FirstQuads(quads, quads.all_in_object_order(), values, rows)


def store_first(cursor: duckdb.DuckDBPyConnection, first: FirstQuads) -> int:
    """Put statements into a store that has none; how many there are.

    Args:
        cursor: Within a transaction, with all terms in the dictionary.
        first: The statements.
    """
    if not len(first.quads):
        return 0
    stage(cursor, QUADS.name, first.quads.columns)
    stage(cursor, QUADS_BY_OBJECT.name, first.by_object)
    cursor.executemany(_INSERT, first.statistics)
    build_first_stars(cursor, first.quads, first.values)
    next_generation(cursor)
    return len(first.quads)


def _observe(
    predicate: int,
    quads: SortedQuads,
    values: TermValues,
    datatypes: Sequence[str | None],
) -> _Row:
    """What is known of a predicate: a row of `predicate_statistics`."""
    subjects = quads.of(predicate).subject
    objects = quads.in_object_order(predicate).object
    counts = np.bincount(objects >> PAYLOAD_BITS, minlength=_TAGS)
    mask = sum(1 << tag for tag in np.flatnonzero(counts).tolist())
    told = {DATATYPES.get(tag) for tag in tags_of(mask) - {Tag.IRI, Tag.BLANK}}
    if None in told:
        told.remove(None)
        told |= {datatypes[each] for each in _written(objects, values)}
    datatype = told.pop() if len(told) == 1 else None
    distinct = (int(np.count_nonzero(firsts(each))) for each in (subjects, objects))
    return [predicate, len(subjects), *distinct, mask, datatype]


def _written(objects: Ids, values: TermValues) -> list[int]:
    """Of the objects whose tag tells no datatype, the numbers of those they have."""
    tells = [*DATATYPES, Tag.IRI, Tag.BLANK]
    rest = objects[~np.isin(objects >> PAYLOAD_BITS, [int(tag) for tag in tells])]
    found: list[int] = values.endings_of(rest).tolist()
    return found
