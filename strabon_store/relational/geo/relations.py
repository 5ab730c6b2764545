"""Topological relations, and the windows that speed them (section 9)."""

from typing import Final

from strabon_store.relational.functions.arguments import simple_literal
from strabon_store.relational.geo.operands import Bounds, Operand, operand
from strabon_store.relational.scalars import TRUE, Constant, Scalar, all_of, call
from strabon_store.relational.values import Value, boolean, part

DISJOINT: Final = frozenset({"sfDisjoint", "ehDisjoint", "rcc8dc"})
"""Relations that hold for what no window finds."""


def relation(name: str, left: Value, right: Value) -> Value:
    """A relation of one of the three families, in the plane of CRS84."""
    one, other = operand(left), operand(right)
    holds = call(f"relation:{name}", one.shape, other.shape)
    if name in DISJOINT:
        return boolean(holds)
    return boolean(call("within_window", _window(one, other), holds))


def relate(left: Value, right: Value, pattern: Value) -> Value:
    """Whether the DE-9IM of two geometries matches a pattern (9.2)."""
    shapes = operand(left).shape, operand(right).shape
    return boolean(call("relate", *shapes, simple_literal(pattern)))


def _window(left: Operand, right: Operand) -> Scalar:
    """What the boxes must satisfy where one side is constant."""
    if left.bounds is not None and right.variable is not None:
        return overlaps(right.variable, left.bounds)
    if right.bounds is not None and left.variable is not None:
        return overlaps(left.variable, right.bounds)
    return TRUE


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
