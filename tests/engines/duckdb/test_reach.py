"""`pytheas_reach` against a search in Python."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.duckdb.functions import register_functions

NODES = st.integers(0, 9) | st.integers(2**60, 2**60 + 3)
EDGES = st.lists(st.tuples(NODES, NODES), max_size=15)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    register_functions(connection)
    return connection


def _reach(
    connection: duckdb.DuckDBPyConnection, origins: object, begins: object, ends: object
) -> list[tuple[int, int]] | None:
    row = connection.execute(
        "SELECT pytheas_reach(?::BIGINT[], ?::BIGINT[], ?::BIGINT[], NULL)",
        [origins, begins, ends],
    ).fetchone()
    assert row is not None
    if row[0] is None:
        return None
    return [(pair["origin"], pair["node"]) for pair in row[0]]


def _walked(origin: int, edges: list[tuple[int, int]]) -> set[tuple[int, int]]:
    found: set[int] = set()
    pending = {origin}
    while pending:
        pending = {b for a, b in edges if a in pending} - found
        found |= pending
    return {(origin, node) for node in found}


@settings(deadline=None)
@given(st.lists(NODES, unique=True, max_size=4), EDGES)
def test_what_is_one_or_more_edges_away(
    connection: duckdb.DuckDBPyConnection,
    origins: list[int],
    edges: list[tuple[int, int]],
) -> None:
    begins, ends = [a for a, _ in edges], [b for _, b in edges]
    found = _reach(connection, origins, begins, ends)
    assert found is not None
    expected = set().union(*(_walked(origin, edges) for origin in origins))
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("missing", range(3))
def test_null_gives_null(connection: duckdb.DuckDBPyConnection, missing: int) -> None:
    lists: list[list[int] | None] = [[1], [1], [2]]
    lists[missing] = None
    assert _reach(connection, *lists) is None


def test_each_row_has_a_graph_of_its_own(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        "SELECT i, pytheas_reach([i], [i], [i + 1], NULL) FROM range(300) AS t(i)"
    ).fetchall()
    assert all(r == [{"origin": i, "node": i + 1}] for i, r in rows)
