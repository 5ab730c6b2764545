"""Conditions that read both sides of OPTIONAL or EXISTS, however long they are."""

from collections.abc import Iterator
from typing import Final

import pyoxigraph as ox
import pytest

from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.solutions import assert_same_solutions, read_all, read_oxigraph

DATA: Final = "".join(
    f"<urn:s{i}> <urn:q> {i} ; <urn:r> {i * 7 % 11}, {i * 5 % 13} . " for i in range(20)
)
SHAPES: Final = {
    "optional": "?s <urn:q> ?a OPTIONAL {{ ?s <urn:r> ?b FILTER({0} > 3) }}",
    "partly": "?s <urn:q> ?a OPTIONAL {{ ?s <urn:r> ?b FILTER(?a < ?b && {0} > 3) }}",
    "unbound": "?s <urn:r> ?b OPTIONAL {{ ?s <urn:q> ?a FILTER(?a > 9) }} "
    "OPTIONAL {{ ?s <urn:q> ?a FILTER({0} > 3) }}",
    "nested": "?s <urn:q> ?a OPTIONAL {{ ?s <urn:r> ?b OPTIONAL {{ ?s <urn:r> ?c "
    "FILTER({0} > ?c) }} FILTER({0} > 3) }}",
    "exists": "?s <urn:q> ?a FILTER EXISTS {{ ?s <urn:r> ?b FILTER({0} > 3) }}",
    "or exists": "?s <urn:q> ?a FILTER(?a > 7 || NOT EXISTS {{ ?s <urn:r> ?b "
    "FILTER({0} > 3) }})",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("long")
    (folder / "data.ttl").write_text(DATA)
    with Store.open(folder / "store") as opened:
        opened.load([folder / "data.ttl"])
        yield opened


@pytest.fixture(scope="module")
def oracle() -> ox.Store:
    loaded = ox.Store()
    loaded.load(DATA.encode(), format=ox.RdfFormat.TURTLE)
    return loaded


def _query(shape: str, clauses: int) -> str:
    condition = "?a"
    for number in range(clauses):
        condition = f"IF({condition} > ?b, ?a + {number}, ?b - {number})"
    return f"SELECT * {{ {SHAPES[shape].format(condition)} }}"


@pytest.mark.parametrize("clauses", [1, 2, 3, 8])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_long_condition_is_answered_as_a_short_one(
    store: Store, oracle: ox.Store, shape: str, clauses: int
) -> None:
    text = _query(shape, clauses)
    actual, expected = store.query(text, timeout_s=20), oracle.query(text)
    assert isinstance(actual, Solutions)
    assert isinstance(expected, ox.QuerySolutions)
    assert_same_solutions(read_all(actual), read_oxigraph(expected))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_sql_grows_with_the_condition_and_hardly_faster(
    store: Store, shape: str
) -> None:
    short, long = (
        len(store.compile(_query(shape, clauses)).generated.sql) for clauses in (3, 12)
    )
    assert long < 8 * short


@pytest.mark.parametrize("operator", ["+", "*"])
def test_a_sum_of_many_terms_of_any_type_is_compiled(
    store: Store, operator: str
) -> None:
    """Each may be a duration: the scalars are some hundreds of levels deep."""
    terms = f" {operator} ".join(["?o"] * 140)
    assert store.compile(f"SELECT ({terms} AS ?all) {{ ?s ?p ?o }}").generated.sql
