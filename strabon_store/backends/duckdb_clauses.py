"""What follows WHERE in DuckDB's SQL."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from strabon_store.backends.sql import Grade, Select, Sql, Template, joined
from strabon_store.relational.nodes import (
    Aggregation,
    Deduplicate,
    Join,
    Lookup,
    Mark,
    Plan,
    Projection,
    Selection,
    SemiJoin,
    UnionAll,
)
from strabon_store.relational.plan_columns import SortKey
from strabon_store.relational.scalars import Call, Column, Scalar

_GROUP_BY: Final = Template("GROUP BY :a")
_ORDER_BY: Final = Template("ORDER BY :a")
_ASCENDING: Final = Template(":a NULLS FIRST")
_DESCENDING: Final = Template(":a DESC NULLS LAST")


def group_by(keys: Sequence[str], select: Select) -> Sql:
    """GROUP BY some outputs of a SELECT; without a key all rows are one group."""
    # Also where there are no aggregates.
    by = [select.outputs[key].text for key in keys] or [Sql("()")]
    return _GROUP_BY.filled([joined(", ", by)])


def order_by(order: Sequence[SortKey], select: Select) -> Sql:
    """ORDER BY outputs of a SELECT; nothing where none of them can order rows."""
    # Unbound comes first in the order of 15.1, and last when that is reversed. A number
    # that stands here would name a column by its place, and no constant orders rows.
    keys = []
    for key in order:
        output = select.outputs[key.column]
        if output.grade != Grade.CONSTANT:
            template = _DESCENDING if key.descending else _ASCENDING
            keys.append(template.filled([output.text]))
    return _ORDER_BY.filled([joined(", ", keys)]) if keys else Sql("")


_BARRIER: Final = Sql("OFFSET 0")


def apart(select: Select) -> Select:
    """The same rows, into which no condition from outside is taken."""
    return replace(select, tail=_BARRIER)


def is_taken_into_unions(plan: SemiJoin | Mark) -> bool:
    """Whether DuckDB would take more than equalities into the branches of a union.

    Where partners are looked for in a union, one of whose branches is a join, DuckDB
    1.5.5 loses a column of the outer query on the way (`unordered_map::at`), or may.
    """
    return not _are_equalities(plan.condition) and _has_union(plan.right)


def _are_equalities(condition: Scalar) -> bool:
    match condition:
        case Call("and", (left, right)):
            return _are_equalities(left) and _are_equalities(right)
        case Call("equal", (Column(), Column())):
            return True
        case _:
            return False


def _has_union(plan: Plan) -> bool:
    """Whether there is a union with a join in one of its branches."""
    match plan:
        case UnionAll():
            return _has_join(plan)
        case Join() | SemiJoin() | Mark():
            return _has_union(plan.left) or _has_union(plan.right)
        case Selection() | Projection() | Lookup() | Deduplicate() | Aggregation():
            return _has_union(plan.source)
        case _:
            return False


def _has_join(plan: Plan) -> bool:
    match plan:
        case UnionAll():
            return _has_join(plan.left) or _has_join(plan.right)
        case Join() | SemiJoin() | Mark() | Lookup():
            return True
        case Selection() | Projection() | Deduplicate() | Aggregation():
            return _has_join(plan.source)
        case _:
            return False
