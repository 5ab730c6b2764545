"""Mapping documents in the current RML vocabulary -> model; the only reader of them.

Reads RML Core and RML-FNML in Turtle.  The constant shortcuts (`rml:subject`,
`rml:predicate`, `rml:class`, ...) become the maps that they abbreviate.  Whatever is
wrong is collected with its node, and reading goes on, so that one run tells all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import pyoxigraph as ox

from geotriples.mapping.document import RML_LABELS, DocumentReader, PropertyLabels
from geotriples.mapping.graph import DocumentGraph, Node, Object
from geotriples.mapping.model import (
    Constant,
    Expression,
    FunctionExecution,
    Gather,
    Input,
    Iri,
    JoinCondition,
    Literal,
    LogicalSource,
    LogicalView,
    Mapping,
    PredicateObjectMap,
    Problem,
    Reference,
    RefObjectMap,
    SubjectMap,
    TermMap,
    TermType,
    TriplesMap,
    positional,
)
from geotriples.mapping.parse_source import SOURCE_PROPERTIES, read_logical_source
from geotriples.mapping.parse_target import TARGET_PROPERTIES, read_targets
from geotriples.mapping.parse_view import VIEW_PROPERTIES, read_view
from geotriples.mapping.template import parse_template
from ontologies.namespaces import RDF, RML, RRX, RRXF

ReadExpression: TypeAlias = Callable[[Object, str], Expression | None]

_TERM_TYPES: Final = {str(one): one for one in TermType}
_COLLECTIONS: Final = tuple(RDF.term(one) for one in ("List", "Bag", "Seq", "Alt"))
_STRATEGIES: Final = (RML.term("append"), RML.term("cartesianProduct"))
_TRANSFORMATION: Final = RRX.term("transformation")
_FUNCTION: Final = RRX.term("function")
_EQUI: Final = RRXF.term("equi")
_RELATIONS: Final = frozenset(
    RRXF.term(name)
    for name in (
        *("contains", "equals", "intersects", "disjoint"),
        *("within", "touches", "crosses", "overlaps"),
    )
)
_JOINS_BY: Final = "there are rrxf:equi and the topological relations"
_ARGUMENTS: Final = RRX.term("argumentMap")
_MAPS: Final = (
    *("subject", "predicate", "object", "graph", "datatype", "language"),
    *("child", "parent", "function", "parameter", "inputValue", "return"),
)
_PROPERTIES: Final = (
    frozenset(_MAPS)
    | {f"{one}Map" for one in _MAPS}
    | SOURCE_PROPERTIES
    | TARGET_PROPERTIES
    | VIEW_PROPERTIES
    | {
        *("logicalSource", "baseIRI", "predicateObjectMap", "class", "termType"),
        *("template", "reference", "constant", "functionExecution", "input"),
        *("parentTriplesMap", "joinCondition", "condition"),
        *("gather", "gatherAs", "strategy", "allowEmptyListAndContainer"),
    }
)
DEFAULT_BASE: Final = "mapping:"
"""What relative IRIs of a document without a base are resolved against."""


@dataclass(frozen=True, slots=True)
class ParsedMapping:
    """A mapping as far as it could be read, and what was wrong."""

    mapping: Mapping
    problems: tuple[Problem, ...]


def syntax_problem(error: SyntaxError) -> Problem:
    """What `parse_graph` says of a text, as a problem of the mapping."""
    node = f"line {error.lineno}, column {error.offset}" if error.lineno else "text"
    return Problem(node, f"not Turtle: {error.msg}")


def read_graph(
    graph: DocumentGraph, labels: PropertyLabels = RML_LABELS
) -> ParsedMapping:
    """Read a graph of RML.

    Args:
        graph: The document.
        labels: How messages call the properties that the author calls otherwise.
    """
    reader = _Reader(graph, labels=labels)
    reader.report_unsupported()
    maps = tuple(
        one for node in _triples_maps(graph) if (one := reader.triples_map(node))
    )
    if not maps and not reader.problems:
        wanted = reader.label("logicalSource")
        reader.report("document", f"holds no triples map (no {wanted})")
    return ParsedMapping(Mapping(maps), tuple(reader.problems))


def _triples_maps(graph: DocumentGraph) -> list[Node]:
    return graph.subjects(RML.term("subjectMap"), RML.term("subject")) + [
        node
        for node in graph.subjects(RML.term("predicateObjectMap"))
        if not graph.objects(node, RML.term("subjectMap"))
        and not graph.objects(node, RML.term("subject"))
    ]


@dataclass(slots=True)
class _Reader(DocumentReader):
    _names: dict[Node, str] = field(default_factory=dict)

    def report_unsupported(self) -> None:
        """What we do not read must not be passed over: the output would be wrong."""
        for subject, predicate in self.graph.uses():
            if predicate.startswith(RML) and RML.local(predicate) not in _PROPERTIES:
                node = f"<{subject.value}>" if isinstance(subject, ox.NamedNode) else ""
                local = RML.local(predicate)
                self.report(
                    node or "a blank node", f"{self.label(local)} is not supported"
                )

    # -- triples maps ------------------------------------------------------------

    def name(self, node: Node) -> str:
        if isinstance(node, ox.NamedNode):
            return f"<{node.value}>"
        return self._names.setdefault(node, f"triples map {len(self._names) + 1}")

    def triples_map(self, node: Node) -> TriplesMap | None:
        name = self.name(node)
        below = self.one_node(node, "logicalSource", name, required=True)
        source = self.source_at(below, f"{name} logicalSource", ()) if below else None
        subject = self.subject_map(node, name)
        predicate_objects = tuple(
            self.predicate_object_map(one, f"{name} predicateObjectMap {i}")
            for i, one in enumerate(self.nodes(node, "predicateObjectMap", name), 1)
        )
        base = self.one_iri(node, "baseIRI", name)
        if source is None or subject is None:
            return None
        return TriplesMap(name, source, subject, predicate_objects, base)

    def source_at(
        self, node: Node, where: str, inside: tuple[Node, ...]
    ) -> LogicalSource | LogicalView | None:
        """The source or view that a node describes, within other views."""
        if self.objects(node, "viewOn"):
            return read_view(self, self, node, where, inside)
        return read_logical_source(self, node, where)

    def subject_map(self, parent: Node, where: str) -> SubjectMap | None:
        node, constant = self.map_or_constant(parent, "subject", where)
        where = f"{where} subjectMap"
        if constant is not None:
            return SubjectMap(TermMap(where, Constant(constant)))
        if node is None:
            return None
        term = self.term_map(node, where)
        classes = tuple(Iri(one) for one in self.iris(node, "class", where))
        return SubjectMap(term, classes, self.maps(node, "graph", where))

    def predicate_object_map(self, node: Node, where: str) -> PredicateObjectMap:
        predicates = self.maps(node, "predicate", where)
        objects: tuple[TermMap | RefObjectMap, ...] = tuple(
            self.object_map(one, at)
            for i, one in enumerate(self.nodes(node, "objectMap", where), 1)
            for at in [f"{where} objectMap {i}"]
        ) + self.constants(node, "object", where)
        if not predicates:
            self.report_absent(where, "predicate")
        if not objects:
            self.report_absent(where, "object")
        return PredicateObjectMap(
            where, predicates, objects, self.maps(node, "graph", where)
        )

    def object_map(self, node: Node, where: str) -> TermMap | RefObjectMap:
        if self.graph.objects(node, RML.term("parentTriplesMap")):
            return self.ref_object_map(node, where)
        return self.term_map(node, where)

    def report_absent(self, where: str, key: str) -> None:
        self.report(where, f"has no {self.label(key)} or {self.label(f'{key}Map')}")

    def ref_object_map(self, node: Node, where: str) -> RefObjectMap:
        parent = self.one_node(node, "parentTriplesMap", where, required=True)
        conditions = tuple(
            one
            for i, condition in enumerate(self.nodes(node, "joinCondition", where), 1)
            if (one := self.join_condition(condition, f"{where} joinCondition {i}"))
        )
        name = self.name(parent) if parent else ""
        return RefObjectMap(where, name, conditions, read_targets(self, node, where))

    def join_condition(self, node: Node, where: str) -> JoinCondition | None:
        function = self.one_iri(node, _FUNCTION, where)
        if function is not None and function not in {_EQUI, *_RELATIONS}:
            message = f"joins by <{function}> are not supported: {_JOINS_BY}"
            self.report(where, message)
        relation = function if function in _RELATIONS else None
        if self.objects(node, _ARGUMENTS):
            match self.arguments(node, where):
                case [child, parent]:
                    return JoinCondition(where, child, parent, relation)
                case maps:
                    message = (
                        f"has {len(maps)} arguments, not the child's, the parent's"
                    )
                    self.report(where, message)
                    return None
        left = self.join_map(node, "child", where)
        right = self.join_map(node, "parent", where)
        if left is None or right is None:
            return None
        return JoinCondition(where, left, right, relation)

    def join_map(self, node: Node, key: str, where: str) -> TermMap | None:
        """`rml:child` and `rml:parent` are references, not constants."""
        short = self.one_string(node, key, where)
        long = self.one_node(node, f"{key}Map", where)
        where = f"{where} {key}Map"
        if (short is None) == (long is None):
            either = f"{self.label(key)} or {self.label(f'{key}Map')}"
            self.report(where, f"needs either {either}")
            return None
        if short is not None:
            return TermMap(where, Reference(short), TermType.LITERAL)
        return self.term_map(long, where) if long is not None else None

    # -- term maps ---------------------------------------------------------------

    def term_map(self, node: Node, where: str) -> TermMap:
        term_type = self.one_iri(node, "termType", where)
        if term_type is not None and term_type not in _TERM_TYPES:
            self.report(where, f"unknown {self.label('termType')} <{term_type}>")
            term_type = None
        kind = _TERM_TYPES[term_type] if term_type else None
        expression = self.expression(node, where)
        gather = self.gather(node, where)
        if expression is None and gather is None and kind is not TermType.BLANK_NODE:
            keys = ("template", "reference", "constant", "functionExecution")
            wanted = ", ".join(map(self.label, keys))
            self.report(where, f"needs one of {wanted}")
        return TermMap(
            where,
            expression,
            kind,
            self.optional_map(node, "datatype", where),
            self.optional_map(node, "language", where),
            self.condition(node, where),
            targets=read_targets(self, node, where),
            gather=gather,
        )

    def gather(self, node: Node, where: str) -> Gather | None:
        """`rml:gather` is a list of maps, of terms or of a parent's subjects."""
        lists = self.nodes(node, "gather", where)
        kind = self.one_iri(node, "gatherAs", where, required=bool(lists))
        strategy = self.one_iri(node, "strategy", where)
        empty = self.one_string(node, "allowEmptyListAndContainer", where)
        if not lists or kind is None:
            return None
        if kind not in _COLLECTIONS:
            known = ", ".join(f"<{one}>" for one in _COLLECTIONS)
            self.report(where, f"cannot gather as <{kind}>, but as {known}")
        if strategy not in {None, *_STRATEGIES}:
            self.report(where, f"unknown strategy <{strategy}>")
        members = [one for each in lists for one in self.list_nodes(each, where)]
        if not members:
            self.report(where, "gathers nothing: the list of maps is empty")
        return Gather(
            tuple(
                self.object_map(one, f"{where} gather {i}")
                for i, one in enumerate(members, 1)
            ),
            kind,
            strategy == RML.term("cartesianProduct"),
            empty in {"true", "1"},
        )

    def condition(self, node: Node, where: str) -> TermMap | None:
        """`rml:condition` is the map of a truth value, and has no shorter form."""
        found = self.one_node(node, "condition", where)
        return self.term_map(found, f"{where} condition") if found else None

    def expression(self, node: Node, where: str) -> Expression | None:
        readers: dict[str, ReadExpression] = {
            "template": self.template,
            "reference": self.reference,
            "constant": self.constant,
            "functionExecution": self.function_execution,
            _TRANSFORMATION: self.transformation,
        }
        found = [(key, value) for key in readers for value in self.objects(node, key)]
        if self.objects(node, _FUNCTION):
            found.append((_TRANSFORMATION, node))
        if len(found) > 1:
            keys = ", ".join(self.label(key) for key, _ in found)
            self.report(where, f"has more than one expression: {keys}")
        if not found:
            return None
        key, value = found[0]
        expression = readers[key](value, where)
        if isinstance(expression, FunctionExecution):
            return self.with_return(expression, node, where)
        return expression

    def template(self, value: Object, where: str) -> Expression | None:
        text = self.as_string(value, "template", where)
        if text is None:
            return None
        try:
            return parse_template(text)
        except ValueError as error:
            self.report(where, str(error))
            return None

    def reference(self, value: Object, where: str) -> Expression | None:
        text = self.as_string(value, "reference", where)
        return None if text is None else Reference(text)

    def constant(self, value: Object, where: str) -> Expression | None:
        term = self.as_term(value, "constant", where)
        return None if term is None else Constant(term)

    def function_execution(self, value: Object, where: str) -> Expression | None:
        node = self.as_node(value, "functionExecution", where)
        if node is None:
            return None
        name = f" <{node.value}>" if isinstance(node, ox.NamedNode) else ""
        where = f"{where} functionExecution{name}"
        function = self.one_constant_iri(node, "function", where)
        inputs = tuple(
            one
            for i, at in enumerate(self.nodes(node, "input", where), 1)
            if (one := self.input(at, f"{where} input {i}"))
        )
        return FunctionExecution(where, function, inputs) if function else None

    def transformation(self, value: Object, where: str) -> Expression | None:
        """GeoTriples' `rrx:function` with a list of arguments (`rrx:argumentMap`)."""
        node = self.as_node(value, _TRANSFORMATION, where)
        if node is None:
            return None
        function = self.one_iri(node, _FUNCTION, where, required=True)
        inputs = [
            Input(f"{where} argumentMap {i}", positional(i), one)
            for i, one in enumerate(self.arguments(node, where), 1)
        ]
        return FunctionExecution(where, function, tuple(inputs)) if function else None

    def arguments(self, node: Node, where: str) -> list[TermMap]:
        """A list of maps, or one map that is in no list."""
        found = self.nodes(node, _ARGUMENTS, where)
        maps = [
            one
            for each in found
            for one in (
                self.list_nodes(each, where)
                if self.objects(each, RDF.term("first"))
                or each.value == RDF.term("nil")
                else [each]
            )
        ]
        return [
            self.term_map(one, f"{where} argumentMap {i}")
            for i, one in enumerate(maps, 1)
        ]

    def with_return(
        self, execution: FunctionExecution, node: Node, where: str
    ) -> FunctionExecution:
        returns = self.one_constant_iri(node, "return", where, required=False)
        return FunctionExecution(
            execution.node, execution.function, execution.inputs, returns
        )

    def input(self, node: Node, where: str) -> Input | None:
        parameter = self.one_constant_iri(node, "parameter", where)
        value = self.optional_map(node, "inputValue", where)
        if value is None:
            self.report(where, "needs rml:inputValue or rml:inputValueMap")
        if parameter is None or value is None:
            return None
        return Input(where, parameter, value)

    # -- maps and their constant shortcuts ---------------------------------------

    def maps(self, node: Node, key: str, where: str) -> tuple[TermMap, ...]:
        return tuple(
            self.term_map(one, f"{where} {key}Map {i}")
            for i, one in enumerate(self.nodes(node, f"{key}Map", where), 1)
        ) + self.constants(node, key, where)

    def constants(self, node: Node, key: str, where: str) -> tuple[TermMap, ...]:
        return tuple(
            TermMap(f"{where} {key}", Constant(term))
            for value in self.graph.objects(node, RML.term(key))
            if (term := self.as_term(value, key, where)) is not None
        )

    def optional_map(self, node: Node, key: str, where: str) -> TermMap | None:
        found = self.maps(node, key, where)
        if len(found) > 1:
            self.report(where, f"has more than one {self.label(key)}")
        return found[0] if found else None

    def map_or_constant(
        self, node: Node, key: str, where: str
    ) -> tuple[Node | None, Iri | Literal | None]:
        maps = self.nodes(node, f"{key}Map", where)
        constants = self.graph.objects(node, RML.term(key))
        if len(maps) + len(constants) != 1:
            wanted = self.label(f"{key}Map")
            count = len(maps) + len(constants)
            self.report(where, f"needs exactly one {wanted}, has {count}")
        if maps:
            return maps[0], None
        return None, self.as_term(constants[0], key, where) if constants else None

    def one_constant_iri(
        self, node: Node, key: str, where: str, *, required: bool = True
    ) -> str | None:
        """A `rml:{key}`, or a constant `rml:{key}Map`."""
        found = self.maps(node, key, where)
        match found:
            case (TermMap(expression=Constant(Iri(value))),):
                return value
            case () if not required:
                return None
        self.report(where, f"needs exactly one {self.label(key)}, a constant IRI")
        return None
