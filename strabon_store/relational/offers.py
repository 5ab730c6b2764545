"""What a star table has of the dictionary is read by its scan, where somebody asks.

Star tables hold numbers and moments beside the ids. A scan offers them; a column that
an expression reads is handed up from there, and no look-up is needed.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from strabon_store.relational.nodes import (
    Join,
    Limit,
    Lookup,
    Plan,
    Projection,
    Scan,
    Selection,
    SemiJoin,
    Sort,
    UnionAll,
)
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import NULL, Column

LookUp: TypeAlias = Callable[[Plan, str], Plan]
"""A plan with a part, from the dictionary."""


def supply(plan: Plan, name: str, look_up: LookUp) -> Plan | None:
    """The plan with the column `{variable}.{part}`, from scans that offer it.

    Args:
        plan: Has the variable, and not yet the column.
        name: The column.
        look_up: What to do for one side of a union, where only the other offers it.

    Returns:
        The plan with one column more; None when no scan offers it.
    """
    match plan:
        case Scan():
            return _from_table(plan, name)
        case Projection(source):
            return _through_projection(plan, source, name, look_up)
        case Selection() | Sort() | Limit() | Lookup():
            below = _below(plan.source, name, look_up)
            return None if below is None else replace(plan, source=below)
        case Join() | SemiJoin():
            return _from_side(plan, name, look_up)
        case UnionAll():
            return _from_both(plan, name, look_up)
        case _:
            return None


def _variable(name: str) -> str:
    return name.rpartition(".")[0]


def _has(columns: Iterable[PlanColumn], name: str) -> bool:
    return any(column.name == name for column in columns)


def _below(plan: Plan, name: str, look_up: LookUp) -> Plan | None:
    """The plan with the column, which it may have already."""
    return plan if _has(plan.columns, name) else supply(plan, name, look_up)


def _from_table(scan: Scan, name: str) -> Plan | None:
    source = dict(scan.offered).get(name)
    if source is None:
        return None
    column = PlanColumn(name, None, is_nullable=True)
    columns, sources = (*scan.columns, column), (*scan.sources, source)
    return replace(scan, columns=columns, sources=sources)


def _through_projection(
    plan: Projection, source: Plan, name: str, look_up: LookUp
) -> Plan | None:
    variable, _, part = name.rpartition(".")
    pairs = zip(plan.columns, plan.scalars, strict=True)
    scalar = next((s for column, s in pairs if column.name == variable), None)
    columns = (*plan.columns, PlanColumn(name, None, is_nullable=True))
    if scalar == NULL:
        return Projection(source, columns, (*plan.scalars, NULL))
    if not isinstance(scalar, Column):
        return None
    inner = f"{scalar.name}.{part}"
    below = _below(source, inner, look_up)
    if below is None:
        return None
    return Projection(below, columns, (*plan.scalars, Column(inner)))


def _from_side(plan: Join | SemiJoin, name: str, look_up: LookUp) -> Plan | None:
    if _has(plan.left.columns, _variable(name)):
        left = _below(plan.left, name, look_up)
        return None if left is None else replace(plan, left=left)
    right = _below(plan.right, name, look_up)
    return None if right is None else replace(plan, right=right)


def _from_both(plan: UnionAll, name: str, look_up: LookUp) -> Plan | None:
    left, right = (supply(side, name, look_up) for side in (plan.left, plan.right))
    if left is None and right is None:
        return None
    names = (*(column.name for column in plan.columns), name)
    sides = (
        in_order(look_up(old, name) if new is None else new, names)
        for old, new in ((plan.left, left), (plan.right, right))
    )
    return UnionAll(*sides)


def in_order(plan: Plan, names: tuple[str, ...]) -> Plan:
    """The plan with these columns in this order."""
    present = {column.name: column for column in plan.columns}
    if tuple(present) == names:
        return plan
    columns = tuple(present[name] for name in names)
    return Projection(plan, columns, tuple(map(Column, names)))
