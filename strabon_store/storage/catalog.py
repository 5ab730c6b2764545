"""What the store knows about terms: their ids, and how often a predicate occurs."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Final, Protocol

import duckdb

from ontologies.geosparql.datatypes import GEOMETRY_DATATYPES
from strabon_store.algebra.terms import Literal, Term
from strabon_store.relational.encoding import DEFAULT_GRAPH
from strabon_store.relational.inline import encode_inline
from strabon_store.relational.layout import PredicateStatistics, Shapes
from strabon_store.relational.stars import NO_STARS, Stars
from strabon_store.storage.database import read_meta
from strabon_store.storage.dictionary import NOT_FOUND, find_ids, key_of
from strabon_store.storage.stars import read_stars
from strabon_store.storage.statistics import (
    read_planes,
    read_shapes,
    read_statistics,
)

_LINKS: Final = """
SELECT value, (
  SELECT list([subject, object]) FROM quads WHERE graph = $graph AND predicate = $key
) FROM meta WHERE key = 'generation'
"""
_COUNT_WITHIN: Final = """
SELECT count(*) FROM (
  SELECT 1 FROM geometries
  WHERE maxx >= $1 AND maxy >= $2 AND minx <= $3 AND miny <= $4 LIMIT $5
)
"""
_COUNT_STATEMENTS: Final = """
SELECT count(*) FROM (
  SELECT 1 FROM quads_by_object WHERE predicate = $1 AND object = $2 LIMIT $3
)
"""
_MOST_COUNTED: Final = 1_000_000
_MOST_STATEMENTS: Final = 10_000_000
"""More count as so many."""

_MANY_EACH: Final = 64
"""Statements of an object, on average, from which on it is counted how many one has."""

_MAX_REMEMBERED: Final = 100_000
_MAX_SHAPES: Final = 1000
_MAX_COUNTS: Final = 10_000


class Connection(Protocol):
    """Who gives cursors to read by."""

    def cursor(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """A cursor, to be closed after use."""


@dataclass(frozen=True, slots=True)
class Lent:
    """Lends one cursor again and again: who reads by it sees what it wrote.

    Attributes:
        lent: The cursor.
    """

    lent: duckdb.DuckDBPyConnection

    def cursor(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """The cursor; its owner closes it."""
        return nullcontext(self.lent)


class Catalog:
    """The ids of terms, read from the dictionary and remembered.

    A term keeps its id for as long as the store exists, so what was found stays true;
    what was not found is asked again, and so are geometry literals, which `optimize`
    may find to be of another kind.
    """

    def __init__(self, connection: Connection) -> None:
        """Read by a cursor of `connection`."""
        self._connection = connection
        self._known: dict[Term, int] = {}
        self._latest: Snapshot | None = None
        self._shapes: dict[tuple[int, str, str, int | None], Shapes | None] = {}
        self._counts: dict[tuple[int, int, int], int] = {}

    def snapshot(self, cursor: duckdb.DuckDBPyConnection | None = None) -> "Snapshot":
        """What compilers need to know of the store as it is now.

        Args:
            cursor: Within the transaction in which the store is read; its state is that
                of the snapshot. None: some moment of now.
        """
        if cursor is None:
            with self._connection.cursor() as lent:
                return self.snapshot(lent)
        generation = int(read_meta(cursor, "generation"))
        if self._latest is None or self._latest.generation != generation:
            predicates, stars = read_statistics(cursor), read_stars(cursor)
            planes = read_planes(cursor)
            self._latest = Snapshot(generation, self, predicates, stars, planes)
        return self._latest

    def term_id(self, term: Term) -> int | None:
        """The id of a term, None when nothing stored mentions it.

        A literal that is its own id has one whether or not it is stored.
        """
        return self.term_ids((term,)).get(term)

    def term_ids(self, terms: Iterable[Term]) -> dict[Term, int]:
        """The ids of those terms that have one."""
        ids: dict[Term, int] = {}
        unknown: list[Term] = []
        for term in dict.fromkeys(terms):
            found = self._known.get(term)
            if found is None and isinstance(term, Literal):
                found = encode_inline(term.lexical, term.datatype)
            if found is None:
                unknown.append(term)
            else:
                ids[term] = found
        if unknown:
            found_now = self._find(unknown)
            ids |= found_now
            if len(self._known) > _MAX_REMEMBERED:
                self._known.clear()
            self._known |= {t: i for t, i in found_now.items() if not _is_geometry(t)}
        return ids

    def links(
        self, predicate: int, generation: int
    ) -> frozenset[tuple[int, int]] | None:
        """The subjects and objects of a predicate in the default graph.

        None if the store is in another generation than that by now.
        """
        parameters = {"graph": DEFAULT_GRAPH, "key": predicate}
        with self._connection.cursor() as cursor:
            ((found, pairs),) = cursor.execute(_LINKS, parameters).fetchall()
        if int(found) != generation:
            return None
        return frozenset((subject, target) for subject, target in pairs or ())

    def shapes(
        self, generation: int, where: tuple[str, str, int | None]
    ) -> Shapes | None:
        """What geometries a column has; looked at once in a generation."""
        key = (generation, *where)
        if key not in self._shapes:
            if len(self._shapes) > _MAX_SHAPES:
                self._shapes.clear()
            with self._connection.cursor() as cursor:
                found = read_shapes(cursor, *where)
                if int(read_meta(cursor, "generation")) != generation:
                    # Of a later state than the one that is read.
                    return None
            self._shapes[key] = found
        return self._shapes[key]

    def count_geometries(self, box: tuple[float, float, float, float]) -> int | None:
        """How many geometries have boxes that meet one; None: more than one counts.

        Rows are in the order of a Hilbert curve, so most of them are not read.

        Args:
            box: West, south, east, north.
        """
        with self._connection.cursor() as cursor:
            cursor.execute(_COUNT_WITHIN, [*box, _MOST_COUNTED])
            (count,) = cursor.fetchall()[0]
        return int(count) if count < _MOST_COUNTED else None

    def count_statements(self, generation: int, predicate: int, value: int) -> int:
        """How many statements have a predicate and an object, in all graphs.

        They stand together, so that nothing else is read; counted once in a generation.
        """
        key = (generation, predicate, value)
        # Read once: another thread may clear what is remembered.
        known = self._counts.get(key)
        if known is None:
            with self._connection.cursor() as cursor:
                arguments = [predicate, value, _MOST_STATEMENTS]
                ((count,),) = cursor.execute(_COUNT_STATEMENTS, arguments).fetchall()
            if len(self._counts) > _MAX_COUNTS:
                self._counts.clear()
            known = self._counts[key] = int(count)
        return known

    def count_graphs(self) -> int:
        """How many named graphs hold a statement."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                "SELECT count(DISTINCT graph) FROM quads WHERE graph <> ?",
                [DEFAULT_GRAPH],
            ).fetchall()
        return int(rows[0][0])

    def iris(self, ids: Iterable[int]) -> dict[int, str]:
        """The IRIs with these ids."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                "SELECT id, lexical FROM terms WHERE id IN (SELECT unnest(?))",
                [list(ids)],
            ).fetchall()
        return dict(rows)

    def _find(self, terms: list[Term]) -> dict[Term, int]:
        with self._connection.cursor() as cursor:
            ids = find_ids(cursor, [key_of(each) for each in terms]).tolist()
        return {
            term: term_id
            for term, term_id in zip(terms, ids, strict=True)
            if term_id != NOT_FOUND
        }


def _is_geometry(term: Term) -> bool:
    return isinstance(term, Literal) and term.datatype in GEOMETRY_DATATYPES


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of a store at one moment.

    Attributes:
        generation: How many writes had changed the store; a plan is good for one.
        catalog: The ids of terms.
        predicates: What is known of each predicate, by its id.
        star_tables: The star tables.
        crs_planes: IRIs of the CRSs in whose planes there may be geometries.
    """

    generation: int
    catalog: Catalog
    predicates: Mapping[int, PredicateStatistics]
    star_tables: Stars
    crs_planes: frozenset[str]

    def term_id(self, term: Term) -> int | None:
        """The id of a term, None when nothing stored mentions it."""
        return self.catalog.term_id(term)

    def term_ids(self, terms: Iterable[Term]) -> dict[Term, int]:
        """The ids of those terms that have one."""
        return self.catalog.term_ids(terms)

    def predicate(self, term_id: int) -> PredicateStatistics | None:
        """What is known of the statements of a predicate, None when there are none."""
        return self.predicates.get(term_id)

    def links(self, predicate: int) -> frozenset[tuple[int, int]] | None:
        """The subjects and objects of a predicate in the default graph.

        None if they are other ones by now.
        """
        return self.catalog.links(predicate, self.generation)

    def shapes(self, table: str, column: str, predicate: int | None) -> Shapes | None:
        """What geometries a column of a table has; None where it has none."""
        return self.catalog.shapes(self.generation, (table, column, predicate))

    def stars(self) -> Stars:
        """The star tables that may be read."""
        return self.star_tables

    def planes(self) -> frozenset[str]:
        """IRIs of the CRSs in whose planes there may be geometries."""
        return self.crs_planes

    def count_geometries(self, box: tuple[float, float, float, float]) -> int | None:
        """About how many geometries have boxes that meet one; None: very many."""
        return self.catalog.count_geometries(box)

    def count_statements(self, predicate: int, value: int) -> int | None:
        """About how many statements have a predicate and an object.

        None where objects have so few that nothing is gained by counting.
        """
        known = self.predicates.get(predicate)
        if known is None or known.statements < _MANY_EACH * known.objects:
            return None
        return self.catalog.count_statements(self.generation, predicate, value)

    def without_stars(self) -> "Snapshot":
        """The same for a compiler that is to read the quads alone."""
        return replace(self, star_tables=NO_STARS)
