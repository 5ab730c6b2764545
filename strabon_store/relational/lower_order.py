"""ORDER BY (SPARQL 1.1 section 15.1), and the first rows by a distance.

`ORDER BY geof:distance(?y, "POINT (...)"^^geo:wktLiteral, uom:metre) LIMIT 10` need not
measure every geometry. Of each row the boxes tell a least and a greatest distance. Of
the ten smallest greatest distances let R be the largest: ten rows are within R, so that
whatever is at least R away comes after them. Only the others are measured (ADR 17). Of
DISTINCT rows R is that of ten that differ.
"""

from dataclasses import dataclass, replace
from typing import Final

from ontologies.geosparql.units import Quantity
from strabon_store.algebra.expressions import Expression, FunctionCall
from strabon_store.algebra.nodes import (
    Distinct,
    Extend,
    OrderBy,
    Pattern,
    Project,
    Reduced,
    Slice,
)
from strabon_store.algebra.terms import IRI, Var
from strabon_store.algebra.variables import expression_variables, in_scope
from strabon_store.relational.context import Context
from strabon_store.relational.geo import DISTANCES
from strabon_store.relational.geo.bounds import (
    Box,
    box_of,
    constant_box,
    least_degrees,
    least_metres,
    most_degrees,
    most_metres,
)
from strabon_store.relational.geo.operands import Operand, operand, unit_of
from strabon_store.relational.lookups import scope_of, variables_only, with_lookups
from strabon_store.relational.lower_exists import with_marks
from strabon_store.relational.lower_expressions import lower_expression
from strabon_store.relational.lower_extend import extended
from strabon_store.relational.nodes import (
    Nearest,
    Plan,
    Projection,
    Shared,
    Sort,
)
from strabon_store.relational.order import sort_scalars
from strabon_store.relational.plan_columns import PlanColumn, SortKey
from strabon_store.relational.scalars import Column, Scalar
from strabon_store.relational.sideways import Lower

_LEAST: Final = ".least"
_MOST: Final = ".most"
_MANY: Final = 100_000
"""Rows of which as many may be measured as there are."""


@dataclass(frozen=True, slots=True)
class _First:
    """How many rows come first, and what makes them differ (see `Context`)."""

    rows: int
    distinct: frozenset[str] | None


def wanting(pattern: Slice, context: Context) -> Context:
    """The context of what a slice is of, which may be told how much is read of it."""
    source, limit = pattern.source, pattern.limit
    distinct = None
    if isinstance(source, Distinct | Reduced):
        source = source.source
        distinct = frozenset(each.name for each in in_scope(source))
    if isinstance(source, Project):
        source = source.source
    is_ordered = isinstance(source, OrderBy) and not isinstance(context.graph, str)
    if limit is None or not is_ordered or pattern.offset + limit > _MANY:
        return context
    return replace(context, first=pattern.offset + limit, distinct=distinct)


def lower_order(pattern: OrderBy, lower: Lower, context: Context) -> Plan:
    """The solutions in their order; of what is read only in part, not all of them."""
    first, distinct = context.first, context.distinct
    context = replace(context, first=None, distinct=None)
    key = pattern.conditions[0]
    plan = None
    if first and not key.descending:
        wanted = _First(first, distinct)
        plan = _nearest(pattern.source, key.expression, wanted, lower, context)
    if plan is None:
        plan = lower(pattern.source, context)
    return _sorted(plan, pattern, lower, context)


def _sorted(plan: Plan, pattern: OrderBy, lower: Lower, context: Context) -> Plan:
    keyed = [condition.expression for condition in pattern.conditions]
    plan, expressions = with_marks(plan, keyed, lower, context)
    scope = scope_of(plan)
    taken = sum(column.name.startswith(".order") for column in plan.columns)
    keys: list[SortKey] = []
    scalars: list[Scalar] = []
    for condition, expression in zip(pattern.conditions, expressions, strict=True):
        for scalar in sort_scalars(lower_expression(expression, scope)):
            name = f".order{taken + len(keys)}"
            keys.append(SortKey(name, condition.descending))
            scalars.append(scalar)
    plan = with_lookups(plan, scalars)
    added = tuple(PlanColumn(key.column, None, is_nullable=True) for key in keys)
    old = tuple(Column(column.name) for column in plan.columns)
    widened = Projection(plan, plan.columns + added, (*old, *scalars))
    return Sort(widened, tuple(keys))


def _nearest(
    source: Pattern, key: Expression, first: _First, lower: Lower, context: Context
) -> Plan | None:
    """The pattern without what is too far away; None where the key is no distance.

    What BIND adds is added to the rows that are left.
    """
    above: list[Extend] = []
    measured = key
    while isinstance(source, Extend) and not _is_measured(measured, source):
        above.append(source)
        if measured == source.variable:
            measured = source.expression
        source = source.source
    match measured:
        case FunctionCall(IRI(name), arguments) if name in DISTANCES:
            plan = lower(source, context)
            near = _within_bounds(plan, arguments, first, context)
        case _:
            return None
    for pattern in reversed(above):
        near = extended(near, pattern, lower, context)
    return near


def _is_measured(key: Expression, source: Extend) -> bool:
    """Whether all that a distance is of is bound by what BIND computes, or below."""
    is_key = isinstance(key, Var)
    return not is_key and source.variable in expression_variables(key)


def _within_bounds(
    plan: Plan, arguments: tuple[Expression, ...], first: _First, context: Context
) -> Plan:
    bounds = _bounds(plan, arguments)
    if bounds is None:
        return plan
    looked_up = with_lookups(plan, bounds)
    kept = variables_only(plan).columns
    added = tuple(PlanColumn(n, None, is_nullable=True) for n in (_LEAST, _MOST))
    same = tuple(Column(column.name) for column in kept)
    bounded = Projection(looked_up, (*kept, *added), (*same, *bounds))
    shared = Shared(bounded, context.fresh())
    names = [column.name for column in kept]
    by = first.distinct
    distinct = None if by is None else tuple(name for name in names if name in by)
    near = Nearest(shared, _LEAST, _MOST, first.rows, distinct)
    nearest = variables_only(near)
    # Made before anything is looked up for them.
    return Shared(nearest, context.fresh())


def _bounds(
    plan: Plan, arguments: tuple[Expression, ...]
) -> tuple[Scalar, Scalar] | None:
    """The least and the most that a distance can be; None where a box is unknown."""
    scope = scope_of(plan)
    one, other, *units = (lower_expression(each, scope) for each in arguments)
    found = [unit_of(unit, Quantity.LENGTH) for unit in units]
    kinds = {None if each is None else each.quantity for each in found}
    is_angle = kinds == {Quantity.ANGLE}
    box, far = (_box(operand(each), is_angle=is_angle) for each in (one, other))
    if box is None or far is None:
        return None
    if is_angle:
        return least_degrees(box, far), most_degrees(box, far)
    if kinds <= {Quantity.LENGTH}:
        return least_metres(box, far), most_metres(box, far)
    return None


def _box(geometry: Operand, *, is_angle: bool) -> Box | None:
    """Its box in CRS84; None where it may be in a plane that is nowhere on Earth.

    In degrees a pole is as near to all longitudes.
    """
    if geometry.may_be_nowhere:
        return None
    if geometry.variable is not None:
        return box_of(geometry.variable)
    bounds = geometry.reach if is_angle else geometry.bounds
    return None if bounds is None else constant_box(bounds)
