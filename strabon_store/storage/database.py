"""The directory of a store, and the database file in it.

Writers take turns, each in one transaction; whoever reads meanwhile sees the store as
it was. Engine errors end here: what comes out is `StoreUnavailable`, with the path and
the cure.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final

import duckdb

from engines.duckdb import DATABASE, Spill, connect, cursor_of
from engines.duckdb.functions import register_functions
from engines.errors import DatabaseCorrupt, DatabaseLocked
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import define_crs
from strabon_store.backends.duckdb_functions import register
from strabon_store.backends.sql import Sql, Template, identifier, joined
from strabon_store.errors import StoreInUse, StoreUnavailable
from strabon_store.relational.layout import META, TABLES, Table
from strabon_store.storage.migrations import (
    MIGRATIONS,
    has_other_hashes,
    migrate,
    rehash,
)
from strabon_store.storage.spill import remove_abandoned, spill_folder

FILE_NAME: Final = "store.duckdb"
"""The database in a store's directory."""

FORMAT_VERSION: Final = "8"
"""Raised when an older program can no longer read what a newer one writes."""

_FORMAT: Final = "format"
_CREATE: Final = Template("CREATE TABLE :a (:b)")
_CREATE_TEMPORARY: Final = Template("CREATE TEMPORARY TABLE :a (:b)")
_COLUMN: Final = Template(":a :b")
_FULL_COLUMN: Final = Template(":a :b NOT NULL")
_HEADER: Final = 3 * 4096
"""Bytes of a DuckDB file before its first block."""

_START: Final = (
    (_FORMAT, FORMAT_VERSION),
    ("generation", "0"),
    ("next_key", "1"),
    # How many subjects make a star table worth having.
    ("star_subjects", "1000"),
)


class Commits:
    """Counts what is committed: twice, so that the count is odd meanwhile.

    Who reads the same even count before and after has read one state of the store,
    without a transaction and a query to find out which.
    """

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """The time in which something is committed, by one writer at a time."""
        self.count += 1
        try:
            yield
        finally:
            self.count += 1

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is being committed."""
        return self.count % 2 == 0


@dataclass(frozen=True, slots=True)
class Database:
    """An open store.

    Attributes:
        location: The directory.
        connection: To its database; take a `cursor()` per query.
        is_read_only: Whether it refuses writes.
        write_lock: Held by the one who writes.
        commits: How often somebody wrote since it was opened.
        name: What SQL calls it.
    """

    location: Path
    connection: duckdb.DuckDBPyConnection
    is_read_only: bool
    write_lock: Lock = field(default_factory=Lock, compare=False)
    commits: Commits = field(default_factory=Commits, compare=False)
    name: str = DATABASE

    @property
    def size(self) -> int:
        """Bytes of the database and of its log."""
        return sum(file.stat().st_size for file in self.location.glob(f"{FILE_NAME}*"))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor with transactions of its own, to be closed after use."""
        return cursor_of(self.connection, self.name)

    def close(self) -> None:
        """Let go of the file; harmless when called again."""
        self.connection.close()


@dataclass(frozen=True, slots=True)
class Resources:
    """What all queries of a process may use together.

    Attributes:
        memory_limit: Bytes of memory; 80 % of the machine's when None.
        spill_limit: Bytes on disk beyond that; what the disk has when None.
    """

    memory_limit: int | None = None
    spill_limit: int | None = None


_AS_MUCH_AS_THERE_IS: Final = Resources()


def open_database(
    location: Path,
    resources: Resources = _AS_MUCH_AS_THERE_IS,
    *,
    read_only: bool = False,
) -> Database:
    """The store at a directory; made when absent, unless `read_only`.

    Raises:
        StoreUnavailable: Absent, no store, in use by another process, damaged, or of
            another format.
    """
    path = location / FILE_NAME
    _require(location, path, read_only=read_only)
    try:
        connection = connect(
            path,
            read_only=read_only,
            memory_limit=resources.memory_limit,
            spill=Spill(spill_folder(location), resources.spill_limit),
        )
    except DatabaseLocked as error:
        by = f" by {error.holder}" if error.holder else ""
        raise StoreInUse(
            f"the store {location} is in use{by}; stop that process, ask it over "
            "HTTP, or work on another store"
        ) from error
    except DatabaseCorrupt as error:
        raise _damaged(location, error.reason) from error
    try:
        _prepare(connection, location, read_only=read_only)
        if not read_only:
            remove_abandoned(location)
    except duckdb.Error as error:
        connection.close()
        raise _damaged(location, str(error).splitlines()[0]) from error
    except StoreUnavailable:
        connection.close()
        raise
    return Database(location, connection, read_only)


def read_meta(connection: duckdb.DuckDBPyConnection, key: str) -> str:
    """A value of the table `meta`.

    Raises:
        KeyError: There is none; a store always has those it starts with.
    """
    found = connection.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
    if found is None:
        raise KeyError(key)
    return str(found[0])


def write_meta(connection: duckdb.DuckDBPyConnection, key: str, value: str) -> None:
    """Set a value of the table `meta`."""
    connection.execute("UPDATE meta SET value = ? WHERE key = ?", [value, key])


@cache
def create_statement(table: Table, *, is_temporary: bool = False) -> Sql:
    """The SQL that makes a table.

    Examples:
        >>> create_statement(META)
        'CREATE TABLE "meta" ("key" VARCHAR NOT NULL, "value" VARCHAR NOT NULL)'
    """
    columns = [
        (_COLUMN if column.is_nullable else _FULL_COLUMN).filled(
            [identifier(column.name), Sql(column.type)]
        )
        for column in table.columns
    ]
    statement = _CREATE_TEMPORARY if is_temporary else _CREATE
    return statement.filled([identifier(table.name), joined(", ", columns)])


def _require(location: Path, path: Path, *, read_only: bool) -> None:
    """Make the directory, or say why not."""
    if location.exists() and not location.is_dir():
        raise StoreUnavailable(
            f"{location} is a file, and a store is a directory; name another place"
        )
    if not read_only:
        try:
            location.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"cannot make the store {location}: {error.strerror}"
            ) from error
        return
    if not location.exists():
        problem = f"there is no store at {location}"
    elif not path.exists():
        problem = f"the directory {location} is no store: it has no {FILE_NAME}"
    else:
        return
    raise StoreUnavailable(
        f"{problem}; make one with `pytheas load FILE... --location {location}`"
    )


def _damaged(location: Path, reason: str) -> StoreUnavailable:
    if "already attached" in reason:
        return StoreUnavailable(
            f"this process has the store {location} open already; use that one, or "
            "close it first"
        )
    return StoreUnavailable(
        f"the store {location} cannot be read: {reason.rstrip('.')}; restore a backup "
        "of it, or load its files into a new one"
    )


def _prepare(
    connection: duckdb.DuckDBPyConnection, location: Path, *, read_only: bool
) -> None:
    tables = {
        row[0]
        for row in connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE NOT temporary"
        ).fetchall()
    }
    if not tables and not read_only:
        create_tables(connection)
    elif META.name not in tables:
        raise StoreUnavailable(
            f"{location / FILE_NAME} is a database, but no store; name another place"
        )
    _check_length(connection, location, tables)
    _bring_up_to_date(connection, location, read_only=read_only)
    prepare_functions(connection)
    _recall_definitions(connection)


def prepare_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known that queries call."""
    register_functions(connection)
    register(connection)


def _recall_definitions(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the IRIs of CRSs without a code be resolved that the store has been told."""
    rows = connection.execute("SELECT iri, definition FROM crs_definitions").fetchall()
    for iri, definition in rows:
        # A damaged one keeps nobody from the rest of the store; `verify` tells of it.
        with suppress(OntologyError):
            define_crs(iri, definition)


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables of a store that holds nothing."""
    connection.begin()
    for table in TABLES:
        connection.execute(create_statement(table))
    connection.executemany("INSERT INTO meta VALUES (?, ?)", [list(p) for p in _START])
    connection.execute(
        "INSERT INTO meta SELECT 'hash_probe', hash('probe', NULL, 'en')"
    )
    connection.commit()


def _bring_up_to_date(
    connection: duckdb.DuckDBPyConnection, location: Path, *, read_only: bool
) -> None:
    """That the store has the format of this program, after steps when it is older."""
    try:
        found = read_meta(connection, _FORMAT)
    except (KeyError, duckdb.BinderException):
        found = "unknown"
    is_old = found in MIGRATIONS
    if found != FORMAT_VERSION and not is_old:
        raise StoreUnavailable(
            f"the store {location} has format {found}, this program reads format "
            f"{FORMAT_VERSION}; load its files into a new one"
        )
    if read_only and (is_old or has_other_hashes(connection)):
        raise StoreUnavailable(
            f"the store {location} was written by an older program (format {found}); "
            "open it for writing once, e.g. with `pytheas load`, to bring it up to date"
        )
    if is_old:
        migrate(connection, found, FORMAT_VERSION)
    elif has_other_hashes(connection):
        rehash(connection)


def _check_length(
    connection: duckdb.DuckDBPyConnection, location: Path, tables: Iterable[str]
) -> None:
    """That all blocks of the tables are in the file: DuckDB looks when it reads them.

    A file that was cut short would open, and fail in the middle of a query.
    """
    last = max((last_block(connection, table) for table in tables), default=-1)
    size = connection.execute("SELECT block_size FROM pragma_database_size()")
    (block_size,) = size.fetchall()[0]
    if (location / FILE_NAME).stat().st_size < _HEADER + (last + 1) * block_size:
        raise _damaged(location, "its end is missing")


def last_block(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """The number of the last block that a table uses, -1 for none."""
    rows = connection.execute(
        "SELECT max(greatest(block_id, list_max(additional_block_ids))) "
        "FROM pragma_storage_info(?)",
        [table],
    ).fetchall()
    return -1 if rows[0][0] is None else int(rows[0][0])
