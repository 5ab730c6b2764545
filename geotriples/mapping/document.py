"""Values of a mapping document, each of the kind that its property asks for.

What is not is reported with its node, and reading goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

import pyoxigraph as ox

from geotriples.mapping.graph import DocumentGraph, Node, Object
from geotriples.mapping.model import Iri, Literal, Problem
from ontologies.namespaces import RDF, RML, Namespace

T = TypeVar("T")

PropertyLabels: TypeAlias = Mapping[str, str]
"""Local names in RML to the names by which the mapping's author knows them."""

RML_LABELS: Final[PropertyLabels] = MappingProxyType({})
"""RML's properties are called what they are."""


@dataclass(slots=True)
class DocumentReader:
    """A document, and what is wrong with it.

    A `key` is a local name in the document's vocabulary, or the IRI of a property.

    Attributes:
        graph: The document.
        vocabulary: The namespace of its properties.
        problems: Everything that was wrong so far.
        labels: What messages call properties whose author calls them otherwise.
    """

    graph: DocumentGraph
    vocabulary: Namespace = RML
    problems: list[Problem] = field(default_factory=list)
    labels: PropertyLabels = field(default_factory=lambda: RML_LABELS)

    def report(self, node: str, message: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(node, message))

    def objects(self, node: Node, key: str) -> list[Object]:
        """The values of a property, of whatever kind."""
        return self.graph.objects(node, self.property(key))

    def property(self, key: str) -> str:
        """The IRI of a property."""
        return key if ":" in key else self.vocabulary.term(key)

    def label(self, key: str) -> str:
        """A property as messages name it."""
        return f"<{key}>" if ":" in key else self.labels.get(key, f"rml:{key}")

    def nodes(self, node: Node, key: str, where: str) -> list[Node]:
        """The values of a property that are nodes."""
        values = self.objects(node, key)
        return [one for value in values if (one := self.as_node(value, key, where))]

    def iris(self, node: Node, key: str, where: str) -> list[str]:
        """The values of a property that are IRIs."""
        return [
            one.value
            for one in self.nodes(node, key, where)
            if self._is_iri(one, key, where)
        ]

    def strings(self, node: Node, key: str, where: str) -> list[str]:
        """The values of a property that are literals, as text."""
        values = self.objects(node, key)
        return [
            text
            for value in values
            if (text := self.as_string(value, key, where)) is not None
        ]

    def one_node(
        self, node: Node, key: str, where: str, *, required: bool = False
    ) -> Node | None:
        """The only node of a property."""
        return self._one(self.nodes(node, key, where), key, where, required=required)

    def one_iri(
        self, node: Node, key: str, where: str, *, required: bool = False
    ) -> str | None:
        """The only IRI of a property."""
        return self._one(self.iris(node, key, where), key, where, required=required)

    def one_string(
        self, node: Node, key: str, where: str, *, required: bool = False
    ) -> str | None:
        """The only literal of a property, as text."""
        return self._one(self.strings(node, key, where), key, where, required=required)

    def _one(self, found: list[T], key: str, where: str, *, required: bool) -> T | None:
        if len(found) > 1 or (required and not found):
            self.report(where, f"needs exactly one {self.label(key)}, has {len(found)}")
        return found[0] if found else None

    def list_nodes(self, head: Node, where: str) -> list[Node]:
        """The members of a list, which must be nodes."""
        found: list[Node] = []
        seen: set[Node] = set()
        cell: Node | None = head
        while cell is not None and cell.value != RDF.term("nil"):
            if cell in seen:
                self.report(where, "is a list that never ends")
                break
            seen.add(cell)
            first = self.one_node(cell, RDF.term("first"), where, required=True)
            found += [] if first is None else [first]
            cell = self.one_node(cell, RDF.term("rest"), where, required=True)
        return found

    def list_strings(self, node: Node, key: str, where: str) -> list[str]:
        """The members of a list of strings."""
        cell = self.one_node(node, key, where)
        found: list[str] = []
        while cell is not None and cell.value != RDF.term("nil"):
            found += self.strings(cell, RDF.term("first"), where)
            cell = self.one_node(cell, RDF.term("rest"), where)
        return found

    def as_node(self, value: Object, key: str, where: str) -> Node | None:
        """A value that must be a node."""
        if isinstance(value, ox.Literal):
            self.report(where, f"{self.label(key)} is the literal {value}, not a node")
            return None
        return value

    def as_string(self, value: Object, key: str, where: str) -> str | None:
        """A value that must be a literal, as text."""
        if isinstance(value, ox.Literal):
            return value.value
        self.report(where, f"{self.label(key)} is {value}, not a string")
        return None

    def as_term(self, value: Object, key: str, where: str) -> Iri | Literal | None:
        """A value that must be an IRI or a literal."""
        if isinstance(value, ox.NamedNode):
            return Iri(value.value)
        if isinstance(value, ox.Literal):
            return Literal(value.value, value.datatype.value, value.language or "")
        self.report(where, f"{self.label(key)} is a blank node, not an IRI or literal")
        return None

    def _is_iri(self, node: Node, key: str, where: str) -> bool:
        if isinstance(node, ox.NamedNode):
            return True
        self.report(where, f"{self.label(key)} is a blank node, not an IRI")
        return False
