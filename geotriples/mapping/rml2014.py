"""RML of 2014 -> the same mapping in current RML and R2RML (`r2rml` does the rest).

The vocabulary of GeoTriples, RMLMapper, Morph-KGC and SDM-RDFizer extends R2RML:

| RML of 2014 | RML |
|---|---|
| rml:source "file" | a source with rml:path |
| ql:CSV, ql:JSONPath, ql:XPath, ql:TSV | rml:CSV, rml:JSONPath, rml:XPath, pyrml:TSV |
| rml:query, rr:sqlQuery of a database | rml:iterator with rml:SQL2008Query |
| rr:tableName of a database | rml:iterator with rml:SQL2008Table |
| fnml:functionValue with fno:executes | rml:functionExecution with rml:function |
| rml:joinCondition by a function `equal` | rml:joinCondition of two maps |
| rmlt:target, rmlt:serialization, rmlt:compression | the same of rml: |
| a JSONPath without `$` | `$.` before it |
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import pyoxigraph as ox

from geotriples.mapping.graph import DocumentGraph, Node, Object
from geotriples.mapping.model import Problem
from geotriples.mapping.parse_database import D2RQ
from geotriples.mapping.r2rml import LABELS, node_label
from ontologies.namespaces import DCAT, PYRML, RDF, RML, RR, VOID, Namespace

RML2014: Final = Namespace("http://semweb.mmlab.be/ns/rml#")
RMLT: Final = Namespace("http://semweb.mmlab.be/ns/rml-target#")
QL: Final = Namespace("http://semweb.mmlab.be/ns/ql#")
FNML: Final = Namespace("http://semweb.mmlab.be/ns/fnml#")
_COMPRESSIONS: Final = Namespace("http://semweb.mmlab.be/ns/rml-compression#")
FNO: Final = (
    Namespace("https://w3id.org/function/ontology#"),
    Namespace("http://w3id.org/function/ontology#"),
)
EQUAL: Final = frozenset(
    {
        "https://w3id.org/imec/idlab/function#equal",
        "http://example.com/idlab/function/equal",
    }
)
"""Functions by which two rows join where the strings are the same."""

FORMULATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        QL.term("CSV"): RML.term("CSV"),
        QL.term("JSONPath"): RML.term("JSONPath"),
        QL.term("XPath"): RML.term("XPath"),
        QL.term("TSV"): PYRML.term("TSV"),
        QL.term("SHP"): PYRML.term("Shapefile"),
        QL.term("NDJSON"): PYRML.term("JSONLines"),
    }
)

_RENAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        RML2014.term(one): RML.term(one)
        for one in (
            *("logicalSource", "source", "referenceFormulation", "iterator"),
            *("reference", "languageMap", "datatypeMap", "logicalTarget"),
            "joinCondition",
        )
    }
    | {
        RMLT.term(one): RML.term(one)
        for one in ("target", "serialization", "compression")
    }
    | {FNML.term("functionValue"): RML.term("functionExecution")}
)
_TABLE: Final = (RR.term("tableName"),)
_QUERY: Final = (RML2014.term("query"), RR.term("sqlQuery"))
_SQL: Final = frozenset({*_TABLE, *_QUERY, RR.term("sqlVersion")})
_POM: Final = RR.term("predicateObjectMap")
_PARENT_MAP: Final = RML2014.term("parentTermMap")
_FUNCTION: Final = FNML.term("functionValue")
_EXECUTES: Final = frozenset(one.term("executes") for one in FNO)
_IDLAB: Final = Namespace("https://w3id.org/imec/idlab/function#")
_AND: Final = "http://users.ugent.be/~bjdmeest/function/grel.ttl#boolean_and"
_TRUE_CONDITION: Final = _IDLAB.term("trueCondition")
_EXPRESSIONS: Final = (
    *(RML2014.term("reference"), RR.term("column"), RR.term("template")),
    *(RR.term("constant"), FNML.term("functionValue")),
)
_DUMPS: Final = frozenset({VOID.term("dataDump"), DCAT.term("dataDump")})
_TD: Final = Namespace("https://www.w3.org/2019/wot/td#")
_HCTL: Final = Namespace("https://www.w3.org/2019/wot/hypermedia#")
_IRI_TYPE: Final = ox.NamedNode(RR.term("IRI"))
_KNOWN: Final = frozenset({*_RENAMED, *_SQL, _PARENT_MAP})
_SIMPLE_PATH: Final = re.compile(r"[^\s.\[\]'\"*$@?()]+(?:[.\[].*)?$")


LABELS_2014: Final[Mapping[str, str]] = MappingProxyType(
    {
        **LABELS,
        "logicalSource": "rml:logicalSource or rr:logicalTable",
        "reference": "rml:reference or rr:column",
        "functionExecution": "fnml:functionValue",
        "function": "fno:executes",
        "iterator": "rml:iterator",
    }
)
"""How messages call RML's properties in a mapping of 2014."""


def is_rml2014(graph: DocumentGraph) -> bool:
    """Whether a document uses RML's first vocabulary, or FnO's functions in R2RML."""
    return any(predicate.startswith((RML2014, FNML)) for _, predicate in graph.uses())


def translate_rml2014(graph: DocumentGraph) -> tuple[DocumentGraph, list[Problem]]:
    """The mapping in RML's words, and what is wrong with what RML has no words for."""
    translation = _Translation(graph)
    translation.translate()
    return translation.result, translation.problems


def absolute_jsonpath(text: str) -> str:
    """A reference of 2014, which may leave out the row that it starts from.

    Examples:
        >>> absolute_jsonpath("venue.lat"), absolute_jsonpath("full name")
        ('$.venue.lat', "$['full name']")
    """
    if text.startswith("$"):
        return text
    if text.startswith("@"):
        return f"${text[1:]}"
    if text.startswith("["):
        return f"${text}"
    if _SIMPLE_PATH.match(text):
        return f"$.{text}"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$['{escaped}']"


@dataclass(slots=True)
class _Translation:
    graph: DocumentGraph
    result: DocumentGraph = field(default_factory=DocumentGraph)
    problems: list[Problem] = field(default_factory=list)
    # Maps that make a term where a condition holds: the condition, and the term's map.
    conditional: dict[Node, tuple[Node, Node]] = field(default_factory=dict)
    conditions: set[Node] = field(default_factory=set)
    # Maps that can make nothing but IRIs, whatever their constants look like.
    iri_maps: set[Node] = field(default_factory=set)

    def translate(self) -> None:
        functions = self.nodes_of(_FUNCTION)
        sources = self.nodes_of(RML2014.term("logicalSource"))
        joins = [
            one
            for one in self.nodes_of(RML2014.term("joinCondition"))
            if self.graph.objects(one, _FUNCTION)
        ]
        self.find_conditions()
        for key in ("subjectMap", "predicateMap", "graphMap"):
            self.iri_maps.update(self.nodes_of(RR.term(key)))
        for subject, predicate in self.graph.uses():
            if subject in functions or subject in joins:
                continue
            if subject in self.conditional and predicate == _FUNCTION:
                self.condition(subject)
                continue
            if subject in sources and predicate in _SQL | {
                RML2014.term("source"),
                RML2014.term("referenceFormulation"),
            }:
                continue
            self.copy(subject, predicate)
        for source in sources:
            self.logical_source(source)
        for function in functions:
            if function not in self.conditions:
                self.function(function)
        for join in joins:
            self.join(join)

    def copy(self, subject: Node, predicate: str) -> None:
        if predicate.startswith(RML2014) and predicate not in _KNOWN:
            name = RML2014.local(predicate)
            self.report(subject, f"rml:{name} of 2014 is not supported")
            return
        types = self.graph.objects(subject, RR.term("termType"))
        is_iri = predicate == RR.term("constant") and (
            _IRI_TYPE in types or subject in self.iri_maps
        )
        for one in self.graph.objects(subject, predicate):
            value = self.iri(subject, one) if is_iri else _renamed(one)
            self.add(subject, _RENAMED.get(predicate, predicate), value)
            if predicate in _DUMPS and isinstance(one, ox.NamedNode):
                path = ox.Literal(one.value.removeprefix("file://"))
                self.add(subject, RML.term("path"), path)

    def iri(self, subject: Node, value: Object) -> Object:
        """A constant that is a string, although its map makes an IRI of it."""
        if not isinstance(value, ox.Literal):
            return value
        try:
            return ox.NamedNode(value.value)
        except ValueError:
            self.report(subject, f"the constant {value.value!r} is no IRI")
            return value

    def nodes_of(self, predicate: str) -> dict[Node, None]:
        """The nodes that are objects of a property, in the order of the document."""
        return {
            one: None
            for subject in self.graph.subjects(predicate)
            for one in self.graph.objects(subject, predicate)
            if not isinstance(one, ox.Literal)
        }

    def add(self, subject: Node, predicate: str, value: Object) -> None:
        self.result.add(ox.Triple(subject, ox.NamedNode(predicate), value))

    def report(self, node: Node, message: str) -> None:
        self.problems.append(Problem(node_label(node), message))

    # -- sources -----------------------------------------------------------------

    def logical_source(self, node: Node) -> None:
        sources = self.graph.objects(node, RML2014.term("source"))
        for source in sources:
            if isinstance(source, ox.Literal):
                place = ox.BlankNode()
                self.add(place, RML.term("path"), source)
                self.add(node, RML.term("source"), place)
            else:
                self.add(node, RML.term("source"), source)
                self.web_of_things(source)
        if any(self.is_database(one) for one in sources):
            self.database_rows(node)
            return
        for unread in _SQL:
            if self.graph.objects(node, unread):
                message = f"<{unread}> needs a rml:source that is a d2rq:Database"
                self.report(node, message)
        for one in self.graph.objects(node, RML2014.term("referenceFormulation")):
            iri = FORMULATIONS.get(one.value, one.value)
            self.add(node, RML.term("referenceFormulation"), ox.NamedNode(iri))

    def web_of_things(self, source: Node) -> None:
        """A source that is a form's property, not the thing that has it."""
        for form in self.graph.objects(source, _TD.term("hasForm")):
            if not isinstance(form, ox.Literal):
                for place in self.graph.objects(form, _HCTL.term("hasTarget")):
                    self.add(source, RML.term("path"), ox.Literal(place.value))

    def is_database(self, source: Object) -> bool:
        if isinstance(source, ox.Literal):
            return False
        types = self.graph.objects(source, RDF.term("type"))
        if self.graph.objects(source, D2RQ.term("jdbcDSN")):
            return True
        return ox.NamedNode(D2RQ.term("Database")) in types

    def database_rows(self, node: Node) -> None:
        for keys, formulation in ((_TABLE, "SQL2008Table"), (_QUERY, "SQL2008Query")):
            for key in keys:
                for text in self.graph.objects(node, key):
                    self.add(node, RML.term("iterator"), text)
                    iri = ox.NamedNode(RML.term(formulation))
                    self.add(node, RML.term("referenceFormulation"), iri)

    # -- functions ---------------------------------------------------------------

    def function(self, node: Node) -> None:
        """`fno:executes` and parameters are predicate-object maps of the function."""
        inputs = list(self.parameters(node))
        executed = [value for name, value in inputs if name in _EXECUTES]
        for function in executed:
            self.add(node, RML.term("functionMap"), function)
        if not executed:
            self.report(node, "fnml:functionValue needs a fno:executes")
        for parameter, value in inputs:
            if parameter in _EXECUTES:
                continue
            entry = ox.BlankNode()
            self.add(node, RML.term("input"), entry)
            self.add(entry, RML.term("parameter"), ox.NamedNode(parameter))
            self.add(entry, RML.term("inputValueMap"), self.of_parent(value))

    def parameters(self, node: Node) -> Iterator[tuple[str, Node]]:
        """IRI of each parameter with the map of its value."""
        for one in self.graph.objects(node, _POM):
            if isinstance(one, ox.Literal):
                continue
            for predicate in self.values(one, "predicate"):
                for value in self.maps(one, "object"):
                    yield predicate.value, value

    def values(self, pom: Node, key: str) -> Iterator[Object]:
        """Constants of a map, long or short."""
        yield from self.graph.objects(pom, RR.term(key))
        for one in self.graph.objects(pom, RR.term(f"{key}Map")):
            if not isinstance(one, ox.Literal):
                yield from self.graph.objects(one, RR.term("constant"))

    def maps(self, pom: Node, key: str) -> Iterator[Node]:
        for one in self.graph.objects(pom, RR.term(f"{key}Map")):
            if not isinstance(one, ox.Literal):
                yield one
        for constant in self.graph.objects(pom, RR.term(key)):
            node = ox.BlankNode()
            self.add(node, RML.term("constant"), constant)
            yield node

    # -- conditions --------------------------------------------------------------

    def find_conditions(self) -> None:
        """`trueCondition(strBoolean, str)` is `str` where `strBoolean` is true."""
        for subject in self.graph.subjects(_FUNCTION):
            for function in self.graph.objects(subject, _FUNCTION):
                if isinstance(function, ox.Literal):
                    continue
                inputs = dict(self.parameters(function))
                names = list(self.executed(function))
                parts = [inputs.get(_IDLAB.term(key)) for key in ("strBoolean", "str")]
                match names, parts:
                    case [name], [condition, value] if name == _TRUE_CONDITION:
                        if condition is not None and value is not None:
                            self.conditional[subject] = (condition, value)
                            self.conditions.add(function)

    def constants(self, node: Node) -> list[Object]:
        """The constant of a map, which may be new."""
        return [
            *self.graph.objects(node, RR.term("constant")),
            *self.result.objects(node, RML.term("constant")),
        ]

    def condition(self, subject: Node) -> None:
        condition, value = self.conditional[subject]
        self.add(subject, RML.term("condition"), condition)
        for key in _EXPRESSIONS:
            for one in self.graph.objects(value, key):
                self.add(subject, _RENAMED.get(key, key), one)

    # -- joins by a function -----------------------------------------------------

    def join(self, node: Node) -> None:
        """`equal` of a value of the child's row and one of the parent's, or several."""
        key = RML2014.term("joinCondition")
        owners = [
            one
            for one in self.graph.subjects(key)
            if node in self.graph.objects(one, key)
        ]
        for number, function in enumerate(self.conjuncts(node)):
            target = node if not number else ox.BlankNode()
            for owner in owners if number else ():
                self.add(owner, RML.term("joinCondition"), target)
            self.join_equal(target, function)

    def conjuncts(self, node: Node) -> Iterator[Node]:
        """The functions behind a map, those within `boolean_and` each on its own."""
        for function in self.graph.objects(node, _FUNCTION):
            if isinstance(function, ox.Literal):
                continue
            if self.executed(function) == {_AND}:
                for name, value in self.parameters(function):
                    if name not in _EXECUTES:
                        yield from self.conjuncts(value)
            else:
                yield function

    def executed(self, function: Node) -> set[str]:
        """The IRI of a function, as `fno:executes` names it."""
        return {
            one.value
            for name, value in self.parameters(function)
            if name in _EXECUTES
            for one in self.constants(value)
        }

    def join_equal(self, node: Node, function: Node) -> None:
        sides = [
            value for name, value in self.parameters(function) if name not in _EXECUTES
        ]
        parents = [one for one in sides if self.is_of_parent(one)]
        children = [one for one in sides if one not in parents]
        is_equal = self.executed(function) <= EQUAL
        if not is_equal or len(parents) != 1 or len(children) != 1:
            self.report(
                node,
                "a join by a function needs idlab-fn:equal of one value of the child "
                "and one of the parent (rml:parentTermMap)",
            )
            return
        self.add(node, RML.term("childMap"), children[0])
        self.add(node, RML.term("parentMap"), self.of_parent(parents[0]))

    def is_of_parent(self, node: Node) -> bool:
        """Whether a map, or a map within it, is one of the parent's row."""
        if self.graph.objects(node, _PARENT_MAP):
            return True
        return any(
            self.is_of_parent(value)
            for function in self.graph.objects(node, _FUNCTION)
            if not isinstance(function, ox.Literal)
            for _, value in self.parameters(function)
        )

    def of_parent(self, node: Node) -> Node:
        """The map itself: on the parent's side, everything is of the parent."""
        for one in self.graph.objects(node, _PARENT_MAP):
            if not isinstance(one, ox.Literal):
                return one
        return node


def _renamed(value: Object) -> Object:
    if isinstance(value, ox.NamedNode) and value.value.startswith(_COMPRESSIONS):
        return ox.NamedNode(RML.term(_COMPRESSIONS.local(value.value)))
    return value
