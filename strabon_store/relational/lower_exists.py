"""EXISTS (SPARQL 1.1 sections 17.4.1.4 and 18.6): one side of a join, never a loop.

`substitute` puts the values of the outer solution wherever their variables stand in the
pattern. Where a pattern only joins, that is what joining its solutions with the outer
ones does. Elsewhere it is not: in

    ?a :p ?b FILTER NOT EXISTS { ?a :q ?c OPTIONAL { ?c :r ?d FILTER (?d > ?b) } }

the inner filter reads `?b`, which nothing inside binds. Then each operand of the
pattern is joined with the outer solutions, by a column that numbers them: a solution of
the pattern is one of a certain outer solution from the start.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Final, TypeAlias, assert_never

from strabon_store.algebra.expressions import And, Exists, Expression
from strabon_store.algebra.nodes import (
    BGP,
    Distinct,
    Extend,
    Filter,
    Graph,
    Group,
    Join,
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
from strabon_store.algebra.terms import Var
from strabon_store.algebra.traverse import transform_expression, walk_expression
from strabon_store.algebra.variables import (
    expression_variables,
    in_scope,
    mentioned,
    surely_bound,
)
from strabon_store.relational.context import OUTER_COLUMN, Context
from strabon_store.relational.encoding import Plain
from strabon_store.relational.lookups import variables_only
from strabon_store.relational.lower_joins import (
    is_long,
    is_near,
    join,
    mark_join,
    semi_join,
)
from strabon_store.relational.nodes import Plan, Projection, Shared
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import Column, Constant, Scalar, call
from strabon_store.relational.sideways import has_search, offering

Lower: TypeAlias = Callable[[Pattern, Context], Plan]
_Names: TypeAlias = frozenset[Var]

_MARK: Final = ".exists"
"""Begins the column that tells whether a pattern has a solution."""


def filter_exists(
    plan: Plan, pattern: Pattern, lower: Lower, context: Context, *, is_anti: bool
) -> Plan:
    """The solutions under which the pattern has one, or has none."""
    left, right, condition = _sides(plan, pattern, lower, context)
    found = semi_join(left, right, condition, is_anti=is_anti)
    return _only(found, variables_only(plan).columns)


def with_marks(
    plan: Plan, expressions: Sequence[Expression], lower: Lower, context: Context
) -> tuple[Plan, list[Expression]]:
    """The plan with a column for each EXISTS in the expressions, which then read it."""
    marks: dict[Exists, Var] = {}
    for expression in expressions:
        for part in walk_expression(expression):
            if isinstance(part, Exists) and part not in marks:
                marks[part] = Var(f"{_MARK}{context.fresh()}")
                plan = _marked(plan, part.pattern, marks[part].name, lower, context)
    if not marks:
        return plan, list(expressions)

    def read(part: Expression) -> Expression:
        return marks.get(part, part) if isinstance(part, Exists) else part

    return plan, [transform_expression(each, read) for each in expressions]


def without_marks(plan: Plan) -> Plan:
    """The plan without the columns that `with_marks` added."""
    kept = tuple(c for c in plan.columns if not c.name.startswith(_MARK))
    return plan if kept == plan.columns else _only(plan, kept)


def _marked(
    plan: Plan, pattern: Pattern, name: str, lower: Lower, context: Context
) -> Plan:
    left, right, condition = _sides(plan, pattern, lower, context)
    found = mark_join(left, right, condition, name)
    kept = (*variables_only(plan).columns, found.columns[-1])
    return _only(found, kept)


def _only(plan: Plan, columns: tuple[PlanColumn, ...]) -> Plan:
    if plan.columns == columns:
        return plan
    return Projection(plan, columns, tuple(Column(column.name) for column in columns))


def _sides(
    plan: Plan, pattern: Pattern, lower: Lower, context: Context
) -> tuple[Plan, Plan, Expression | None]:
    """The outer solutions, those of the pattern, and what a pair has to satisfy."""
    inner = replace(context.keeping(), outer=None)
    outer = frozenset(Var(column.name) for column in plan.columns)
    pattern = _hoisted(pattern, outer)
    if _is_correlated(pattern, outer):
        return _correlated(plan, pattern, lower, inner)
    condition, source = None, pattern
    if isinstance(pattern, Filter) and not _has_exists(pattern.condition):
        # A filter at the top is tried on pairs: it sees both sides.
        condition, source = pattern.condition, pattern.source
    left, within = plan, inner
    if has_search(source):
        left, within = offering(plan, (), inner)
    right = lower(source, within)
    if condition is not None and is_long(left, right, condition):
        return _correlated(plan, pattern, lower, inner)
    if condition is not None and is_near(left, right, condition):
        return _paired(left, right, condition, inner)
    return left, right, condition


def _hoisted(pattern: Pattern, outer: _Names) -> Pattern:
    """The pattern, with filters that read outer solutions on top of its joins.

    There they are tried on pairs, as they are where no join stands above them.
    """
    match pattern:
        case Filter(condition, source):
            below = _hoisted(source, outer)
            if not isinstance(below, Filter):
                return Filter(condition, below)
            return Filter(And(condition, below.condition), below.source)
        case Join(left, right):
            left, lefts = _without_filter(_hoisted(left, outer), right, outer)
            right, rights = _without_filter(_hoisted(right, outer), left, outer)
            joined = Join(left, right)
            conditions = [*lefts, *rights]
            return Filter(reduce(And, conditions), joined) if conditions else joined
        case _:
            return pattern


def _without_filter(
    side: Pattern, other: Pattern, outer: _Names
) -> tuple[Pattern, list[Expression]]:
    """One side of a join, and its filter if it means the same above the join."""
    if not isinstance(side, Filter) or _has_exists(side.condition):
        return side, []
    inside = frozenset(in_scope(side.source))
    read = expression_variables(side.condition)
    is_same = read & inside <= surely_bound(side.source)
    is_hidden = bool((read - inside) & frozenset(in_scope(other)))
    if not is_same or is_hidden or not (read - inside) & outer:
        return side, []
    return side.source, [side.condition]


def _paired(
    left: Plan, right: Plan, condition: Expression, context: Context
) -> tuple[Plan, Plan, None]:
    """Where an index finds the pairs: engines use one in inner joins only."""
    name = f"{OUTER_COLUMN}{context.fresh()}"
    shared = Shared(numbered(variables_only(left), name), context.fresh())
    pairs = join(shared, right, condition)
    return shared, _only(pairs, shared.columns[-1:]), None


def _correlated(
    plan: Plan, pattern: Pattern, lower: Lower, context: Context
) -> tuple[Plan, Plan, None]:
    name = f"{OUTER_COLUMN}{context.fresh()}"
    shared = Shared(numbered(variables_only(plan), name), context.fresh())
    column = shared.columns[-1]
    read = {variable.name for variable in mentioned(pattern) - _assigned(pattern)}
    kept = tuple(each for each in shared.columns if each.name in read)
    solutions = lower(pattern, replace(context, outer=_only(shared, (*kept, column))))
    # What was put in is that of the outer solution: its number says it all.
    known = {each.name for each in kept}
    found = tuple(c for c in solutions.columns if c.name not in known)
    return shared, _only(solutions, found), None


def numbered(plan: Plan, name: str) -> Plan:
    """The plan with a last column of this name that tells its rows apart."""
    column = PlanColumn(name, Plain(), is_nullable=False)
    scalars: list[Scalar] = [Column(each.name) for each in plan.columns]
    scalars.append(call("numbered", Constant("")))
    return Projection(plan, (*plan.columns, column), tuple(scalars))


def _has_exists(expression: Expression) -> bool:
    return any(isinstance(part, Exists) for part in walk_expression(expression))


def _is_correlated(pattern: Pattern, outer: _Names) -> bool:
    """Whether joining the pattern's solutions is not the same as substitution."""
    if isinstance(pattern, Filter) and not _has_exists(pattern.condition):
        return _needs(pattern.source, outer)
    return _needs(pattern, outer)


def _needs(pattern: Pattern, outer: _Names) -> bool:
    match pattern:
        case BGP() | Path() | Service() | Values():
            return False
        case Project() | Distinct() | Reduced() | Slice() | Group() | OrderBy():
            # A subquery sees nothing from outside; what it shows is joined.
            return False
        case Join(left, right) | Union(left, right):
            return _needs(left, outer) or _needs(right, outer)
        case Graph(_, source):
            return _needs(source, outer)
        case Filter(condition, source) | Extend(source, _, condition):
            read = expression_variables(condition) & outer
            return bool(read - surely_bound(source)) or _needs(source, outer)
        case LeftJoin(left, right, condition):
            read = mentioned(right) & outer
            if condition is not None:
                read |= expression_variables(condition) & outer
            is_free = bool(read - surely_bound(left))
            return is_free or _needs(left, outer) or _needs(right, outer)
        case Minus(left, right):
            is_free = bool((mentioned(right) & outer) - surely_bound(left))
            return is_free or _needs(left, outer) or _needs(right, outer)
        case _:
            assert_never(pattern)


def _assigned(pattern: Pattern) -> _Names:
    """Variables that a BIND of the pattern gives values, which are compared later."""
    match pattern:
        case Extend(source, variable, _):
            return _assigned(source) | {variable}
        case Join(left, right) | Union(left, right) | LeftJoin(left, right, _):
            return _assigned(left) | _assigned(right)
        case Filter(_, source) | Graph(_, source):
            return _assigned(source)
        case Minus(left, _):
            return _assigned(left)
        case _:
            return frozenset()


def is_operand(pattern: Pattern) -> bool:
    """Whether the pattern is joined with the outer solutions as it is."""
    return not isinstance(
        pattern, Join | Union | LeftJoin | Minus | Filter | Extend | Graph
    )
