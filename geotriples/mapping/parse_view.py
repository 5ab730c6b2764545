"""Logical views -> model (RML-LV): fields, nested fields, joins; cycles are named."""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from geotriples.mapping.document import DocumentReader
from geotriples.mapping.graph import Node
from geotriples.mapping.model import (
    ITERATION,
    Expression,
    Field,
    JoinCondition,
    LogicalSource,
    LogicalView,
    ViewJoin,
)

VIEW_PROPERTIES: Final = frozenset(
    {
        *("viewOn", "field", "fieldName", "leftJoin", "innerJoin"),
        *("parentLogicalView", "structuralAnnotation", "onFields", "targetView"),
        "targetFields",
    }
)
"""Local names of the properties that are read here."""

ReadSource = Callable[[Node, str], LogicalSource | None]


class ViewReader(Protocol):
    """What the reader of a document does for views."""

    def expression(self, node: Node, where: str) -> Expression | None:
        """The expression of a map."""

    def join_condition(self, node: Node, where: str) -> JoinCondition | None:
        """A join condition."""

    def source_at(
        self, node: Node, where: str, inside: tuple[Node, ...]
    ) -> LogicalSource | LogicalView | None:
        """The source or view that a node describes, within other views."""


def read_view(
    document: DocumentReader,
    reader: ViewReader,
    node: Node,
    where: str,
    inside: tuple[Node, ...],
) -> LogicalView | None:
    """A logical view; None where something is wrong with it.

    Args:
        document: The document.
        reader: Reads expressions, conditions and sources.
        node: The view.
        where: What messages call it.
        inside: The views on the way to it, which it must not come back to.
    """
    if node in inside:
        document.report(where, f"view {node} is defined by itself")
        return None
    within = (*inside, node)
    below = document.one_node(node, "viewOn", where, required=True)
    source = reader.source_at(below, f"{where} viewOn", within) if below else None
    fields = _fields(document, reader, node, where, ())
    joins = tuple(_joins(document, reader, node, where, within))
    if not fields:
        document.report(where, "has no rml:field")
    for name in _repeated([*fields, *(each for one in joins for each in one.fields)]):
        document.report(where, f"has two fields {name!r}")
    if source is None or len(joins) < _join_count(document, node, where):
        return None
    view = LogicalView(where, source, fields, joins)
    _check_annotations(document, node, where, view)
    return view


def _join_count(document: DocumentReader, node: Node, where: str) -> int:
    return sum(
        len(document.nodes(node, key, where)) for key in ("innerJoin", "leftJoin")
    )


def _fields(
    document: DocumentReader,
    reader: ViewReader,
    parent: Node,
    where: str,
    above: tuple[Node, ...],
) -> tuple[Field, ...]:
    found = []
    for number, node in enumerate(document.nodes(parent, "field", where), 1):
        at = f"{where} field {number}"
        if node in above:
            document.report(at, f"field {node} is within itself")
            continue
        name = document.one_string(node, "fieldName", at, required=True)
        expression = reader.expression(node, at)
        iterator = document.one_string(node, "iterator", at)
        formulation = document.one_iri(node, "referenceFormulation", at)
        inner = _fields(document, reader, node, at, (*above, node))
        for repeated in _repeated(inner):
            document.report(at, f"has two fields {repeated!r}")
        if expression is not None and iterator is not None:
            document.report(at, "has both an expression and an rml:iterator")
        if name is not None:
            found.append(Field(at, name, expression, iterator, formulation, inner))
    return tuple(found)


def _repeated(fields: list[Field] | tuple[Field, ...]) -> list[str]:
    names = [one.name for one in fields]
    return sorted({one for one in names if names.count(one) > 1})


def _joins(
    document: DocumentReader,
    reader: ViewReader,
    node: Node,
    where: str,
    within: tuple[Node, ...],
) -> Iterator[ViewJoin]:
    for key in ("innerJoin", "leftJoin"):
        for number, one in enumerate(document.nodes(node, key, where), 1):
            at = f"{where} {key} {number}"
            parent = document.one_node(one, "parentLogicalView", at, required=True)
            view = reader.source_at(parent, f"{at} parent", within) if parent else None
            conditions = tuple(
                condition
                for i, each in enumerate(document.nodes(one, "joinCondition", at), 1)
                if (condition := reader.join_condition(each, f"{at} joinCondition {i}"))
            )
            for related in (each for each in conditions if each.function):
                message = "joins by a relation, which the join of a view cannot"
                document.report(related.node, message)
            if not conditions:
                document.report(at, "has no rml:joinCondition")
            fields = _fields(document, reader, one, at, ())
            if isinstance(view, LogicalSource):
                document.report(at, "rml:parentLogicalView is no logical view")
            elif view is not None:
                yield ViewJoin(at, view, conditions, fields, key == "innerJoin")


def _check_annotations(
    document: DocumentReader, node: Node, where: str, view: LogicalView
) -> None:
    """Annotations say what is true of fields anyway; they must name fields."""
    known = set(view.keys) - {ITERATION}
    for one in document.nodes(node, "structuralAnnotation", where):
        at = f"{where} structuralAnnotation"
        if document.one_node(one, "onFields", at, required=True) is None:
            continue
        for name in document.list_strings(one, "onFields", at):
            if name not in known:
                document.report(at, f"there is no field {name!r}")
