"""The answer to CONSTRUCT and DESCRIBE, and its formats: a graph, triple by triple."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from typing import IO, Any, Final, Self, TypeAlias, assert_never

import pyoxigraph as ox

from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.errors import InternalError
from strabon_store.results.columns import Batch
from strabon_store.results.solutions import Solutions

Triple: TypeAlias = tuple[Term, Term, Term]
"""Subject, predicate, object."""

_POSITIONS: Final = ("subject", "predicate", "object")
_BATCH: Final = 2_000
"""Triples that are written at a time."""

_IN_MEMORY: Final = 8 << 20
"""Bytes of a document that are kept in memory before the disk takes it."""

_PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Graph:
    """A set of triples that is read once, each triple once (SPARQL 1.1 section 16.2).

    Like `Solutions`: what goes wrong while it is read is raised there, and it can be
    closed early. A blank node is the same one wherever its label stands in the graph.

    Attributes:
        solutions: The triples as solutions of `subject`, `predicate` and `object`.
        prefixes: The query's prefixes, for formats that can use them.
    """

    solutions: Solutions
    prefixes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_triples(cls, triples: Iterable[Triple]) -> Self:
        """A graph of these triples."""
        return cls(Solutions(_POSITIONS, iter(triples)))

    def __iter__(self) -> Iterator[Triple]:
        for subject, predicate, target in self.solutions:
            if subject is None or predicate is None or target is None:
                raise InternalError("a triple of an answer lacks a term")
            yield subject, predicate, target

    def batches(self) -> Iterator[Batch]:
        """The triples as three columns; read these or the triples, not both."""
        return self.solutions.batches()

    def close(self) -> None:
        """Free what stands behind; harmless when called again."""
        self.solutions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Result: TypeAlias = Solutions | Graph | bool
"""What a query answers: solutions for SELECT, a truth value for ASK, a graph for
CONSTRUCT and DESCRIBE."""


def serialize_turtle(graph: Graph) -> Iterator[bytes]:
    r"""The graph in Turtle, as it is read, with the query's prefixes.

    Examples:
        >>> triple = (IRI("http://e/a"), IRI("http://e/p"), Literal("x"))
        >>> b"".join(serialize_turtle(Graph.of_triples([triple])))
        b'<http://e/a> <http://e/p> "x" .\n'
    """
    return _in_batches(graph, ox.RdfFormat.TURTLE)


def serialize_ntriples(graph: Graph) -> Iterator[bytes]:
    """The graph in N-Triples, as it is read."""
    return _in_batches(graph, ox.RdfFormat.N_TRIPLES)


def serialize_rdfxml(graph: Graph) -> Iterator[bytes]:
    """The graph in RDF/XML, when all of it is read."""
    return _whole(graph, ox.RdfFormat.RDF_XML)


def serialize_jsonld(graph: Graph) -> Iterator[bytes]:
    """The graph in JSON-LD, expanded, when all of it is read."""
    return _whole(graph, ox.RdfFormat.JSON_LD)


def _in_batches(graph: Graph, rdf_format: ox.RdfFormat) -> Iterator[bytes]:
    """The header once, then the triples so many at a time."""
    is_turtle = rdf_format == ox.RdfFormat.TURTLE
    prefixes = _usable(graph.prefixes) if is_turtle else {}
    triples = iter(graph)
    begun = list(islice(triples, _BATCH))
    lines = [f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes.items()]
    yield "".join(lines).encode()
    while begun:
        buffer = BytesIO()
        _write(begun, buffer, rdf_format, prefixes)
        # Each batch is a document, and repeats the prefixes, a line for each.
        yield buffer.getvalue().split(b"\n", len(prefixes))[-1]
        begun = list(islice(triples, _BATCH))


def _whole(graph: Graph, rdf_format: ox.RdfFormat) -> Iterator[bytes]:
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        _write(graph, file, rdf_format, _usable(graph.prefixes))
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _write(
    triples: Iterable[Triple],
    file: IO[bytes],
    rdf_format: ox.RdfFormat,
    prefixes: Mapping[str, str],
) -> None:
    made = (each for triple in triples if (each := _triple(triple)) is not None)
    ox.serialize(made, file, format=rdf_format, prefixes=dict(prefixes))


def _triple(triple: Triple) -> ox.Triple | None:
    """A triple of the library's; None for what is no RDF (16.2.1).

    Expressions make what no file can hold: `IRI("not an IRI")`.
    """
    try:
        # What is no subject, or no predicate, is a TypeError.
        terms: list[Any] = list(map(_term, triple))
        return ox.Triple(*terms)
    except (TypeError, ValueError):
        return None


def _term(term: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    match term:
        case IRI(value):
            return ox.NamedNode(value)
        case BlankNode(label):
            return ox.BlankNode(label)
        case Literal(lexical, _, str() as language):
            return ox.Literal(lexical, language=language)
        case Literal(lexical, datatype, _):
            return ox.Literal(lexical, datatype=ox.NamedNode(datatype))
        case _:
            assert_never(term)


def _usable(prefixes: Mapping[str, str]) -> dict[str, str]:
    """The prefixes with which something can be written."""
    usable = {}
    for name, namespace in prefixes.items():
        try:
            usable[name] = ox.NamedNode(namespace).value
        except ValueError:
            continue
    return usable
