"""Triple patterns become scans of `quads`, and basic graph patterns joins of them."""

from typing import Final

from strabon_store.algebra.nodes import BGP, TriplePattern
from strabon_store.algebra.terms import IRI, Literal, Term, TermOrVar, Var
from strabon_store.relational.context import Context
from strabon_store.relational.encoding import DEFAULT_GRAPH, Tag, TermId
from strabon_store.relational.layout import QUADS, QUADS_BY_OBJECT
from strabon_store.relational.lower_stars import group_by_subject, lower_star
from strabon_store.relational.nodes import (
    Deduplicate,
    One,
    Plan,
    Projection,
    Rows,
    Scan,
)
from strabon_store.relational.order_joins import join_in_order
from strabon_store.relational.parts import Part
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import Call, Column, Constant, Scalar, call

_POSITIONS: Final = ("subject", "predicate", "object")
_OFTEN: Final = 10_000
"""Statements of a predicate with one object that the engine is to know of."""
_PREDICATE: Final = TermId(frozenset({Tag.IRI}))
_RESOURCE: Final = TermId(frozenset({Tag.IRI, Tag.BLANK}))


def lower_bgp(pattern: BGP, context: Context) -> Plan:
    """The solutions of a basic graph pattern (18.3), joined along shared variables."""
    parts = lower_parts(pattern, context)
    return join_in_order(parts, context) if parts else One()


def lower_parts(pattern: BGP, context: Context) -> list[Part]:
    """Parts whose join has the solutions of a basic graph pattern."""
    groups = list(group_by_subject(pattern.patterns, context))
    is_alone = len(groups) == 1
    return [
        part
        for group in groups
        for part in _lower_group(group, context, is_alone=is_alone)
    ]


def _lower_group(
    group: tuple[TriplePattern, ...], context: Context, *, is_alone: bool
) -> list[Part]:
    """What is to be joined for patterns with a common subject."""
    star = lower_star(group, context, is_alone=is_alone)
    if star is not None:
        return [star]
    return [Part.of(lower_triple(each, context)) for each in group]


def _terms(triple: TriplePattern) -> tuple[TermOrVar, TermOrVar, TermOrVar]:
    return triple.subject, triple.predicate, triple.object


def lower_triple(triple: TriplePattern, context: Context) -> Plan:
    """The solutions of one triple pattern in the active graph."""
    conditions = _graph_conditions(context)
    sources: dict[str, str] = {}
    if isinstance(context.graph, str):
        sources[context.graph] = "graph"
    for position, term in zip(_POSITIONS, _terms(triple), strict=True):
        if isinstance(term, Var):
            if first := sources.get(term.name):
                conditions.append(call("equal", Column(first), Column(position)))
            sources.setdefault(term.name, position)
        else:
            conditions.append(_is_term(position, term, context))
    if not isinstance(triple.object, Var):
        conditions[-1] = _as_often_as_it_is(conditions[-1], triple, context)
    columns = tuple(
        PlanColumn(name, _encoding(position, triple, context), is_nullable=False)
        for name, position in sources.items()
    )
    if None in conditions:
        return Rows(columns, ())
    known = tuple(each for each in conditions if each is not None)
    scan = Scan(_table(triple), columns, tuple(sources.values()), known)
    return _merged_graphs(scan) if _merges(context) else scan


def _table(triple: TriplePattern) -> str:
    """The order of the quads in which what a pattern selects lies together."""
    is_by_object = isinstance(triple.subject, Var) and not isinstance(
        triple.object, Var
    )
    return QUADS_BY_OBJECT.name if is_by_object else QUADS.name


def _encoding(position: str, triple: TriplePattern, context: Context) -> TermId:
    """What is known of the ids in a position of the pattern."""
    if position != "object":
        return _PREDICATE if position == "predicate" else _RESOURCE
    if isinstance(triple.predicate, Var):
        return context.any_term
    key = context.catalog.term_id(triple.predicate)
    known = None if key is None else context.catalog.predicate(key)
    return context.any_term if known is None else known.encoding


def lower_graph_names(variable: str, context: Context) -> Plan:
    """The names of the graphs that GRAPH with a variable ranges over."""
    columns = (PlanColumn(variable, _RESOURCE, is_nullable=False),)
    conditions = _graph_conditions(context.within(variable))
    if None in conditions:
        return Rows(columns, ())
    known = tuple(each for each in conditions if each is not None)
    return Deduplicate(Scan("quads", columns, ("graph",), known))


def _is_term(position: str, term: Term, context: Context) -> Scalar | None:
    """The condition that a constant makes; None when nothing stored can match."""
    if position == "subject" and isinstance(term, Literal):
        return None
    term_id = context.catalog.term_id(term)
    return None if term_id is None else _is_id(position, term_id)


def _is_id(column: str, term_id: int) -> Scalar:
    return call("equal", Column(column), Constant(term_id))


def _as_often_as_it_is(
    condition: Scalar | None, triple: TriplePattern, context: Context
) -> Scalar | None:
    """The condition on an object, spelled such that the engine expects many if so."""
    catalog = context.catalog
    match triple.predicate, condition:
        case IRI() as predicate, Call("equal", (_, Constant(int(known))) as both):
            key = catalog.term_id(predicate)
            count = None if key is None else catalog.count_statements(key, known)
            is_often = count is not None and count >= _OFTEN
            return Call("equal_often", both) if is_often else condition
        case _:
            return condition


def _graph_conditions(context: Context) -> list[Scalar | None]:
    if not context.is_known:
        return [None]
    graph, dataset = context.graph, context.dataset
    if isinstance(graph, int):
        return [_is_id("graph", graph)]
    restricted = bool(dataset.default or dataset.named)
    if isinstance(graph, str):
        if restricted:
            return [_is_one_of(dataset.named, context)]
        return [call("not", _is_id("graph", DEFAULT_GRAPH))]
    if restricted:
        return [_is_one_of(dataset.default, context)]
    return [_is_id("graph", DEFAULT_GRAPH)]


def _is_one_of(graphs: tuple[IRI, ...], context: Context) -> Scalar | None:
    ids = [context.catalog.term_id(each) for each in graphs]
    known = [Constant(each) for each in ids if each is not None]
    return call("is_one_of", Column("graph"), *known) if known else None


def _merges(context: Context) -> bool:
    """Whether the default graph is the merge of several (13.2.1)."""
    return context.graph is None and len(context.dataset.default) > 1


def _merged_graphs(scan: Scan) -> Plan:
    """Every triple once, though several of the graphs may hold it."""
    every = tuple(PlanColumn(f".{p}", TermId(), is_nullable=False) for p in _POSITIONS)
    whole = Scan("quads", every, _POSITIONS, scan.conditions)
    distinct = Deduplicate(whole)
    scalars = tuple(Column(f".{source}") for source in scan.sources)
    return Projection(distinct, scan.columns, scalars)
