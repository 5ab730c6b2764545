"""Terms that are new with a load, in memory until they go into the dictionary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strabon_store.relational.encoding import PAYLOAD_BITS, Tag
from strabon_store.storage.arrivals import Ids
from strabon_store.storage.dictionary import NOT_FOUND
from strabon_store.storage.lines import in_row_groups
from strabon_store.storage.writes import Writes

_Column: TypeAlias = Any  # pyarrow ships no types
_Hashes: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]
_Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

Ending: TypeAlias = tuple[str | None, str | None]
"""A datatype and a language."""

_MOST_BYTES: Final = 1 << 29
"""Of texts; what is more waits in a temporary table."""

_MOST_RUNS: Final = 100
"""Runs of terms with one tag that are cut out of a block as they stand."""

_INSERT: Final = "INSERT INTO terms FROM given"
_INSERT_HASHES: Final = "INSERT INTO term_hashes FROM given"
_WAIT: Final = """
INSERT INTO new_terms
SELECT hash, id, lexical, ending, number, make_timestamp(moment) FROM given
"""


class Terms(NamedTuple):
    """Columns of terms that are looked for.

    Attributes:
        hash: Their hashes.
        lexical: What they say, an Arrow column.
        ending: The numbers of their datatypes and languages.
        is_blank: Which are blank nodes.
    """

    hash: _Hashes
    lexical: _Column
    ending: Ids
    is_blank: _Flags

    def take(self, rows: Ids) -> "Terms":
        """Some of them."""
        texts = self.lexical.take(pa.array(rows))
        return Terms(self.hash[rows], texts, self.ending[rows], self.is_blank[rows])


@dataclass(frozen=True, slots=True)
class TermBlock:
    """The new terms of a block of statements; those of one tag by id.

    Attributes:
        hash: Their hashes.
        id: Their ids.
        lexical: What they say, an Arrow column.
        ending: The numbers of their datatypes and languages.
        number: The values of numbers, an Arrow column.
        moment: The values of moments in microseconds, another.
    """

    hash: _Hashes
    id: Ids
    lexical: _Column
    ending: Ids
    number: _Column
    moment: _Column

    def __len__(self) -> int:
        """How many there are."""
        return len(self.id)

    @property
    def terms(self) -> Terms:
        """What tells them from others."""
        is_blank = self.id >> PAYLOAD_BITS == Tag.BLANK
        return Terms(self.hash, self.lexical, self.ending, is_blank)

    def columns(self) -> dict[str, _Column]:
        """All columns by name."""
        return {
            "hash": self.hash,
            "id": self.id,
            "lexical": self.lexical,
            "ending": self.ending,
            "number": self.number,
            "moment": self.moment,
        }

    def by_tag(self) -> "TermBlock":
        """The same, where terms of one tag stand in few runs."""
        tags = (self.id >> PAYLOAD_BITS).astype(np.uint8)
        if np.count_nonzero(np.diff(tags)) <= _MOST_RUNS:
            return self
        order = np.argsort(tags, kind="stable")
        rows = pa.array(order)
        texts = (each.take(rows) for each in (self.number, self.moment))
        lexical = self.lexical.take(rows)
        ids, endings = self.id[order], self.ending[order]
        return TermBlock(self.hash[order], ids, lexical, endings, *texts)


@dataclass(frozen=True, slots=True)
class _Index:
    """A block by hash.

    Attributes:
        block: The block.
        hashes: Its hashes, sorted.
        order: Where they stand in the block.
    """

    block: TermBlock
    hashes: _Hashes
    order: Ids

    def find(self, wanted: Terms, ids: Ids) -> None:
        """Fill in the ids of those terms that the block has."""
        first, behind = (
            np.searchsorted(self.hashes, wanted.hash, side)
            for side in ("left", "right")
        )
        # Hashes may be shared: all terms of one are looked at.
        while len(rows := np.flatnonzero((first < behind) & (ids == NOT_FOUND))):
            places = self.order[first[rows]]
            is_same = _are_same(self.block.terms.take(places), wanted.take(rows))
            ids[rows[is_same]] = self.block.id[places[is_same]]
            first[rows] += 1


def _are_same(left: Terms, right: Terms) -> _Flags:
    is_same: _Flags = np.asarray(pc.equal(left.lexical, right.lexical))
    is_same &= left.ending == right.ending
    is_same &= left.is_blank == right.is_blank
    return is_same


@dataclass(slots=True)
class PendingTerms:
    """New terms of a load, up to a size; the others are in the table `new_terms`.

    Attributes:
        cursor: With that temporary table.
        has_table: Whether some are there.
    """

    cursor: duckdb.DuckDBPyConnection
    has_table: bool = False
    _blocks: list[_Index] = field(default_factory=list)
    _bytes: int = 0

    def add(self, block: TermBlock) -> None:
        """Keep some more."""
        block = block.by_tag()
        order = np.argsort(block.hash)
        self._blocks.append(_Index(block, block.hash[order], order))
        self._bytes += block.lexical.nbytes
        if self.has_table or self._bytes > _MOST_BYTES:
            self._leave_memory()

    def find(self, wanted: Terms) -> Ids:
        """The ids of terms in memory, `NOT_FOUND` for others."""
        ids = np.full(len(wanted.hash), NOT_FOUND)
        for index in self._blocks:
            index.find(wanted, ids)
        return ids

    def insert(self, endings: Sequence[Ending], writes: Writes) -> None:
        """Put those in memory into the dictionary, sorted, within a transaction.

        Args:
            endings: By their numbers.
            writes: Has the cursor of the transaction.
        """
        if not self._blocks:
            return
        batches = [_batch(each, endings) for each in self._runs()]
        hashes, ids = (
            np.concatenate([getattr(index.block, name) for index in self._blocks])
            for name in ("hash", "id")
        )
        self._blocks = []
        writes.later(self._store, _INSERT, pa.Table.from_batches(batches))
        order = np.argsort(hashes)
        columns = {"hash": hashes[order], "id": ids[order]}
        writes.later(self._store, _INSERT_HASHES, pa.table(columns))

    def _runs(self) -> Iterator[TermBlock]:
        """Terms of one tag, so that ids ascend through all of them."""
        runs = []
        for index in self._blocks:
            tags = index.block.id >> PAYLOAD_BITS
            starts = [0, *(np.flatnonzero(np.diff(tags)) + 1).tolist()]
            for start, stop in zip(starts, [*starts[1:], len(tags)], strict=True):
                runs.append((int(tags[start]), index.block, slice(start, stop)))
        for _, block, part in sorted(runs, key=lambda run: run[0]):
            columns = (column[part] for column in block.columns().values())
            yield TermBlock(*columns)

    def _leave_memory(self) -> None:
        for index in self._blocks:
            self._store(_WAIT, pa.table(index.block.columns()))
        self._blocks, self._bytes, self.has_table = [], 0, True

    def _store(self, statement: str, table: pa.Table) -> None:
        self.cursor.register("given", in_row_groups(table))
        self.cursor.execute(statement)
        self.cursor.unregister("given")


def _batch(block: TermBlock, endings: Sequence[Ending]) -> pa.RecordBatch:
    """Rows of `terms`."""
    datatypes, languages = zip(*endings, strict=True)
    return pa.record_batch(
        {
            "id": block.id,
            "lexical": block.lexical,
            "datatype": _named(block.ending, datatypes),
            "language": _named(block.ending, languages),
            "number": block.number,
            "moment": block.moment.cast(pa.timestamp("us")),
        }
    )


def _named(numbers: Ids, names: Sequence[str | None]) -> _Column:
    """A column of few different texts, told by their numbers."""
    has_name = np.array([name is not None for name in names])[numbers]
    places = pa.array(numbers.astype(np.int32), mask=~has_name)
    texts = pa.array([name or "" for name in names], pa.string())
    return pa.DictionaryArray.from_arrays(places, texts)
