"""YARRRML (YAML) -> RML of 2014 as a graph, which `rml2014` and `r2rml` read.

All keys and shortcuts of the YARRRML specification but dynamic targets, HTTP requests,
event streams and change detection, which are told as not supported.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

import pyoxigraph as ox
import yaml

from geotriples.mapping.graph import DocumentGraph, Node
from geotriples.mapping.model import Problem
from geotriples.mapping.rml2014 import LABELS_2014, RML2014
from geotriples.mapping.yarrrml_sources import SourceWriter
from geotriples.mapping.yarrrml_terms import PREFIXES, TermWriter, as_list, pick
from geotriples.mapping.yarrrml_values import Names
from ontologies.namespaces import RR

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **LABELS_2014,
        "logicalSource": "sources",
        "subjectMap": "subjects",
        "subject": "subjects",
        "predicateMap": "predicates",
        "predicate": "predicates",
        "objectMap": "objects",
        "object": "objects",
        "graphMap": "graphs",
        "parentTriplesMap": "mapping",
        "referenceFormulation": "referenceFormulation",
        "iterator": "iterator",
        "source": "access",
    }
)
"""How messages call RML's properties in YARRRML."""

_TOP: Final = frozenset(
    {
        *("prefixes", "base", "sources", "targets", "mappings", "mapping", "authors"),
        *("author", "external"),
    }
)
_KEYS: Final = frozenset(
    {
        *("sources", "source", "subjects", "subject", "s", "graphs", "graph", "g"),
        *("predicateobjects", "predicateobject", "po", "condition", "targets"),
    }
)
_PO_KEYS: Final = frozenset(
    {
        *("predicates", "predicate", "p", "objects", "object", "o", "condition"),
        *("graphs", "graph", "g", "inversepredicates", "inversepredicate", "i"),
    }
)
_BASE: Final = "mapping:"


class YarrrmlError(ValueError):
    """A text that is not YARRRML.

    Attributes:
        node: Where.
    """

    def __init__(self, node: str, message: str) -> None:
        self.node = node
        super().__init__(message)


def is_yarrrml(text: bytes) -> bool:
    """Whether a text is YAML with mappings: Turtle has no such line."""
    return any(
        line.split(b":")[0].strip() in {b"mappings", b"mapping"}
        for line in text.splitlines()
        if line[:1] not in {b" ", b"#", b"\t"} and b":" in line
    )


def translate_yarrrml(text: bytes) -> tuple[DocumentGraph, list[Problem]]:
    """The mapping as a graph, and what is wrong with it.

    Raises:
        YarrrmlError: It is not YAML, or not a map.
    """
    try:
        tolerated = _tolerated(text.decode())
        # All scalars are text: `on`, `1.0` and dates are values, not YAML's types.
        document = _restored(yaml.load(tolerated, Loader=yaml.BaseLoader))  # noqa: S506 - builds text only
    except UnicodeDecodeError as error:
        raise YarrrmlError("text", f"is not UTF-8: {error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "text"
        raise YarrrmlError(where, f"not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise YarrrmlError("text", f"not YAML: {error}") from error
    if not isinstance(document, dict):
        raise YarrrmlError("document", "is not a map with the key mappings")
    translation = _Translation(document)
    translation.translate()
    return translation.graph, translation.problems


_MARK: Final = "\ue03f"
_BACKSLASH: Final = "\ue05c"


def _tolerated(text: str) -> str:
    r"""What YARRRML has and YAML 1.1 has not, as characters that it lets pass.

    A `?` in a list of plain text is one of YAML 1.2; `\:` in quotation marks is none of
    YAML's, but YARRRML's own.
    """
    text = re.sub(r"\?(?=\S)", _MARK, text)
    return re.sub(r"(?<!\\)\\(?=[:()_~$])", _BACKSLASH, text)


def _restored(value: Any) -> Any:
    match value:
        case str():
            return value.replace(_MARK, "?").replace(_BACKSLASH, "\\")
        case list():
            return [_restored(one) for one in value]
        case dict():
            return {_restored(key): _restored(one) for key, one in value.items()}
        case _:
            return value


@dataclass(slots=True)
class _Translation:
    document: dict[str, Any]
    graph: DocumentGraph = field(default_factory=DocumentGraph)
    problems: list[Problem] = field(default_factory=list)

    def translate(self) -> None:
        self.check_keys("document", self.document, _TOP)
        mappings = pick(self.document, "mappings", "mapping")
        if not isinstance(mappings, dict):
            self.report("mappings", "is not a map of mappings by name")
            return
        for name, mapping in mappings.items():
            if isinstance(mapping, dict):
                self.check_keys(name, mapping, _KEYS)
                self.mapping(name, mapping)
            else:
                self.report(name, "is not a map")

    def report(self, node: str, message: str) -> None:
        self.problems.append(Problem(node, message))

    def check_keys(
        self, node: str, value: Mapping[str, Any], known: frozenset[str]
    ) -> None:
        for key in value:
            if key not in known:
                self.report(node, f"the key {key!r} is not supported")

    @property
    def names(self) -> Names:
        prefixes = {**PREFIXES, **(self.document.get("prefixes") or {})}
        return Names(prefixes, self.document.get("external") or {})

    def nodes_of(self, name: str) -> list[Node]:
        """A triples map for each source of a mapping, as messages can name it."""
        mappings = pick(self.document, "mappings", "mapping") or {}
        mapping = mappings.get(name)
        count = len(as_list(pick(mapping or {}, "sources", "source"))) or 1
        iri = str(self.document.get("base") or _BASE) + quote(name)
        return [
            ox.NamedNode(iri if not number else f"{iri}_{number}")
            for number in range(count)
        ]

    def mapping(self, name: str, mapping: dict[str, Any]) -> None:
        sources = as_list(pick(mapping, "sources", "source")) or [None]
        for node, source in zip(self.nodes_of(name), sources, strict=True):
            writer = SourceWriter(self.graph, self.document, self.report, name)
            is_r2rml = source is not None and writer.write(node, source)
            terms = TermWriter(
                self.graph, self.names, self.report, name, self.document, is_r2rml
            )
            _TriplesMap(self, terms, node, name).write(mapping)


@dataclass(frozen=True, slots=True)
class _TriplesMap:
    translation: _Translation
    terms: TermWriter
    node: Node
    name: str

    def write(self, mapping: dict[str, Any]) -> None:
        subjects = as_list(pick(mapping, "subjects", "subject", "s")) or [None]
        graphs = as_list(pick(mapping, "graphs", "graph", "g"))
        pairs = as_list(pick(mapping, "predicateobjects", "predicateobject", "po"))
        if pairs and all(isinstance(one, str) for one in pairs):
            pairs = [pairs]
        for number, subject in enumerate(subjects):
            node = self.node if not number else ox.BlankNode()
            if number:
                self.copy_source(node)
            subject_map = self.terms.subject(subject, mapping)
            self.add(node, RR.term("subjectMap"), subject_map)
            for graph in graphs:
                self.add(subject_map, RR.term("graphMap"), self.terms.iri(graph))
            for pair in pairs:
                self.predicate_objects(node, pair, subject)

    def add(
        self, subject: Node, predicate: str, value: ox.NamedNode | ox.BlankNode
    ) -> None:
        self.translation.graph.add(ox.Triple(subject, ox.NamedNode(predicate), value))

    def copy_source(self, node: Node) -> None:
        for key in (RML2014.term("logicalSource"), RR.term("logicalTable")):
            for one in self.translation.graph.objects(self.node, key):
                if not isinstance(one, ox.Literal):
                    self.add(node, key, one)

    def predicate_objects(self, node: Node, pair: Any, subject: Any) -> None:
        match pair:
            case [predicates, objects, *rest] if len(rest) <= 1:
                entry: dict[str, Any] = {"p": predicates, "o": objects}
                suffix = rest[0] if rest else None
            case dict():
                entry, suffix = pair, None
                self.translation.check_keys(self.name, pair, _PO_KEYS)
            case _:
                self.translation.report(
                    self.name, f"predicateobjects: {pair} has no predicate and object"
                )
                return
        predicates = as_list(pick(entry, "predicates", "predicate", "p"))
        objects = as_list(pick(entry, "objects", "object", "o"))
        pom = ox.BlankNode()
        self.add(node, RR.term("predicateObjectMap"), pom)
        for one in predicates:
            self.add(pom, RR.term("predicateMap"), self.terms.predicate(one))
        for graph in as_list(pick(entry, "graphs", "graph", "g")):
            self.add(pom, RR.term("graphMap"), self.terms.iri(graph))
        is_type = bool(predicates) and all(map(self.terms.is_type, predicates))
        for value in objects:
            condition = entry.get("condition")
            for term in self.objects(value, suffix, condition, is_type=is_type):
                self.add(pom, RR.term("objectMap"), term)
        inverse = pick(entry, "inversepredicates", "inversepredicate", "i")
        for one in as_list(inverse):
            for value in objects:
                self.inverse(one, value, subject)

    def objects(
        self, value: Any, suffix: Any, condition: Any, *, is_type: bool
    ) -> Iterator[Node]:
        if isinstance(value, dict) and "mapping" in value and "function" not in value:
            for parent in self.translation.nodes_of(value["mapping"]):
                yield self.terms.reference_to(
                    parent, value.get("condition") or condition
                )
            return
        yield self.terms.object(value, suffix, condition, is_type=is_type)

    def inverse(self, predicate: Any, value: Any, subject: Any) -> None:
        """The object as the subject of the subject, in a triples map of its own."""
        if isinstance(value, dict) and "mapping" in value:
            message = "an inverse predicate needs objects with a value, not a mapping"
            self.translation.report(self.name, message)
            return
        node, pom = ox.BlankNode(), ox.BlankNode()
        self.copy_source(node)
        self.add(node, RR.term("subjectMap"), self.terms.iri(value))
        self.add(node, RR.term("predicateObjectMap"), pom)
        self.add(pom, RR.term("predicateMap"), self.terms.predicate(predicate))
        self.add(pom, RR.term("objectMap"), self.terms.iri(subject))
