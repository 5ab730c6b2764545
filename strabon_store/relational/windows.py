"""Windows that a condition puts on the boxes of stored geometries."""

from typing import Final, NamedTuple

from strabon_store.relational.scalars import Call, Column, Constant, Scalar

_SIDES: Final = {"maxx": "west", "maxy": "south", "minx": "east", "miny": "north"}
"""The side of a window that each side of a box is compared with."""


class Window(NamedTuple):
    """A box that those of the geometries of a variable must meet, sides included.

    Attributes:
        variable: Whose geometries.
        west: Degrees of longitude, or metres in an engineering CRS, as the rest.
        south: Latitude.
        east: Longitude.
        north: Latitude.
    """

    variable: str
    west: float
    south: float
    east: float
    north: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The sides alone."""
        return self[1:]


def window_of(condition: Scalar) -> Window | None:
    """The window, where a condition is one and nothing else.

    Examples:
        >>> from strabon_store.relational.geo.relations import overlaps
        >>> window_of(overlaps("x", (1.0, 2.0, 3.0, 4.0)))
        Window(variable='x', west=1.0, south=2.0, east=3.0, north=4.0)
    """
    variables: set[str] = set()
    sides: dict[str, float] = {}
    pending = [condition]
    while pending:
        match pending.pop():
            case Call("and", arguments):
                pending += arguments
            case Call(
                "less_or_equal", (Column(name), Constant(float() as side))
            ) | Call("less_or_equal", (Constant(float() as side), Column(name))):
                variable, _, part = name.rpartition(".")
                variables.add(variable)
                sides[_SIDES.get(part, part)] = side
            case _:
                return None
    if len(variables) != 1 or sides.keys() != set(_SIDES.values()):
        return None
    west, south, east, north = (sides[name] for name in _SIDES.values())
    return Window(variables.pop(), west, south, east, north)
