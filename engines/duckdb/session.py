"""Connections to DuckDB with the spatial extension, without a network.

The extension comes from the package `duckdb-extension-spatial` and is loaded by path;
DuckDB's own ways to fetch extensions are off.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import duckdb

from engines.duckdb.failures import wrap_error
from engines.duckdb.interrupts import number
from engines.errors import DatabaseMissing, ExtensionMissing


@dataclass(frozen=True, slots=True)
class Spill:
    """Where queries put what does not fit in memory.

    Attributes:
        folder: The folder; made when it is needed.
        limit: Bytes that may lie there; what the disk has when None.
    """

    folder: Path
    limit: int | None = None


DATABASE: Final = "store"
"""What SQL calls the database of a file that is open."""

_USE: Final = f"USE {DATABASE}"
LAYOUT: Final = "STORAGE_VERSION 'latest', ROW_GROUP_SIZE 32768"
"""How a file is written: as nothing older than this DuckDB reads it, a tenth smaller.

Row groups have a quarter of DuckDB's own number of rows. To find one row it reads a row
group of each column; to read all, small ones cost as much as large ones.
"""

_FOR_SPEED: Final = (
    # ALP-RD takes an eighth off random doubles, and unpacking it is most of a scan.
    "SET GLOBAL disabled_compression_methods = 'alprd'",
    # To find the rows of a small LIMIT first and to read them again by a join costs
    # more than to read their other columns at once, which the filter of Top-N narrows.
    "SET GLOBAL late_materialization_max_rows = 0",
)


def connect(
    path: Path | None = None,
    *,
    read_only: bool = False,
    memory_limit: int | None = None,
    spill: Spill | None = None,
    threads: int | None = None,
    spatial: bool = True,
) -> duckdb.DuckDBPyConnection:
    """A connection with spatial functions; in memory when there is no path.

    `ST_Transform` takes coordinates as x = east, y = north for every CRS
    (`geometry_always_xy`), as everywhere in our code.

    Args:
        path: The database file; made when absent, unless `read_only`.
        read_only: Refuse writes; several processes may read at a time.
        memory_limit: Bytes that DuckDB may hold for all its queries; 80 % of the
            machine's when None.
        spill: Where it puts what does not fit; beside the database when None.
        threads: How many threads it may use; all cores when None.
        spatial: Whether there are spatial functions.

    Raises:
        DatabaseLocked: Another process has the file open for writing.
        DatabaseCorrupt: The file is no DuckDB database, or is cut short.
        DatabaseMissing: `read_only`, and there is no file.
        ExtensionMissing: The spatial extension is not installed.

    Examples:
        >>> connect().sql("SELECT ST_AsText(ST_Point(1, 2))").fetchone()
        ('POINT (1 2)',)
    """
    if read_only and path is not None and not path.exists():
        raise DatabaseMissing(path)
    extension = spatial_extension() if spatial else None
    connection = duckdb.connect(
        ":memory:", config=_settings(memory_limit, spill, threads)
    )
    if extension is not None:
        _load(connection, extension)
    # Progress is our callers' affair; DuckDB would print to the terminal.
    connection.execute("SET enable_progress_bar = false")
    for setting in _FOR_SPEED:
        connection.execute(setting)
    if path is not None:
        _attach(connection, path, read_only=read_only)
    return connection


def load_spatial(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection that has no spatial functions have them; again does nothing.

    Raises:
        ExtensionMissing: The spatial extension is not installed.
    """
    _load(connection, spatial_extension())


def _load(connection: duckdb.DuckDBPyConnection, extension: Path) -> None:
    connection.load_extension(str(extension))
    connection.execute("SET GLOBAL geometry_always_xy = true")


def cursor_of(
    connection: duckdb.DuckDBPyConnection, database: str = DATABASE
) -> duckdb.DuckDBPyConnection:
    """A cursor of a connection to a file, with transactions of its own.

    To a cursor that DuckDB makes the tables of the file have long names only. Functions
    in Python hear of its interrupts (see `engines.duckdb.interrupts`).

    Args:
        connection: The connection.
        database: What SQL calls the database whose tables are meant.
    """
    cursor = connection.cursor()
    cursor.execute(f"USE {database}")
    number(cursor)
    return cursor


def _settings(
    memory_limit: int | None, spill: Spill | None, threads: int | None
) -> dict[str, str | bool | int | float | list[str]]:
    settings: dict[str, str | bool | int | float | list[str]] = {
        # To check the signature of the spatial extension takes 0.3 CPU seconds. Its
        # file was installed as the engine's own was, and nothing else is ever loaded.
        "allow_unsigned_extensions": True,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if memory_limit is not None:
        settings["memory_limit"] = f"{memory_limit}B"
    if spill is not None:
        settings["temp_directory"] = str(spill.folder)
    if spill is not None and spill.limit is not None:
        settings["max_temp_directory_size"] = f"{spill.limit}B"
    if threads is not None:
        settings["threads"] = threads
    return settings


def _attach(
    connection: duckdb.DuckDBPyConnection, path: Path, *, read_only: bool
) -> None:
    """Make a file what statements mean by default.

    Raises:
        EngineError: It cannot be opened.
    """
    mode = "READ_ONLY" if read_only else "READ_WRITE"
    name = str(path).replace("'", "''")
    options = f"(TYPE duckdb, {mode}, {LAYOUT})"
    try:
        connection.execute(f"ATTACH '{name}' AS {DATABASE} {options}")
        connection.execute(_USE)
    except duckdb.Error as error:
        connection.close()
        raise wrap_error(error, path) from error


def spatial_extension() -> Path:
    """The file of the spatial extension that matches the installed DuckDB.

    Raises:
        ExtensionMissing: The package is absent, or is for another DuckDB.
    """
    version = duckdb.__version__
    try:
        root = Path(str(files("duckdb_extension_spatial")))
    except ModuleNotFoundError as error:
        absent = Path("duckdb_extension_spatial")
        raise ExtensionMissing(absent, version) from error
    path = root / "extensions" / f"v{version}" / "spatial.duckdb_extension"
    if not path.is_file():
        raise ExtensionMissing(path, version)
    return path
