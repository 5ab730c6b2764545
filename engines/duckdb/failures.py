"""DuckDB's exceptions become ours, in one place.

Arrow readers raise an `OSError` with DuckDB's message in place of DuckDB's exception;
the message begins with the name of the kind, so that it is wrapped all the same.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import duckdb

from engines.errors import (
    DatabaseCorrupt,
    DatabaseLocked,
    DiskFull,
    EngineBroken,
    EngineError,
    Interrupted,
    MemoryExceeded,
    PatternTooCostly,
    QueryFailed,
    StorageFailed,
    ValueUnfit,
    WriteConflict,
)

WRAPPED: Final[Mapping[type[Exception], type[EngineError]]] = MappingProxyType(
    {
        duckdb.Warning: QueryFailed,
        duckdb.Error: QueryFailed,
        duckdb.DatabaseError: QueryFailed,
        duckdb.DataError: ValueUnfit,
        duckdb.ConversionException: ValueUnfit,
        duckdb.OutOfRangeException: ValueUnfit,
        duckdb.TypeMismatchException: ValueUnfit,
        duckdb.InternalError: EngineBroken,
        duckdb.InternalException: EngineBroken,
        duckdb.FatalException: EngineBroken,
        duckdb.SerializationException: EngineBroken,
        duckdb.IntegrityError: WriteConflict,
        duckdb.ConstraintException: WriteConflict,
        duckdb.TransactionException: WriteConflict,
        duckdb.DependencyException: WriteConflict,
        duckdb.InterruptException: Interrupted,
        duckdb.OutOfMemoryException: MemoryExceeded,
        duckdb.OperationalError: StorageFailed,
        duckdb.IOException: StorageFailed,
        duckdb.HTTPException: StorageFailed,
        duckdb.ConnectionException: StorageFailed,
        duckdb.PermissionException: QueryFailed,
        duckdb.SequenceException: QueryFailed,
        duckdb.ProgrammingError: QueryFailed,
        duckdb.BinderException: QueryFailed,
        duckdb.CatalogException: QueryFailed,
        duckdb.InvalidInputException: QueryFailed,
        duckdb.InvalidTypeException: QueryFailed,
        duckdb.ParserException: QueryFailed,
        duckdb.SyntaxException: QueryFailed,
        duckdb.NotSupportedError: QueryFailed,
        duckdb.NotImplementedException: QueryFailed,
    }
)
"""Ours for each of DuckDB's classes."""

_KINDS: Final = MappingProxyType(
    {
        "INTERRUPT": duckdb.InterruptException,
        "Out of Memory": duckdb.OutOfMemoryException,
        "Conversion": duckdb.ConversionException,
        "Out of Range": duckdb.OutOfRangeException,
        "Mismatch Type": duckdb.TypeMismatchException,
        "IO": duckdb.IOException,
        "HTTP": duckdb.HTTPException,
        "INTERNAL": duckdb.InternalException,
        "FATAL": duckdb.FatalException,
    }
)
"""How DuckDB's messages begin, before `Error:`."""

_KIND: Final = re.compile(r"(?:Invalid Error: )?([\w ]+) Error: ")
_TOO_COSTLY: Final = re.compile(r"\bPatternTooCostly: [^\n]*?: (.*)")
_HOLDER: Final = re.compile(r"Conflicting lock is held in (.*?)\. See", re.DOTALL)
_LOCKED: Final = "Could not set lock on file"
_ARROW_FULL: Final = "maximum total string size"
_DISK_FULL: Final = ("No space left on device", "Disk quota exceeded")


def wrap_error(error: Exception, path: Path | None = None) -> EngineError:
    """The exception of ours for one of DuckDB's; raise it `from error`.

    Args:
        error: What DuckDB raised, or Arrow for it.
        path: The database file, when opening it was what failed.

    Examples:
        >>> type(wrap_error(OSError("Out of Memory Error: no room"))).__name__
        'MemoryExceeded'
    """
    reason = str(error)
    if path is not None and _LOCKED in reason:
        holder = _HOLDER.search(reason)
        return DatabaseLocked(path, holder[1] if holder else None)
    if path is not None and path.is_file():
        return DatabaseCorrupt(path, reason.splitlines()[0])
    if any(words in reason for words in _DISK_FULL):
        return DiskFull(_first_line(reason))
    if _ARROW_FULL in reason:
        return MemoryExceeded(
            "geometries or texts are too large for a function that computes them "
            "2,048 at a time, of 2 GB in all; ask for fewer of them at once, by a "
            "filter or in a subquery with LIMIT"
        )
    if costly := _TOO_COSTLY.search(reason):
        return PatternTooCostly(costly[1])
    return WRAPPED[_class_of(error)](_first_line(reason))


def _class_of(error: Exception) -> type[Exception]:
    for kind in type(error).__mro__:
        if kind in WRAPPED:
            return kind
    named = _KIND.match(str(error))
    return _KINDS.get(named[1], duckdb.Error) if named else duckdb.Error


def _first_line(reason: str) -> str:
    """What happened; DuckDB goes on with advice on settings of its own."""
    return reason.partition("\n")[0].strip()
