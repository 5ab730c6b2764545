"""Compaction: what many small writes left in pieces is put in order, as after one load.

The answers stay the same; they come faster, and the file gives back what was deleted.
Terms that no statement mentions any more stay in the dictionary: an id is for ever.
"""

import time
from dataclasses import dataclass
from typing import Final

import duckdb

from engines.duckdb.failures import wrap_error
from ontologies.progress import Progress, silent
from strabon_store.relational.layout import GEOMETRIES, QUADS, TERM_HASHES, TERMS
from strabon_store.storage.changes import sort_orders
from strabon_store.storage.compact import SORT_GEOMETRIES, count_rows, rewrite
from strabon_store.storage.database import Database, read_meta, write_meta
from strabon_store.storage.stars import read_stars, rebuild_stars
from strabon_store.storage.statistics import rebuild_statistics
from strabon_store.storage.transaction import write_transaction

_SORT_TERMS: Final = "INSERT INTO sorted FROM terms ORDER BY id"
_SORT_HASHES: Final = "INSERT INTO sorted FROM term_hashes ORDER BY hash"


@dataclass(frozen=True, slots=True)
class OptimizeReport:
    """What a compaction did.

    Attributes:
        triples: Statements in the store.
        star_tables: How many star tables there are now.
        size_before: Bytes of the store's files before.
        size: Bytes of them now.
        seconds: How long it took.
    """

    triples: int
    star_tables: int
    size_before: int
    size: int
    seconds: float

    def __str__(self) -> str:
        """A line for people."""
        return (
            f"{self.triples:,} triples in order, {self.star_tables} star tables, "
            f"{self.size:,} bytes (before: {self.size_before:,}), in "
            f"{self.seconds:.1f} s"
        )


def optimize(database: Database, progress: Progress = silent) -> OptimizeReport:
    """Put every table in order and find out anew what is known of them.

    Readers go on with the store as it was; writers wait. Killed, it leaves the store
    as it was.

    Raises:
        StoreUnavailable: The store is open for reading only.
        EngineError: The engine failed; the store is as it was.
    """
    started = time.perf_counter()
    before = database.size
    try:
        triples, star_tables = _rewrite_tables(database, progress)
        _give_back(database)
    except duckdb.Error as error:
        raise wrap_error(error) from error
    progress("optimize", 1.0)
    seconds = time.perf_counter() - started
    return OptimizeReport(triples, star_tables, before, database.size, seconds)


def _rewrite_tables(database: Database, progress: Progress) -> tuple[int, int]:
    with write_transaction(database) as cursor:
        for done, step in enumerate(_STEPS, start=1):
            step(cursor)
            progress("optimize", done / (len(_STEPS) + 1))
        return count_rows(cursor, QUADS), len(read_stars(cursor).tables)


def _give_back(database: Database) -> None:
    """Let the file shrink to what is in use."""
    with database.cursor() as cursor:
        try:
            cursor.execute("CHECKPOINT")
        except duckdb.TransactionException:
            # Somebody still reads what was replaced: the engine does it later.
            return


def _sort_dictionary(cursor: duckdb.DuckDBPyConnection) -> None:
    rewrite(cursor, TERMS, _SORT_TERMS)
    rewrite(cursor, TERM_HASHES, _SORT_HASHES)


def _sort_geometries(cursor: duckdb.DuckDBPyConnection) -> None:
    rewrite(cursor, GEOMETRIES, SORT_GEOMETRIES)


def _begin_generation(cursor: duckdb.DuckDBPyConnection) -> None:
    # Plans name star tables, and rest on what was known.
    write_meta(cursor, "generation", str(int(read_meta(cursor, "generation")) + 1))


_STEPS: Final = (
    _begin_generation,
    _sort_dictionary,
    _sort_geometries,
    sort_orders,
    rebuild_statistics,
    rebuild_stars,
)
