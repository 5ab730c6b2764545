"""A small RDF graph in document order, for the mapping reader.

The order of the document decides in which order problems are told, so the triples are
kept as lists, not sets.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

import pyoxigraph as ox

from ontologies.namespaces import RDF

Node: TypeAlias = ox.NamedNode | ox.BlankNode
Object: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal

_FIRST = RDF.term("first")
_REST = RDF.term("rest")
_NIL = ox.NamedNode(RDF.term("nil"))


@dataclass(slots=True)
class DocumentGraph:
    """Subject to predicate to objects, in the order in which the document has them."""

    _objects: dict[Node, dict[str, list[Object]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

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

    def predicates(self, subject: Node) -> list[str]:
        """The predicates of `subject`."""
        return list(self._objects[subject]) if subject in self._objects else []


def parse_graph(text: bytes, base: str) -> DocumentGraph:
    """Read a Turtle document.

    Raises:
        SyntaxError: It is not Turtle; the error carries line and column.
    """
    graph = DocumentGraph()
    for quad in ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri=base):
        triple = quad.triple
        if isinstance(triple.subject, ox.Triple) or isinstance(
            triple.object, ox.Triple
        ):
            raise SyntaxError("a mapping holds no triple terms")
        graph._objects[triple.subject][triple.predicate.value].append(triple.object)  # noqa: SLF001 - its own constructor
    return graph
