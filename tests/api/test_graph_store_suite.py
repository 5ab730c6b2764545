"""The W3C's tests of the Graph Store HTTP Protocol, read from their manifests."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

import pytest
from rdflib import RDF, Graph
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from rdflib.term import Node

from strabon_store.store import Store
from tests.api.conftest import Connect
from tests.api.test_protocol_suite import CNT, HT, MF, headers_of
from tests.conformance.manifests import SUITES

FOLDER = SUITES / "w3c-rdf-tests/sparql/sparql11/graph-store-protocol"
STATUSES = {
    "OK": HTTPStatus.OK,
    "Created": HTTPStatus.CREATED,
    "NoContent": HTTPStatus.NO_CONTENT,
    "NotFound": HTTPStatus.NOT_FOUND,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and what must come back."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    statuses: frozenset[int]
    media_type: str | None
    graph: str | None


@cache
def cases() -> dict[str, list[Exchange]]:
    found = {}
    for manifest in sorted(FOLDER.glob("manifest-*.ttl")):
        graph = Graph().parse(manifest)
        for test in graph.subjects(RDF.type, MF.GraphStoreProtocolTest):
            name = f"{manifest.stem}#{str(test).rpartition('#')[2]}"
            found[name] = list(_exchanges(graph, test))
    return dict(sorted(found.items()))


def _exchanges(graph: Graph, test: Node) -> Iterator[Exchange]:
    action = graph.value(test, MF.action)
    requests = graph.value(action, HT.requests)
    assert requests is not None
    for request in Collection(graph, requests):
        response = graph.value(request, HT.resp)
        expected = headers_of(graph, graph.value(response, HT.headers))
        path = str(graph.value(request, HT.absolutePath))
        yield Exchange(
            method=str(graph.value(request, HT.methodName)),
            path=path.replace("/gsp", "/store", 1),
            headers=headers_of(graph, graph.value(request, HT.headers)),
            body=(_text(graph, request) or "").encode(),
            statuses=frozenset(
                STATUSES[str(status).rpartition("#")[2]]
                for status in graph.objects(response, MF.expectedStatus)
            ),
            media_type=expected.get("content-type"),
            graph=_text(graph, response),
        )


def _text(graph: Graph, message: Node | None) -> str | None:
    body = graph.value(message, HT.body)
    found = graph.value(body, CNT.chars)
    return None if found is None else str(found)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("graphs") / "store") as store:
        yield store


@pytest.mark.parametrize("name", list(cases()) or ["suites absent"])
def test_graph_store_protocol(
    name: str, connect: Connect, opened: Store, suites: Path
) -> None:
    del suites
    opened.update("DROP ALL")
    client = connect(opened, allow_update=True)
    location = ""
    for exchange in cases()[name]:
        answer = client.request(
            exchange.method,
            exchange.path.replace("$LOCATION$", location),
            headers=exchange.headers,
            content=exchange.body,
        )
        assert answer.status_code in exchange.statuses, answer.text
        location = answer.headers.get("location", location)
        if exchange.media_type is not None:
            assert answer.headers["content-type"] == exchange.media_type
        if exchange.graph is not None:
            wanted = Graph().parse(data=exchange.graph, format="turtle")
            assert isomorphic(Graph().parse(data=answer.text, format="turtle"), wanted)


def test_the_suites_are_whole(suites: Path) -> None:
    del suites
    assert len(cases()) > 12
