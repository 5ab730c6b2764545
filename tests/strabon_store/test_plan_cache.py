"""A plan stays as long as what it was made from, and no longer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from strabon_store.plan_cache import PlanCache
from strabon_store.results.columns import lexical_of
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.strabon_store.test_join_order import Known

P = "PREFIX : <http://e/> "


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as store:
        store.update(P + "INSERT DATA { :a :p :b . :b :p :c . :c :q 'x' }")
        yield store


def _misses(store: Store, text: str) -> int:
    """How many of two queries, the second after a write, had to be compiled."""
    before = store.statistics().plans
    store.query(P + text)
    store.update(P + "INSERT DATA { :a :other 1 . :new :other 2 }")
    store.query(P + text)
    after = store.statistics().plans
    assert after.hits + after.misses == before.hits + before.misses + 2
    return after.misses - before.misses


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { :a :p ?x }",
        "SELECT * { ?x :p ?y . ?y :q ?z FILTER(?z > 1) }",
        "SELECT * { ?x :p :nowhere }",
        "SELECT * { :a :p+ ?x }",
    ],
)
def test_a_write_of_other_things_leaves_a_plan(store: Store, text: str) -> None:
    assert _misses(store, text) == 1


@pytest.mark.parametrize(
    "text", ["SELECT * { :new ?p ?x }", "SELECT * { ?x :other ?y }"]
)
def test_a_write_of_what_a_plan_asked_for_takes_it_away(
    store: Store, text: str
) -> None:
    assert _misses(store, text) == 2


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (":a :p+ ?x", "b c", "a b c d"),
        ("?x :p* :c", "a b c", "a b c d"),
        ("?x ^:p+ :a", "b c", "a b c d"),
        (":c ^:p ?x", "b", "b"),
    ],
)
def test_a_small_hierarchy_is_walked_as_it_is_now(
    store: Store, path: str, before: str, after: str
) -> None:
    def found() -> str:
        rows = store.query(P + f"SELECT ?x {{ {path} }}")
        assert isinstance(rows, Solutions)
        named = [lexical_of(row[0]) for row in rows if row[0] is not None]
        return " ".join(sorted(name[-1] for name in named))

    assert found() == before
    store.update(P + "INSERT DATA { :c :p :d . GRAPH :g { :d :p :e } }")
    store.update(P + "INSERT DATA { :d :p :a }")
    assert found() == after
    store.update(P + "DELETE DATA { :c :p :d . :d :p :a }")
    assert found() == before


def test_the_plans_that_were_not_used_for_longest_go_first() -> None:
    plans: PlanCache[int] = PlanCache()
    for number in range(600):
        plans.find(number, 1, Known(), lambda _: 1)
        plans.find(0, 1, Known(), lambda _: 0)
    assert plans.counts.kept == 512
    assert plans.counts.misses == 600
    assert plans.counts.hits == 600
