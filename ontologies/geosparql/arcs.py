"""Circular arcs as chains of straight edges: shapely holds no others.

Each arc becomes edges that span at most two degrees of its circle, which leave it by
1.6e-4 of the radius; its three given points stay vertices. A Z runs evenly between
them.
"""

import math
from typing import Any, Final, TypeAlias

import numpy as np

STEP: Final = math.radians(2)
"""The angle that an edge spans at most."""

Points: TypeAlias = list[tuple[float, ...]]
"""Positions: x, y and perhaps Z."""

_ON_CIRCLE: Final = 3


class NoArc(ValueError):
    """Points that define no arcs."""


def arc_string(given: Points) -> Points:
    """The points of a chain of arcs, each given by its ends and a point between.

    An arc whose ends are one point is the circle with the point between opposite them.

    Raises:
        NoArc: Their number is even, or they differ in dimension.

    Examples:
        >>> len(arc_string([(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]))
        91
    """
    if len(given) % 2 == 0 or len({len(each) for each in given}) != 1:
        raise NoArc("a circular string has an odd number of points of one dimension")
    run = given[:1]
    for start, middle, end in zip(given[:-2:2], given[1::2], given[2::2], strict=True):
        run += _arc(*map(np.array, (start, middle, end)))
    return run


def circle(given: Points) -> Points:
    """The points of the circle through three, from the first in their order and back.

    Raises:
        NoArc: They are not three of one dimension, or lie on a line.

    Examples:
        >>> len(circle([(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]))
        181
    """
    if len(given) != _ON_CIRCLE or len({len(each) for each in given}) != 1:
        raise NoArc("a circle has three points of one dimension")
    start, middle, end = map(np.array, given)
    centre = _centre(start, middle, end)
    if centre is None:
        raise NoArc("the points of a circle lie on a line")
    _, there = _turns(start, middle, end, centre)
    back = math.copysign(math.tau, there) - there
    arc = _arc(start, middle, end)
    return [given[0], *arc, *_swept(end, start, centre, back)]


def _arc(start: Any, middle: Any, end: Any) -> Points:
    """The points of an arc after its start; a circle where its ends are one point."""
    is_circle = bool((start[:2] == end[:2]).all())
    centre = (start + middle)[:2] / 2 if is_circle else _centre(start, middle, end)
    if centre is None:
        return [tuple(middle), tuple(end)]
    to_middle, whole = _turns(start, middle, end, centre)
    first = _swept(start, middle, centre, to_middle)
    return first + _swept(middle, end, centre, whole - to_middle)


def _turns(start: Any, middle: Any, end: Any, centre: Any) -> tuple[float, float]:
    """The angles from the start to the point between and to the end, in one sense."""
    turns = [math.atan2(*(at[:2] - centre)[::-1]) for at in (start, middle, end)]
    to_middle, whole = ((turn - turns[0]) % math.tau for turn in turns[1:])
    if (start[:2] == end[:2]).all():
        whole = math.tau
    if to_middle > whole:
        return to_middle - math.tau, whole - math.tau
    return to_middle, whole


def _centre(start: Any, middle: Any, end: Any) -> Any | None:
    """The centre of the circle through three points; None of points on a line."""
    one, other = 2 * (middle - start)[:2], 2 * (end - start)[:2]
    if one[0] * other[1] == one[1] * other[0]:
        return None
    squares = [(at[:2] ** 2).sum() - (start[:2] ** 2).sum() for at in (middle, end)]
    return np.linalg.solve(np.array([one, other]), np.array(squares))


def _swept(start: Any, end: Any, centre: Any, angle: float) -> Points:
    pieces = max(math.ceil(abs(angle) / STEP - 1e-9), 1)
    shares = np.arange(1, pieces)[:, None] / pieces
    turn = math.atan2(*(start[:2] - centre)[::-1]) + shares * angle
    radius = math.hypot(*(start[:2] - centre))
    flat = centre + radius * np.hstack([np.cos(turn), np.sin(turn)])
    rest = start[2:] + shares * (end - start)[2:]
    return [*map(tuple, np.hstack([flat, rest]).tolist()), tuple(end.tolist())]
