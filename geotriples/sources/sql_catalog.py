"""Databases that a mapping or a run names -> connections' makers."""

from collections.abc import Callable
from pathlib import Path

from geotriples.errors import SourceError
from geotriples.mapping.model import DatabaseAccess, LogicalSource
from geotriples.sources.dsn import FileAddress, parse_dsn
from geotriples.sources.sql import QUERIES, TABLES, Database, SqlSource, open_sql
from geotriples.sources.sql_sqlite import SQLite


def open_database_source(
    access: DatabaseAccess,
    source: LogicalSource,
    file: Callable[[str], Path],
) -> SqlSource:
    """A table or query of the database that `access` names.

    Args:
        access: The database.
        source: Which table or query.
        file: Where a file of this name is.

    Raises:
        SourceError: The database cannot be read, or has no such table.
    """
    if source.formulation not in TABLES | QUERIES:
        reason = (
            f"reference formulation <{source.formulation}> is none of databases: "
            "rml:SQL2008Table, rml:SQL2008Query"
        )
        raise SourceError("database", reason)
    return open_sql(open_database(access, file), source)


def open_database(access: DatabaseAccess, file: Callable[[str], Path]) -> Database:
    """The database that `access` names; nothing is asked of it yet.

    Raises:
        SourceError: It is none that we know, or what reads it is not installed.
    """
    try:
        address = parse_dsn(access)
    except ValueError as error:
        raise SourceError("database", str(error)) from error
    if isinstance(address, FileAddress):
        return SQLite(file(address.path))
    try:
        # The drivers are extras: a base installation reads SQLite only.
        if address.kind == "postgresql":
            from geotriples.sources.sql_postgresql import PostgreSQL  # noqa: PLC0415

            return PostgreSQL(address)
        from geotriples.sources.sql_mysql import MySQL  # noqa: PLC0415
    except ImportError as error:
        reason = f"{error}; install pytheas-eo[databases]"
        raise SourceError(address.name, reason) from error
    return MySQL(address)
