"""What of a plan fits into one SELECT, and what does not."""

import duckdb
import pytest

from strabon_store.algebra.terms import Term
from strabon_store.backends.duckdb import generate, generate_ids
from strabon_store.backends.sql import identifier, literal
from strabon_store.frontend import parse_query
from strabon_store.relational.layout import PredicateStatistics
from strabon_store.relational.lower import lower_query
from strabon_store.relational.stars import NO_STARS, Stars


class OneTerm:
    def term_id(self, term: Term) -> int | None:
        del term
        return 1

    def predicate(self, term_id: int) -> PredicateStatistics | None:
        del term_id
        return None

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


def _sql(text: str) -> str:
    return generate_ids(lower_query(parse_query(text), OneTerm())).sql


@pytest.mark.parametrize(
    ("text", "selects"),
    [
        ("SELECT * { ?s <a:p> ?o ; <a:q> ?p ; <a:r> ?r }", 1),
        ("SELECT * { ?s <a:p> ?o OPTIONAL { ?o <a:q> ?p } }", 1),
        ("SELECT * { ?s <a:p> ?o FILTER(?o = <a:b>) }", 1),
        ("SELECT (COUNT(*) AS ?n) { ?s <a:p> ?o } GROUP BY ?s", 2),
        # NULL is what the optional side has without a partner, not the constant.
        ("SELECT * { ?s <a:p> ?o OPTIONAL { ?o <a:q> ?p BIND(1 AS ?x) } }", 2),
        # The right side's own condition comes first.
        ("SELECT * { ?s <a:p> ?o OPTIONAL { ?o <a:q> ?p . ?p <a:r> ?q } }", 2),
        ("SELECT * { ?s <a:p> ?o { SELECT ?o { ?o <a:q> ?p } LIMIT 5 } }", 2),
    ],
)
def test_a_select_takes_what_fits(text: str, selects: int) -> None:
    assert _sql(text).count("SELECT") == selects


@pytest.mark.parametrize(
    "value", ["", "it's", "a\0b", "\0", "--", ":a", "\\'", "\ud7ff"]
)
def test_a_string_comes_back_as_it_went_in(value: str) -> None:
    answer = duckdb.execute(f"SELECT {literal(value)}").fetchone()
    assert answer == (value,)


@pytest.mark.parametrize("value", [0, -1, 2**62, 0.5, float("inf"), True, b"\0'"])
def test_other_values_do_too(value: float | bytes) -> None:
    answer = duckdb.execute(f"SELECT {literal(value)}").fetchone()
    assert answer == (value,)


def test_a_minus_before_a_negative_number_begins_no_comment() -> None:
    assert duckdb.execute(f"SELECT -{literal(-1)}").fetchone() == (1,)


def test_names_differ_in_case_alone() -> None:
    text = f"SELECT 1 AS {identifier('a')}, 2 AS {identifier('A')}"
    described = duckdb.execute(text).description
    assert len({column[0].lower() for column in described or ()}) == 2


def test_of_several_left_joins_with_the_dictionary_each_reads_what_is_mentioned() -> (
    None
):
    plan = lower_query(parse_query("SELECT * { ?s <a:p> ?o ; <a:q> ?p }"), OneTerm())
    sql = generate(plan).sql
    assert sql.startswith("WITH answer AS MATERIALIZED")
    assert sql.count('WHERE id IN (SELECT "') == 2
    # Subjects are all in the dictionary: that join can begin with them.
    assert sql.count("LEFT JOIN") == 2
