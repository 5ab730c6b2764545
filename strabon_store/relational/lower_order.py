"""ORDER BY (SPARQL 1.1 section 15.1), and the first rows by a distance.

`ORDER BY geof:distance(?y, "POINT (...)"^^geo:wktLiteral, uom:metre) LIMIT 10` need not
measure every geometry. Of each row the boxes tell a least and a greatest distance. Of
the ten smallest greatest distances let R be the largest: ten rows are within R, so that
whatever is at least R away comes after them. Only the others are measured (ADR 17).
"""

from dataclasses import replace
from typing import Final

from ontologies.geosparql.units import Quantity
from strabon_store.algebra.expressions import Expression, FunctionCall
from strabon_store.algebra.nodes import Extend, OrderBy, Pattern, Project, Slice
from strabon_store.algebra.terms import IRI, Var
from strabon_store.algebra.variables import expression_variables
from strabon_store.relational.context import Context
from strabon_store.relational.geo import DISTANCES
from strabon_store.relational.geo.bounds import (
    Box,
    box_of,
    constant_box,
    least_metres,
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


def wanting(pattern: Slice, context: Context) -> Context:
    """The context of what a slice is of, which may be told how much is read of it."""
    source, limit = pattern.source, pattern.limit
    if isinstance(source, Project):
        source = source.source
    is_ordered = isinstance(source, OrderBy) and not isinstance(context.graph, str)
    if limit is None or not is_ordered or pattern.offset + limit > _MANY:
        return context
    return replace(context, first=pattern.offset + limit)


def lower_order(pattern: OrderBy, lower: Lower, context: Context) -> Plan:
    """The solutions in their order; of what is read only in part, not all of them."""
    first, context = context.first, replace(context, first=None)
    key = pattern.conditions[0]
    plan = None
    if first and not key.descending:
        plan = _nearest(pattern.source, key.expression, first, lower, context)
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
    source: Pattern, key: Expression, first: int, lower: Lower, context: Context
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
    plan: Plan, arguments: tuple[Expression, ...], first: int, context: Context
) -> Plan:
    boxes = _boxes(plan, arguments)
    if boxes is None:
        return plan
    bounds = least_metres(*boxes), most_metres(*boxes)
    looked_up = with_lookups(plan, bounds)
    kept = variables_only(plan).columns
    added = tuple(PlanColumn(n, None, is_nullable=True) for n in (_LEAST, _MOST))
    same = tuple(Column(column.name) for column in kept)
    bounded = Projection(looked_up, (*kept, *added), (*same, *bounds))
    shared = Shared(bounded, context.fresh())
    nearest = variables_only(Nearest(shared, _LEAST, _MOST, first))
    # Made before anything is looked up for them.
    return Shared(nearest, context.fresh())


def _boxes(plan: Plan, arguments: tuple[Expression, ...]) -> tuple[Box, Box] | None:
    """The boxes of what is measured in a unit of length; None where one is unknown."""
    scope = scope_of(plan)
    one, other, *units = (lower_expression(each, scope) for each in arguments)
    found = [unit_of(unit, Quantity.LENGTH) for unit in units]
    is_length = all(each and each.quantity is Quantity.LENGTH for each in found)
    boxes = _box(operand(one)), _box(operand(other))
    if not is_length or boxes[0] is None or boxes[1] is None:
        return None
    return boxes[0], boxes[1]


def _box(geometry: Operand) -> Box | None:
    """Its box in CRS84; None where it may be in a plane that is nowhere on Earth."""
    if geometry.may_be_nowhere:
        return None
    if geometry.variable is not None:
        return box_of(geometry.variable)
    return None if geometry.bounds is None else constant_box(geometry.bounds)
