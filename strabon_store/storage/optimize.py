"""Compaction: what many small writes left in pieces is put in order, as after one load.

The answers stay the same; they come faster, and the file gives back what was deleted.
Geometry literals that have no geometry are read again, by what is known today.
Terms that no statement mentions any more stay in the dictionary: an id is for ever.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import duckdb

from engines.duckdb import DATABASE
from engines.duckdb.failures import wrap_error
from ontologies.progress import Progress, silent
from strabon_store.backends.sql import Template, identifier
from strabon_store.relational.layout import (
    GEOMETRIES,
    QUADS,
    TABLES,
    TERM_HASHES,
    TERMS,
)
from strabon_store.storage.changes import sort_orders
from strabon_store.storage.compact import SORT_GEOMETRIES, count_rows, rewrite
from strabon_store.storage.database import (
    Database,
    last_block,
    read_meta,
    write_meta,
)
from strabon_store.storage.geometries_anew import read_geometries_anew
from strabon_store.storage.stars import read_stars, rebuild_stars
from strabon_store.storage.statistics import rebuild_statistics
from strabon_store.storage.transaction import write_transaction

_HOLLOW: Final = 4
"""Tables are moved when one block is free for so many that are in use."""

_MOVES: Final = 3
"""How often: what the checkpoint writes last is moved after what lay before it."""

_COUNT_BLOCKS: Final = """
SELECT used_blocks, free_blocks FROM pragma_database_size() WHERE database_name = $name
"""
_COPY_STAR: Final = (
    Template("CREATE TABLE moved AS FROM :a"),
    Template("DROP TABLE :a"),
    Template("ALTER TABLE moved RENAME TO :a"),
)
_SORT_TERMS: Final = "INSERT INTO sorted FROM terms ORDER BY id"
_SORT_HASHES: Final = "INSERT INTO sorted FROM term_hashes ORDER BY hash"


@dataclass(frozen=True, slots=True)
class OptimizeReport:
    """What a compaction did.

    Attributes:
        triples: Statements in the store.
        geometries: Geometry literals that had no geometry and have one now.
        star_tables: How many star tables there are now.
        size_before: Bytes of the store's files before.
        size: Bytes of them now.
        seconds: How long it took.
    """

    triples: int
    geometries: int
    star_tables: int
    size_before: int
    size: int
    seconds: float

    def __str__(self) -> str:
        """A line for people."""
        read = f"{self.geometries:,} geometries read anew, " if self.geometries else ""
        return (
            f"{self.triples:,} triples in order, {read}{self.star_tables} star tables, "
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
        triples, geometries, star_tables = _rewrite_tables(database, progress)
        with _metadata_anew(database):
            if _give_back(database):
                _move_to_front(database)
    except duckdb.Error as error:
        raise wrap_error(error) from error
    progress("optimize", 1.0)
    seconds = time.perf_counter() - started
    size = database.size
    return OptimizeReport(triples, geometries, star_tables, before, size, seconds)


def _rewrite_tables(database: Database, progress: Progress) -> tuple[int, int, int]:
    with write_transaction(database) as cursor:
        geometries = read_geometries_anew(cursor)
        for done, step in enumerate(_STEPS, start=1):
            step(cursor)
            progress("optimize", done / (len(_STEPS) + 1))
        star_tables = len(read_stars(cursor).tables)
        return count_rows(cursor, QUADS), geometries, star_tables


@contextmanager
def _metadata_anew(database: Database) -> Iterator[None]:
    """A time in which a checkpoint writes what describes a table again.

    Else what it wrote last stays where it is, and no file ends before that.
    """
    setting = "SET GLOBAL experimental_metadata_reuse"
    with database.cursor() as cursor:
        cursor.execute(f"{setting} = false")
        try:
            yield
        finally:
            cursor.execute(f"{setting} = true")


def _give_back(database: Database) -> bool:
    """Let the file end behind what is in use; whether it could be done now."""
    with database.cursor() as cursor:
        try:
            cursor.execute("CHECKPOINT")
        except duckdb.TransactionException:
            # Somebody still reads what was replaced: the engine does it later.
            return False
    return True


def _move_to_front(database: Database) -> None:
    """Write what lies at the end of the file into blocks that are free before it.

    What is moved first leaves its blocks to what comes next; small tables are written
    by the checkpoint, behind everything, and have to be moved after it.
    """
    for _ in range(_MOVES):
        used, free = _blocks(database)
        if free * _HOLLOW < used or not _give_back(database):
            return
        with write_transaction(database) as cursor:
            # What the file says of itself is written anew only with a change.
            _begin_generation(cursor)
            for name in _names_of_tables(cursor):
                if last_block(cursor, name) >= used:
                    _write_anew(cursor, name)
        _give_back(database)


def _blocks(database: Database) -> tuple[int, int]:
    """How many blocks of the file are in use, and how many are free."""
    with database.cursor() as cursor:
        rows = cursor.execute(_COUNT_BLOCKS, {"name": DATABASE}).fetchall()
    used, free = rows[0]
    return int(used), int(free)


def _names_of_tables(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    stars = [table.name for table in read_stars(cursor).tables]
    return [*(table.name for table in TABLES), *stars]


def _write_anew(cursor: duckdb.DuckDBPyConnection, name: str) -> None:
    source = identifier(name)
    table = next((each for each in TABLES if each.name == name), None)
    if table is not None:
        rewrite(cursor, table, f"INSERT INTO sorted FROM {source}")
        return
    for statement in _COPY_STAR:
        cursor.execute(statement.filled([source]))


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
