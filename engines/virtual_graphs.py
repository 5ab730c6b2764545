"""A graph that is stored nowhere: the statements that rows of sources would make.

What maps sources to RDF tells the shape of every statement before it reads a row, and
what asks queries says which of them it wants, and under which restrictions. A
restriction may let through more than it says, and never less: whoever asks looks again.
"""

import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Protocol, TypeAlias

from engines.term_columns import StatementBatch, TermKind, Terms


class Position(StrEnum):
    """Where a term stands in a statement."""

    SUBJECT = "subject"
    PREDICATE = "predicate"
    OBJECT = "object"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class TermShape:
    """What is known of a term that a row makes, whichever row it is.

    Attributes:
        kind: What the term is.
        pieces: Its IRI, label or lexical form: text, and None for what a row brings.
        datatype: IRI of the datatype of all literals; None where rows say, or of other
            kinds.
        language: The lower-case tag of all literals; None where rows say, or of others.
    """

    kind: TermKind
    pieces: tuple[str | None, ...]
    datatype: str | None = None
    language: str | None = None

    @property
    def constant(self) -> str | None:
        """What every row makes; None where they differ."""
        return None if None in self.pieces else "".join(filter(None, self.pieces))

    @property
    def prefix(self) -> str:
        """What all begin with."""
        return self.pieces[0] or "" if self.pieces else ""

    @property
    def suffix(self) -> str:
        """What all end with."""
        return self.pieces[-1] or "" if self.pieces else ""

    def may_be(self, lexical: str) -> bool:
        """Whether a row may make a term with this IRI, label or lexical form.

        Examples:
            >>> shape = TermShape(TermKind.IRI, ("http://e/", None, "/g"))
            >>> shape.may_be("http://e/5/g"), shape.may_be("http://e/5")
            (True, False)
        """
        if not (lexical.startswith(self.prefix) and lexical.endswith(self.suffix)):
            return False
        return _pattern(self.pieces).fullmatch(lexical) is not None

    def may_meet(self, other: "TermShape") -> bool:
        """Whether two rows may make the same term, as far as this can be told.

        Examples:
            >>> one = TermShape(TermKind.IRI, ("http://e/a/", None))
            >>> one.may_meet(TermShape(TermKind.IRI, ("http://e/b/", None)))
            False
        """
        if self.kind is not other.kind or _differ(self.datatype, other.datatype):
            return False
        if _differ(self.language, other.language):
            return False
        for one, two in ((self, other), (other, self)):
            if (constant := one.constant) is not None:
                return two.may_be(constant)
        return _agree(self.prefix, other.prefix) and _agree(
            self.suffix[::-1], other.suffix[::-1]
        )


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _agree(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


@lru_cache(maxsize=4096)
def _pattern(pieces: tuple[str | None, ...]) -> re.Pattern[str]:
    parts = (".*" if piece is None else re.escape(piece) for piece in pieces)
    return re.compile("".join(parts), re.DOTALL)


@dataclass(frozen=True, slots=True)
class StatementShape:
    """A statement that each row of a source makes.

    Attributes:
        number: Tells it from others of the graph.
        source: The file, or the table of a database, for people.
        subject: Its subject.
        predicate: Its predicate.
        object: Its object.
        graph: The name of its graph; None: the default graph.
    """

    number: int
    source: str
    subject: TermShape
    predicate: TermShape
    object: TermShape
    graph: TermShape | None

    def term(self, position: Position) -> TermShape | None:
        """The term in a position; None for the name of the default graph."""
        match position:
            case Position.SUBJECT:
                return self.subject
            case Position.PREDICATE:
                return self.predicate
            case Position.OBJECT:
                return self.object
            case Position.GRAPH:
                return self.graph


@dataclass(frozen=True, slots=True)
class OneOf:
    """The IRI, label or lexical form in a position is among some."""

    position: Position
    lexicals: frozenset[str]


@dataclass(frozen=True, slots=True)
class Between:
    """The object, where it reads as a number, is one from `lowest` to `highest`."""

    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Meets:
    """The object is a geometry whose box meets one.

    Attributes:
        box: West, south, east, north, in degrees of CRS84.
    """

    box: tuple[float, float, float, float]


Restriction: TypeAlias = OneOf | Between | Meets


@dataclass(frozen=True, slots=True)
class Wanted:
    """Statements of one shape, those that fit restrictions at least.

    Attributes:
        number: Which.
        restrictions: What must hold, all of it.
    """

    number: int
    restrictions: frozenset[Restriction] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """A term of what rows make: of which statement, and where it stands in it."""

    number: int
    position: Position


class Measure(StrEnum):
    """What can be told of the terms in a place, over the rows of a group."""

    DISTINCT = "distinct"
    """How many different ones there are."""
    SUM = "sum"
    """Of integers or doubles, as Python has them."""
    LEAST = "least"
    """The lexical form of the smallest number, of integers or doubles."""
    GREATEST = "greatest"


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows that make all of some statements, by the terms in some places.

    Attributes:
        statements: The statements, which have one subject.
        keys: What tells groups apart; nothing: all rows are one group.
        measures: What is told of each group beside the number of its rows.
        most: How many groups there may be.
    """

    statements: tuple[int, ...]
    keys: tuple[Place, ...] = ()
    measures: tuple[tuple[Measure, Place], ...] = ()
    most: int = 1000


@dataclass(frozen=True, slots=True)
class Groups:
    """What a grouping gives.

    Attributes:
        keys: A column of terms for each key, with a row for each group.
        counts: How many rows each group has.
        measured: What is told of each group, a column for each measure.
    """

    keys: tuple[Terms, ...]
    counts: tuple[int, ...]
    measured: tuple[tuple[int | float | str, ...], ...]


class Scan(Protocol):
    """One reading of a source, for statements that are wanted under one condition."""

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """What it reads; `read` makes their statements in this order."""

    @property
    def source(self) -> str:
        """What is read, for people."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """What is asked of rows, for people; those that the source itself applies."""


class Reading(Protocol):
    """A graph while one query reads it."""

    @property
    def statements(self) -> Sequence[StatementShape]:
        """What rows may make; the number of each is its place."""

    def constants(self) -> Iterator[StatementBatch]:
        """Statements that depend on no row: definitions of CRSs."""

    def scans(self, wanted: Sequence[Wanted]) -> Sequence[Scan]:
        """As few readings as give all that is wanted."""

    def read(self, scan: Scan, rows: int | None = None) -> Generator[StatementBatch]:
        """The statements of a scan; some may repeat. To close it ends the reading.

        Args:
            scan: What is read.
            rows: How many rows come at a time, about; many when None.

        Raises:
            PytheasError: A source cannot be read, or is no longer what it was.
        """

    def groups(self, grouping: Grouping) -> Groups | None:
        """Groups of rows, counted where the rows are; no term is made but the keys'.

        None where rows do not stand for statements one by one (a subject comes twice),
        where a measure is not of plain numbers, or where there are too many groups.

        Raises:
            PytheasError: A source cannot be read, or is no longer what it was.
        """


class VirtualGraph(Protocol):
    """A graph over sources that stay where they are; usable from any thread."""

    def begin(self) -> AbstractContextManager[Reading]:
        """Read the sources as they are now, until the context ends.

        Raises:
            PytheasError: A source is gone, or no longer fits the mapping.
        """

    def close(self) -> None:
        """Let go of the sources; harmless when called again."""
