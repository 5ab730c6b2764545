"""The format of an answer: what the client asked for, of what its form can be."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.negotiation import Offer, negotiate
from strabon_store.results.graphs import Graph, Result
from strabon_store.results.media_types import GRAPH_FORMATS, RESULT_FORMATS


@dataclass(frozen=True, slots=True)
class Document:
    """An answer as it goes to the client.

    Attributes:
        media_type: What `Content-Type` says.
        pieces: The bytes, made as they are read.
    """

    media_type: str
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asked for.

    SELECT and ASK have other formats than CONSTRUCT and DESCRIBE (SPARQL 1.1 Protocol
    section 2.1.6), and which of them a query is, its answer tells.

    Attributes:
        accept: The `Accept` header.
        name: `?format=`, or None.
    """

    accept: str
    name: str | None = None

    def check(self) -> None:
        """Refuse what no answer can be, before a query runs.

        Raises:
            NotAcceptable: Nothing on offer suits.
        """
        offers: tuple[Offer, ...] = (*RESULT_FORMATS.values(), *GRAPH_FORMATS.values())
        negotiate(offers, accept=self.accept, name=self.name)

    def document(self, result: Result) -> Document:
        """The answer in the format that suits best.

        Raises:
            NotAcceptable: An answer of this form has no format that suits.
        """
        if isinstance(result, Graph):
            graphs = tuple(GRAPH_FORMATS.values())
            graph = negotiate(graphs, accept=self.accept, name=self.name)
            return Document(graph.media_type, graph.serialize(result))
        tables = tuple(RESULT_FORMATS.values())
        table = negotiate(tables, accept=self.accept, name=self.name)
        return Document(table.media_type, table.serialize(result))
