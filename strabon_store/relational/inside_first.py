"""Boxes of scattered geometries are read first, and shapes where boxes do not tell.

Of features that few tags leave over, the shapes stand in as many places, and reading
those is dearer than all that was joined before. The box of a geometry tells whether it
is wholly inside a rectangle; the few at the border are tested as ever.
"""

from typing import Final

from strabon_store.relational.context import Context
from strabon_store.relational.exact_last import key_of, waits_for_rows
from strabon_store.relational.lookups import variables_only, with_lookups
from strabon_store.relational.nodes import Plan, Projection, Selection, Shared, UnionAll
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import TRUE, Call, Column, Scalar, call

_INSIDE: Final = ".inside"
"""The column that tells whether a geometry is inside."""


def inside_first(plan: Plan, condition: Scalar, context: Context) -> Plan | None:
    """The rows for which a condition holds, of which most need no shape.

    None where it is no window of a rectangle, or the rows of the plan are not few.
    """
    match condition:
        case Call("within_window", (window, Call("surely_or", (inside, exact)))):
            key = key_of(exact)
        case _:
            return None
    if key is None or not waits_for_rows(condition, plan, context):
        return None
    rows = Shared(variables_only(plan), context.fresh())
    boxes = Selection(rows, call("is_id", Column(key)))
    meets = call("within_window", window, TRUE)
    near = Selection(with_lookups(boxes, [window, inside]), meets)
    told = Shared(_with_flag(near, inside), context.fresh())
    border = Selection(told, call("not", Column(_INSIDE)))
    # Reads the key, so that it waits for the join (`exact_last`).
    waiting = call("if_bound", Column(key), exact)
    met = Selection(with_lookups(border, [waiting]), waiting)
    sure = Selection(told, Column(_INSIDE))
    return UnionAll(variables_only(sure), variables_only(met))


def _with_flag(plan: Plan, inside: Scalar) -> Plan:
    own = tuple(column for column in plan.columns if column.is_variable)
    columns = (*own, PlanColumn(_INSIDE, None, is_nullable=False))
    return Projection(plan, columns, (*(Column(c.name) for c in own), inside))
