"""The W3C's tests of SERVICE: each endpoint is a store of its own, in this process."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

from strabon_store.errors import ServiceFailed
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.conformance.manifests import SUITES
from tests.conformance.query_cases import (
    QueryCase,
    file_of,
    object_of,
    objects_of,
    read_expected,
    read_graph,
    read_query_cases,
)
from tests.solutions import Answer, assert_same_solutions, read_all

FOLDER: Final = SUITES / "w3c-rdf-tests/sparql/sparql11/service"
_MF: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_QT: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
CASES: Final = read_query_cases("w3c-rdf-tests/sparql", "sparql11/service/manifest.ttl")


@dataclass(slots=True)
class InProcess:
    """Endpoints that are stores."""

    stores: dict[str, Store]

    def select(self, endpoint: str, text: str) -> Solutions:
        if endpoint not in self.stores:
            raise ServiceFailed(endpoint, "there is no such endpoint")
        result = self.stores[endpoint].query(text)
        assert isinstance(result, Solutions)
        return result


def _endpoints(case: str) -> Iterator[tuple[str, Path]]:
    graph = read_graph(FOLDER / "manifest.ttl")
    name = case.partition("#")[2]
    tests = (q.subject for q in graph if str(q.subject).endswith(f"#{name}>"))
    test = next(tests)
    action = object_of(graph, test, f"{_MF}action")
    for data in objects_of(graph, action, f"{_QT}serviceData"):
        endpoint = object_of(graph, data, f"{_QT}endpoint")
        assert isinstance(endpoint, ox.NamedNode)
        yield endpoint.value, file_of(object_of(graph, data, f"{_QT}data"))


def _ask(case: QueryCase, folder: Path) -> Answer:
    with ExitStack() as opened:
        client = InProcess({})
        for i, (endpoint, data) in enumerate(_endpoints(case.id)):
            store = Store.open(folder / f"remote{i}", services=client)
            client.stores[endpoint] = opened.enter_context(store)
            store.load([data])
        local = opened.enter_context(Store.open(folder / "local", services=client))
        if case.data:
            local.load(case.data)
        result = local.query(case.query.read_text("utf-8"))
        assert isinstance(result, Solutions)
        return read_all(result)


@pytest.mark.parametrize("case", sorted(CASES) or ["suites absent"])
def test_sparql_service(case: str, suites: Path, tmp_path: Path) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    expected = read_expected(CASES[case])
    assert isinstance(expected, Answer)
    assert_same_solutions(_ask(CASES[case], tmp_path), expected)


def test_there_are_cases(suites: Path) -> None:
    del suites
    assert len(CASES) == 7
