"""The first load of a store: what there is to know of all quads is found in memory.

Nothing was there before, and all ids and what they are worth are at hand, in order.
What later loads, updates and `optimize` find by SQL (`storage.changes`,
`storage.statistics`, `storage.stars`) takes a fraction of the time so.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import duckdb
import numpy as np

from strabon_store.relational.encoding import PAYLOAD_BITS, Tag
from strabon_store.relational.layout import QUADS, QUADS_BY_OBJECT, PredicateStatistics
from strabon_store.storage.arrivals import Ids, Quads, stage
from strabon_store.storage.changes import next_generation
from strabon_store.storage.encode import Encoding
from strabon_store.storage.first_stars import find_first_stars
from strabon_store.storage.sorted_quads import SortedQuads, firsts, sort_quads
from strabon_store.storage.stars import least_subjects
from strabon_store.storage.statistics import DATATYPES, tags_of
from strabon_store.storage.term_values import TermValues
from strabon_store.storage.writes import Writes

_Row: TypeAlias = list[Any]

_INSERT: Final = "INSERT INTO predicate_statistics VALUES (?, ?, ?, ?, ?, ?)"
_TAGS: Final = len(Tag)


def store_first(
    cursor: duckdb.DuckDBPyConnection,
    encoding: Encoding,
    blocks: list[Quads],
    values: TermValues,
) -> int:
    """Put what a load read into a store that has nothing.

    One thread puts what is ready into its place while another sorts the next.

    Args:
        cursor: Within a transaction.
        encoding: Gave ids to the terms, and keeps them.
        blocks: The statements; none is left.
        values: What their terms are worth.

    Returns:
        How many statements there are.
    """
    least = least_subjects(cursor)
    with Writes() as writes:
        encoding.keep_terms(writes)
        quads = sort_quads(blocks)
        blocks.clear()
        encoding.keep_geometries(writes)
        if not len(quads):
            return 0
        writes.later(stage, cursor, QUADS.name, quads.columns)
        datatypes = encoding.datatypes()
        rows = [_observe(key, quads, values, datatypes) for key in quads.slices]
        writes.later(cursor.executemany, _INSERT, rows)
        known = {key: PredicateStatistics(*counts) for key, *counts, _, _ in rows}
        stars = find_first_stars(quads, values, known, least)
        writes.later(stage, cursor, QUADS_BY_OBJECT.name, quads.all_in_object_order())
        writes.later(stars.build, cursor)
        writes.later(next_generation, cursor)
    return len(quads)


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
