"""Rows of several plans as rows of one: a column per variable, in one encoding."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce

from strabon_store.relational.encoding import Encoding, Plain, are_alike, either
from strabon_store.relational.lookups import as_plain, variables_only
from strabon_store.relational.nodes import (
    Deduplicate,
    Join,
    Lookup,
    Plan,
    Projection,
    Rows,
    Selection,
    SemiJoin,
    Sort,
    UnionAll,
)
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import NULL, Column


def union(left: Plan, right: Plan) -> Plan:
    """Union of SPARQL 1.1 section 18.5: what one side lacks is unbound in its rows."""
    left, right = variables_only(left), variables_only(right)
    lefts = {column.name: column for column in left.columns}
    rights = {column.name: column for column in right.columns}
    differing = [
        name
        for name, column in lefts.items()
        if name in rights and not are_alike(rights[name].encoding, column.encoding)
    ]
    left, right = as_plain(left, differing), as_plain(right, differing)
    encodings: dict[str, Encoding] = {}
    for column in (*left.columns, *right.columns):
        encoding = column.encoding or Plain()
        encodings[column.name] = either(encodings.get(column.name, encoding), encoding)
    names = tuple(dict.fromkeys((*lefts, *rights)))
    wanted = tuple((name, encodings[name]) for name in names)
    sides = [side for side in (left, right) if not is_empty(side)] or [left]
    return reduce(UnionAll, [_widened(side, wanted) for side in sides])


def is_empty(plan: Plan) -> bool:
    """Whether a plan has no rows for sure: it asks for a term that the store has not.

    Examples:
        >>> is_empty(Rows((), ()))
        True
    """
    match plan:
        case Rows():
            return not plan.rows
        case Join() if not plan.is_outer:
            return is_empty(plan.left) or is_empty(plan.right)
        case Join() | SemiJoin():
            return is_empty(plan.left)
        case UnionAll():
            return is_empty(plan.left) and is_empty(plan.right)
        case Projection() | Selection() | Lookup() | Deduplicate() | Sort():
            return is_empty(plan.source)
        case _:
            return False


def union_all(plans: Sequence[Plan]) -> Plan:
    """The rows of one or more plans, under a tree as low as can be."""
    if len(plans) == 1:
        return plans[0]
    middle = len(plans) // 2
    return union(union_all(plans[:middle]), union_all(plans[middle:]))


def branches(plan: Plan) -> Iterator[Plan]:
    """What a tree of unions puts together, from left to right."""
    pending = [plan]
    while pending:
        match pending.pop():
            case UnionAll(left, right):
                pending += (right, left)
            case branch:
                yield branch


def _widened(plan: Plan, wanted: tuple[tuple[str, Encoding], ...]) -> Plan:
    present = {column.name: column for column in plan.columns}
    columns = tuple(
        replace(present[name], encoding=encoding)
        if name in present
        else PlanColumn(name, encoding, is_nullable=True)
        for name, encoding in wanted
    )
    scalars = tuple(Column(n) if n in present else NULL for n, _ in wanted)
    return Projection(plan, columns, scalars)
