"""The statements of a load on their way into the store, as ids.

The first load of a store keeps them in memory, where they are sorted in a fraction of
the time that the engine takes (see `storage.first_load`), unless they are too many.
Those, and all of later loads, wait in a temporary table, of which the engine puts on
disk what does not fit.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa

from strabon_store.backends.sql import Template, identifier
from strabon_store.storage.changes import create_quads
from strabon_store.storage.lines import in_row_groups

Ids: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

ARRIVED: Final = "arrived"
"""The temporary table of the quads of a load, as they were read."""

MOST_IN_MEMORY: Final = 1 << 24
"""Statements of a first load that are sorted here: half a gigabyte of ids."""

_STAGE: Final = Template("""
INSERT INTO :a SELECT graph, subject, predicate, object FROM given
""")


class Quads(NamedTuple):
    """Columns of term ids, a row for each statement."""

    graph: Ids
    subject: Ids
    predicate: Ids
    object: Ids


def stage(cursor: duckdb.DuckDBPyConnection, table: str, quads: Quads) -> None:
    """Put statements into a table with the columns of the quads, in their order."""
    cursor.register("given", in_row_groups(pa.table(quads._asdict())))
    cursor.execute(_STAGE.filled([identifier(table)]))
    cursor.unregister("given")


class Arrivals:
    """The statements that a load has read so far.

    Attributes:
        blocks: Those in memory; None: they are in the table `ARRIVED`.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, most: int) -> None:
        """None yet.

        Args:
            cursor: The table is one of its temporary tables.
            most: How many may be in memory.
        """
        self.blocks: list[Quads] | None = []
        self._cursor = cursor
        self._most = most
        if not most:
            self._leave_memory(())

    def add(self, quads: Quads) -> None:
        """Keep some more, repeats allowed."""
        blocks = self.blocks
        if blocks is None:
            stage(self._cursor, ARRIVED, quads)
            return
        blocks.append(quads)
        if sum(len(each.subject) for each in blocks) > self._most:
            self._leave_memory(blocks)

    def _leave_memory(self, blocks: Sequence[Quads]) -> None:
        create_quads(self._cursor, ARRIVED)
        for block in blocks:
            stage(self._cursor, ARRIVED, block)
        self.blocks = None
