"""Which index finds the rows of a node, for people who ask how a query is answered."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from strabon_store.relational.geo.candidates import Meeting, standing
from strabon_store.relational.nodes import Join, Nearest, Plan, Scan, Selection
from strabon_store.relational.scalars import Call, Column, Scalar, parts_of


@dataclass(frozen=True, slots=True)
class Index:
    """How the rows of a spatial node are found.

    Attributes:
        name: The index, in words.
        candidates: The rows that it finds, of which the exact test is asked.
    """

    name: str
    candidates: Plan


def index_of(plan: Plan) -> Index | None:
    """The index that a node uses; None where it is nothing spatial.

    Examples:
        >>> from strabon_store.relational.nodes import One
        >>> shapes = Column("x.geometry"), Column("y.geometry")
        >>> index_of(Join(One(), One(), Call("relation:sfWithin", shapes))).name
        'spatial join (R-tree)'
    """
    match plan:
        case Join(_, _, condition, is_outer=False):
            return _of_join(plan, condition)
        case Selection(source, condition):
            window = next(_windows(condition), None)
            found = None if window is None else Selection(source, window)
            return None if found is None else Index("window on boxes", found)
        case Scan("geometries", conditions=(is_valid, condition)):
            inside = next(_windows(condition), condition)
            boxes = replace(plan, conditions=(is_valid, inside))
            return None if inside == condition else Index("window on boxes", boxes)
        case Nearest():
            return Index("nearest by bounds", plan)
        case _:
            return None


def _of_join(plan: Join, condition: Scalar) -> Index | None:
    """What is equal on both sides is joined by, before any shapes are."""
    found = next(standing(condition), None)
    if found is None or any(_is_equality(each) for each in _conjuncts(condition)):
        return None
    return Index(_name(found), replace(plan, condition=found.scalar))


def _name(meeting: Meeting) -> str:
    match meeting.reach:
        case _, math.inf:
            return "distance join (R-tree), boxes grown by what each row says"
        case "grown_box", metres:
            return f"distance join (R-tree), boxes grown by {metres:.6g} m"
        case "grown_in_degrees" | "grown_in_plane", degrees:
            return f"distance join (R-tree), boxes grown by {degrees:.6g} degrees"
        case _:
            return "spatial join (R-tree)"


def _is_equality(condition: Scalar) -> bool:
    match condition:
        case Call("equal", (Column(), Column())):
            return True
        case _:
            return False


def _conjuncts(condition: Scalar) -> Iterator[Scalar]:
    match condition:
        case Call("and", (left, right)):
            yield from _conjuncts(left)
            yield from _conjuncts(right)
        case _:
            yield condition


def _windows(condition: Scalar) -> Iterator[Scalar]:
    """The tests of boxes that spare exact ones."""
    for each in _conjuncts(condition):
        match each:
            case Call("within_window", (window, _)) if _reads_boxes(window):
                yield window
            case _:
                pass


def _reads_boxes(window: Scalar) -> bool:
    return any(
        isinstance(part, Column) and part.name.rpartition(".")[2] == "minx"
        for part in parts_of(window)
    )
