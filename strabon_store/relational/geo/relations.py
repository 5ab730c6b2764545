"""Topological relations, and the windows that speed them (section 9)."""

from functools import partial
from typing import Final

from strabon_store.relational.functions.arguments import simple_literal
from strabon_store.relational.geo.operands import (
    Bounds,
    Operand,
    in_common_plane,
    may_share_plane,
    operand,
)
from strabon_store.relational.geo.rectangles import surely
from strabon_store.relational.scalars import (
    TRUE,
    Constant,
    Scalar,
    all_of,
    any_of,
    call,
)
from strabon_store.relational.values import Value, boolean, part

DISJOINT: Final = frozenset({"sfDisjoint", "ehDisjoint", "rcc8dc"})
"""Relations that hold for what no window finds."""


def relation(name: str, left: Value, right: Value) -> Value:
    """A relation of one of the three families, in the plane of both or of CRS84."""
    one, other = operand(left), operand(right)
    planar, globe = (
        partial(call, f"{each}:{name}") for each in ("relation", "on_globe")
    )
    holds = in_common_plane(one, other, planar, globe)
    if name in DISJOINT:
        return boolean(holds)
    holds = surely(name, (one, other), holds)
    return boolean(call("within_window", _window(one, other), holds))


def relate(left: Value, right: Value, pattern: Value) -> Value:
    """Whether the DE-9IM of two geometries matches a pattern (9.2)."""
    cells = simple_literal(pattern)
    holds = in_common_plane(
        operand(left),
        operand(right),
        lambda a, b: call("relate", a, b, cells),
        lambda a, b: call("relate_on_globe", a, b, cells),
    )
    return boolean(holds)


def _window(left: Operand, right: Operand) -> Scalar:
    """What the boxes must satisfy where one side is constant."""
    is_planar = may_share_plane(left, right)
    for fixed, free in ((left, right), (right, left)):
        box = fixed.reach if is_planar else fixed.bounds
        if box is not None and free.variable is not None:
            return or_unrelated(overlaps(free.variable, box), fixed, free)
    return TRUE


def or_unrelated(window: Scalar, fixed: Operand, free: Operand) -> Scalar:
    """A window of a constant that leaves out none with which there is no relation.

    That is an error, and not false: one is nowhere on Earth, the other elsewhere.
    """
    if fixed.may_be_nowhere:
        elsewhere = call("not", call("equal", free.crs, fixed.crs))
    elif free.may_be_nowhere:
        elsewhere = call("is_unbound", free.shape)
    else:
        return window
    return any_of((window, elsewhere))


def overlaps(variable: str, box: Bounds) -> Scalar:
    """Whether the box of a stored geometry meets another box."""
    west, south, east, north = (Constant(each) for each in box)
    return all_of(
        (
            call("less_or_equal", part(variable, "minx"), east),
            call("less_or_equal", west, part(variable, "maxx")),
            call("less_or_equal", part(variable, "miny"), north),
            call("less_or_equal", south, part(variable, "maxy")),
        )
    )
