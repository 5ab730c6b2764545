"""What follows WHERE in DuckDB's SQL."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from strabon_store.backends.sql import (
    Grade,
    Output,
    Select,
    Sql,
    Template,
    joined,
    literal,
)
from strabon_store.relational.nodes import (
    Aggregation,
    Deduplicate,
    Join,
    Lookup,
    Mark,
    Nearest,
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


_FIRST_OF: Final = Template("first(:a :b)")


def first_of(value: Sql, order: Sql) -> Sql:
    """The value in the first row of a group in some order."""
    return _FIRST_OF.filled([value, order])


_FIRST: Final = Template("ORDER BY 1 NULLS FIRST LIMIT :a")
_LEAST: Final = Template("min(:a)")
# What has no distance comes first, and the greatest of what has none is NULL.
_NEAR_ENOUGH: Final = Template(
    "coalesce(:a <= (SELECT max(most) FROM (:b) AS few), :a IS NULL)"
)
# Of fewer groups than rows are wanted each may have several that differ.
_NEAR_ENOUGH_OF_GROUPS: Final = Template(
    "coalesce(:a <= (SELECT CASE WHEN count(*) < :c THEN CAST('inf' AS DOUBLE) "
    "ELSE max(most) END FROM (:b) AS few), :a IS NULL)"
)


def nearest(plan: Nearest, select: Select, again: Select) -> Select:
    """Those rows of a SELECT that may be among the first by a distance.

    Args:
        plan: The node.
        select: Its source.
        again: The same once more.
    """
    rows, most = literal(plan.rows), again.outputs[plan.most]
    least = select.outputs[plan.least].text
    first = _FIRST.filled([rows])
    if plan.distinct is None:
        few = replace(again, outputs={"most": most}, tail=first)
        return select.where(_NEAR_ENOUGH.filled([least, few.text]))
    tail = joined(" ", [group_by(plan.distinct, again), first])
    found = Output(_LEAST.filled([most.text]), Grade.COMPUTED)
    few = replace(again, outputs={"most": found}, tail=tail)
    return select.where(_NEAR_ENOUGH_OF_GROUPS.filled([least, few.text, rows]))


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
