"""The W3C's tests of the SPARQL Protocol, read from their manifest."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from strabon_store.results.media_types import RESULT_FORMATS
from strabon_store.store import Store
from tests.api.conftest import Connect
from tests.conformance.manifests import SUITES

MANIFEST = SUITES / "w3c-rdf-tests/sparql/sparql11/protocol/manifest.ttl"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
DATA = "http://kasei.us/2009/09/sparql/data/"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and what must come back."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    statuses: frozenset[str]
    boolean: bool | None
    format: str | None


@cache
def cases() -> dict[str, list[Exchange]]:
    if not MANIFEST.exists():
        return {}
    graph = Graph().parse(MANIFEST)
    return {
        str(test).rpartition("#")[2]: list(_exchanges(graph, test))
        for test in graph.subjects(RDF.type, MF.ProtocolTest)
    }


def _exchanges(graph: Graph, test: Node) -> Iterator[Exchange]:
    action = graph.value(test, MF.action)
    requests = graph.value(action, HT.requests)
    assert requests is not None
    for request in Collection(graph, requests):
        yield _exchange(graph, request)


def _exchange(graph: Graph, request: Node) -> Exchange:
    response = graph.value(request, HT.resp)
    body = graph.value(request, HT.body)
    encoding = str(graph.value(body, CNT.characterEncoding) or "utf-8")
    boolean = graph.value(response, MF.expectedBoolean)
    expected_format = graph.value(response, MF.expectedFormat)
    return Exchange(
        method=str(graph.value(request, HT.methodName)),
        path=str(graph.value(request, HT.absolutePath)).replace("/sparql/", "/sparql"),
        headers=headers_of(graph, graph.value(request, HT.headers)),
        body=str(graph.value(body, CNT.chars) or "").encode(encoding),
        statuses=frozenset(
            str(status).rpartition("StatusCode")[2]
            for status in graph.objects(response, MF.expectedStatus)
            if isinstance(status, URIRef)
        ),
        boolean=bool(boolean.value) if isinstance(boolean, Literal) else None,
        format=str(expected_format) if expected_format else None,
    )


def headers_of(graph: Graph, headers: Node | None) -> dict[str, str]:
    """The header fields of a list in a manifest."""
    return {
        str(graph.value(header, HT.fieldName)): str(graph.value(header, HT.fieldValue))
        for header in (Collection(graph, headers) if headers else ())
    }


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = f"{MANIFEST.parent.as_uri()}/"
    path = tmp_path_factory.mktemp("protocol") / "store"
    with Store.open(path, allow_load=[folder]) as store:
        yield store


@pytest.fixture
def store(opened: Store) -> Store:
    """The graphs that the manifest asks for (`ut:graphData`), and no default graph."""
    names = [f"data{number}" for number in (1, 2, 3)]
    loads = [
        f"LOAD <{(MANIFEST.parent / name).as_uri()}.nt> INTO GRAPH <{DATA}{name}.rdf>"
        for name in names
    ]
    opened.update("; ".join(["DROP ALL", *loads]))
    return opened


@pytest.mark.parametrize("name", list(cases()) or ["suites absent"])
def test_protocol(name: str, connect: Connect, store: Store, suites: Path) -> None:
    del suites
    client = connect(store, allow_update=True)
    for exchange in cases()[name]:
        assert urlsplit(exchange.path).path == "/sparql"
        answer = client.request(
            exchange.method,
            exchange.path,
            headers=exchange.headers,
            content=exchange.body,
        )
        assert f"{answer.status_code // 100}xx" in exchange.statuses, answer.text
        media_type = answer.headers["content-type"].partition(";")[0]
        if exchange.boolean is not None:
            assert answer.json()["boolean"] is exchange.boolean
        if exchange.format in {"boolean", "tabular"}:
            assert media_type in {f.media_type for f in RESULT_FORMATS.values()}
