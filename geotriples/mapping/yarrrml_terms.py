"""Subjects, predicates, objects, functions and conditions of YARRRML -> graph."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox

from geotriples.mapping.grammar import is_absolute_iri
from geotriples.mapping.graph import DocumentGraph, Node, Object
from geotriples.mapping.rml2014 import EQUAL, FNML, FNO, RML2014
from geotriples.mapping.yarrrml_sources import write_target
from geotriples.mapping.yarrrml_values import Names, Text, read_text
from ontologies.namespaces import DCTERMS, FOAF, RDF, RDFS, RML, RR, XSD

IDLAB: Final = "https://w3id.org/imec/idlab/function#"
GREL: Final = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
PREFIXES: Final[Mapping[str, str]] = {
    "rr": RR,
    "rdf": RDF,
    "rdfs": RDFS,
    "xsd": XSD,
    "foaf": FOAF,
    "dc": DCTERMS,
    "dcterms": DCTERMS,
    "schema": "http://schema.org/",
    "rml": RML2014,
    "fnml": FNML,
    "fno": FNO[0],
    "idlab-fn": IDLAB,
    "grel": GREL,
}
"""Prefixes that a document need not declare."""

_SHORT: Final = {
    "equal": f"{IDLAB}equal",
    "notequal": f"{IDLAB}notEqual",
    "str1": f"{GREL}valueParameter",
    "str2": f"{GREL}valueParameter2",
}
_TYPE_IRI: Final = RDF.term("type")
_CALL: Final = re.compile(r"(?P<name>[^()\s]+)\((?P<arguments>.*)\)$", re.DOTALL)
_ARGUMENT: Final = re.compile(r"\s*([^=,\s]+)\s*=\s*((?:\$\([^)]*\)|[^,])+?)\s*(?:,|$)")
_TERM_TYPES: Final = {"iri": "IRI", "blank": "BlankNode", "literal": "Literal"}
_OBJECT_KEYS: Final = frozenset(
    {
        *("value", "v", "type", "datatype", "language", "targets", "target"),
        *("condition", "function", "fn", "f", "parameters", "pms"),
    }
)

Report = Callable[[str, str], None]


def pick(value: Mapping[str, Any], *keys: str) -> Any:
    """The value of the first of several spellings of a key."""
    return next((value[key] for key in keys if key in value), None)


def as_list(value: Any) -> list[Any]:
    """One or several values, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True, slots=True)
class TermWriter:
    """Writes the term maps of one mapping.

    Attributes:
        graph: Where to.
        names: Prefixes and external references.
        report: Takes what is wrong, with its node.
        where: The mapping.
        document: The document, for its targets.
        is_r2rml: Whether references are columns (`rr:column`).
    """

    graph: DocumentGraph
    names: Names
    report: Report
    where: str
    document: Mapping[str, Any]
    is_r2rml: bool

    def add(self, subject: Node, predicate: str, value: Object) -> None:
        """Add a triple."""
        self.graph.add(ox.Triple(subject, ox.NamedNode(predicate), value))

    def type(self, node: Node, name: str) -> None:
        """Give a map its term type."""
        self.add(node, RR.term("termType"), ox.NamedNode(RR.term(name)))

    # -- positions ---------------------------------------------------------------

    def subject(self, value: Any, mapping: Mapping[str, Any]) -> Node:
        """A subject map; without a value, a blank node for each row."""
        if value is None:
            node: Node = ox.BlankNode()
            self.type(node, "BlankNode")
        else:
            node = self.iri(value)
        self.targets(node, mapping)
        self.condition(node, mapping.get("condition"))
        return node

    def iri(self, value: Any) -> Node:
        """A map that makes IRIs."""
        node = ox.BlankNode()
        if isinstance(value, dict):
            self.targets(node, value)
            if pick(value, "function", "fn", "f"):
                self.function(node, value)
                self.type(node, "IRI")
                return node
            value = pick(value, "value", "v")
        text = self.text(value)
        if text.type == "blank":
            self.type(node, "BlankNode")
        self.expression(node, text, is_iri=True)
        return node

    def predicate(self, value: Any) -> Node:
        """A predicate map; `a` is rdf:type."""
        return self.iri(_TYPE_IRI if value == "a" else value)

    def is_type(self, value: Any) -> bool:
        """Whether a predicate is rdf:type."""
        return value == "a" or (
            isinstance(value, str) and self.names.expanded(value) == _TYPE_IRI
        )

    def object(self, value: Any, suffix: Any, condition: Any, *, is_type: bool) -> Node:
        """An object map; a literal unless its type or predicate says otherwise."""
        node = ox.BlankNode()
        entry = value if isinstance(value, dict) else {"value": value}
        for key in entry:
            if key not in _OBJECT_KEYS:
                self.report(self.where, f"objects: the key {key!r} is not supported")
        kind = entry.get("type")
        if pick(entry, "function", "fn", "f"):
            self.function(node, entry)
        elif (found := pick(entry, "value", "v")) is not None:
            text = self.text(found)
            kind = kind or text.type
            is_iri = is_type or kind == "iri"
            self.expression(node, text, is_iri=is_iri, is_blank=kind == "blank")
        name = _TERM_TYPES.get(kind or ("iri" if is_type else "literal"))
        if name is None:
            self.report(self.where, f"objects: unknown type {kind!r}")
        else:
            self.type(node, name)
        self.literal_parts(node, entry, suffix)
        self.targets(node, entry)
        self.condition(node, entry.get("condition") or condition)
        return node

    def literal_parts(self, node: Node, entry: Mapping[str, Any], suffix: Any) -> None:
        """Datatype and language, of their own or after a comma."""
        datatype, language = entry.get("datatype"), entry.get("language")
        if isinstance(suffix, str):
            text = self.text(suffix)
            if text.type == "lang":
                language = suffix.removesuffix("~lang")
            else:
                datatype = suffix
        if language is not None:
            self.part(self.map(node, RML2014.term("languageMap")), language)
        elif datatype is not None:
            one = self.map(node, RML2014.term("datatypeMap"))
            self.part(one, datatype, is_iri=True)

    def part(self, node: Node, value: Any, *, is_iri: bool = False) -> None:
        """A datatype or a language, which may have targets."""
        if isinstance(value, dict):
            self.targets(node, value)
            value = pick(value, "value", "v")
        self.expression(node, self.text(value), is_iri=is_iri)

    def map(self, node: Node, predicate: str) -> Node:
        """A new map behind a property."""
        one = ox.BlankNode()
        self.add(node, predicate, one)
        return one

    def targets(self, node: Node, entry: Mapping[str, Any]) -> None:
        """The logical targets that a value names."""
        names = pick(entry, "targets", "target")
        if isinstance(names, list) and names and isinstance(names[0], str):
            is_inline = "~" in names[0]
            names = [names] if is_inline else names
        for one in as_list(names):
            target = write_target(self.graph, self.document, one)
            if isinstance(target, str):
                self.report(self.where, target)
            else:
                self.add(node, RML2014.term("logicalTarget"), target)

    # -- values ------------------------------------------------------------------

    def text(self, value: Any) -> Text:
        """A value as text with references."""
        if isinstance(value, str):
            return read_text(value, self.names)
        self.report(self.where, f"{value} is not a value")
        return Text(("",))

    def expression(
        self, node: Node, text: Text, *, is_iri: bool = False, is_blank: bool = False
    ) -> None:
        """A reference, a template or a constant."""
        if text.reference is not None:
            key = RR.term("column") if self.is_r2rml else RML2014.term("reference")
            self.add(node, key, ox.Literal(text.reference))
        elif is_blank or not text.is_constant:
            self.add(node, RR.term("template"), ox.Literal(text.template))
        elif is_iri and is_absolute_iri(text.constant):
            self.add(node, RR.term("constant"), ox.NamedNode(text.constant))
        elif is_iri:
            self.add(node, RR.term("template"), ox.Literal(text.template))
        else:
            self.add(node, RR.term("constant"), ox.Literal(text.constant))

    # -- functions ---------------------------------------------------------------

    def function(self, node: Node, entry: Mapping[str, Any]) -> None:
        """`function` with its parameters, long or as a call."""
        name = str(pick(entry, "function", "fn", "f"))
        parameters = as_list(pick(entry, "parameters", "pms"))
        call = _CALL.match(name)
        if call is not None:
            name = call["name"]
            prefix = name.partition(":")[0] if ":" in name else None
            for key, value in _ARGUMENT.findall(call["arguments"]):
                wanted = key if ":" in key or prefix is None else f"{prefix}:{key}"
                parameters.append([wanted, value])
        execution = self.map(node, FNML.term("functionValue"))
        executes = ox.NamedNode(FNO[0].term("executes"))
        self.parameter(execution, executes, self.constant_map(self.full(name)))
        for key, value, _ in self.arguments(parameters):
            iri = self.full(key)
            if not is_absolute_iri(iri):
                self.report(self.where, f"parameter {key!r} is no IRI")
                continue
            self.parameter(execution, ox.NamedNode(iri), self.argument(value))

    def full(self, name: str) -> str:
        """A function's or parameter's IRI."""
        return _SHORT.get(name.lower(), self.names.expanded(name))

    def constant_map(self, iri: str) -> Node:
        """A map of a constant IRI."""
        node = ox.BlankNode()
        if not is_absolute_iri(iri):
            self.report(self.where, f"function {iri!r} is no IRI")
            return node
        self.add(node, RR.term("constant"), ox.NamedNode(iri))
        return node

    def parameter(self, node: Node, name: ox.NamedNode, value: Node) -> None:
        """A predicate-object map of a function."""
        pom = self.map(node, RR.term("predicateObjectMap"))
        self.add(pom, RR.term("predicate"), name)
        self.add(pom, RR.term("objectMap"), value)

    def arguments(self, parameters: list[Any]) -> Iterator[tuple[str, Any, str | None]]:
        """Name, value and side (`s` or `o`) of each parameter."""
        for one in parameters:
            match one:
                case [str(name), value, *side]:
                    yield name, value, side[0] if side else None
                case dict() if pick(one, "parameter", "pm"):
                    value = pick(one, "value", "v")
                    yield str(pick(one, "parameter", "pm")), value, one.get("from")
                case _:
                    self.report(self.where, f"parameters: {one} is no parameter")

    def argument(self, value: Any) -> Node:
        """The map of a parameter's value."""
        node = ox.BlankNode()
        if isinstance(value, dict) and pick(value, "function", "fn", "f"):
            self.function(node, value)
            return node
        if isinstance(value, dict):
            value = pick(value, "value", "v")
        text = self.text(value)
        self.expression(node, text, is_iri=text.type == "iri")
        self.type(node, "IRI" if text.type == "iri" else "Literal")
        return node

    # -- conditions --------------------------------------------------------------

    def condition(self, node: Node, condition: Any) -> None:
        """A map makes its term only where its condition is true."""
        if condition is None:
            return
        if not isinstance(condition, dict):
            self.report(self.where, f"condition: {condition} is not a function")
            return
        self.function(self.map(node, RML.term("condition")), condition)

    def reference_to(self, parent: Node, condition: Any) -> Node:
        """The subjects of another mapping, joined where values are equal."""
        node = ox.BlankNode()
        self.add(node, RR.term("parentTriplesMap"), parent)
        for one in as_list(condition):
            self.join(node, one)
        return node

    def join(self, node: Node, condition: Any) -> None:
        """A join condition of a value of the child's row and one of the parent's."""
        if not isinstance(condition, dict):
            self.report(self.where, f"condition: {condition} is not a function")
            return
        name = str(pick(condition, "function", "fn", "f"))
        sides = list(self.arguments(as_list(pick(condition, "parameters", "pms"))))
        if self.full(name) == f"{GREL}boolean_and":
            for _, value, _ in sides:
                self.join(node, value)
            return
        if self.full(name) not in EQUAL or len(sides) != 2:  # noqa: PLR2004
            self.report(
                self.where, f"a join needs the function equal of two values, not {name}"
            )
            return
        # Where nothing else is said, the first value is the child's.
        is_parent = [_is_parent(value, side) for _, value, side in sides]
        first, second = (1, 0) if is_parent == [True, False] else (0, 1)
        join = self.map(node, RR.term("joinCondition"))
        self.add(join, RML.term("childMap"), self.argument(sides[first][1]))
        self.add(join, RML.term("parentMap"), self.argument(sides[second][1]))


def _is_parent(value: Any, side: str | None) -> bool:
    """Whether a value is of the parent's row: `o`, also within a function."""
    if side is not None:
        return side == "o"
    if not isinstance(value, dict):
        return False
    parameters = as_list(pick(value, "parameters", "pms"))
    return any(isinstance(one, list) and one[2:] == ["o"] for one in parameters)
