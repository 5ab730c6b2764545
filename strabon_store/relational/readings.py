"""What a plan was made from: the answers that a catalog gave while it was compiled.

An id is a term's for ever, so a plan outlives the writes that change nothing else that
it asked for: that a term is unknown, what is known of a predicate, which star tables
there are, the links of a small hierarchy, how many CRSs are defined.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from ontologies.geosparql.crs import count_defined
from strabon_store.algebra.terms import Term
from strabon_store.relational.context import TermCatalog
from strabon_store.relational.layout import PredicateStatistics, Shapes
from strabon_store.relational.stars import Stars

MUCH: Final = 2
"""The factor by which statistics change before a plan is made again."""


class Catalog(TermCatalog, Protocol):
    """Who knows the ids of many terms at once."""

    def term_ids(self, terms: Iterable[Term]) -> Mapping[Term, int]:
        """The ids of those terms that have one."""
        ...

    def shapes(self, table: str, column: str, predicate: int | None) -> Shapes | None:
        """What geometries a column of a table has; None where it has none."""
        ...


class Readings:
    """A catalog that keeps in mind what it was asked and what it said."""

    def __init__(self, catalog: Catalog) -> None:
        """Answers of this catalog."""
        self._catalog = catalog
        self._ids: dict[Term, int | None] = {}
        self._predicates: dict[int, PredicateStatistics | None] = {}
        self._links: dict[int, frozenset[tuple[int, int]] | None] = {}
        self._stars: Stars | None = None
        self._planes: frozenset[str] | None = None
        # A constant in a CRS that is not defined is an error until that is defined.
        self._defined = count_defined()
        self._shapes: dict[tuple[str, str, int | None], Shapes | None] = {}
        self._counts: dict[tuple[float, float, float, float], int | None] = {}
        self._statements: dict[tuple[int, int], int | None] = {}

    def look_up(self, terms: Iterable[Term]) -> None:
        """Ask for the ids of terms together, which is faster than one by one."""
        wanted = set(terms)
        self._ids |= dict.fromkeys(wanted)
        self._ids |= self._catalog.term_ids(wanted)

    def term_id(self, term: Term) -> int | None:
        """The id of a term, None when nothing stored mentions it."""
        if term not in self._ids:
            self._ids[term] = self._catalog.term_id(term)
        return self._ids[term]

    def predicate(self, term_id: int) -> PredicateStatistics | None:
        """What is known of the statements of a predicate, None when there are none."""
        if term_id not in self._predicates:
            self._predicates[term_id] = self._catalog.predicate(term_id)
        return self._predicates[term_id]

    def links(self, predicate: int) -> frozenset[tuple[int, int]] | None:
        """The subjects and objects of a predicate, None when nobody can tell."""
        if predicate not in self._links:
            self._links[predicate] = self._catalog.links(predicate)
        return self._links[predicate]

    def stars(self) -> Stars:
        """The star tables that may be read."""
        if self._stars is None:
            self._stars = self._catalog.stars()
        return self._stars

    def planes(self) -> frozenset[str]:
        """IRIs of the CRSs in whose planes there may be geometries."""
        if self._planes is None:
            self._planes = self._catalog.planes()
        return self._planes

    def count_geometries(self, box: tuple[float, float, float, float]) -> int | None:
        """About how many geometries have boxes that meet one; None: very many.

        A plan stays when there are others: what it answers does not depend on it.
        """
        if box not in self._counts:
            self._counts[box] = self._catalog.count_geometries(box)
        return self._counts[box]

    def count_statements(self, predicate: int, value: int) -> int | None:
        """About how many statements have a predicate and an object; None: not told.

        A plan stays when there are others, as with geometries.
        """
        key = (predicate, value)
        if key not in self._statements:
            self._statements[key] = self._catalog.count_statements(predicate, value)
        return self._statements[key]

    def shapes(self, table: str, column: str, predicate: int | None) -> Shapes | None:
        """What geometries a column of a table has; None where it has none."""
        where = (table, column, predicate)
        if where not in self._shapes:
            self._shapes[where] = self._catalog.shapes(*where)
        return self._shapes[where]

    def would_hold(self, catalog: Catalog) -> bool:
        """Whether another catalog would have said the same, or about the same."""
        unknown = [term for term, found in self._ids.items() if found is None]
        return (
            (self._planes is None or self._planes == catalog.planes())
            and self._defined == count_defined()
            and (self._stars is None or _are_alike(self._stars, catalog.stars()))
            and all(
                _say_the_same(known, catalog.predicate(key))
                for key, known in self._predicates.items()
            )
            and not (unknown and catalog.term_ids(unknown))
            and all(
                known is not None and known == catalog.links(key)
                for key, known in self._links.items()
            )
            # Last, because it takes longest.
            and all(
                known == catalog.shapes(*where) for where, known in self._shapes.items()
            )
        )


def _are_alike(one: Stars, other: Stars) -> bool:
    return one.tables == other.tables and one.loose.keys() == other.loose.keys()


def _say_the_same(
    one: PredicateStatistics | None, other: PredicateStatistics | None
) -> bool:
    if one is None or other is None:
        return one is other
    most, least = sorted((one.statements, other.statements), reverse=True)
    return one.encoding == other.encoding and most <= MUCH * least
