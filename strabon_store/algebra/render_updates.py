"""Updates to SSE text, as `render.py` writes queries."""

from collections.abc import Iterable
from typing import assert_never

from ontologies.namespaces import compact
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.render import nest, render, render_dataset, render_term
from strabon_store.algebra.terms import IRI
from strabon_store.algebra.updates import (
    Clear,
    Create,
    Graphs,
    LoadGraph,
    Modify,
    Move,
    Operation,
    QuadPattern,
    Update,
    name_of,
)


def render_update(update: Update) -> str:
    """The request as SSE, an operation after the other.

    Examples:
        >>> print(render_update(Update((Clear(Graphs.ALL), Create(IRI("urn:g"))))))
        (update
          (clear all)
          (create <urn:g>))
    """
    return nest("update", *map(render_operation, update.operations))


def render_operation(operation: Operation) -> str:
    """One operation as SSE.

    Examples:
        >>> render_operation(LoadGraph(IRI("urn:d"), None, silent=True))
        '(load silent <urn:d> default)'
    """
    match operation:
        case Modify():
            return _modify(operation)
        case LoadGraph(source, graph):
            arguments = [compact(source.value), _graph(graph)]
        case Clear(target):
            arguments = [_graph(target)]
        case Create(graph):
            arguments = [_graph(graph)]
        case Move(_, origin, graph):
            arguments = [_graph(origin), _graph(graph)]
        case _:
            assert_never(operation)
    silent = ["silent"] if operation.silent else []
    return f"({' '.join((name_of(operation).lower(), *silent, *arguments))})"


def _modify(operation: Modify) -> str:
    below = render(operation.pattern)
    if operation.graph is not None:
        below = nest(f"with {_graph(operation.graph)}", below)
    if operation.dataset != Dataset():
        below = render_dataset(operation.dataset, below)
    return nest(
        "modify",
        nest("delete", *_quads(operation.deleted)),
        nest("insert", *_quads(operation.inserted)),
        below,
    )


def _quads(quads: Iterable[QuadPattern]) -> Iterable[str]:
    for quad in quads:
        graph = "default" if quad.graph is None else render_term(quad.graph)
        terms = map(render_term, (quad.subject, quad.predicate, quad.object))
        yield f"(quad {graph} {' '.join(terms)})"


def _graph(graph: IRI | Graphs | None) -> str:
    match graph:
        case IRI(value):
            return compact(value)
        case Graphs():
            return graph.lower()
        case None:
            return "default"
