"""The client against real HTTP servers, right ones and wrong ones."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest

from federation.clients.sparql import SparqlEndpoint
from federation.errors import EndpointRefused, EndpointUnreachable, UnusableAnswer
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI, BlankNode, Literal
from strabon_store.results.graphs import Graph
from strabon_store.results.solutions import Solutions

JSON = "application/sparql-results+json"
SELECT = b"""{"head": {"vars": ["a", "b", "c"]}, "results": {"bindings": [
  {"a": {"type": "uri", "value": "urn:x"},
   "b": {"type": "literal", "value": "is", "xml:lang": "da"}},
  {"a": {"type": "bnode", "value": "n1"},
   "c": {"type": "typed-literal", "value": "1", "datatype": "urn:d"}}]}}"""


class _Handler(BaseHTTPRequestHandler):
    status = 200
    media_type = JSON
    body = SELECT
    length: int | None = None
    form: dict[str, list[str]]

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).form = parse_qs(content.decode())
        self.send_response(self.status)
        self.send_header("Content-Type", self.media_type)
        self.send_header("Content-Length", str(self.length or len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def endpoint(**attributes: object) -> Iterator[tuple[SparqlEndpoint, type[_Handler]]]:
    handler = type("Handler", (_Handler,), attributes)
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield (
                SparqlEndpoint(f"http://127.0.0.1:{server.server_port}/sparql"),
                handler,
            )
        finally:
            server.shutdown()
            thread.join()


def test_terms_come_back_as_they_are() -> None:
    with endpoint() as (remote, _):
        answer = remote.query("SELECT * {}")
    assert isinstance(answer, Solutions)
    assert answer.variables == ("a", "b", "c")
    assert list(answer) == [
        (IRI("urn:x"), Literal("is", language="da"), None),
        (BlankNode("n1"), None, Literal("1", "urn:d")),
    ]


def test_ask_gives_a_truth_value() -> None:
    with endpoint(body=b'{"head": {}, "boolean": true}') as (remote, _):
        assert remote.query("ASK {}") is True


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/turtle", b"<urn:a> <urn:p> 'x'@da, _:b ."),
        ("application/n-triples", b'<urn:a> <urn:p> "x"@da .\n<urn:a> <urn:p> _:b .'),
    ],
)
def test_construct_gives_a_graph(media_type: str, body: bytes) -> None:
    with endpoint(media_type=media_type, body=body) as (client, _):
        result = client.query("CONSTRUCT WHERE { ?s ?p ?o }")
    assert isinstance(result, Graph)
    subject, predicate = IRI("urn:a"), IRI("urn:p")
    first, second = sorted(result, key=str, reverse=True)
    assert first == (subject, predicate, Literal("x", language="da"))
    assert isinstance(second[2], BlankNode)


def test_the_dataset_goes_along() -> None:
    dataset = Dataset((IRI("urn:d"),), (IRI("urn:n"), IRI("urn:m")))
    with endpoint() as (remote, handler):
        remote.query("SELECT * {}", dataset=dataset)
    assert handler.form["query"] == ["SELECT * {}"]
    assert handler.form["default-graph-uri"] == ["urn:d"]
    assert handler.form["named-graph-uri"] == ["urn:n", "urn:m"]


@pytest.mark.parametrize("status", [400, 401, 404, 500, 501, 503])
def test_what_the_endpoint_says_is_passed_on(status: int) -> None:
    body = '{"title": "No", "detail": "line 1: größer"}'.encode()
    with (
        endpoint(status=status, body=body) as (remote, _),
        pytest.raises(EndpointRefused, match="line 1: größer") as raised,
    ):
        remote.query("SELECT")
    assert raised.value.status == status


def test_an_error_that_is_no_problem_document_is_shown_as_it_is() -> None:
    with (
        endpoint(status=400, body=b"Parse error: Encountered X") as (remote, _),
        pytest.raises(EndpointRefused, match="Encountered X"),
    ):
        remote.query("SELECT")


@pytest.mark.parametrize(
    "body",
    [
        b"<html>hello</html>",
        b"{}",
        b"[]",
        b'{"head": {"vars": ["a"]}, "results": {"bindings": [{"a": {"type": "x"}}]}}',
        b"",
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # SPARQLWrapper's, on text/html
def test_what_is_no_sparql_result_is_refused(body: bytes) -> None:
    with (
        endpoint(body=body, media_type="text/html") as (remote, _),
        pytest.raises(UnusableAnswer, match="SPARQL"),
    ):
        remote.query("SELECT * {}")


def test_an_answer_cut_off_is_no_answer() -> None:
    with (
        endpoint(length=len(SELECT) + 10) as (remote, _),
        pytest.raises(UnusableAnswer, match="cut off"),
    ):
        remote.query("SELECT * {}")


@pytest.mark.parametrize(
    ("body", "said"), [(b'{"deleted": 1}', {"deleted": 1}), (b"OK", {}), (b"[]", {})]
)
def test_an_update_goes_as_one_and_its_report_comes_back(
    body: bytes, said: dict[str, int]
) -> None:
    for text in ("WITH <urn:g> DELETE {} WHERE {}", "CLEAR ALL"):
        with endpoint(body=body, media_type="application/json") as (source, handler):
            assert source.update(text) == said
        assert handler.form["update"] == [text]
        assert "query" not in handler.form


def test_what_the_endpoint_says_of_an_update_is_passed_on() -> None:
    problem = b'{"detail": "no updates here"}'
    with (
        endpoint(status=403, body=problem) as (source, _),
        pytest.raises(EndpointRefused, match=r"403.*no updates here"),
    ):
        source.update("CLEAR ALL")


def test_nobody_at_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}/sparql"
    with pytest.raises(EndpointUnreachable, match="refused") as raised:
        SparqlEndpoint(url).query("ASK {}")
    assert url in str(raised.value)


def test_an_endpoint_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/sparql"
        with pytest.raises(EndpointUnreachable, match="timed out"):
            SparqlEndpoint(url).query("ASK {}", timeout_s=0.5)


@pytest.mark.parametrize("url", ["http:///sparql", "http://[::1/sparql"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(EndpointUnreachable):
        SparqlEndpoint(url).query("ASK {}")


def test_a_base_goes_before_the_query_and_moves_no_line() -> None:
    with endpoint() as (source, handler):
        source.query("SELECT * {\n<a> ?b ?c }", base="http://a.org/b")
    assert handler.form["query"] == ["BASE <http://a.org/b> SELECT * {\n<a> ?b ?c }"]
