"""Property paths (SPARQL 1.1 section 18.4) as pairs of columns, from and to.

A search begins at the end that is known: a constant, or what the other side of a join
binds (`Context.candidates`). Only with neither it begins everywhere.
"""

from dataclasses import dataclass, replace
from functools import reduce
from typing import Final, assert_never

from strabon_store.algebra.nodes import Path, TriplePattern
from strabon_store.algebra.paths import (
    Alternative,
    Inverse,
    Link,
    NegatedPropertySet,
    OneOrMore,
    PathExpression,
    Sequence,
    ZeroOrMore,
    ZeroOrOne,
    matches_zero_length,
)
from strabon_store.algebra.terms import IRI, Term, TermOrVar, Var
from strabon_store.relational.context import Candidates, Context
from strabon_store.relational.encoding import Plain, TermId
from strabon_store.relational.estimates import estimate
from strabon_store.relational.lower_joins import join
from strabon_store.relational.lower_triples import lower_graph_names, lower_triple
from strabon_store.relational.nodes import (
    Closure,
    Deduplicate,
    One,
    Plan,
    Projection,
    Rows,
    Selection,
    UnionAll,
)
from strabon_store.relational.plain import render_plain
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import (
    Column,
    Constant,
    Scalar,
    all_of,
    call,
)
from strabon_store.relational.unions import union_all
from strabon_store.relational.walk_links import FEW_LINKS, walk

_FROM: Final = ".from"
_TO: Final = ".to"
_MIDDLE: Final = ".middle"
_PREDICATE: Final = ".predicate"


@dataclass(frozen=True, slots=True)
class _Ends:
    """What is known of the two ends of a path."""

    start: Candidates | None = None
    target: Candidates | None = None

    @property
    def swapped(self) -> "_Ends":
        """The ends of the inverse path."""
        return _Ends(self.target, self.start)

    @property
    def is_better_backwards(self) -> bool:
        """Whether a search should begin at the target: there alone is something."""
        if self.start is None or self.target is None:
            return self.start is None and self.target is not None
        return isinstance(self.target.plan, Rows) > isinstance(self.start.plan, Rows)


_ANY: Final = _Ends()


def lower_path(pattern: Path, context: Context) -> Plan:
    """The solutions of a path pattern in the active graph."""
    constants = [t for t in _terms(pattern) if not isinstance(t, Var)]
    ids = {term: context.catalog.term_id(term) for term in constants}
    if None in ids.values():
        return _of_unknown_term(pattern, context)
    ends = _Ends(*(_known(term, ids, context) for term in _terms(pattern)))
    pairs = _pairs(pattern.path, ends, context)
    return _with_variables(pairs, pattern, ids)


def _terms(pattern: Path) -> tuple[TermOrVar, TermOrVar]:
    return pattern.subject, pattern.object


def _known(
    term: TermOrVar, ids: dict[Term, int | None], context: Context
) -> Candidates | None:
    if isinstance(term, Var):
        return context.candidates.get(term.name)
    # A constant end matches itself, in the graph or not: as good as a node of it.
    return Candidates(Rows((_id(_FROM),), ((ids[term],),)), are_nodes=True)


def _id(name: str) -> PlanColumn:
    return PlanColumn(name, TermId(), is_nullable=False)


def _of_unknown_term(pattern: Path, context: Context) -> Plan:
    """Where a constant end is in no graph, only the way of length zero is left."""
    subject, target = _terms(pattern)
    names = {t.name: t for t in (subject, target) if isinstance(t, Var)}
    constants = {t for t in (subject, target) if not isinstance(t, Var)}
    found: Plan
    if not matches_zero_length(pattern.path) or len(constants) > 1:
        graph = _graph_columns(context)
        return Rows((*graph, *(_id(name) for name in names)), ())
    texts = tuple(render_plain(term) for term in constants)
    columns = tuple(PlanColumn(name, Plain(), is_nullable=False) for name in names)
    found = Rows(columns, (texts,)) if columns else One()
    if isinstance(context.graph, str):
        found = join(lower_graph_names(context.graph, context), found)
    return found


def _graph_columns(context: Context) -> tuple[PlanColumn, ...]:
    return (_id(context.graph),) if isinstance(context.graph, str) else ()


def _with_variables(pairs: Plan, pattern: Path, ids: dict[Term, int | None]) -> Plan:
    """The pairs that fit both ends, under the names of the variables."""
    tests: list[Scalar] = []
    sources: dict[str, str] = {}
    for column, term in zip((_FROM, _TO), _terms(pattern), strict=True):
        if not isinstance(term, Var):
            tests.append(call("equal", Column(column), Constant(ids[term])))
        elif term.name in sources:
            tests.append(call("equal", Column(_FROM), Column(_TO)))
        else:
            sources[term.name] = column
    if tests:
        pairs = Selection(pairs, all_of(tuple(tests)))
    graph = {column.name: column.name for column in pairs.columns[:-2]}
    return _picked(pairs, {**graph, **sources})


def _pairs(path: PathExpression, ends: _Ends, context: Context) -> Plan:
    """What the path connects: the graph if it ranges, from, to.

    Pairs that do not fit the ends may be there or not.
    """
    match path:
        case Link(iri):
            return _in_order(lower_triple(_step(iri), context))
        case Inverse(inner):
            return _swapped(_pairs(inner, ends.swapped, context))
        case Sequence(steps):
            return _sequence(steps, ends, context)
        case Alternative(branches):
            return union_all([_pairs(each, ends, context) for each in branches])
        case NegatedPropertySet():
            return _negated(path, context)
        case ZeroOrOne(inner):
            once = Deduplicate(_pairs(inner, ends, context))
            return UnionAll(_zero_length(ends, context), _apart(once))
        case OneOrMore(inner):
            walked = _walked(inner, ends, context, is_zero=False)
            return walked or _closure(inner, ends, context)
        case ZeroOrMore(inner):
            if walked := _walked(inner, ends, context, is_zero=True):
                return walked
            found = _closure(inner, ends, context)
            return UnionAll(_zero_length(ends, context), _apart(found))
        case _:
            assert_never(path)


def _step(predicate: IRI | Var) -> TriplePattern:
    return TriplePattern(Var(_FROM), predicate, Var(_TO))


def _in_order(plan: Plan) -> Plan:
    """The columns that a path has, in their order, and no others."""
    columns = {column.name: column for column in plan.columns}
    graph = [n for n in columns if n not in {_FROM, _TO, _PREDICATE, _MIDDLE}]
    return _picked(plan, {name: name for name in (*graph, _FROM, _TO)})


def _picked(plan: Plan, sources: dict[str, str]) -> Plan:
    """Columns of ids under new names."""
    if [*sources] == [*sources.values()] == [column.name for column in plan.columns]:
        return plan
    old = {column.name: column for column in plan.columns}
    columns = tuple(replace(old[source], name=name) for name, source in sources.items())
    return Projection(plan, columns, tuple(map(Column, sources.values())))


def _swapped(plan: Plan) -> Plan:
    graph = {column.name: column.name for column in plan.columns[:-2]}
    return _picked(plan, {**graph, _FROM: _TO, _TO: _FROM})


def _sequence(steps: tuple[PathExpression, ...], ends: _Ends, context: Context) -> Plan:
    last = len(steps) - 1
    pairs = [
        _pairs(
            step,
            _Ends(ends.start if i == 0 else None, ends.target if i == last else None),
            context,
        )
        for i, step in enumerate(steps)
    ]
    return reduce(_compose, pairs)


def _compose(left: Plan, right: Plan) -> Plan:
    graph = {column.name: column.name for column in left.columns[:-2]}
    before = _picked(left, {**graph, _FROM: _FROM, _MIDDLE: _TO})
    after = _picked(right, {**graph, _MIDDLE: _FROM, _TO: _TO})
    return _in_order(join(before, after))


def _negated(path: NegatedPropertySet, context: Context) -> Plan:
    """Of a triple whose predicate is none of the set both directions may be asked."""
    found: list[Plan] = []
    if path.forward is not None:
        found.append(_other_than(path.forward, context))
    if path.inverse is not None:
        found.append(_swapped(_other_than(path.inverse, context)))
    return union_all(found)


def _other_than(predicates: tuple[IRI, ...], context: Context) -> Plan:
    triples = lower_triple(_step(Var(_PREDICATE)), context)
    ids = [context.catalog.term_id(each) for each in predicates]
    known = [Constant(each) for each in ids if each is not None]
    if known:
        is_listed = call("is_one_of", Column(_PREDICATE), *known)
        triples = Selection(triples, call("not", is_listed))
    return _in_order(triples)


def _apart(plan: Plan) -> Plan:
    """The pairs of different terms."""
    return Selection(plan, call("not", call("equal", Column(_FROM), Column(_TO))))


def _zero_length(ends: _Ends, context: Context) -> Plan:
    """Each node of the graph with itself, and a constant end, node or not."""
    known = ends.target if ends.is_better_backwards else ends.start
    nodes = _nodes(context) if known is None else _origins(known, context)
    graph = {column.name: column.name for column in nodes.columns[:-1]}
    return _picked(nodes, {**graph, _FROM: _FROM, _TO: _FROM})


def _nodes(context: Context) -> Plan:
    """The subjects and objects of the active graph: the graph if it ranges, from."""
    triples = _in_order(lower_triple(_step(Var(_PREDICATE)), context))
    graph = {column.name: column.name for column in triples.columns[:-2]}
    subjects = _picked(triples, {**graph, _FROM: _FROM})
    objects = _picked(triples, {**graph, _FROM: _TO})
    return Deduplicate(UnionAll(subjects, objects))


def _origins(known: Candidates, context: Context) -> Plan:
    """What is known of an end, where it is a node or a constant."""
    (column,) = known.plan.columns
    candidates = _picked(known.plan, {_FROM: column.name})
    if not known.are_nodes:
        return _origin_columns(join(_nodes(context), candidates))
    return _in_each_graph(candidates, context)


def _in_each_graph(candidates: Plan, context: Context) -> Plan:
    if not isinstance(context.graph, str):
        return candidates
    names = lower_graph_names(context.graph, context)
    return _origin_columns(join(names, candidates))


def _origin_columns(plan: Plan) -> Plan:
    graph = [column.name for column in plan.columns if column.name != _FROM]
    return _picked(plan, {name: name for name in (*graph, _FROM)})


def _walked(
    inner: PathExpression, ends: _Ends, context: Context, *, is_zero: bool
) -> Plan | None:
    """The pairs of a search that can be done at once, from the end that is known."""
    if ends.is_better_backwards:
        found = _walked(_inverse(inner), ends.swapped, context, is_zero=is_zero)
        return None if found is None else _swapped(found)
    if ends.start is None:
        return None
    pairs = walk(inner, ends.start.plan, context, matches_zero_length=is_zero)
    return None if pairs is None else Rows((_id(_FROM), _id(_TO)), tuple(pairs))


def _inverse(path: PathExpression) -> PathExpression:
    return path.inner if isinstance(path, Inverse) else Inverse(path)


def _closure(inner: PathExpression, ends: _Ends, context: Context) -> Plan:
    if ends.is_better_backwards:
        return _swapped(_closure(Inverse(inner), ends.swapped, context))
    steps = _pairs(inner, _ANY, context)
    if ends.start is None:
        return Closure(steps)
    (column,) = ends.start.plan.columns
    candidates = _picked(ends.start.plan, {_FROM: column.name})
    is_short = estimate(steps, context.catalog).rows <= FEW_LINKS
    return Closure(steps, _in_each_graph(candidates, context), is_short)
