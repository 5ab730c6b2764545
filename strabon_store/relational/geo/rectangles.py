"""What lies wholly inside a rectangle meets it and is within it: its box tells."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import shapely

from strabon_store.relational.geo.operands import Bounds, Operand, may_share_plane
from strabon_store.relational.scalars import (
    Call,
    Constant,
    Scalar,
    all_of,
    call,
)
from strabon_store.relational.values import part

_SURE: Final[Mapping[str, frozenset[int]]] = {
    "sfIntersects": frozenset({0, 1}),
    "sfWithin": frozenset({0}),
    "sfContains": frozenset({1}),
}
"""Relations of what is in the interior of an area, by the place of their argument."""


def surely(name: str, sides: tuple[Operand, Operand], holds: Scalar) -> Scalar:
    """The test of a relation, which is left out where a box tells that it holds.

    Engines test shapes at a hundred times the cost of boxes. A geometry whose box is in
    the interior of a rectangle is in the interior itself; the empty one has no box.
    """
    for place, (free, fixed) in enumerate((sides, sides[::-1])):
        if free.variable is None or place not in _SURE.get(name, ()):
            continue
        rectangle = _rectangle(fixed)
        # Nowhere on Earth boxes are of another kind.
        if rectangle is None or free.may_be_nowhere or may_share_plane(free, fixed):
            continue
        return call("surely_or", _is_inside(free.variable, rectangle), holds)
    return holds


def _rectangle(operand: Operand) -> Bounds | None:
    match operand.shape:
        case Call("geometry_constant", (Constant(bytes() as wkb),)):
            return _sides(wkb)
        case _:
            return None


@lru_cache(maxsize=256)
def _sides(wkb: bytes) -> Bounds | None:
    """West, south, east and north of a rectangle; None of other shapes."""
    shape = shapely.from_wkb(wkb)
    if shape.geom_type != "Polygon" or shape.is_empty or not shape.is_valid:
        return None
    west, south, east, north = (float(each) for each in shape.bounds)
    is_whole = shapely.box(west, south, east, north).equals(shape)
    return (west, south, east, north) if is_whole else None


def _is_inside(variable: str, box: Bounds) -> Scalar:
    """Whether the box of a stored geometry is in the interior of another."""
    west, south, east, north = (Constant(each) for each in box)
    return all_of(
        (
            call("less", west, part(variable, "minx")),
            call("less", part(variable, "maxx"), east),
            call("less", south, part(variable, "miny")),
            call("less", part(variable, "maxy"), north),
        )
    )
