"""Statements stay ready between queries, and are right after every write."""

from pathlib import Path

import duckdb
import pytest

from strabon_store.errors import QueryTimeout
from strabon_store.results.solutions import Solutions
from strabon_store.sessions import Sessions
from strabon_store.store import Store
from tests.differential.cases import DATA, PROLOGUE
from tests.solutions import read_all

P = "PREFIX : <http://e/> "


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE numbers AS SELECT range AS n FROM range(1000)")
    return connection


def _count(sessions: Sessions, sql: str, generation: int) -> int:
    session = sessions.take()
    session.keep_to(generation)
    count = session.execute(sql).fetchall()[0][0]
    session.close()
    return int(count)


def test_a_statement_of_an_older_generation_is_not_executed(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    sessions = Sessions(connection.cursor)
    sql = "SELECT count(*) FROM numbers WHERE n > 5000"
    assert _count(sessions, sql, 1) == 0
    connection.execute("INSERT INTO numbers VALUES (6000)")
    # DuckDB itself would say 0 for ever: n was never above 999 when it planned.
    assert _count(sessions, sql, 2) == 1


def test_more_statements_than_are_kept_are_all_right(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    sessions = Sessions(connection.cursor)
    for limit in [*range(100), *range(100)]:
        sql = f"SELECT count(*) FROM numbers WHERE n < {limit}"  # noqa: S608 - a number
        assert _count(sessions, sql, 1) == limit


def test_sessions_in_use_are_apart_and_close_with_the_database(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    sessions = Sessions(connection.cursor)
    one, other = sessions.take(), sessions.take()
    assert one.cursor is not other.cursor
    one.close()
    assert sessions.take() is one
    sessions.close()
    other.close()
    with pytest.raises(duckdb.ConnectionException):
        other.cursor.execute("SELECT 1")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.open(tmp_path / "store")
    store.update(P + "INSERT DATA { :a :p :b . :b :p 'x'@en, 17, true, _:c }")
    return store


def _rows(store: Store, text: str) -> int:
    result = store.query(text)
    assert isinstance(result, Solutions)
    return len(read_all(result).rows)


@pytest.mark.parametrize("limit", ["", "LIMIT 100"])
def test_a_query_sees_every_write_before_it(store: Store, limit: str) -> None:
    text = P + "SELECT ?x ?y { ?x :p ?y } " + limit
    for size in range(5, 12):
        assert _rows(store, text) == size
        store.update(P + f"INSERT DATA {{ :a :p :new{size} }}")


def test_an_unknown_term_becomes_known(store: Store) -> None:
    text = P + "SELECT * { :later :p ?y }"
    assert _rows(store, text) == 0
    store.update(P + "INSERT DATA { :later :p :a }")
    assert _rows(store, text) == 1
    store.update(P + "DELETE DATA { :later :p :a }")
    assert _rows(store, text) == 0


def test_a_query_that_was_cut_off_leaves_no_trace(store: Store) -> None:
    numbers = " ".join(map(str, range(300)))
    tables = " ".join(f"VALUES ?{name} {{ {numbers} }}" for name in "abcd")
    slow = f"SELECT (SUM(?a + ?b * ?c - ?d) AS ?n) {{ {tables} }}"
    for _ in range(3):
        with pytest.raises(QueryTimeout):
            store.query(slow, 0.2)
        assert _rows(store, P + "SELECT * { ?x :p ?y }") == 5


def test_a_join_has_the_same_answer_however_often_it_is_asked_for(
    tmp_path: Path,
) -> None:
    text = (
        f"{PROLOGUE} SELECT * {{ ?s a :Parcel OPTIONAL "
        "{ SELECT ?s (COUNT(?n) AS ?c) { ?s :near ?n } GROUP BY ?s } }"
    )
    answers = set()
    with Store.open(tmp_path / "store") as store:
        store.load([DATA])
        for _ in range(2000):
            answer = store.query(text)
            assert isinstance(answer, Solutions)
            answers.add(tuple(sorted(map(str, answer))))
    assert len(answers) == 1
