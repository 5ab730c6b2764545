"""The readings of one query: each statement is read once under a condition.

What was read tells which values variables can have; as long as there are few, what is
read after that is restricted to them.
"""

from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import pyarrow.compute as pc

from engines.term_columns import StatementBatch, Terms
from engines.virtual_graphs import Position, Reading, Scan, Wanted

Batches: TypeAlias = Generator[StatementBatch, None, None]

_FEW: Final = 10_000
"""Values that later readings may be restricted to."""

_PLACES: Final = tuple(Position)


@dataclass(frozen=True, slots=True)
class Read:
    """A reading that was done, for people.

    Attributes:
        source: What was read.
        statements: How many statements of the mapping it was for.
        conditions: What was asked of its rows.
        rows: How many rows made terms.
    """

    source: str
    statements: int
    conditions: tuple[str, ...]
    rows: int

    def __str__(self) -> str:
        asked = "; ".join(self.conditions) or "all rows"
        one = "statement" if self.statements == 1 else "statements"
        return f"{self.source}: {self.statements} {one}, {asked}   (rows {self.rows:,})"


@dataclass(slots=True)
class _Values:
    """Distinct values in a position; None once there are too many."""

    found: set[str] | None = field(default_factory=set)

    def add(self, column: Any) -> None:
        if self.found is None:
            return
        if isinstance(column, str):
            self.found.add(column)
        else:
            distinct = pc.unique(column)
            if len(distinct) > _FEW:
                self.found = None
                return
            self.found.update(v for v in distinct.to_pylist() if v is not None)
        if len(self.found) > _FEW:
            self.found = None


@dataclass(slots=True)
class Reads:
    """Reads a graph for one query.

    Attributes:
        reading: The graph.
        tick: Called between batches; raises where the query was stopped.
        done: What was read, in order.
    """

    reading: Reading
    tick: Callable[[], None]
    done: list[Read] = field(default_factory=list)
    _values: dict[Wanted, Mapping[Position, _Values]] = field(default_factory=dict)

    def read(self, wanted: Iterable[Wanted]) -> Batches:
        """The statements that are wanted, but for those that were read before."""
        new = [one for one in dict.fromkeys(wanted) if self._read_as(one) is None]
        for scan in self.reading.scans(new):
            yield from self._scan(scan)

    def read_some(self, wanted: Iterable[Wanted], count: int) -> Batches:
        """Some of the statements that are wanted: so many different ones, or all."""
        told: set[tuple[object, ...]] = set()
        for scan in self.reading.scans(tuple(dict.fromkeys(wanted))):
            rows = 0
            with closing(self.reading.read(scan, count)) as batches:
                for part in _parts(batches, count):
                    self.tick()
                    rows += part.rows
                    told.update(_statements(part))
                    yield part
                    if len(told) >= count:
                        break
            self._note(scan, rows)
            if len(told) >= count:
                return

    def _note(self, scan: Scan, rows: int) -> None:
        one = Read(scan.source, len(scan.wanted), scan.conditions, rows)
        self.done.append(one)

    def values(
        self, wanted: Sequence[Wanted], position: Position
    ) -> frozenset[str] | None:
        """What was found in a position of statements that were read; None: too much."""
        union: set[str] = set()
        for one in wanted:
            read_as = self._read_as(one)
            values = None if read_as is None else self._values[read_as][position].found
            if values is None:
                return None
            union |= values
        return frozenset(union) if len(union) <= _FEW else None

    def _read_as(self, wanted: Wanted) -> Wanted | None:
        """What was read that has all of what is wanted."""
        for one in (wanted, Wanted(wanted.number)):
            if one in self._values:
                return one
        return None

    def _scan(self, scan: Scan) -> Batches:
        found = [{place: _Values() for place in _PLACES} for _ in scan.wanted]
        rows = 0
        for batch in self.reading.read(scan):
            self.tick()
            rows += batch.rows
            for values, places in zip(found, batch.statements, strict=True):
                for position, place in zip(_PLACES, places, strict=True):
                    if place is not None:
                        values[position].add(batch.columns[place].lexical)
            yield batch
        self._values.update(zip(scan.wanted, found, strict=True))
        self._note(scan, rows)


def _parts(batches: Iterable[StatementBatch], rows: int) -> Iterator[StatementBatch]:
    """Batches of so many rows at most."""
    for batch in batches:
        for first in range(0, batch.rows, rows):
            length = min(rows, batch.rows - first)
            columns = tuple(_slice(one, first, length) for one in batch.columns)
            yield StatementBatch(length, columns, batch.statements)


def _slice(terms: Terms, first: int, length: int) -> Terms:
    def part(column: Any) -> Any:
        is_column = not (column is None or isinstance(column, str))
        return column.slice(first, length) if is_column else column

    return Terms(
        terms.kind, part(terms.lexical), part(terms.datatype), part(terms.language)
    )


def _statements(batch: StatementBatch) -> Iterator[tuple[object, ...]]:
    """What tells triples apart, in most cases: kinds and lexical forms."""
    columns = [_lexicals(one, batch.rows) for one in batch.columns]
    for places in batch.statements:
        used = [place for place in places if place is not None]
        kinds = tuple(batch.columns[place].kind for place in places[:3])
        for row in zip(*(columns[place] for place in used), strict=True):
            if None not in row:
                yield (kinds, *row[:3])


def _lexicals(terms: Terms, rows: int) -> list[str | None]:
    lexical = terms.lexical
    return [lexical] * rows if isinstance(lexical, str) else lexical.to_pylist()
