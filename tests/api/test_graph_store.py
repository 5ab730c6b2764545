"""Graphs over HTTP: what the suite of the W3C does not ask."""

from collections.abc import Iterator

import pytest

from strabon_store.store import Store
from tests.api.conftest import Connect

TURTLE = {"Content-Type": "text/turtle"}
GRAPH = "/store?graph=urn:g"
ONE = "<a> <urn:p> 1 ."


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("graphs") / "store") as store:
        yield store


@pytest.fixture
def store(opened: Store) -> Store:
    opened.update("DROP ALL")
    return opened


def test_relative_iris_are_those_of_the_graph(connect: Connect, store: Store) -> None:
    client = connect(store, allow_update=True)
    path = "/store?graph=http://example.org/data/g"
    assert client.put(path, content=ONE, headers=TURTLE).status_code == 201
    assert "<http://example.org/data/a>" in client.get(path).text


def test_a_graph_comes_in_the_format_that_is_asked_for(
    connect: Connect, store: Store
) -> None:
    client = connect(store, allow_update=True)
    client.put("/store?default", content="<urn:a> <urn:p> 1 .", headers=TURTLE)
    json = client.get("/store?default", headers={"Accept": "application/ld+json"})
    assert json.headers["content-type"].startswith("application/ld+json")
    assert json.headers["x-query-id"]
    refused = client.get("/store?default", headers={"Accept": "image/png"})
    assert refused.status_code == 406


@pytest.mark.parametrize(
    "path",
    ["/store", "/store?graph=g", "/store?graph=urn:a&graph=urn:b", f"{GRAPH}&default"],
)
def test_one_graph_has_to_be_named(connect: Connect, store: Store, path: str) -> None:
    client = connect(store, allow_update=True)
    assert client.get(path).status_code == 400
    assert client.put(path, content=ONE, headers=TURTLE).status_code == 400
    assert client.delete(path).status_code == 400


def test_an_iri_cannot_bring_an_update_with_it(connect: Connect, store: Store) -> None:
    client = connect(store, allow_update=True)
    store.update("INSERT DATA { <urn:a> <urn:p> 1 }")
    trick = {"graph": "urn:g> ; DROP ALL ; CREATE GRAPH <urn:g"}
    for method in ("GET", "PUT", "POST", "DELETE"):
        answer = client.request(
            method, "/store", params=trick, content=ONE, headers=TURTLE
        )
        assert answer.status_code == 400
    assert store.query("ASK { <urn:a> <urn:p> 1 }") is True


def test_what_cannot_be_read_is_refused_and_changes_nothing(
    connect: Connect, store: Store
) -> None:
    client = connect(store, allow_update=True)
    client.put(GRAPH, content="<urn:a> <urn:p> 1 .", headers=TURTLE)
    for content, media_type, status in (
        ("<urn:a> <urn:p>", "text/turtle", 400),
        ("a,b", "text/csv", 415),
        (
            '{"@graph": [{"@id": "urn:a", "@graph": [{"@id": "urn:b", "urn:p": 1}]}]}',
            "application/ld+json",
            400,
        ),
    ):
        answer = client.put(
            GRAPH, content=content, headers={"Content-Type": media_type}
        )
        assert answer.status_code == status, answer.text
    assert client.get(GRAPH).status_code == 200


def test_a_graph_without_statements_is_not_there(
    connect: Connect, store: Store
) -> None:
    client = connect(store, allow_update=True)
    assert client.put(GRAPH, content="", headers=TURTLE).status_code == 201
    for method in ("GET", "HEAD", "DELETE"):
        assert client.request(method, GRAPH).status_code == 404
    assert client.get("/store?default").status_code == 200


def test_graphs_can_be_read_and_not_changed_unless_updates_are_allowed(
    connect: Connect, store: Store
) -> None:
    store.update("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> 1 } }")
    client = connect(store)
    assert client.get(GRAPH).status_code == 200
    assert client.put(GRAPH, content=ONE, headers=TURTLE).status_code == 403
    assert client.delete(GRAPH).status_code == 403
    writable = connect(store, allow_update=True)
    evil = {"Origin": "https://evil.org"}
    assert writable.delete(GRAPH, headers=evil).status_code == 403
    assert writable.delete(GRAPH).status_code == 204
