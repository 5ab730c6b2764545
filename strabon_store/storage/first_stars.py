"""The star tables of a first load, from statements in memory.

They are those that `storage.stars` would make of the same quads.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from strabon_store.backends.sql import Template, identifier
from strabon_store.relational.encoding import (
    DEFAULT_GRAPH,
    PAYLOAD_BITS,
    PAYLOAD_MASK,
    Tag,
)
from strabon_store.relational.layout import PredicateStatistics
from strabon_store.relational.stars import (
    MEASURES,
    SUBJECT,
    TEXT,
    StarColumn,
    StarTable,
)
from strabon_store.storage.arrivals import Ids
from strabon_store.storage.characteristic_sets import (
    CharacteristicSet,
    ChosenTable,
    choose_tables,
)
from strabon_store.storage.lines import in_row_groups
from strabon_store.storage.sorted_quads import SortedQuads, firsts, order_of
from strabon_store.storage.star_points import find_points, read_points
from strabon_store.storage.stars import (
    MOST_SETS,
    candidates_of,
    categories_of,
    describe,
    drop_stars,
    first_number,
    marked,
    mask_of,
    plan_table,
)
from strabon_store.storage.statistics import read_statistics
from strabon_store.storage.term_values import TermValues

_Masks: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]
_Column: TypeAlias = Any  # pyarrow ships no types

_NOWHERE: Final = -1
"""In the place of a row, or of a star table."""

_WORD: Final = 64
"""Bits of one number of a mask."""

_LAST: Final = np.iinfo(np.int64).max
"""Stands for NULL where columns are sorted: behind all ids."""

_CREATE: Final = Template("CREATE TABLE :a AS FROM given")
_TEXTS: Final = """
SELECT id, lexical FROM terms
WHERE id BETWEEN $low AND $high AND id IN (SELECT object FROM given)
"""
_LOOSE: Final = "INSERT INTO loose SELECT subject, predicate, object FROM given"
_COUNT: Final = "INSERT INTO loose_statements VALUES (?, ?)"


class _Statements(NamedTuple):
    """The statements of a predicate in the default graph, by subject and object.

    Attributes:
        subject: Ids of subjects.
        object: Ids of objects.
    """

    subject: Ids
    object: Ids


@dataclass(frozen=True, slots=True)
class FirstStars:
    """What star tables are made of in a first load.

    Attributes:
        values: What terms are worth.
        statements: All statements of the default graph, by predicate.
        candidates: The predicates that may be columns.
        sets: The characteristic sets of their subjects; None where there are none.
        least: How many subjects make a table worth having.
    """

    values: TermValues
    statements: Mapping[int, _Statements]
    candidates: Sequence[int]
    sets: "_Sets | None"
    least: int

    def build(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Build the tables, of which the store had none.

        Args:
            cursor: Within a transaction, in which the statistics of predicates are
                right and all terms, quads and geometries in their tables.
        """
        drop_stars(cursor)
        if self.sets is None:
            return
        known = read_statistics(cursor)
        points = find_points(cursor, known, self.candidates)
        alone = mask_of(points, self.candidates)
        chosen = choose_tables(self.sets.largest(), self.least, alone)
        if not chosen:
            return
        subjects, stars = self.sets.subjects, self.sets.assign(chosen)
        some = {key: self.statements[key] for key in self.candidates}
        building = _Building(cursor, self.values, subjects, some, stars, points)
        for number, table in enumerate(chosen):
            predicates = marked(table.columns, self.candidates)
            building.build(number, {key: known[key] for key in predicates})
        columns = {
            key: np.array([bool(each.columns >> place & 1) for each in chosen])
            for place, key in enumerate(self.candidates)
        }
        for key, each in self.statements.items():
            is_loose = np.ones(len(each.subject), bool)
            if key in columns:
                found = stars[subjects.rows(each.subject)]
                is_loose = (found == _NOWHERE) | ~columns[key][found]
            loose = _Statements(*(column[is_loose] for column in each))
            _keep_loose(cursor, key, loose)


def find_first_stars(
    quads: SortedQuads,
    values: TermValues,
    known: Mapping[int, PredicateStatistics],
    least: int,
) -> FirstStars:
    """Find out of what star tables can be made.

    Args:
        quads: All statements of the store.
        values: What their terms are worth.
        known: How often each predicate stands in them.
        least: How many subjects make a table worth having.
    """
    candidates = candidates_of(known, least)
    statements = {key: _default(quads, key) for key in quads.slices}
    some = {key: statements[key] for key in candidates}
    sets = None
    if some:
        sets = _find_sets(_find_subjects(some.values(), values), some)
    return FirstStars(values, statements, candidates, sets, least)


def _default(quads: SortedQuads, predicate: int) -> _Statements:
    graph, subject, _, value = quads.of(predicate)
    if graph.any():
        is_default = graph == DEFAULT_GRAPH
        subject, value = subject[is_default], value[is_default]
    return _Statements(subject, value)


def _keep_loose(
    cursor: duckdb.DuckDBPyConnection, predicate: int, statements: _Statements
) -> None:
    count = len(statements.subject)
    if count:
        predicates = np.full(count, predicate)
        given = pa.table({**statements._asdict(), "predicate": predicates})
        cursor.register("given", given)
        cursor.execute(_LOOSE)
        cursor.unregister("given")
        cursor.execute(_COUNT, [predicate, count])


@dataclass(frozen=True, slots=True)
class _Subjects:
    """Subjects, numbered.

    Attributes:
        ids: They, sorted.
        first_key: Of the load.
        numbers: By key from the first one, where a subject stands in `ids`.
    """

    ids: Ids
    first_key: int
    numbers: Ids

    def rows(self, subjects: Ids) -> Ids:
        """Where they stand."""
        rows: Ids = self.numbers[(subjects & PAYLOAD_MASK) - self.first_key]
        return rows


def _find_subjects(statements: Iterable[_Statements], values: TermValues) -> _Subjects:
    first_key = values.first_key
    kinds = np.full(len(values.endings), _NOWHERE, np.int8)
    for each in statements:
        subjects = each.subject
        kinds[(subjects & PAYLOAD_MASK) - first_key] = subjects >> PAYLOAD_BITS
    tags = (int(Tag.IRI), int(Tag.BLANK))
    places = [np.flatnonzero(kinds == tag) for tag in tags]
    ids = [
        (tag << PAYLOAD_BITS) + first_key + each
        for tag, each in zip(tags, places, strict=True)
    ]
    numbers = np.full(len(kinds), _NOWHERE, np.int64)
    numbers[np.concatenate(places)] = np.arange(sum(map(len, places)))
    return _Subjects(np.concatenate(ids), first_key, numbers)


@dataclass(frozen=True, slots=True)
class _Sets:
    """The characteristic sets of subjects.

    Attributes:
        subjects: The subjects.
        sets: The sets that they have.
        numbers: For each subject, where its set stands.
    """

    subjects: _Subjects
    sets: Sequence[CharacteristicSet]
    numbers: Ids

    def largest(self) -> list[CharacteristicSet]:
        """The sets that tables are chosen for."""
        ordered = sorted(self.sets, key=lambda each: (-each.subjects, each))
        return ordered[:MOST_SETS]

    def assign(self, chosen: Iterable[ChosenTable]) -> Ids:
        """For each subject the number of its table, `_NOWHERE` for those of none."""
        tables = {
            found: number for number, table in enumerate(chosen) for found in table.sets
        }
        of_sets = np.array([tables.get(each, _NOWHERE) for each in self.sets], np.int64)
        return of_sets[self.numbers]


def _find_sets(subjects: _Subjects, statements: Mapping[int, _Statements]) -> _Sets:
    words = -(-len(statements) // _WORD)
    masks = np.zeros((2 * words, len(subjects.ids)), np.uint64)
    for place, each in enumerate(statements.values()):
        word, bit = place // _WORD, np.uint64(1 << place % _WORD)
        starts = np.flatnonzero(firsts(each.subject))
        rows = subjects.rows(each.subject[starts])
        is_single = np.diff(starts, append=len(each.subject)) == 1
        masks[word, rows[is_single]] |= bit
        masks[words + word, rows[~is_single]] |= bit
    found, numbers = _distinct_columns(masks)
    counts = np.bincount(numbers, minlength=found.shape[1]).tolist()
    sets = [
        CharacteristicSet(_mask(column[:words]), _mask(column[words:]), count)
        for column, count in zip(found.T, counts, strict=True)
    ]
    return _Sets(subjects, sets, numbers)


def _mask(words: _Masks) -> int:
    return sum(int(word) << _WORD * place for place, word in enumerate(words))


def _distinct_columns(masks: _Masks) -> tuple[_Masks, Ids]:
    """The distinct columns of a matrix, and where each of its columns stands there."""
    numbers = np.zeros(masks.shape[1], np.int64)
    for row in masks:
        if not row.any():
            continue
        values, places = np.unique(row, return_inverse=True)
        # Compressed each time, so that numbers stay small.
        _, numbers = np.unique(numbers * len(values) + places, return_inverse=True)
    _, firsts_of = np.unique(numbers, return_index=True)
    return masks[:, firsts_of], numbers


@dataclass(frozen=True, slots=True)
class _Building:
    """What all tables are made of.

    Attributes:
        cursor: Within a transaction.
        values: What terms are worth.
        subjects: The subjects.
        statements: Their statements, by predicate.
        stars: For each subject, the number of its table.
        points: Predicates whose objects are points.
    """

    cursor: duckdb.DuckDBPyConnection
    values: TermValues
    subjects: _Subjects
    statements: Mapping[int, _Statements]
    stars: Ids
    points: frozenset[int]

    def build(self, number: int, known: Mapping[int, PredicateStatistics]) -> None:
        """Make one table and describe it."""
        name = first_number(self.cursor) + number
        table = plan_table(self.cursor, name, known, self.points)
        members = np.flatnonzero(self.stars == number)
        rows = np.full(len(self.stars), _NOWHERE, np.int64)
        rows[members] = np.arange(len(members))
        columns = {key: self._column(key, rows, len(members)) for key in known}
        categories = list(categories_of(known))
        order = np.arange(len(members))
        for key in reversed(categories):
            order = order[order_of(columns[key][order])]
        subjects = self.subjects.ids[members[order]]
        ordered = {key: column[order] for key, column in columns.items()}
        given = dict(self._columns(table, subjects, ordered))
        self.cursor.register("given", in_row_groups(pa.table(given)))
        self.cursor.execute(_CREATE.filled([identifier(table.name)]))
        self.cursor.unregister("given")
        describe(self.cursor, table, categories)

    def _column(self, predicate: int, rows: Ids, count: int) -> Ids:
        """The objects of a predicate, by the row of their subject; `_LAST` for NULL."""
        subject, value = self.statements[predicate]
        places = rows[self.subjects.rows(subject)]
        is_inside = places != _NOWHERE
        column = np.full(count, _LAST)
        column[places[is_inside]] = value[is_inside]
        return column

    def _columns(
        self, table: StarTable, subjects: Ids, objects: Mapping[int, Ids]
    ) -> Iterator[tuple[str, _Column]]:
        yield SUBJECT, pa.array(subjects)
        columns = table.columns.values()
        for column in columns:
            ids = objects[column.predicate]
            yield column.name, pa.array(ids, mask=ids == _LAST)
        for column in columns:
            parts = self._parts(column, objects[column.predicate])
            yield from zip(column.parts.values(), parts, strict=True)

    def _parts(self, column: StarColumn, ids: Ids) -> Iterator[_Column]:
        """What is known of terms, NULL where nothing is."""
        for part in column.parts:
            if part in MEASURES:
                yield self.values.measure(part, ids)
            elif part == TEXT:
                yield self._texts(ids)
        if column.has_points:
            yield from self._points(ids)

    def _points(self, ids: Ids) -> Iterator[_Column]:
        is_term = ids != _LAST
        for numbers in read_points(self.cursor, ids[is_term]):
            places = np.full(len(ids), np.nan)
            places[is_term] = numbers
            yield pa.array(places, mask=np.isnan(places))

    def _texts(self, ids: Ids) -> _Column:
        is_term = ids != _LAST
        objects = ids[is_term]
        self.cursor.register("given", pa.table({"object": objects}))
        ends = {"low": int(objects.min()), "high": int(objects.max())}
        found = self.cursor.execute(_TEXTS, ends).to_arrow_table()
        self.cursor.unregister("given")
        known = found["id"].to_numpy()
        order = np.argsort(known)
        places = np.zeros(len(ids), np.int64)
        places[is_term] = order[np.searchsorted(known[order], objects)]
        texts = found["lexical"].combine_chunks()
        return texts.take(pa.array(places, mask=~is_term))
