"""What lies wholly inside a rectangle meets it: its shape need not be read.

A window is a rectangle mostly. Of scattered features that few tags leave over, the
shapes stand in as many places, and reading those is dearer than all that was joined
before. The box of a geometry tells whether it is inside; the few at the border are
tested as ever.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TypeAlias

import shapely

from strabon_store.relational.context import Context
from strabon_store.relational.exact_last import waits_for_rows
from strabon_store.relational.lookups import variables_only, with_lookups
from strabon_store.relational.nodes import Plan, Projection, Selection, Shared, UnionAll
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import (
    TRUE,
    Call,
    Column,
    Constant,
    Scalar,
    all_of,
    call,
)

_Box: TypeAlias = tuple[float, float, float, float]

_GEOMETRY: Final = ".geometry"
_INSIDE: Final = ".inside"
"""The column that tells whether a geometry is inside."""

_SURE: Final[Mapping[str, frozenset[int]]] = {
    "relation:sfIntersects": frozenset({0, 1}),
    "relation:sfWithin": frozenset({0}),
    "relation:sfContains": frozenset({1}),
}
"""Relations of what is in the interior of an area, by the place of their argument."""


def inside_first(plan: Plan, condition: Scalar, context: Context) -> Plan | None:
    """The rows for which a condition holds, of which most need no shape.

    None where it is no window of a rectangle, or the rows of the plan are not few.
    """
    match condition:
        case Call("within_window", (window, exact)):
            found = _rectangle(exact)
        case _:
            found = None
    if found is None or not waits_for_rows(condition, plan, context):
        return None
    key, rectangle = found
    inside = _is_inside(key, rectangle)
    rows = Shared(variables_only(plan), context.fresh())
    boxes = Selection(rows, call("is_id", Column(key)))
    meets = call("within_window", window, TRUE)
    near = Selection(with_lookups(boxes, [window, inside]), meets)
    told = Shared(_with_flag(near, inside), context.fresh())
    border = Selection(told, call("not", Column(_INSIDE)))
    # Reads the key, so that it waits for the join (`exact_last`).
    waiting = call("if_bound", Column(key), exact)
    met = Selection(with_lookups(border, [waiting]), waiting)
    return UnionAll(
        variables_only(Selection(told, Column(_INSIDE))), variables_only(met)
    )


def _with_flag(plan: Plan, inside: Scalar) -> Plan:
    own = tuple(column for column in plan.columns if column.is_variable)
    columns = (*own, PlanColumn(_INSIDE, None, is_nullable=False))
    return Projection(plan, columns, (*(Column(c.name) for c in own), inside))


def _rectangle(exact: Scalar) -> tuple[str, _Box] | None:
    """The variable of a stored geometry, and the rectangle that it is related to."""
    match exact:
        case Call(
            operation,
            (Column(name), Call("geometry_constant", (Constant(bytes() as wkb),))),
        ):
            place = 0
        case Call(
            operation,
            (Call("geometry_constant", (Constant(bytes() as wkb),)), Column(name)),
        ):
            place = 1
        case _:
            return None
    if place not in _SURE.get(operation, ()) or not name.endswith(_GEOMETRY):
        return None
    sides = _sides(wkb)
    return None if sides is None else (name.removesuffix(_GEOMETRY), sides)


@lru_cache(maxsize=256)
def _sides(wkb: bytes) -> _Box | None:
    """West, south, east and north of a rectangle; None of other shapes."""
    shape = shapely.from_wkb(wkb)
    if shape.geom_type != "Polygon" or shape.is_empty:
        return None
    west, south, east, north = (float(each) for each in shape.bounds)
    is_whole = shapely.box(west, south, east, north).equals(shape)
    return (west, south, east, north) if is_whole else None


def _is_inside(variable: str, box: _Box) -> Scalar:
    """Whether the box of a geometry is in the interior of another."""
    west, south, east, north = (Constant(each) for each in box)
    minx, miny, maxx, maxy = (
        Column(f"{variable}.{part}") for part in ("minx", "miny", "maxx", "maxy")
    )
    return all_of(
        (
            call("less", west, minx),
            call("less", maxx, east),
            call("less", south, miny),
            call("less", maxy, north),
        )
    )
