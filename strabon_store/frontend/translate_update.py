"""Parse tree to algebra: the operations of SPARQL 1.1 Update section 3."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from strabon_store.algebra.nodes import (
    BGP,
    UNIT,
    Graph,
    Pattern,
    TriplePattern,
)
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI, BlankNode, Literal, TermOrVar, Var
from strabon_store.algebra.updates import (
    Clear,
    Create,
    Graphs,
    LoadGraph,
    Modify,
    Move,
    Operation,
    QuadPattern,
    Transfer,
    Update,
)
from strabon_store.errors import InternalError, QuerySyntaxError
from strabon_store.frontend.context import Context, syntax_error
from strabon_store.frontend.prologue import Prologue
from strabon_store.frontend.syntax import Child, Node, Token, tokens
from strabon_store.frontend.translate_patterns import join, translate_group
from strabon_store.frontend.translate_select import translate_sub_select
from strabon_store.frontend.translate_terms import translate_term
from strabon_store.frontend.translate_triples import TriplesBlock
from strabon_store.frontend.valid_times import STATES_VALID_TIME, graph_of

_NUMBERS: Final = ("INTEGER", "DECIMAL", "DOUBLE")
_LITERALS: Final = frozenset(
    {"tagged_literal", "typed_literal", "STRING", "TRUE", "FALSE"}
    | {f"{sign}{kind}" for sign in ("", "SIGNED_") for kind in _NUMBERS}
)


def translate_update(tree: Node, text: str, base: str | None) -> Update:
    """The algebra of an `update` node.

    Args:
        tree: The parse tree.
        text: What it was parsed from, for error messages.
        base: The IRI against which relative IRIs are resolved, or None.

    Raises:
        QuerySyntaxError: The request breaks a rule beside the grammar (19.8, notes).
        UnsupportedFeature: It is right, with an operator that we do not compile.
    """

    def error(token: Token, problem: str) -> QuerySyntaxError:
        return syntax_error(text, token, problem)

    request = _Request(text, Prologue(error, base))
    operations = []
    for child in tree.children:
        if not isinstance(child, Node):
            raise InternalError(f"an update has no element {child}")
        if child.rule == "prologue":
            # What one prologue declares is in force for the operations after it.
            request.prologue.declare(child)
        else:
            operations.append(_TRANSLATORS[child.rule](child, request))
    return Update(tuple(operations))


@dataclass(slots=True)
class _Request:
    """What translation remembers between the operations of a request.

    Attributes:
        text: The request, for error messages.
        prologue: BASE and PREFIX, as declared so far.
        data_labels: The blank nodes of INSERT DATA so far, and the operation of each.
    """

    text: str
    prologue: Prologue
    data_labels: dict[str, Node] = field(default_factory=dict)

    def context(self) -> Context:
        """The context of an operation."""
        return Context(self.text, self.prologue, translate_group, translate_sub_select)

    def iri(self, child: Child) -> IRI:
        """The IRI of a token."""
        return self.prologue.iri(next(tokens(child)))

    def graph(self, child: Child) -> IRI | None:
        """A graph by its name, None for DEFAULT."""
        return None if isinstance(child, Node) else self.iri(child)


def _load(node: Node, request: _Request) -> LoadGraph:
    source, *graph = map(request.iri, _arguments(node))
    return LoadGraph(source, graph[0] if graph else None, node.has("SILENT"))


def _clear(node: Node, request: _Request) -> Clear:
    (child,) = _arguments(node)
    target = (
        Graphs(child.rule.upper()) if isinstance(child, Node) else request.iri(child)
    )
    return Clear(target, drops=node.rule == "drop_graph", silent=node.has("SILENT"))


def _create(node: Node, request: _Request) -> Create:
    (graph,) = _arguments(node)
    return Create(request.iri(graph), node.has("SILENT"))


def _move(node: Node, request: _Request) -> Move:
    source, target = map(request.graph, _arguments(node))
    transfer = Transfer(node.rule.removesuffix("_graph").upper())
    return Move(transfer, source, target, node.has("SILENT"))


def _arguments(node: Node) -> list[Child]:
    return [
        child
        for child in node.children
        if isinstance(child, Node) or child.type != "SILENT"
    ]


def _insert_data(node: Node, request: _Request) -> Modify:
    """Its blank nodes are new ones, and only its own (3.1.1, 19.6)."""
    quads = _part(node, "quads")
    _refuse(
        quads, {"VAR"}, "INSERT DATA has no variables; use INSERT ... WHERE", request
    )
    for token in tokens(quads):
        if token.type == "BLANK_NODE_LABEL":
            owner = request.data_labels.setdefault(token.value, node)
            if owner is not node:
                raise request.prologue.error(
                    token,
                    f"{token.value} was used in another operation, where it is "
                    "another blank node; choose another label",
                )
    return Modify("INSERT DATA", (), _template(quads, request, states=True))


def _delete_data(node: Node, request: _Request) -> Modify:
    quads = _part(node, "quads")
    _refuse(quads, {"VAR"}, "DELETE DATA has no variables; use DELETE WHERE", request)
    _refuse_blank_nodes(quads, request)
    _refuse_literal_subjects(quads, request)
    return Modify("DELETE DATA", _template(quads, request), ())


def _delete_where(node: Node, request: _Request) -> Modify:
    """The template is the pattern as well (3.1.3.3)."""
    quads = _part(node, "quads")
    _refuse_blank_nodes(quads, request)
    template = _template(quads, request)
    pattern: Pattern = UNIT
    for graph in dict.fromkeys(quad.graph for quad in template):
        bgp = BGP(
            tuple(
                TriplePattern(quad.subject, quad.predicate, quad.object)
                for quad in template
                if quad.graph == graph
            )
        )
        pattern = join(pattern, bgp if graph is None else Graph(graph, bgp))
    return Modify("DELETE WHERE", template, (), pattern)


def _modify(node: Node, request: _Request) -> Modify:
    with_graph = node.find("with")
    graph = None if with_graph is None else request.iri(with_graph)
    deleted, inserted = node.find("delete_clause"), node.find("insert_clause")
    if deleted is not None:
        _refuse_blank_nodes(deleted, request)
    dataset = _using(_part(node, "using"), request)
    context = request.context()
    context.is_in_graph = graph is not None or dataset != Dataset()
    parts = (("DELETE", deleted), ("INSERT", inserted))
    name = "/".join(word for word, clause in parts if clause is not None)
    templates = [
        ()
        if clause is None
        else _template(_part(clause, "quads"), request, graph, states=word == "INSERT")
        for word, clause in parts
    ]
    pattern = translate_group(_part(node, "group_graph_pattern"), context)
    return Modify(name, templates[0], templates[1], pattern, graph, dataset)


def _using(node: Node, request: _Request) -> Dataset:
    graphs: dict[str, list[IRI]] = {"using_default": [], "using_named": []}
    for clause in node.children:
        if isinstance(clause, Node):
            graphs[clause.rule].append(request.iri(clause))
    return Dataset(tuple(graphs["using_default"]), tuple(graphs["using_named"]))


def _template(
    quads: Node,
    request: _Request,
    graph: IRI | None = None,
    *,
    states: bool = False,
) -> tuple[QuadPattern, ...]:
    """The quads of a template; `graph` is where those without GRAPH go."""
    context = request.context().for_template()
    return tuple(dict.fromkeys(_quads(quads, graph, context, states=states)))


def _quads(
    node: Node, graph: IRI | Var | None, context: Context, *, states: bool
) -> Iterator[QuadPattern]:
    """The quads; `states` says whether a valid time is stated beside its triples."""
    block = TriplesBlock(context)
    for child in node.children:
        match child:
            case Node("graph_quads", [name, *_]):
                inner = _graph_name(name, context)
                yield from _quads(child, inner, context, states=states)
            case Node("triples_same_subject"):
                block.add(child)
            case _:  # the name of the graph, or the keyword
                pass
    for triple in block.patterns:
        yield _quad(graph, triple)
    for timed in block.timed:
        if isinstance(graph, Var) or not isinstance(timed.time, Literal):
            raise context.error(
                timed.place,
                "in a template a valid time is a constant, and so is the graph that "
                "it stands in: they name a graph",
            )
        valid = graph_of(timed.time, graph)
        yield _quad(valid, timed.triple)
        if states:
            yield QuadPattern(graph, valid, STATES_VALID_TIME, timed.time)


def _quad(graph: IRI | Var | None, triple: TriplePattern) -> QuadPattern:
    terms = (triple.subject, triple.predicate, triple.object)
    return QuadPattern(graph, *map(_blank, terms))


def _graph_name(child: Child, context: Context) -> IRI | Var:
    name = translate_term(child, context)
    if not isinstance(name, IRI | Var):
        raise InternalError(f"the grammar let {name} name a graph")
    return name


def _blank(term: TermOrVar) -> TermOrVar:
    if isinstance(term, Var) and term.is_blank:
        return BlankNode(term.name.removeprefix("_:"))
    return term


def _part(node: Node, rule: str) -> Node:
    found = node.find(rule)
    if found is None:
        raise InternalError(f"{node.rule} without {rule}")
    return found


def _refuse(node: Node, types: set[str], problem: str, request: _Request) -> None:
    for token in tokens(node):
        if token.type in types:
            raise request.prologue.error(token, problem)


def _refuse_blank_nodes(node: Node, request: _Request) -> None:
    """None may stand where statements are deleted (19.8 notes 7 and 8)."""
    problem = "a blank node cannot be deleted by a label; use DELETE ... WHERE"
    _refuse(node, {"BLANK_NODE_LABEL", "ANON"}, problem, request)
    for child in _walk(node):
        if child.rule in {"collection", "blank_node_property_list"}:
            token = next(tokens(child))
            raise request.prologue.error(token, problem)


def _refuse_literal_subjects(node: Node, request: _Request) -> None:
    """The grammar allows literals there, RDF does not (RDF 1.1 Concepts 3.1)."""
    for triples in _walk(node):
        if triples.rule == "triples_same_subject":
            subject = triples.children[0]
            kind = subject.rule if isinstance(subject, Node) else subject.type
            if kind in _LITERALS:
                problem = "a literal cannot be the subject of a statement"
                raise request.prologue.error(next(tokens(subject)), problem)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        if isinstance(child, Node):
            yield from _walk(child)


_TRANSLATORS: Final[Mapping[str, Callable[[Node, _Request], Operation]]] = (
    MappingProxyType(
        {
            "load_graph": _load,
            "clear_graph": _clear,
            "drop_graph": _clear,
            "create_graph": _create,
            "add_graph": _move,
            "move_graph": _move,
            "copy_graph": _move,
            "insert_data": _insert_data,
            "delete_data": _delete_data,
            "delete_where": _delete_where,
            "modify": _modify,
        }
    )
)
