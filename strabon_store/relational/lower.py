"""Algebra becomes a relational plan, one function per operator of section 18.5."""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import Final, assert_never

from strabon_store.algebra.expressions import And, Exists, Expression, Not
from strabon_store.algebra.nodes import (
    BGP,
    Distinct,
    Extend,
    Filter,
    Graph,
    Group,
    LeftJoin,
    Minus,
    OrderBy,
    Path,
    Pattern,
    Project,
    Reduced,
    Service,
    Slice,
    Union,
    Values,
)
from strabon_store.algebra.nodes import Join as JoinPattern
from strabon_store.algebra.queries import (
    AskQuery,
    ConstructQuery,
    DescribeQuery,
    Query,
    SelectQuery,
)
from strabon_store.algebra.terms import IRI, Term, Var
from strabon_store.algebra.traverse import (
    conjuncts,
    map_expressions,
    own_expressions,
    walk_expression,
)
from strabon_store.algebra.variables import in_scope
from strabon_store.relational.context import (
    GRAPH_COLUMN,
    OUTER_COLUMN,
    Context,
    TermCatalog,
)
from strabon_store.relational.encoding import Encoding, Plain, TermId, are_alike
from strabon_store.relational.exact_last import exact_last
from strabon_store.relational.inside_first import inside_first
from strabon_store.relational.lookups import (
    as_plain,
    scope_of,
    variables_only,
    with_lookups,
    without_parts,
)
from strabon_store.relational.lower_exists import (
    filter_exists,
    is_operand,
    numbered,
    with_marks,
    without_marks,
)
from strabon_store.relational.lower_expressions import (
    lower_condition,
)
from strabon_store.relational.lower_extend import extended
from strabon_store.relational.lower_graphs import lower_construct, lower_describe
from strabon_store.relational.lower_groups import lower_group
from strabon_store.relational.lower_joins import (
    is_long,
    is_near,
    join,
    left_join,
    minus,
    semi_join,
)
from strabon_store.relational.lower_optional import absorb, optional_leg
from strabon_store.relational.lower_order import lower_order, wanting
from strabon_store.relational.lower_paths import lower_path
from strabon_store.relational.lower_spatial_joins import lower_tied
from strabon_store.relational.lower_triples import lower_bgp, lower_graph_names
from strabon_store.relational.lower_windows import lower_within
from strabon_store.relational.nodes import (
    Deduplicate,
    Limit,
    One,
    Plan,
    Projection,
    Remote,
    Rows,
    Selection,
    Shared,
)
from strabon_store.relational.plain import render_plain
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import FALSE, NULL, Column, call
from strabon_store.relational.sideways import has_search, lower_join, offering
from strabon_store.relational.trim_values import trim_values
from strabon_store.relational.unions import union

_LEFT: Final = ".left"
"""The column that tells the left solutions of an OPTIONAL apart."""


def lower_query(query: Query, catalog: TermCatalog) -> Plan:
    """The plan of a query; its variables are the query's, in their order.

    Of CONSTRUCT and DESCRIBE they are those of a triple.

    Raises:
        UnsupportedFeature: The query needs what we do not compile.
    """
    match query:
        case SelectQuery(pattern, _, dataset):
            return lower(pattern, Context(catalog, dataset))
        case AskQuery(pattern, dataset):
            return Limit(lower(pattern, Context(catalog, dataset)), 0, 1)
        case ConstructQuery(template, pattern, dataset):
            context = Context(catalog, dataset)
            return lower_construct(template, lower(pattern, context), context)
        case DescribeQuery(resources, pattern, dataset):
            context = Context(catalog, dataset)
            return lower_describe(resources, lower(pattern, context), context)
        case _:
            assert_never(query)


def lower(pattern: Pattern, context: Context) -> Plan:
    """The plan of a pattern in its context."""
    if context.outer is not None and is_operand(pattern):
        return join(context.outer, lower(pattern, replace(context, outer=None)))
    return _lower(pattern, context)


def _lower(pattern: Pattern, context: Context) -> Plan:  # noqa: C901, PLR0912 - an arm per node
    match pattern:
        case BGP():
            return lower_bgp(pattern, context)
        case Path():
            return lower_path(pattern, context)
        case JoinPattern():
            trimmed = trim_values(pattern, context.catalog)
            return lower_join(trimmed, lower, context)
        case LeftJoin():
            return _lower_optional(pattern, context)
        case Minus():
            left, right = _lower_sides(pattern, context)
            return minus(left, _without_outer(right, context))
        case Filter(condition, source):
            return _lower_filter(condition, source, context)
        case Union(left, right):
            return union(lower(left, context), lower(right, context))
        case Extend(source):
            return extended(lower(source, context), pattern, lower, context)
        case Graph(name, source):
            return _lower_graph(name, source, context)
        case Service():
            return _lower_service(pattern, context)
        case Values():
            return _lower_values(pattern, context)
        case Group(source):
            inner = context.keeping(key.name for key in pattern.keys)
            return _lower_grouped(pattern, lower(source, inner), context)
        case OrderBy():
            return lower_order(pattern, lower, context)
        case Project(source, variables):
            inner = context.keeping(variable.name for variable in variables)
            return _lower_project(lower(source, inner), variables, context)
        case Distinct(source) | Reduced(source):
            return Deduplicate(without_parts(lower(source, context)))
        case Slice(source, offset, limit):
            inner = wanting(pattern, context.keeping())
            return Limit(without_parts(lower(source, inner)), offset, limit)
        case _:
            assert_never(pattern)


def _lower_optional(pattern: LeftJoin, context: Context) -> Plan:
    leg = optional_leg(pattern.right, context) if pattern.condition is None else None
    if leg is not None:
        left = lower(pattern.left, replace(context, prefers_stars=True))
        plan = absorb(left, leg, context)
        if plan is None:
            plan = left_join(left, lower(pattern.right, context.keeping()), None)
        return plan
    left, right = _lower_sides(pattern, context)
    condition = pattern.condition
    if condition is None:
        return left_join(left, right, None)
    tests = conjuncts(condition)
    later = [test for test in tests if _has_exists(test) or is_long(left, right, test)]
    if not later and not is_near(left, right, condition):
        return left_join(left, right, condition)
    at_once = [test for test in tests if test not in later]
    return _lower_optional_later(left, right, (at_once, later), context)


def _lower_optional_later(
    left: Plan,
    right: Plan,
    tests: tuple[list[Expression], list[Expression]],
    context: Context,
) -> Plan:
    """Pairs that meet the condition, and the left solutions that have no such pair.

    Args:
        left: The solutions that stay.
        right: What is optional.
        tests: The condition: what is tried on pairs, and what only on joined rows.
        context: Where the pattern is.
    """
    at_once, later = tests
    left = Shared(numbered(variables_only(left), _LEFT), context.fresh())
    joined = join(left, right, reduce(And, at_once) if at_once else None)
    tested = _tested(joined, later, context)
    pairs = Shared(variables_only(tested), context.fresh())
    mates = Projection(pairs, (left.columns[-1],), (Column(_LEFT),))
    alone = semi_join(left, mates, None, is_anti=True)
    whole = union(pairs, alone)
    return _only(whole, tuple(c for c in whole.columns if c.name != _LEFT))


def _lower_sides(pattern: LeftJoin | Minus, context: Context) -> tuple[Plan, Plan]:
    """Both sides; what the right one alone knows to be joined with is the left one."""
    left = lower(pattern.left, context)
    inner = context.keeping()
    if has_search(pattern.right):
        left, inner = offering(left, (pattern.left,), inner)
    return left, lower(pattern.right, inner)


def _lower_filter(condition: Expression, source: Pattern, context: Context) -> Plan:
    tests = conjuncts(condition)
    existential = [test for test in tests if _existence(test) is not None]
    plain = [test for test in tests if _existence(test) is None]
    plan = _lower_tested(plain, source, context)
    for test in existential:
        found = _existence(test)
        if found is not None:
            inner, is_anti = found
            plan = filter_exists(plan, inner, lower, context, is_anti=is_anti)
    return plan


def _lower_tested(tests: list[Expression], source: Pattern, context: Context) -> Plan:
    tied = lower_tied(tests, source, lower, context)
    if tied is not None:
        plan, tests = tied
    elif isinstance(source, BGP) and context.outer is None:
        plan, tests = lower_within(source, tests, context)
    else:
        plan = lower(source, context)
    return _tested(plan, tests, context)


def _tested(plan: Plan, tests: Iterable[Expression], context: Context) -> Plan:
    for test in tests:
        plan, (condition,) = with_marks(plan, [test], lower, context)
        plan = without_marks(_selected(plan, condition, context))
    return plan


def _selected(plan: Plan, test: Expression, context: Context) -> Plan:
    holds = lower_condition(test, scope_of(plan))
    found = inside_first(plan, holds, context)
    if found is None:
        holds = exact_last(holds, plan, context)
        found = Selection(with_lookups(plan, [holds]), holds)
    return found


def _has_exists(expression: Expression) -> bool:
    return any(isinstance(part, Exists) for part in walk_expression(expression))


def _without_outer(right: Plan, context: Context) -> Plan:
    """The right side of MINUS, in which outer variables are no variables any more."""
    if context.outer is None:
        return right
    put = {c.name for c in context.outer.columns if not c.name.startswith(OUTER_COLUMN)}
    return _only(right, tuple(c for c in right.columns if c.name not in put))


def _existence(test: Expression) -> tuple[Pattern, bool] | None:
    """The pattern of EXISTS or NOT EXISTS, and whether it is the latter."""
    match test:
        case Exists(pattern):
            return pattern, False
        case Not(Exists(pattern)):
            return pattern, True
        case _:
            return None


def _lower_graph(name: IRI | Var, source: Pattern, context: Context) -> Plan:
    if isinstance(name, Var):
        return _lower_each_graph(name.name, source, context)
    graph = context.catalog.term_id(name)
    named = context.dataset.named
    restricted = bool(named or context.dataset.default)
    is_known = graph is not None and (not restricted or name in named)
    plan = lower(source, context.within(graph, is_known=is_known))
    return plan if is_known else Selection(plan, FALSE)


def _lower_each_graph(name: str, source: Pattern, context: Context) -> Plan:
    """GRAPH ?g: the pattern in each named graph, then ?g joined with its name (18.6).

    While the pattern is evaluated the name of the graph is a column of its own: the
    pattern may bind ?g otherwise, in an OPTIONAL, or hide it, in a subquery.
    """
    hidden = f"{GRAPH_COLUMN}{name}"
    plan = variables_only(lower(source, context.within(hidden)))
    if all(c.name != hidden or c.is_nullable for c in plan.columns):
        # What no triple pattern ties to a graph holds in each of them.
        plan = join(lower_graph_names(hidden, context), plan)
    ours = next((c for c in plan.columns if c.name == name), None)
    encoding: Encoding = TermId()
    if ours is not None:
        if not are_alike(ours.encoding, encoding):
            plan, encoding = as_plain(plan, [name, hidden]), Plain()
        agree = call("equal", Column(name), Column(hidden))
        unbound = call("is_unbound", Column(name))
        plan = Selection(plan, call("or", unbound, agree))
    kept = tuple(c for c in plan.columns if c.name not in {name, hidden})
    graph = PlanColumn(name, encoding, is_nullable=False)
    scalars = (*(Column(c.name) for c in kept), Column(hidden))
    return Projection(plan, (*kept, graph), scalars)


def _lower_service(pattern: Service, context: Context) -> Plan:
    names = [v.name for v in in_scope(pattern) if not v.is_blank]
    columns = tuple(PlanColumn(name, Plain(), is_nullable=True) for name in names)
    known = tuple(
        (name, context.candidates[name].plan)
        for name in names
        if name in context.candidates
    )
    return Remote(pattern, columns, context.fresh(), known)


def _lower_values(pattern: Values, context: Context) -> Plan:
    ids = tuple(
        tuple(None if t is None else context.catalog.term_id(t) for t in row)
        for row in pattern.rows
    )
    columns, cells = [], []
    for i, variable in enumerate(pattern.variables):
        terms = tuple(row[i] for row in pattern.rows)
        keys = tuple(row[i] for row in ids)
        are_stored = all(
            (t is None) == (k is None) for t, k in zip(terms, keys, strict=True)
        )
        encoding = context.any_term if are_stored else Plain()
        is_nullable = None in terms
        columns.append(PlanColumn(variable.name, encoding, is_nullable))
        cells.append(keys if are_stored else tuple(_plain(t) for t in terms))
    if not columns:
        return One() if pattern.rows else Rows((), ())
    rows = tuple(zip(*cells, strict=True))
    return Rows(tuple(columns), rows)


def _plain(term: Term | None) -> str | None:
    return None if term is None else render_plain(term)


def _lower_grouped(group: Group, source: Plan, context: Context) -> Plan:
    arguments = own_expressions(group)
    plan, read = with_marks(variables_only(source), arguments, lower, context)
    known = dict(zip(arguments, read, strict=True))
    marked = map_expressions(group, lambda each: known[each])
    assert isinstance(marked, Group)  # noqa: S101 - only its arguments differ
    if any(column.name == context.graph for column in plan.columns):
        return _lower_each_group(marked, plan, context)
    return lower_group(marked, plan)


def _lower_each_group(group: Group, plan: Plan, context: Context) -> Plan:
    """Groups within GRAPH ?g: of each graph, and one of a graph without solutions."""
    graph = str(context.graph)
    keys = (*group.keys, Var(graph))
    found = lower_group(replace(group, keys=keys), plan)
    if group.keys:
        return found
    found = Shared(found, context.fresh())
    names = lower_graph_names(graph, context)
    nameless = tuple(column for column in plan.columns if column.name != graph)
    none = Selection(_only(plan, nameless), FALSE)
    with_some = _only(found, tuple(c for c in found.columns if c.name == graph))
    without = semi_join(names, with_some, None, is_anti=True)
    return union(found, join(without, lower_group(group, none)))


def _only(plan: Plan, columns: tuple[PlanColumn, ...]) -> Plan:
    return Projection(plan, columns, tuple(Column(column.name) for column in columns))


def _lower_project(plan: Plan, variables: tuple[Var, ...], context: Context) -> Plan:
    present = {column.name: column for column in plan.columns}
    if isinstance(context.graph, str) and context.graph in present:
        variables = (*variables, Var(context.graph))
    unbound = {v.name: PlanColumn(v.name, Plain(), is_nullable=True) for v in variables}
    ordered = tuple(present[key.column] for key in plan.order)
    columns = tuple(present.get(v.name, unbound[v.name]) for v in variables) + ordered
    scalars = tuple(Column(c.name) if c.name in present else NULL for c in columns)
    return Projection(plan, columns, scalars)
