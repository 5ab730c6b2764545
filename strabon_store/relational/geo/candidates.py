"""Which pairs of rows a condition can hold for at all, as a test of boxes.

An engine finds pairs whose boxes meet by an index on either side, if that stands alone
among the conditions of an inner join. In `a || b` or `geof:relate(...)` it does not:
here it is found, and put beside the condition.
"""

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

from strabon_store.relational.geo.bounds import boxes_meet
from strabon_store.relational.geo.relations import DISJOINT
from strabon_store.relational.scalars import Call, Column, Constant, Scalar

_RELATION: Final = "relation:"
_CONJUNCTIONS: Final = frozenset({"and", "within_window", "within_bounds"})
_GROWN: Final = frozenset({"grown_box", "grown_in_degrees", "grown_in_plane"})
_BOXES: Final = _GROWN | {"window"}
_CHOICES: Final = frozenset({"either_plane", "either_on_edge"})
"""Of two relations an engine sees none: what their windows must do stands beside."""

_MEETING: Final = frozenset("012T")
"""What a pattern has where two parts are to meet."""


class Meeting(NamedTuple):
    """Two shapes whose boxes must meet.

    Attributes:
        one: A shape, or one grown by a distance.
        other: A shape.
    """

    one: Scalar
    other: Scalar

    @property
    def scalar(self) -> Scalar:
        """The test of the boxes."""
        return boxes_meet(self.one, self.other)

    @property
    def pair(self) -> frozenset[str]:
        """The geometries, by what they are read from."""
        return frozenset((_source(self.one), _source(self.other)))

    @property
    def reach(self) -> tuple[str, float]:
        """How far apart they may be: by which measure, and how much of it.

        Infinitely, where each row says how far.
        """
        match self.one:
            case Call(operation, (*_, Constant(float() as far))) if operation in _GROWN:
                return operation, far
            case Call(operation) if operation in _GROWN:
                return operation, math.inf
            case _:
                return "", 0.0


def meetings(  # noqa: C901 - an arm per operation
    condition: Scalar,
) -> Iterator[Meeting]:
    """What must meet wherever a condition is true; each alone is necessary."""
    match condition:
        case Call("within_reach", (around, shape, holds)):
            yield Meeting(around, shape)
            yield from meetings(holds)
        case Call(operation, (_, _, holds, one, other)) if operation in _CHOICES:
            if any(True for _ in meetings(holds)):
                yield Meeting(one, other)
        case Call(operation, (left, right)) if operation in _CONJUNCTIONS:
            yield from meetings(left)
            yield from meetings(right)
        case Call("or", (left, right)):
            yield from _of_either(list(meetings(left)), list(meetings(right)))
        case Call("not", (denied,)):
            yield from _of_denied(denied)
        case Call("relate", (left, right, Constant(str() as pattern))):
            if _meets(pattern):
                yield Meeting(left, right)
        case Call(operation, (left, right)):
            if operation.startswith(_RELATION) and not _is_disjoint(operation):
                yield Meeting(left, right)
        case _:
            return


def _of_denied(condition: Scalar) -> Iterator[Meeting]:
    match condition:
        case Call("or", (left, right)):
            yield from _of_denied(left)
            yield from _of_denied(right)
        case Call(operation, (_, _, denied, one, other)) if operation in _CHOICES:
            if any(True for _ in _of_denied(denied)):
                yield Meeting(one, other)
        case Call(operation, (left, right)):
            if _is_disjoint(operation):
                yield Meeting(left, right)
        case _:
            return


def _is_disjoint(operation: str) -> bool:
    return operation.removeprefix(_RELATION) in DISJOINT


def _meets(pattern: str) -> bool:
    """Whether the inside or the boundary of one meets that of the other (9.2)."""
    is_whole = len(pattern) == 9  # noqa: PLR2004 - cells of a DE-9IM
    return is_whole and bool(_MEETING & set(pattern[:2] + pattern[3:5]))


def _of_either(left: list[Meeting], right: list[Meeting]) -> Iterator[Meeting]:
    """Of two alternatives: the wider one of the same geometries."""
    for one in left:
        for other in right:
            if one.pair == other.pair and _is_comparable(one.reach, other.reach):
                yield max(one, other, key=lambda each: each.reach)


def _is_comparable(one: tuple[str, float], other: tuple[str, float]) -> bool:
    """Whether it is known which is the wider, by one measure."""
    if not (one[0] and other[0]):
        return True
    return one[0] == other[0] and math.inf not in (one[1], other[1])


def _source(shape: Scalar) -> str:
    """What a shape is of: a variable; no two computed ones are taken as the same."""
    match shape:
        case Column(name):
            return name.rpartition(".")[0]
        case Call(operation, (Column(name), *_)) if operation in _BOXES:
            return name.rpartition(".")[0]
        case _:
            return f"{id(shape)}"


def standing(condition: Scalar) -> Iterator[Meeting]:
    """What an engine sees of this: relations and boxes among the conditions."""
    match condition:
        case Call("and" | "within_window", (left, right)):
            yield from standing(left)
            yield from standing(right)
        case Call("boxes_meet", (one, other)):
            yield Meeting(one, other)
        case Call(operation, (left, right)) if operation.startswith(_RELATION):
            if not _is_disjoint(operation):
                yield Meeting(left, right)
        case _:
            return
