"""A small RDF graph in document order, for the mapping reader.

The order of the document decides in which order problems are told, so the triples are
kept as lists, not sets.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import pyoxigraph as ox

Node: TypeAlias = ox.NamedNode | ox.BlankNode
Object: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal


@dataclass(slots=True)
class DocumentGraph:
    """Subject to predicate to objects, in the order in which the document has them."""

    _objects: dict[Node, dict[str, list[Object]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, triple: ox.Triple) -> None:
        """Append a triple.

        Raises:
            SyntaxError: It holds a triple term, which no mapping has.
        """
        subject, term = triple.subject, triple.object
        if isinstance(subject, ox.Triple) or isinstance(term, ox.Triple):
            message = f"{triple} holds a triple term"
            raise SyntaxError(message)  # noqa: TRY004 - the text is at fault
        self._objects[subject][triple.predicate.value].append(term)

    def objects(self, subject: Node, predicate: str) -> list[Object]:
        """The objects of (`subject`, `predicate`), each once."""
        if subject not in self._objects:
            return []
        return list(dict.fromkeys(self._objects[subject].get(predicate, ())))

    def subjects(self, *predicates: str) -> list[Node]:
        """The subjects that have one of `predicates`."""
        return [
            subject
            for subject, values in self._objects.items()
            if any(predicate in values for predicate in predicates)
        ]

    def uses(self) -> Iterator[tuple[Node, str]]:
        """Each subject with each of its predicates."""
        for subject, values in self._objects.items():
            for predicate in values:
                yield subject, predicate


def parse_graph(text: bytes, base: str) -> DocumentGraph:
    """Read a Turtle document.

    Raises:
        SyntaxError: It is not Turtle; the error carries line and column.
    """
    graph = DocumentGraph()
    for quad in ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri=base):
        graph.add(quad.triple)
    return graph
