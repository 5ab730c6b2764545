"""Answers do not depend on star tables, whatever was written before and meanwhile."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from strabon_store.store import Store
from tests.solutions import Answer, assert_same_solutions, read_all
from tests.star_tables import open_with_star_tables

PREFIX: Final = "PREFIX : <http://example.org/> "
DATA: Final = """
@prefix : <http://example.org/> .
:a :p 1 ; :q 2.5e0 ; :r "x" ; :next :b .
:b :p 2 ; :q 3.5e0 , 4.5e0 ; :r "y" ; :next :c .
:c :p 3 ; :q 1e0 ; :r "z"@en .
:d :p 3.5 ; :q 7e0 ; :r :a ; :next :d .
:e :p 7 .
"""
QUERIES: Final = (
    "SELECT * { ?s :p ?x ; :q ?y ; :r ?z }",
    "SELECT * { ?s :p ?x ; :p ?y }",
    "SELECT * { ?s :p ?x ; :q ?x }",
    "SELECT * { ?s :next ?s ; :q ?y }",
    "SELECT * { ?s :p ?x ; :next ?t . ?t :q ?y ; :r ?z }",
    "SELECT * { ?s :p ?x OPTIONAL { ?s :q ?y } OPTIONAL { ?s :next ?t } }",
    # What no subject of a table has is a NULL of the type of a number.
    "SELECT * { ?s :r ?z OPTIONAL { ?s :q ?y } FILTER (?y > 1 || ?z = 'x') }",
    "SELECT * { ?s :r ?z OPTIONAL { ?s :q ?y } } ORDER BY ?y ?z ?s",
    "SELECT * { { ?s :r ?z } UNION { ?s :p ?y } } ORDER BY ?y ?z ?s",
    "SELECT * { { ?s :r ?z } UNION { ?s :q ?y } FILTER (?y > 1 || ?z = 'x') }",
    "SELECT * { ?s :r ?z OPTIONAL { ?s :next ?t } OPTIONAL { ?t :p ?x } }",
    "SELECT * { { ?s :p ?x } UNION { ?s :q ?x } OPTIONAL { ?s :r ?z } }",
    "SELECT * { { SELECT ?s { ?s :p ?y } } OPTIONAL { ?s :q ?y } }",
    "SELECT * { :b :p ?x ; :q ?y }",
    "SELECT * { ?s :p 3 ; :q ?y FILTER (?y < 2) }",
    "SELECT (AVG(?y) AS ?m) (COUNT(*) AS ?n) { ?s :p ?x ; :q ?y }",
    "SELECT ?x (SUM(?y) AS ?m) { ?s :p ?x OPTIONAL { ?s :q ?y } } GROUP BY ?x",
    "SELECT * { ?s :p ?x ; :q ?y FILTER NOT EXISTS { ?s :next ?t } }",
    "SELECT * { ?s ?p ?o . ?s :q ?y }",
    "SELECT * { ?s :p ?x ; :q ?y GRAPH ?g { ?s :p ?z } }",
)
SUBJECTS: Final = (":a", ":b", ":c", ":d", ":e", ":f")
OBJECTS: Final = (":a", ":b", "1", "3", "2.5e0", '"x"', '"z"@en', "3.50")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "data.ttl"
    path.write_text(DATA)
    with open_with_star_tables(tmp_path / "store") as store:
        store.load([path])
        yield store


def _answer(store: Store, query: str, *, star_tables: bool = True) -> Answer:
    store.reads_star_tables = star_tables
    answer = store.query(PREFIX + query)
    assert not isinstance(answer, bool)
    return read_all(answer)


def _random_update(chance: random.Random) -> str:
    def triple() -> str:
        predicate = chance.choice((":p", ":q", ":r", ":next"))
        return f"{chance.choice(SUBJECTS)} {predicate} {chance.choice(OBJECTS)}"

    return chance.choice(
        (
            f"INSERT DATA {{ {triple()} . {triple()} }}",
            f"INSERT DATA {{ GRAPH :g {{ {triple()} }} }}",
            f"DELETE WHERE {{ {chance.choice(SUBJECTS)} :q ?y }}",
            (
                "DELETE { ?s :p ?x } INSERT { ?s :q ?x } WHERE "
                f"{{ ?s :p ?x ; :r {chance.choice(OBJECTS)} }}"
            ),
        )
    )


@pytest.mark.parametrize("query", QUERIES)
def test_answers_are_those_of_the_quads(store: Store, query: str) -> None:
    expected = _answer(store, query, star_tables=False)
    assert_same_solutions(_answer(store, query), expected)


def test_these_queries_read_star_tables(store: Store) -> None:
    plans = [store.explain(PREFIX + query).plan for query in QUERIES]
    assert sum("Scan star_" in plan for plan in plans) >= len(QUERIES) - 3


@pytest.mark.parametrize("seed", range(2))
def test_answers_stay_those_of_the_quads_after_updates(store: Store, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    for step in range(6):
        store.update(PREFIX + _random_update(chance))
        for query in chance.sample(QUERIES, 5):
            expected = _answer(store, query, star_tables=False)
            assert_same_solutions(_answer(store, query), expected)
        if step == 3:
            store.optimize()


def test_a_plan_is_run_on_the_state_that_it_was_made_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, compiled = QUERIES[0], store._compiled
    before = len(_answer(store, query).rows)
    updates = iter(["INSERT DATA { :a :s 1 . :f :p 1 ; :q 2 ; :r 3 }"])

    def overtaken(*arguments: Any, **named: Any) -> Any:
        found = compiled(*arguments, **named)
        for update in updates:
            store.update(PREFIX + update)
        return found

    monkeypatch.setattr(store, "_compiled", overtaken)
    # Its plan would miss `:a`, which has left its star table.
    assert len(_answer(store, query).rows) == before + 1


def test_a_plan_outlives_no_star_table(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, compiled = QUERIES[0], store._compiled
    before = _answer(store, query)
    rebuilds = iter([store.optimize])

    def overtaken(*arguments: Any, **named: Any) -> Any:
        found = compiled(*arguments, **named)
        for rebuild in rebuilds:
            rebuild()
        return found

    monkeypatch.setattr(store, "_compiled", overtaken)
    assert_same_solutions(_answer(store, query), before)


def test_many_optional_patterns_that_no_star_table_has_are_planned_once(
    store: Store,
) -> None:
    # Twice at each level would be a million times.
    optional = "".join(f"OPTIONAL {{ ?t :q ?y{i} }} " for i in range(20))
    answer = _answer(store, f"SELECT * {{ ?s :next ?t {optional} FILTER (?s = :b) }}")
    assert len(answer.rows) == 1
