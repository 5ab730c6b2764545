"""Star tables as data: how the rows of each stand for RDF, which the compiler reads.

A star table has one row for each of its subjects, and a column for each of its
predicates. What it promises of a subject in it, in the default graph:

- the statements with a predicate of the table are those in the row: one for a column
  that holds an object, none for a NULL;
- its statements with other predicates are loose.

A subject is in one star table at most. All statements of others are loose. So the
statements of a predicate are the columns of the star tables that have it, and those of
its statements that are loose: each stands in exactly one of these places.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from strabon_store.relational.encoding import Tag, TermId

SUBJECT: Final = "subject"
"""The column of the subjects."""

MEASURES: Final[Mapping[str, frozenset[Tag]]] = MappingProxyType(
    {
        "number": frozenset({Tag.NUMBER, Tag.EXACT}),
        "moment": frozenset({Tag.MOMENT}),
    }
)
"""What of the dictionary stands beside a column, and the tags that make it worth it."""

TEXT: Final = "lexical"
"""What stands beside a column of short strings."""

_OBJECTS: Final = "object_"
"""Begins the name of the column of a predicate's objects."""

POINT: Final = ("x", "y")
"""What stands beside a column of points: longitude and latitude of each that is valid,
in CRS84 and in no plane of its own, as degrees; NULL for other geometries."""


def predicate_of(column: str) -> int | None:
    """The id of the predicate whose objects a column of a star table holds, or None.

    Examples:
        >>> predicate_of("object_7"), predicate_of("subject")
        (7, None)
    """
    key = column.removeprefix(_OBJECTS)
    return int(key) if key != column and key.isdigit() else None


@dataclass(frozen=True, slots=True)
class StarColumn:
    """The objects of a predicate in a star table.

    Attributes:
        predicate: The id of the predicate.
        is_nullable: Whether a subject of the table may have none.
        encoding: What is known of the ids of the objects.
        lowest: No id in the column is below.
        highest: Nor is one above.
        has_text: Whether the lexical forms stand beside the ids.
        has_points: Whether the coordinates of points do.
    """

    predicate: int
    is_nullable: bool
    encoding: TermId
    lowest: int = -1 << 63
    highest: int = (1 << 63) - 1
    has_text: bool = False
    has_points: bool = False

    def can_hold(self, term_id: int) -> bool:
        """Whether a subject of the table may have this object."""
        return self.lowest <= term_id <= self.highest

    @property
    def name(self) -> str:
        """The column that holds their ids."""
        return f"{_OBJECTS}{self.predicate}"

    @property
    def parts(self) -> Mapping[str, str]:
        """The columns that hold what else is known of them, by what that is."""
        parts = [
            part
            for part, tags in MEASURES.items()
            if not tags.isdisjoint(self.encoding.tags)
        ]
        parts += [TEXT] * self.has_text
        parts += POINT * self.has_points
        return {part: f"{part}_{self.predicate}" for part in parts}


@dataclass(frozen=True, slots=True)
class StarTable:
    """A star table.

    Attributes:
        number: What tells it from all star tables there are and were.
        subjects: How many subjects it was built with.
        columns: Its columns by the ids of their predicates.
        is_by_subject: Whether its rows are sorted by subject, and by nothing before.
    """

    number: int
    subjects: int
    columns: Mapping[int, StarColumn]
    is_by_subject: bool = False

    @property
    def name(self) -> str:
        """The physical table."""
        return f"star_{self.number}"


@dataclass(frozen=True, slots=True)
class Stars:
    """The star tables of a store, and what does not stand in them.

    Attributes:
        tables: The star tables; none: use the quads.
        loose: How many loose statements each predicate has, by its id.
    """

    tables: tuple[StarTable, ...] = ()
    loose: Mapping[int, int] = field(default_factory=dict)

    def named(self, name: str) -> StarTable | None:
        """The table with this name."""
        return next((table for table in self.tables if table.name == name), None)

    def having(self, *predicates: int) -> tuple[StarTable, ...]:
        """The tables with a column for at least one of these."""
        wanted = frozenset(predicates)
        return tuple(t for t in self.tables if not wanted.isdisjoint(t.columns))


NO_STARS: Final = Stars()
"""Of a store without star tables."""
