"""What would be written twice gets a column; the answers are in tests/differential."""

import pytest

from strabon_store.algebra.terms import Term
from strabon_store.backends.duckdb import generate
from strabon_store.backends.share_scalars import AGGREGATES, Spelling, share_scalars
from strabon_store.frontend import parse_query
from strabon_store.relational.layout import PredicateStatistics
from strabon_store.relational.lower import lower_query
from strabon_store.relational.nodes import (
    One,
    Plan,
    Projection,
    Selection,
)
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import Column, Scalar, call
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


def _long(operation: str, arguments: int) -> Spelling:
    del operation
    return Spelling(100, (2,) * arguments)


def _source(*names: str) -> Plan:
    columns = tuple(PlanColumn(name, None, is_nullable=True) for name in names)
    return Projection(One(), columns, tuple(Column(name) for name in names))


def _size(additions: int) -> int:
    text = f"SELECT (?z{' + ?z' * additions} AS ?sum) {{ ?s <http://e/z> ?z }}"
    return len(generate(lower_query(parse_query(text), OneTerm())).sql)


def test_the_text_grows_with_the_expression_and_hardly_faster() -> None:
    # Each layer hands on what the layers above it read.
    assert _size(24) - _size(16) < 1.3 * (_size(16) - _size(8))


def test_what_reads_no_column_is_not_written_over_and_over_either() -> None:
    text = "SELECT (SUM(if(isNumeric(?nowhere), ?nowhere, 0)) AS ?n) { ?s ?p ?z }"
    assert len(generate(lower_query(parse_query(text), OneTerm())).sql) < 100_000


def test_constants_of_a_join_leave_its_right_side_what_it_can_share() -> None:
    condition = 'if(?x > strbefore("x", "y"), 1.5, 1.5) != 1'
    text = (
        "PREFIX : <http://e/> "
        f"SELECT * {{ ?y :q ?z OPTIONAL {{ ?y :r ?x FILTER({condition}) }} }}"
    )
    assert len(generate(lower_query(parse_query(text), OneTerm())).sql) < 150_000


def test_a_part_that_is_written_twice_becomes_a_column_below() -> None:
    part = call("f", Column("x"))
    condition: Scalar = call("g", part)
    shared = share_scalars(Selection(_source("x"), condition), _long)
    assert isinstance(shared, Projection)
    assert [column.name for column in shared.columns] == ["x"]
    selection = shared.source
    assert isinstance(selection, Selection)
    assert selection.condition == call("g", Column(".s0"))
    assert isinstance(selection.source, Projection)
    assert selection.source.scalars == (Column("x"), part)


def test_what_a_window_guards_is_not_computed_before_it() -> None:
    costly = call("distance_m", Column("x"))
    guarded = call("within_window", Column("window"), call("near", costly))
    plan = Selection(_source("window", "x"), guarded)
    assert share_scalars(plan, _long) == plan


def test_constants_and_short_scalars_stay_where_they_are() -> None:
    plan = Selection(_source("x"), call("g", Column("x")))
    assert share_scalars(plan, _long) == plan


@pytest.mark.parametrize("operation", sorted(AGGREGATES))
def test_every_aggregate_is_spelled(operation: str) -> None:
    from strabon_store.backends import duckdb_scalars  # noqa: PLC0415 - private tables

    assert operation in {**duckdb_scalars._SPELLINGS, **duckdb_scalars._SPECIAL}
