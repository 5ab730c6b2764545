"""What lies in a window is a part of the pattern, and may be where the joins begin.

`?a :tag ?t ; geo:asWKT ?w . FILTER(geof:sfWithin(?w, "POLYGON(...)"))`: the filter
holds for geometries in the box of the constant, which stand together. Where there are
fewer of them than the pattern has rows on its way, they are found first, with the exact
test, and the rest of the pattern is looked up for them.
"""

from collections.abc import Sequence
from typing import NamedTuple

from strabon_store.algebra.expressions import Expression
from strabon_store.algebra.nodes import BGP
from strabon_store.algebra.variables import expression_variables
from strabon_store.relational.context import Context
from strabon_store.relational.encoding import TermId
from strabon_store.relational.find_spatial_joins import is_steady
from strabon_store.relational.layout import GEOMETRIES
from strabon_store.relational.lookups import columns_of, substitute
from strabon_store.relational.lower_expressions import lower_condition
from strabon_store.relational.lower_triples import lower_parts
from strabon_store.relational.nodes import One, Plan, Scan
from strabon_store.relational.order_joins import (
    Order,
    cheapest,
    join_in,
    join_one_by_one,
)
from strabon_store.relational.parts import Part
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import Call, Column, Scalar
from strabon_store.relational.values import of_column
from strabon_store.relational.windows import window_of


class _Window(NamedTuple):
    """The geometries that pass a filter.

    Attributes:
        test: The filter.
        plan: A scan of them, by the ids of their literals.
    """

    test: Expression
    plan: Plan


def lower_within(
    pattern: BGP, tests: Sequence[Expression], context: Context
) -> tuple[Plan, list[Expression]]:
    """The solutions of a basic graph pattern, and the filters that are still to try."""
    parts = lower_parts(pattern, context)
    rest = list(tests)
    if not parts:
        return One(), rest
    order = cheapest(parts, context.catalog)
    windows = [found for test in tests if (found := _window(test, parts, context))]
    best: tuple[Order, _Window] | None = None
    for window in windows:
        other = cheapest([*parts, Part.of(window.plan)], context.catalog)
        if other.cost < (order if best is None else best[0]).cost:
            best = other, window
    if best is None:
        return join_in(order, context), rest
    order, window = best
    rest.remove(window.test)
    return join_one_by_one(order, context), rest


def _window(
    test: Expression, parts: Sequence[Part], context: Context
) -> _Window | None:
    """The geometries that pass a test, where it is a window and they can be counted."""
    read = [variable.name for variable in expression_variables(test)]
    if len(read) != 1 or not is_steady(test):
        return None
    columns = (column for part in parts for column in part.plan.columns)
    column = next((each for each in columns if each.name == read[0]), None)
    if column is None or column.is_nullable or not isinstance(column.encoding, TermId):
        return None
    holds = lower_condition(test, {column.name: of_column(column)})
    scan = _scan(column, holds)
    return None if scan is None else _counted(_Window(test, scan), holds, context)


def _scan(column: PlanColumn, holds: Scalar) -> Scan | None:
    """The geometries for which a condition holds; None where it reads anything else."""
    own = f"{column.name}."
    parts = {name: name.removeprefix(own) for name in columns_of(holds)}
    if any(part not in GEOMETRIES.column_names for part in parts.values()):
        return None
    inside = substitute(holds, {name: Column(part) for name, part in parts.items()})
    conditions = (Column("is_valid"), inside)
    return Scan(GEOMETRIES.name, (column,), ("id",), conditions)


def _counted(window: _Window, holds: Scalar, context: Context) -> _Window | None:
    match holds:
        case Call("within_window", (box, _)):
            found = window_of(box)
        case _:
            found = None
    if found is None or context.catalog.count_geometries(found.box) is None:
        return None
    return window
