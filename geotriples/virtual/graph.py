"""A mapping as a graph that is read in place: nothing of it is stored anywhere.

    mapping -> partitions -> shapes of statements
    what a query wants -> scans -> DuckDB over the sources -> columns of terms

Sources are looked at anew for each query: where a file has changed, the mapping is fit
to it again.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final

import pyarrow as pa
from sqlglot import exp

from engines.duckdb import load_spatial
from engines.term_columns import StatementBatch
from engines.virtual_graphs import (
    Grouping,
    Groups,
    Meets,
    Scan,
    StatementShape,
    Wanted,
)
from geotriples.execution import Execution
from geotriples.plan import Partition, QuadColumns
from geotriples.reports import Prepared, blank_prefix
from geotriples.rows import Rows
from geotriples.targets import own_partitions
from geotriples.term_queries import constant_batches, terms_query
from geotriples.virtual.conditions import sql_of
from geotriples.virtual.engines import Engines
from geotriples.virtual.groups import Counting
from geotriples.virtual.scans import MappedScan, MappedStatement, scans_of
from geotriples.virtual.shapes import term_shape

_ROWS: Final = 1 << 16

Prepare = Callable[[], Prepared]
"""Reads the mapping, and opens its sources."""

_Stamps = Mapping[Path, tuple[int, int] | None]


class MappedGraph:
    """A mapping over its sources, usable from any thread."""

    def __init__(
        self,
        prepare: Prepare,
        sources: Mapping[str, Path],
        parameters: Mapping[str, str],
        engines: Engines | None = None,
    ) -> None:
        """A graph; its sources are opened at once.

        Args:
            prepare: Reads the mapping, and opens its sources.
            sources: Files by the path that the mapping gives them.
            parameters: Values by name, as in a run.
            engines: Who reads; None: engines of its own.

        Raises:
            MappingError: The mapping is wrong, or does not fit its sources.
        """
        self._prepare = prepare
        self._told = (sources, parameters)
        self._lock = Lock()
        self._owns_engines = engines is None
        self._engines = engines or Engines()
        self._is_closed = False
        self._version = self._prepared()

    @contextmanager
    def begin(self) -> Iterator["MappedReading"]:
        """Read the sources as they are now.

        Raises:
            MappingError: A source is gone, or no longer fits the mapping.
        """
        version = self._take_version()
        try:
            engine = self._engines.take(version.prepared.catalog)
            try:
                yield MappedReading(version, engine)
            finally:
                self._engines.give_back(engine)
        finally:
            self._release(version)

    def close(self) -> None:
        """Let go of the sources; harmless when called again."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._drop(self._version)
        if self._owns_engines:
            self._engines.close()

    def _prepared(self) -> "_Version":
        prepared = self._prepare()
        prefix = blank_prefix(prepared.mapping_iri, *self._told)
        return _version(prepared, prefix)

    def _take_version(self) -> "_Version":
        with self._lock:
            if self._version.stamps != _stamps(self._version.stamps):
                newer = self._prepared()
                older, self._version = self._version, newer
                self._drop(older)
            self._version.users += 1
            return self._version

    def _release(self, version: "_Version") -> None:
        with self._lock:
            self._drop(version)

    def _drop(self, version: "_Version") -> None:
        """One user fewer; the last one closes the sources."""
        version.users -= 1
        if not version.users:
            version.prepared.catalog.close()


@dataclass(slots=True)
class _Version:
    """The mapping over its sources as they were at some time.

    Attributes:
        prepared: The plan, and the sources.
        blank_prefix: What labels of blank nodes begin with.
        statements: What rows make, by number.
        shapes: The same as shapes.
        stamps: Time and size of the files that are read.
        users: How many use it; the graph itself is one while it is the latest.
    """

    prepared: Prepared
    blank_prefix: str
    statements: tuple[MappedStatement, ...]
    shapes: tuple[StatementShape, ...]
    stamps: _Stamps
    users: int = 1


def _version(prepared: Prepared, prefix: str) -> _Version:
    statements = tuple(
        MappedStatement(partition, quad)
        for partition in own_partitions(prepared.partitions)
        for quad in _distinct(partition.quads)
    )
    shapes = tuple(
        _shape(number, one, prefix, _source_name(prepared, one.partition))
        for number, one in enumerate(statements)
    )
    paths = {_path(prepared, rows) for one in statements for rows in _sides(one)}
    files = {path: None for path in paths if isinstance(path, Path)}
    return _Version(prepared, prefix, statements, shapes, _stamps(files))


def _distinct(quads: Sequence[QuadColumns]) -> Iterator[QuadColumns]:
    """Statements that several maps say are made once."""
    yield from {(*one.terms, one.graph is None): one for one in quads}.values()


def _shape(
    number: int, statement: MappedStatement, prefix: str, source: str
) -> StatementShape:
    quad = statement.quad
    graph = None if quad.graph is None else term_shape(quad.graph, prefix)
    return StatementShape(
        number,
        source,
        term_shape(quad.subject, prefix),
        term_shape(quad.predicate, prefix),
        term_shape(quad.object, prefix),
        graph,
    )


def _sides(statement: MappedStatement) -> Iterator[Rows]:
    yield statement.partition.child
    if statement.partition.parent is not None:
        yield statement.partition.parent


def _path(prepared: Prepared, rows: Rows) -> Path | str:
    return prepared.catalog.opened(rows.source).path


def _source_name(prepared: Prepared, partition: Partition) -> str:
    names = [
        path.name if isinstance(path, Path) else path
        for rows in (partition.child, partition.parent)
        if rows is not None
        for path in (_path(prepared, rows),)
    ]
    return " with ".join(names)


def _stamps(paths: Mapping[Path, object]) -> _Stamps:
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size


@dataclass(slots=True)
class MappedReading:
    """A graph while one query reads it."""

    version: _Version
    execution: Execution
    tables: int = 0
    _registered: list[str] = field(default_factory=list)

    @property
    def statements(self) -> Sequence[StatementShape]:
        """What rows may make."""
        return self.version.shapes

    def constants(self) -> Iterator[StatementBatch]:
        """The definitions of the CRSs of literals."""
        partitions = [one.partition for one in self.version.statements]
        distinct = list({id(one): one for one in partitions}.values())
        yield from constant_batches(self.execution.definitions(distinct))

    def scans(self, wanted: Sequence[Wanted]) -> Sequence[Scan]:
        """As few readings as give all that is wanted."""
        names = [one.source for one in self.version.shapes]
        return scans_of(
            wanted, self.version.statements, names, self.version.prepared.catalog.opened
        )

    def read(self, scan: Scan, rows: int | None = None) -> Generator[StatementBatch]:
        """The statements of a scan.

        Args:
            scan: What is read.
            rows: How many rows come at a time, about; many when None.

        Raises:
            MappingError: A source cannot be read.
        """
        if not isinstance(scan, MappedScan):
            raise TypeError(f"{scan!r} is a scan of another graph")
        engine = self.execution
        engine.begin("read")
        try:
            query = terms_query(
                scan.partition,
                self._relation(scan),
                self.version.blank_prefix,
                self._where(scan),
            )
            for batch in engine.batches(query.select.sql("duckdb"), rows or _ROWS):
                yield query.statement_batch(batch)
        finally:
            self._forget()

    def groups(self, grouping: Grouping) -> Groups | None:
        """Groups of rows, as `Counting` makes them.

        Raises:
            MappingError: A source cannot be read.
        """
        self.execution.begin("read")
        try:
            relation, prefix = self._relation(None), self.version.blank_prefix
            return Counting(
                self.version.statements, self.execution, relation, prefix
            ).groups(grouping)
        finally:
            self._forget()

    def _relation(self, scan: MappedScan | None) -> Callable[[Rows], str]:
        pushed = {}
        if scan is not None:
            pushed = dict(zip(map(id, scan.sides), scan.pushed, strict=False))

        def relation(rows: Rows) -> str:
            name = self.execution.relation(rows, pushed.get(id(rows), ()))
            self._registered.append(name)
            return name

        return relation

    def _where(self, scan: MappedScan) -> exp.Expr | None:
        prefix = self.version.blank_prefix
        if any(isinstance(one.restriction, Meets) for one in scan.asked):
            load_spatial(self.execution.connection)
        conditions = [
            sql_of(one, scan.sides, prefix, self._table) for one in scan.asked
        ]
        told = [one for one in conditions if one is not None]
        return exp.and_(*told) if told else None

    def _table(self, values: frozenset[str]) -> str:
        name = f"wanted_{self.tables}"
        self.tables += 1
        column = pa.array(sorted(values), pa.string())
        self.execution.connection.register(name, pa.table({"value": column}))
        self._registered.append(name)
        return name

    def _forget(self) -> None:
        for name in self._registered:
            self.execution.connection.unregister(name)
        self._registered.clear()
        self.execution.readings = 0
