"""SPARQL 1.1 Protocol over sources whose answers are known."""

import json
import threading
import time
from http.client import HTTPConnection, IncompleteRead

import pyoxigraph as ox
import pytest
from pydantic import ByteSize

from api.main import create_app
from api.settings import Settings
from ontologies.namespaces import RDF, SD
from strabon_store.errors import QueryTimeout
from strabon_store.results.media_types import GRAPH_FORMATS, RESULT_FORMATS
from strabon_store.store import EXTENSION_AGGREGATES, EXTENSION_FUNCTIONS
from tests.api.conftest import Connect
from tests.api.serving import serving
from tests.api.sources import ONE_ROW, TRIPLE, Blocked, Oxigraph, Rows, Slow, Triples

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("name", RESULT_FORMATS)
def test_each_format_comes_by_name_and_by_header(connect: Connect, name: str) -> None:
    result_format = RESULT_FORMATS[name]
    client = connect(Rows(rows=[] if name == "geojson" else ONE_ROW))
    query = {"query": "SELECT * {}"}
    by_name = client.get("/sparql", params={**query, "format": name})
    accept = {"Accept": result_format.media_type}
    by_header = client.get("/sparql", params=query, headers=accept)
    assert by_name.status_code == by_header.status_code == 200
    media_type = by_header.headers["content-type"].partition(";")[0]
    assert media_type == result_format.media_type
    assert by_name.content == by_header.content
    assert "Accept" in by_header.headers["vary"]


@pytest.mark.parametrize("name", GRAPH_FORMATS)
def test_each_format_of_a_graph_comes_by_name_and_by_header(
    connect: Connect, name: str
) -> None:
    media_type = GRAPH_FORMATS[name].media_type
    client = connect(Triples())
    query = {"query": "CONSTRUCT {} {}"}
    by_name = client.get("/sparql", params={**query, "format": name})
    by_header = client.get("/sparql", params=query, headers={"Accept": media_type})
    assert by_name.status_code == by_header.status_code == 200
    assert by_header.headers["content-type"].partition(";")[0] == media_type
    found = ox.parse(by_name.content, format=ox.RdfFormat.from_media_type(media_type))
    assert [str(quad.triple) for quad in found] == [str(TRIPLE)]
    assert by_name.content == by_header.content


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "text/turtle"),
        (
            "application/sparql-results+json, application/ld+json;q=0.5",
            "application/ld+json",
        ),
        ("application/xml", "application/rdf+xml"),
    ],
)
def test_the_form_of_the_query_decides_between_formats(
    connect: Connect, accept: str, media_type: str
) -> None:
    answer = connect(Triples()).get("/sparql?query=x", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize("source", [Triples(), Rows()])
def test_a_format_of_another_form_is_not_acceptable(
    connect: Connect, source: Triples | Rows
) -> None:
    accept = "text/csv" if isinstance(source, Triples) else "text/turtle"
    answer = connect(source).get("/sparql?query=x", headers={"Accept": accept})
    assert answer.status_code == 406


def test_text_is_utf8_and_says_so(connect: Connect) -> None:
    answer = connect(Rows()).get("/sparql?query=x&format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'Ärzte, ""x""' in answer.content.decode()


def test_every_answer_and_every_problem_carries_the_id_of_its_query(
    connect: Connect,
) -> None:
    client = connect()
    right = client.get("/sparql?query=ASK{}").headers["x-query-id"]
    wrong = client.get("/sparql?query=ASK{")
    assert wrong.headers["x-query-id"] != right
    assert wrong.json()["query_id"] == wrong.headers["x-query-id"]


def test_a_syntax_error_is_a_problem_with_a_position(connect: Connect) -> None:
    answer = connect().get("/sparql", params={"query": "SELECT *\n{ ?a ?b }"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["line"] == 2
    assert answer.json()["column"] >= 1


def test_what_cannot_be_compiled_is_not_implemented(connect: Connect) -> None:
    answer = connect().get("/sparql?query=CONSTRUCT {} {}")
    assert answer.status_code == 501
    assert answer.json()["feature"] == "CONSTRUCT"


def test_an_unacceptable_format_is_told_what_there_is(connect: Connect) -> None:
    answer = connect().get("/sparql?query=ASK{}", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert "text/csv" in answer.json()["offered"]


def test_geojson_of_no_geometry_is_not_acceptable(connect: Connect) -> None:
    answer = connect(Rows()).get("/sparql?query=x&format=geojson")
    assert answer.status_code == 406
    assert "geometry" in answer.json()["detail"]


def test_an_unread_media_type_is_told_what_is_read(connect: Connect) -> None:
    answer = connect().post(
        "/sparql", content=b"x", headers={"Content-Type": "text/n3"}
    )
    assert answer.status_code == 415
    assert "application/sparql-query" in answer.json()["offered"]


def test_a_long_body_is_refused(connect: Connect) -> None:
    client = connect(max_query_bytes=100)
    body = {"query": "ASK {}" + " " * 100}
    assert client.post("/sparql", data=body).status_code == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_told_which_there_are(connect: Connect, method: str) -> None:
    answer = connect().request(method, "/sparql?query=ASK{}")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_the_dataset_of_the_request_beats_that_of_the_query(connect: Connect) -> None:
    source = Oxigraph()
    triple = (ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), ox.NamedNode("urn:o"))
    source.store.add(ox.Quad(*triple, ox.NamedNode("urn:g")))
    client = connect(source)
    query = {"query": "ASK FROM <urn:other> { ?s ?p ?o }"}
    graphs = {"default-graph-uri": ["urn:nothing", "urn:g"]}
    assert client.get("/sparql", params=query).json()["boolean"] is False
    assert client.post("/sparql", data=query | graphs).json()["boolean"] is True


def test_head_has_the_headers_of_get_and_no_body(connect: Connect) -> None:
    source = Rows()
    client = connect(source)
    answer = client.head("/sparql?query=x&format=csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content == b""
    assert source.closed.wait(5)
    assert client.head("/sparql?query=x&format=pdf").status_code == 406


def test_other_sites_may_ask_where_that_is_allowed(connect: Connect) -> None:
    origin = {"Origin": "https://example.org"}
    open_to_all = connect().get("/sparql?query=ASK{}", headers=origin)
    closed = connect(cors_origins=()).get("/sparql?query=ASK{}", headers=origin)
    assert open_to_all.headers["access-control-allow-origin"] == "*"
    assert "X-Query-Id" in open_to_all.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in closed.headers


def test_without_a_query_the_service_describes_itself(connect: Connect) -> None:
    answer = connect().get("/sparql")
    assert answer.headers["content-type"].startswith("text/turtle")
    graph = ox.Dataset(ox.parse(input=answer.content, format=ox.RdfFormat.TURTLE))
    values: dict[str, set[str]] = {}
    for quad in graph:
        assert isinstance(quad.object, ox.NamedNode)
        values.setdefault(quad.predicate.value, set()).add(quad.object.value)
    assert SD.term("Service") in values[RDF.term("type")]
    assert values[SD.term("endpoint")] == {"http://testserver/sparql"}
    assert values[SD.term("extensionFunction")] == EXTENSION_FUNCTIONS
    assert values[SD.term("extensionAggregate")] == EXTENSION_AGGREGATES
    assert len(values[SD.term("resultFormat")]) == len(RESULT_FORMATS) + len(
        GRAPH_FORMATS
    )


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/ld+json", "application/ld+json"),
        ("application/n-triples, text/turtle;q=0.5", "application/n-triples"),
    ],
)
def test_the_description_comes_in_several_formats(
    connect: Connect, accept: str, media_type: str
) -> None:
    answer = connect().get("/sparql", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    rdf_format = ox.RdfFormat.from_media_type(media_type)
    assert any(ox.parse(input=answer.content, format=rdf_format))


def test_a_browser_without_a_query_gets_the_page(connect: Connect) -> None:
    client = connect()
    headers = {"Accept": BROWSER}
    answer = client.get("/sparql", headers=headers, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "http://testserver/"
    assert "<title>Pytheas</title>" in client.get(answer.headers["location"]).text


def test_the_service_says_that_it_is_well(connect: Connect) -> None:
    assert connect().get("/health").json()["status"] == "ok"
    sick = connect(Blocked(), query_timeout_s=0.05).get("/health")
    assert sick.status_code == 503


def test_a_query_that_takes_too_long_is_told_to_come_back(connect: Connect) -> None:
    answer = connect(Blocked(), query_timeout_s=0.05).get("/sparql?query=ASK{}")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "0.05 s" in answer.json()["detail"]


def test_the_deadline_holds_while_the_answer_is_made(connect: Connect) -> None:
    answer = connect(Slow(), query_timeout_s=0.05).get("/sparql?query=x")
    assert answer.status_code == 503


def test_a_query_too_many_waits_for_its_turn_and_no_longer(connect: Connect) -> None:
    source = Blocked()
    client = connect(source, max_queries=1, queue_timeout_s=0.1)
    answers: list[int] = []

    def first() -> None:
        answers.append(client.get("/sparql?query=ASK{}").status_code)

    thread = threading.Thread(target=first)
    thread.start()
    assert source.started.acquire(timeout=5)
    refused = client.get("/sparql?query=ASK{}")
    source.released.set()
    thread.join()
    assert refused.status_code == 503
    assert "retry-after" in refused.headers
    assert answers == [200]
    # The place is free again.
    assert client.get("/sparql?query=ASK{}").status_code == 200


def test_a_failed_query_gives_its_place_back(connect: Connect) -> None:
    client = connect(max_queries=1, queue_timeout_s=1.0)
    for _ in range(3):
        assert client.get("/sparql?query=ASK{").status_code == 400
    assert client.get("/sparql?query=ASK{}").status_code == 200


def test_an_answer_cut_off_has_no_end(connect: Connect) -> None:
    del connect
    source = Rows(repeat=5000, error=QueryTimeout(1.0))
    with serving(create_app(Settings(), source)) as url:
        connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/sparql?query=x&format=csv")
        answer = connection.getresponse()
        assert answer.status == 200
        with pytest.raises(IncompleteRead):
            answer.read()
        connection.close()
    assert source.closed.wait(5)


def test_an_answer_that_is_too_long_has_no_end() -> None:
    source = Rows(repeat=100_000)
    with serving(
        create_app(Settings(max_result_bytes=ByteSize(100_000)), source)
    ) as url:
        connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/sparql?query=x&format=csv")
        with pytest.raises(IncompleteRead):
            connection.getresponse().read()
        connection.close()
    assert source.closed.wait(5)


def test_an_answer_is_sent_while_it_is_made() -> None:
    with serving(create_app(Settings(query_timeout_s=2.0), Slow())) as url:
        connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/sparql?query=x")
        assert connection.getresponse().status == 503
        connection.close()


def test_a_client_that_leaves_frees_its_place() -> None:
    source = Rows(repeat=10_000_000)
    settings = Settings(max_queries=1, queue_timeout_s=5.0)
    with serving(create_app(settings, source)) as url:
        host = url.removeprefix("http://")
        leaving = HTTPConnection(host, timeout=10)
        leaving.request("GET", "/sparql?query=x&format=csv")
        leaving.getresponse().read(10)
        leaving.close()
        assert source.closed.wait(5)
        started = time.monotonic()
        source.repeat = 1
        staying = HTTPConnection(host, timeout=10)
        staying.request("GET", "/sparql?query=x")
        document = json.load(staying.getresponse())
        staying.close()
    assert len(document["results"]["bindings"]) == 1
    assert time.monotonic() - started < 5
