"""The query forms whose answer is a graph (SPARQL 1.1 sections 16.2 and 16.4).

Their plans have three columns, for the triples, each of which comes once. What is no
RDF triple is left out, as is what an unbound variable makes incomplete (16.2.1).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from strabon_store.algebra.expressions import Bound, BuiltIn, Expression, Not
from strabon_store.algebra.nodes import TriplePattern
from strabon_store.algebra.terms import IRI, BlankNode, Literal, TermOrVar, Var
from strabon_store.relational.context import Context
from strabon_store.relational.encoding import Encoding, Plain, Tag, TermId
from strabon_store.relational.lookups import (
    as_plain,
    scope_of,
    variables_only,
    with_lookups,
)
from strabon_store.relational.lower_expressions import lower_condition
from strabon_store.relational.lower_joins import join, semi_join
from strabon_store.relational.lower_triples import lower_triple
from strabon_store.relational.nodes import (
    Closure,
    Deduplicate,
    Plan,
    Projection,
    Rows,
    Selection,
    Shared,
)
from strabon_store.relational.plain import render_plain
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import Column, Constant, Scalar, call
from strabon_store.relational.unions import union, union_all

TRIPLE: Final = ("subject", "predicate", "object")
"""The columns of a graph."""

_NEW: Final = ".new:"
"""Begins the column of a blank node that is a new one in each solution."""

_LABEL: Final = "_:c{}n"
"""Begins the labels of new blank nodes; no label of a store begins with a c."""

_RESOURCES: Final = frozenset({Tag.IRI, Tag.BLANK})
_IRIS: Final = frozenset({Tag.IRI})
_NODE: Final = ".node"
_TEXT: Final = ".text"


def lower_construct(
    template: tuple[TriplePattern, ...], solutions: Plan, context: Context
) -> Plan:
    """The triples of a template, for each solution."""
    shared = Shared(_with_new_nodes(solutions, template), context.fresh())
    triples = [
        found
        for triple in template
        if (found := _filled(triple, shared, context)) is not None
    ]
    return Deduplicate(union_all(triples)) if triples else _nothing()


def _nothing() -> Plan:
    return Rows(tuple(PlanColumn(n, TermId(), is_nullable=False) for n in TRIPLE), ())


def _with_new_nodes(solutions: Plan, template: tuple[TriplePattern, ...]) -> Plan:
    """The solutions with a column for each blank node of the template."""
    plan = variables_only(solutions)
    terms = (term for triple in template for term in _terms(triple))
    labels = dict.fromkeys(term.label for term in terms if isinstance(term, BlankNode))
    if not labels:
        return plan
    new = tuple(PlanColumn(_NEW + n, Plain(), is_nullable=False) for n in labels)
    old = tuple(Column(column.name) for column in plan.columns)
    made = (call("numbered", Constant(_LABEL.format(i))) for i in range(len(labels)))
    return Projection(plan, (*plan.columns, *new), (*old, *made))


def _terms(triple: TriplePattern) -> tuple[TermOrVar, TermOrVar, TermOrVar]:
    return triple.subject, triple.predicate, triple.object


def _filled(triple: TriplePattern, shared: Shared, context: Context) -> Plan | None:
    """One triple of the template for each solution; None: none can be a triple."""
    present = {column.name: column for column in shared.columns}
    columns: list[PlanColumn] = []
    scalars: list[Scalar] = []
    for position, term in zip(TRIPLE, _terms(triple), strict=True):
        if isinstance(term, Literal) and position != TRIPLE[2]:
            return None
        if isinstance(term, Var | BlankNode):
            name = term.name if isinstance(term, Var) else _NEW + term.label
            if name not in present:
                return None
            encoding: Encoding = present[name].encoding or Plain()
            scalars.append(Column(name))
        else:
            key = context.catalog.term_id(term)
            encoding = Plain() if key is None else TermId()
            scalars.append(Constant(render_plain(term) if key is None else key))
        columns.append(PlanColumn(position, encoding, is_nullable=False))
    rows = _where(shared, _conditions(triple, present))
    return Projection(rows, tuple(columns), tuple(scalars))


def _where(plan: Plan, conditions: Iterable[Expression]) -> Plan:
    for condition in conditions:
        holds = lower_condition(condition, scope_of(plan))
        plan = Selection(with_lookups(plan, [holds]), holds)
    return plan


def _conditions(
    triple: TriplePattern, present: dict[str, PlanColumn]
) -> Iterator[Expression]:
    """What makes it a triple (RDF 1.1 Concepts section 3.1), where that is not sure."""
    subject, predicate, target = _terms(triple)
    if isinstance(subject, Var) and not _is_among(_RESOURCES, present[subject.name]):
        # An error of an unbound variable, and so not true.
        yield Not(BuiltIn("ISLITERAL", (subject,)))
    if isinstance(predicate, Var) and not _is_among(_IRIS, present[predicate.name]):
        yield BuiltIn("ISIRI", (predicate,))
    if isinstance(target, Var) and present[target.name].is_nullable:
        yield Bound(target)


def _is_among(tags: frozenset[Tag], column: PlanColumn) -> bool:
    known = column.encoding
    if column.is_nullable or not isinstance(known, TermId):
        return False
    return bool(known.tags) and known.tags <= tags


def lower_describe(
    resources: tuple[IRI | Var, ...], solutions: Plan, context: Context
) -> Plan:
    """The concise bounded descriptions of the resources, in the default graph.

    That is all triples whose subject is one of them, or a blank node that such a triple
    has as its object, and so on: https://www.w3.org/Submission/CBD/, without reified
    statements.
    """
    described = _resources(resources, solutions, context)
    if described is None:
        return _nothing()
    nodes = Shared(Deduplicate(described), context.fresh())
    every = lower_triple(TriplePattern(*map(Var, TRIPLE)), context)
    blank = _where(every, [BuiltIn("ISBLANK", (Var(TRIPLE[2]),))])
    steps = _named(blank, {_NODE: TRIPLE[0], _TEXT: TRIPLE[2]})
    reached = _named(Closure(steps, nodes), {_NODE: _TEXT})
    subjects = Deduplicate(union(nodes, reached))
    return semi_join(
        _named(every, dict(zip(TRIPLE, TRIPLE, strict=True))),
        _named(subjects, {TRIPLE[0]: _NODE}),
        None,
        is_anti=False,
    )


def _named(plan: Plan, sources: dict[str, str]) -> Plan:
    old = {column.name: column for column in plan.columns}
    columns = tuple(
        PlanColumn(name, old[source].encoding, old[source].is_nullable)
        for name, source in sources.items()
    )
    return Projection(plan, columns, tuple(map(Column, sources.values())))


def _resources(
    resources: tuple[IRI | Var, ...], solutions: Plan, context: Context
) -> Plan | None:
    """A column of the ids of what is described; None: there is nothing in the store."""
    shared = Shared(variables_only(solutions), context.fresh())
    present = {column.name: column for column in shared.columns}
    plans = [
        _values(shared, present[each.name], context)
        for each in resources
        if isinstance(each, Var) and each.name in present
    ]
    named = (context.catalog.term_id(r) for r in resources if isinstance(r, IRI))
    if known := tuple((key,) for key in named if key is not None):
        plans.append(Rows((PlanColumn(_NODE, TermId(), is_nullable=False),), known))
    return union_all(plans) if plans else None


def _values(shared: Shared, column: PlanColumn, context: Context) -> Plan:
    bound = _where(shared, [Bound(Var(column.name))] if column.is_nullable else [])
    if isinstance(column.encoding, TermId):
        nodes = _named(bound, {_NODE: column.name})
    else:
        every = lower_triple(TriplePattern(*map(Var, TRIPLE)), context)
        subjects = Deduplicate(_named(every, {_NODE: TRIPLE[0]}))
        texts = as_plain(_named(subjects, {_NODE: _NODE, _TEXT: _NODE}), [_TEXT])
        nodes = join(as_plain(_named(bound, {_TEXT: column.name}), [_TEXT]), texts)
        nodes = _named(nodes, {_NODE: _NODE})
    sure = (PlanColumn(_NODE, nodes.columns[0].encoding, is_nullable=False),)
    return Projection(nodes, sure, (Column(_NODE),))
