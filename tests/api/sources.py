"""Sources whose answers a test knows: right, endless, slow, or broken half-way."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Unpack

import pyoxigraph as ox

from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.errors import QuerySyntaxError, QueryTimeout, UnsupportedFeature
from strabon_store.query_options import QueryOptions
from strabon_store.results.graphs import Graph, Result
from strabon_store.results.solutions import Row, Solutions
from strabon_store.running import RunningQuery

ONE_ROW: list[Row] = [
    (IRI("https://example.org/a"), Literal('Ärzte, "x"', language="de"))
]


TRIPLE = ox.Triple(
    ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.Literal("x", language="da")
)


def _term(term: object) -> Term | None:
    match term:
        case ox.NamedNode():
            return IRI(term.value)
        case ox.BlankNode():
            return BlankNode(term.value)
        case ox.Literal():
            return Literal(term.value, term.datatype.value, term.language)
        case _:
            return None


class Unlisted:
    """A source that keeps no list of what it runs."""

    __slots__ = ()

    def queries(self) -> tuple[RunningQuery, ...]:
        return ()

    def cancel(self, query_id: str) -> bool:
        del query_id
        return False


@dataclass(slots=True)
class Triples(Unlisted):
    """A graph of one triple, whatever the query."""

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        **options: Unpack[QueryOptions],
    ) -> Result:
        del text, timeout_s, options
        literal = Literal("x", language="da")
        return Graph.of_triples([(IRI("urn:a"), IRI("urn:p"), literal)])


@dataclass(slots=True)
class Oxigraph(Unlisted):
    """Another SPARQL engine, for what the protocol says whatever answers."""

    store: ox.Store = field(default_factory=ox.Store)

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        **options: Unpack[QueryOptions],
    ) -> Result:
        del timeout_s
        if text.startswith(("CONSTRUCT", "DESCRIBE")):
            raise UnsupportedFeature(text.split(maxsplit=1)[0])
        dataset = options.get("dataset") or Dataset()
        default: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [
            ox.NamedNode(graph.value) for graph in dataset.default
        ]
        named: list[ox.NamedNode | ox.BlankNode] = [
            ox.NamedNode(graph.value) for graph in dataset.named
        ]
        has_dataset = bool(default or named)
        try:
            answer = self.store.query(
                text,
                base_iri=options.get("base"),
                default_graph=default if has_dataset else None,
                named_graphs=named if has_dataset else None,
            )
        except SyntaxError as error:
            where = re.match(r"error at (\d+):(\d+)", str(error))
            assert where
            line, column = int(where[1]), int(where[2])
            raise QuerySyntaxError(
                text, line=line, column=column, found="it"
            ) from error
        if isinstance(answer, ox.QueryBoolean):
            return bool(answer)
        assert isinstance(answer, ox.QuerySolutions)
        variables = tuple(variable.value for variable in answer.variables)
        return Solutions(
            variables, (tuple(_term(term) for term in row) for row in answer)
        )


@dataclass(slots=True)
class Rows(Unlisted):
    """Answers every query with the same rows.

    Attributes:
        rows: The rows.
        repeat: How often they are given.
        error: What is raised at their end.
        closed: Set when the answer has been closed.
    """

    rows: list[Row] = field(default_factory=lambda: ONE_ROW)
    repeat: int = 1
    error: Exception | None = None
    closed: threading.Event = field(default_factory=threading.Event)

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        **options: Unpack[QueryOptions],
    ) -> Result:
        del text, timeout_s, options
        return Solutions(("a", "b"), self._rows(), self.closed.set)

    def _rows(self) -> Iterator[Row]:
        for _ in range(self.repeat):
            yield from self.rows
        if self.error is not None:
            raise self.error


@dataclass(slots=True)
class Blocked(Unlisted):
    """Answers nothing until it is released, or until the time is over."""

    released: threading.Event = field(default_factory=threading.Event)
    started: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        **options: Unpack[QueryOptions],
    ) -> Result:
        del text, options
        self.started.release()
        if self.released.wait(timeout_s):
            return True
        raise QueryTimeout(timeout_s)


@dataclass(slots=True)
class Slow(Unlisted):
    """Rows without end, one every few milliseconds."""

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        **options: Unpack[QueryOptions],
    ) -> Result:
        del text, timeout_s, options
        return Solutions(("a", "b"), self._rows())

    def _rows(self) -> Iterator[Row]:
        while True:
            time.sleep(0.005)
            yield from ONE_ROW
