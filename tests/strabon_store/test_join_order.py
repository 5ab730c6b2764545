"""Joins in the order of the statistics; the answers are in tests/differential."""

from collections.abc import Iterable, Iterator

import pytest

from strabon_store.algebra.terms import IRI, Term
from strabon_store.frontend import parse_query
from strabon_store.relational.estimates import estimate
from strabon_store.relational.layout import PredicateStatistics
from strabon_store.relational.lower import lower_query
from strabon_store.relational.nodes import Join, Plan, Projection, Scan, Shared
from strabon_store.relational.scalars import Call, Column, Constant
from strabon_store.relational.stars import NO_STARS, Stars

PREDICATES = {
    "type": PredicateStatistics(statements=100_000, subjects=100_000, objects=2),
    "class": PredicateStatistics(statements=100_000, subjects=100_000, objects=8),
    "near": PredicateStatistics(statements=100_000, subjects=100_000, objects=60_000),
    "code": PredicateStatistics(statements=100_000, subjects=100_000, objects=1_000),
    "rare": PredicateStatistics(statements=5, subjects=5, objects=5),
}
NUMBERS = {name: number for number, name in enumerate(PREDICATES, 1)}


class Known:
    """The predicates above; every other term has the id 99."""

    def term_id(self, term: Term) -> int | None:
        assert isinstance(term, IRI)
        return NUMBERS.get(term.value.removeprefix("e:"), 99)

    def term_ids(self, terms: Iterable[Term]) -> dict[Term, int]:
        found = {term: self.term_id(term) for term in terms}
        return {term: number for term, number in found.items() if number is not None}

    def predicate(self, term_id: int) -> PredicateStatistics | None:
        names = {number: name for name, number in NUMBERS.items()}
        return PREDICATES[names[term_id]] if term_id in names else None

    def links(self, predicate: int) -> None:
        del predicate

    def stars(self) -> Stars:
        return NO_STARS

    def planes(self) -> frozenset[str]:
        return frozenset()

    def count_geometries(self, box: tuple[float, float, float, float]) -> None:
        del box

    def count_statements(self, predicate: int, value: int) -> None:
        del predicate, value

    def shapes(self, table: str, column: str, predicate: int | None) -> None:
        del table, column, predicate


def _plan(pattern: str) -> Plan:
    text = f"PREFIX : <e:> SELECT * {{ {pattern} }}"
    return lower_query(parse_query(text), Known())


def _scans(plan: Plan) -> Iterator[str]:
    """The predicates of all scans, in the order in which they are joined."""
    match plan:
        case Join(left, right):
            yield from _scans(left)
            yield from _scans(right)
        case Projection(source) | Shared(source):
            yield from _scans(source)
        case Scan():
            for condition in plan.conditions:
                match condition:
                    case Call("equal", (Column("predicate"), Constant(int(number)))):
                        yield list(PREDICATES)[number - 1]
                    case _:
                        pass
        case _:
            raise AssertionError(plan)


def _has_barrier(plan: Plan) -> bool:
    match plan:
        case Shared():
            return True
        case Join(left, right):
            return _has_barrier(left) or _has_barrier(right)
        case Projection(source):
            return _has_barrier(source)
        case _:
            return False


@pytest.mark.parametrize(
    ("pattern", "order"),
    [
        ("?f :near ?g . ?f :rare ?r", "rare near"),
        ("?f :type :F ; :class ?c ; :code 7", "code type class"),
        # What is connected comes first, however few rows the other has.
        ("?a :near ?b . ?x :rare ?y . ?b :near ?c", "near near rare"),
        ("?f :type :F . ?g :near ?f . ?g :rare ?r", "rare near type"),
    ],
)
def test_the_fewest_rows_come_first(pattern: str, order: str) -> None:
    assert " ".join(_scans(_plan(pattern.replace("7", ":seven")))) == order


def test_many_to_many_is_not_left_to_the_engine() -> None:
    assert _has_barrier(
        _plan("?g :near :f . ?g :class ?c . ?f :class ?c ; :code :seven")
    )


@pytest.mark.parametrize(
    "pattern",
    [
        "?f :class ?c . ?g :class ?c",
        "?f :type :F ; :class ?c ; :near ?g . ?g :near ?h",
        "?f :near :f ; :class ?c ; :type ?t",
    ],
)
def test_all_else_is_one_statement(pattern: str) -> None:
    assert not _has_barrier(_plan(pattern))


@pytest.mark.parametrize(
    ("pattern", "rows"),
    [
        ("?f :class ?c", 100_000),
        ("?f :class :c", 12_500),
        (":f :class ?c", 1),
        ("?f :class ?c ; :near ?g", 100_000),
        ("?f :near ?g . ?g :class :c", 12_500),
        ("?f :unheard ?g", 0),
        ("?f :class ?c BIND(EXISTS { ?f :near ?g } AS ?e)", 100_000),
        ("{ ?f :class ?c } UNION { ?f :rare ?c }", 100_005),
        ("{ SELECT ?c { ?f :class ?c } GROUP BY ?c }", 8),
        ("{ SELECT * { ?f :class ?c } LIMIT 20 }", 20),
    ],
)
def test_estimates_are_right_where_values_are_spread_evenly(
    pattern: str, rows: float
) -> None:
    assert estimate(_plan(pattern), Known()).rows == pytest.approx(rows)
