"""The formats of graphs, and what they leave out."""

import pyoxigraph as ox
import pytest

from strabon_store.algebra.terms import IRI, BlankNode, Literal
from strabon_store.results.graphs import Graph, Triple, serialize_turtle
from strabon_store.results.media_types import GRAPH_FORMATS
from strabon_store.results.solutions import Solutions
from tests.solutions import assert_same_graph

P = IRI("http://e/p")
TRIPLES: list[Triple] = [
    (IRI("http://e/a"), P, Literal('say "hi"\n', language="en")),
    (IRI("http://e/a"), P, Literal("1", "http://www.w3.org/2001/XMLSchema#byte")),
    (BlankNode("b1"), P, BlankNode("b2")),
    (BlankNode("b2"), P, IRI("http://e/ä")),
]


@pytest.mark.parametrize("name", GRAPH_FORMATS)
def test_a_graph_comes_back_as_it_went_out(name: str) -> None:
    expected = [
        ox.Triple(
            ox.NamedNode("http://e/a"),
            ox.NamedNode("http://e/p"),
            ox.Literal('say "hi"\n', language="en"),
        ),
        ox.Triple(
            ox.NamedNode("http://e/a"),
            ox.NamedNode("http://e/p"),
            ox.Literal(
                "1", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#byte")
            ),
        ),
        ox.Triple(ox.BlankNode("x"), ox.NamedNode("http://e/p"), ox.BlankNode("y")),
        ox.Triple(
            ox.BlankNode("y"), ox.NamedNode("http://e/p"), ox.NamedNode("http://e/ä")
        ),
    ]
    graph = Graph(Graph.of_triples(TRIPLES).solutions, {"e": "http://e/", "": "rel"})
    assert_same_graph(graph, expected, name)


@pytest.mark.parametrize("name", GRAPH_FORMATS)
def test_an_empty_graph_is_a_document(name: str) -> None:
    assert_same_graph(Graph.of_triples([]), [], name)


@pytest.mark.parametrize("name", GRAPH_FORMATS)
def test_what_no_file_can_hold_is_left_out(name: str) -> None:
    odd: list[Triple] = [
        (IRI("not an IRI"), P, Literal("x")),
        (Literal("x"), P, Literal("x")),
        (IRI("http://e/a"), BlankNode("b"), Literal("x")),
    ]
    assert_same_graph(Graph.of_triples(odd), [], name)


def test_turtle_says_its_prefixes_once() -> None:
    many: list[Triple] = [(IRI(f"http://e/{i}"), P, P) for i in range(5_000)]
    graph = Graph(
        Graph.of_triples(many).solutions, {"b": "http://e/", "a": "http://f/"}
    )
    text = b"".join(serialize_turtle(graph)).decode()
    assert text.startswith("@prefix b: <http://e/> .\n@prefix a: <http://f/> .\n")
    assert text.count("@prefix") == 2
    assert len(list(ox.parse(text, format=ox.RdfFormat.TURTLE))) == 5_000


def test_a_graph_is_written_as_it_is_read() -> None:
    def triples() -> object:
        yield from ((IRI(f"http://e/{i}"), P, P) for i in range(3_000))
        raise ValueError("the end was read")

    solutions = Solutions(("subject", "predicate", "object"), triples())  # type: ignore[arg-type]
    pieces = serialize_turtle(Graph(solutions))
    assert next(pieces) == b""
    assert next(pieces).count(b"\n") == 2_000
    with pytest.raises(ValueError, match="the end was read"):
        next(pieces)
