"""SERVICE through a client: what it is sent, and what becomes of its answers."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph as ox
import pytest

from strabon_store.algebra.terms import IRI, BlankNode, Literal
from strabon_store.errors import QueryTimeout, ServiceFailed
from strabon_store.results.solutions import Row, Solutions
from strabon_store.store import Store
from tests.solutions import read_all

E = "http://e/"
REMOTE = f"SERVICE <{E}remote>"


@dataclass(slots=True)
class Client:
    """Answers every query alike, and remembers what it was asked."""

    variables: tuple[str, ...] = ("s", "n")
    rows: list[Row] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def select(self, endpoint: str, text: str) -> Solutions:
        self.asked.append((endpoint, text))
        if endpoint.endswith("broken"):
            raise ServiceFailed(endpoint, "broken")
        return Solutions(self.variables, iter(self.rows))


@pytest.fixture
def client() -> Client:
    rows: list[Row] = [(IRI(f"{E}a"), Literal("one")), (IRI(f"{E}z"), None)]
    return Client(rows=rows)


@pytest.fixture
def store(tmp_path: Path, client: Client) -> Iterator[Store]:
    lines = [f"<{E}{name}> <{E}p> <{E}{name}{name}> ." for name in "ab"]
    lines += [f"<{E}many{i}> <{E}q> <{E}a> ." for i in range(300)]
    lines += [f"_:x <{E}blank> <{E}a> .", f"<{E}a> <{E}at> <{E}broken> ."]
    lines += [f"<{E}b> <{E}at> <{E}remote> ."]
    (tmp_path / "data.nt").write_text("\n".join(lines))
    with Store.open(tmp_path / "store", services=client) as opened:
        opened.load([tmp_path / "data.nt"])
        yield opened


def _rows(store: Store, text: str) -> list[Row]:
    result = store.query(f"PREFIX : <{E}> {text}")
    assert isinstance(result, Solutions)
    return list(read_all(result).rows)


def test_answers_are_joined(store: Store, client: Client) -> None:
    rows = _rows(store, f"SELECT ?s ?o ?n {{ ?s :p ?o {REMOTE} {{ ?s :name ?n }} }}")
    assert rows == [(IRI(f"{E}a"), IRI(f"{E}aa"), Literal("one"))]
    ((endpoint, text),) = client.asked
    assert endpoint == f"{E}remote"
    assert f"?s <{E}name> ?n" in text


def test_few_values_go_along_and_many_do_not(store: Store, client: Client) -> None:
    _rows(store, f"SELECT * {{ ?s :p ?o {REMOTE} {{ ?s :name ?n }} }}")
    _rows(store, f"SELECT * {{ ?s :q ?o {REMOTE} {{ ?s :name ?n }} }}")
    _rows(store, f"SELECT * {{ ?s :blank ?o {REMOTE} {{ ?s :name ?n }} }}")
    few, many, blank = (text for _, text in client.asked)
    assert f"VALUES (?s) {{ (<{E}a>) (<{E}b>) }}" in few
    assert "VALUES" not in many
    assert "VALUES (?s)" not in blank


def test_a_plan_asks_anew_each_time(store: Store, client: Client) -> None:
    query = f"SELECT ?n {{ {REMOTE} {{ :a :name ?n }} }}"
    assert len(_rows(store, query)) == len(_rows(store, query)) == 2
    assert len(client.asked) == 2
    store.explain(f"PREFIX : <{E}> {query}")
    assert len(client.asked) == 2


def test_blank_nodes_of_elsewhere_are_no_ones_here(
    store: Store, client: Client
) -> None:
    client.rows = [(BlankNode("x y"), None), (BlankNode("x y"), None)]
    rows = _rows(store, f"SELECT ?s {{ {REMOTE} {{ ?s :name ?n }} }}")
    assert rows[0] == rows[1]
    assert isinstance(rows[0][0], BlankNode)


def test_a_variable_names_the_endpoints(store: Store, client: Client) -> None:
    query = "SELECT * {{ ?x :at ?g {} ?g {{ ?s :name ?n }} }}"
    with pytest.raises(ServiceFailed, match="broken"):
        _rows(store, query.format("SERVICE"))
    rows = _rows(store, query.format("SERVICE SILENT").replace("*", "?x ?g ?n"))
    # The solution of the one that fails is empty but for its name.
    assert sorted(map(str, rows)) == sorted(
        map(
            str,
            [
                (IRI(f"{E}a"), IRI(f"{E}broken"), None),
                (IRI(f"{E}b"), IRI(f"{E}remote"), Literal("one")),
                (IRI(f"{E}b"), IRI(f"{E}remote"), None),
            ],
        )
    )
    assert {endpoint for endpoint, _ in client.asked} == {f"{E}broken", f"{E}remote"}


@pytest.mark.parametrize(
    "pattern", ["SERVICE :broken { ?s :p ?n }", "SERVICE ?g { ?s :p ?n }"]
)
def test_a_failure_is_an_error_or_silent(store: Store, pattern: str) -> None:
    with pytest.raises(ServiceFailed):
        _rows(store, f"SELECT * {{ {pattern} }}")
    silent = pattern.replace("SERVICE", "SERVICE SILENT")
    rows = _rows(store, f"SELECT ?s ?n {{ {silent} }}")
    assert rows == [(None, None)]


def test_without_a_client_nobody_is_asked(tmp_path: Path) -> None:
    with Store.open(tmp_path / "alone") as store:
        with pytest.raises(ServiceFailed, match="without a client"):
            _rows(store, f"SELECT * {{ {REMOTE} {{ ?s ?p ?o }} }}")
        silent = REMOTE.replace("SERVICE", "SERVICE SILENT")
        assert len(_rows(store, f"SELECT * {{ {silent} {{ ?s ?p ?o }} }}")) == 1


def test_an_endpoint_that_is_silent_does_not_outlive_the_deadline(
    tmp_path: Path,
) -> None:
    class Asleep:
        def select(self, endpoint: str, text: str) -> Solutions:
            del endpoint, text
            time.sleep(5)
            raise AssertionError("nobody waits")

    with Store.open(tmp_path / "asleep", services=Asleep()) as store:
        query = f"SELECT * {{ {REMOTE} {{ ?s ?p ?o }} }}"
        for text in (query, query.replace("SERVICE", "SERVICE SILENT")):
            begun = time.monotonic()
            with pytest.raises(QueryTimeout):
                store.query(text, timeout_s=0.3)
            assert time.monotonic() - begun < 3


def test_hidden_variables_get_names_that_nobody_uses(
    store: Store, client: Client
) -> None:
    _rows(
        store,
        f"SELECT * {{ {REMOTE} {{ SELECT ?hidden_agg0 (COUNT(?a) AS ?n) (SUM(?b) AS ?m)"
        " { ?hidden_agg0 :p ?a ; :q ?b } GROUP BY ?hidden_agg0 } }",
    )
    ((_, text),) = client.asked
    assert "(COUNT((?a)) AS ?hidden__agg0) (SUM((?b)) AS ?hidden__agg1)" in text
    assert "GROUP BY ?hidden_agg0" in text
    ox.Store().query(text)
