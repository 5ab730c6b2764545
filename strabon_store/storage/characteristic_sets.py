"""Which star tables are worth having: few, each for sets of predicates that are alike.

The characteristic set of a subject is the set of its predicates (Neumann and Moerkotte,
ICDE 2011). Here sets are masks, a bit for each predicate.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MOST_TABLES: Final = 32
"""Every further table is a branch of the union that a star pattern becomes."""

_LEAST_COLUMNS: Final = 2
"""A table of one column is no better than the quads, if nothing stands beside it."""

_ALIKE: Final = 0.5
"""The likeness from which sets share a table, with NULLs for what some have not."""


class CharacteristicSet(NamedTuple):
    """Subjects whose predicates are the same.

    Attributes:
        single: The predicates of which each of them has one statement.
        repeated: Those of which each of them has several.
        subjects: How many they are.
    """

    single: int
    repeated: int
    subjects: int


@dataclass(slots=True)
class ChosenTable:
    """A table and the sets whose subjects it takes.

    Attributes:
        columns: Its predicates.
        repeated: Predicates that can never be columns: a subject has several of them.
        subjects: How many subjects it has.
        sets: The sets.
    """

    columns: int
    repeated: int
    subjects: int
    sets: list[CharacteristicSet] = field(default_factory=list)

    def takes(self, found: CharacteristicSet) -> bool:
        """Whether no subject of the set has a statement too many for a column."""
        return not self.columns & found.repeated

    def can_grow(self, found: CharacteristicSet) -> bool:
        """Whether the set's predicates can all be columns."""
        columns = self.columns | found.single
        return not columns & (self.repeated | found.repeated)

    def likeness(self, found: CharacteristicSet) -> float:
        """The share of common predicates among all of both."""
        common = (self.columns & found.single).bit_count()
        return common / (self.columns | found.single).bit_count()

    def add(self, found: CharacteristicSet, *, is_growing: bool = False) -> None:
        """Take the subjects of a set; what is no column of theirs stays loose."""
        if is_growing:
            self.columns |= found.single
        self.repeated |= found.repeated
        self.subjects += found.subjects
        self.sets.append(found)


def choose_tables(
    sets: Iterable[CharacteristicSet], least_subjects: int, alone: int = 0
) -> list[ChosenTable]:
    """The tables, and which sets each of them takes; sets that none takes stay loose.

    Args:
        sets: The sets, in any order.
        least_subjects: How many subjects make a table worth having; 1: all, and tables
            of one column too.
        alone: Predicates that are worth a table of one column.

    Examples:
        >>> ab, abc = CharacteristicSet(0b011, 0, 90), CharacteristicSet(0b111, 0, 20)
        >>> [table.columns for table in choose_tables([ab, abc], 10)]
        [7]
    """
    tables: list[ChosenTable] = []
    for found in sorted(sets, key=lambda each: (-each.subjects, each)):
        is_single = least_subjects == 1 or bool(found.single & alone)
        _place(found, tables, least_subjects, 1 if is_single else _LEAST_COLUMNS)
    return tables


def _place(
    found: CharacteristicSet,
    tables: list[ChosenTable],
    least_subjects: int,
    least_columns: int,
) -> None:
    if not found.single:
        return
    nearest = sorted(tables, key=lambda table: -table.likeness(found))
    is_worth_it = found.subjects >= least_subjects
    for table in nearest:
        is_alike = table.likeness(found) >= _ALIKE and table.can_grow(found)
        if is_alike and (is_worth_it or not found.single & ~table.columns):
            table.add(found, is_growing=True)
            return
    has_columns = found.single.bit_count() >= least_columns
    if is_worth_it and has_columns and len(tables) < MOST_TABLES:
        tables.append(ChosenTable(found.single, found.repeated, 0))
        tables[-1].add(found)
        return
    for table in nearest:
        common = (table.columns & found.single).bit_count()
        if table.takes(found) and common >= _LEAST_COLUMNS:
            table.add(found)
            return
