"""The same questions to our store and to pyoxigraph, with and without passes."""

from typing import Final

import pyoxigraph as ox
import pytest

from strabon_store.passes import PASSES
from strabon_store.passes.pipeline import Pass
from strabon_store.results.graphs import Graph
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.differential.cases import Case, read_cases
from tests.solutions import (
    assert_same_graph,
    assert_same_sequence,
    assert_same_solutions,
    read_all,
    read_oxigraph,
)

CASES: Final = read_cases()


@pytest.mark.parametrize("passes", [(), PASSES], ids=["plain", "optimized"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_both_engines_agree(
    store: Store, oracle: ox.Store, case: Case, passes: tuple[Pass, ...]
) -> None:
    _compare(store, oracle, case, passes)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_star_tables_change_no_answer(
    starry: Store, oracle: ox.Store, case: Case
) -> None:
    _compare(starry, oracle, case, PASSES)


def _compare(
    store: Store, oracle: ox.Store, case: Case, passes: tuple[Pass, ...]
) -> None:
    expected = oracle.query(case.text)
    actual = store.query(case.text, passes=passes)
    if isinstance(expected, ox.QueryBoolean):
        assert actual == bool(expected)
        return
    if isinstance(actual, Graph):
        assert isinstance(expected, ox.QueryTriples)
        assert_same_graph(actual, expected)
        return
    assert isinstance(actual, Solutions)
    assert isinstance(expected, ox.QuerySolutions)
    ours, theirs = read_all(actual), read_oxigraph(expected)
    assert_same_solutions(ours, theirs)
    assert_same_sequence(ours, theirs, case.ordered)


def test_terms_come_back_as_they_went_in(store: Store, oracle: ox.Store) -> None:
    everywhere = "{ ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } }"
    text = f"SELECT * {{ {everywhere} FILTER (!isBlank(?o)) }}"
    expected = oracle.query(text)
    actual = store.query(text)
    assert isinstance(expected, ox.QuerySolutions)
    assert isinstance(actual, Solutions)
    position = actual.variables.index("o")
    spelled = sorted(str(row[position]) for row in read_all(actual).rows)
    theirs = read_oxigraph(expected)
    column = theirs.variables.index("o")
    assert spelled == sorted(str(row[column]) for row in theirs.rows)
