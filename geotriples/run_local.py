"""Run a mapping on this machine: DuckDB over Arrow, to a file of RDF.

    parse -> normalize -> validate -> plan -> statements -> DuckDB -> sinks

The output is a set of quads in sorted order: running twice gives the same bytes,
whatever the order of the input's rows.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final, Self

import duckdb
import pyarrow as pa

from engines.duckdb import connect
from engines.duckdb.failures import wrap_error
from geotriples.crs_definitions import definition_lines
from geotriples.errors import InvalidData, MappingError
from geotriples.mapping.model import DatabaseAccess, SourceKey
from geotriples.plan import Partition
from geotriples.primitives import install_primitives
from geotriples.reports import OnInvalid, Rejected, RunReport, prepare_run
from geotriples.rows import Rows
from geotriples.sinks import Written, check_output, write
from geotriples.sources.catalog import SourceCatalog
from geotriples.statements import checks_query, lines_query
from ontologies.errors import PytheasError
from ontologies.namespaces import ID
from ontologies.progress import Progress, silent

_BATCH_ROWS: Final = 16_384
_SPARE_IO_THREADS: Final = 8
_LISTED: Final = 100
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_NO_SOURCES: Final[Mapping[str, Path]] = MappingProxyType({})


def run(  # noqa: PLR0913 - the parts of a run are independent, and named at the call
    mapping: Path,
    output: Path,
    *,
    sources: Mapping[str, Path] = _NO_SOURCES,
    parameters: Mapping[str, str] = _NOTHING,
    base: str = ID,
    database: DatabaseAccess | None = None,
    on_invalid: OnInvalid = "fail",
    progress: Progress = silent,
) -> RunReport:
    """Turn sources into RDF as a mapping says.

    A reference `pytheas:{name}` in the mapping is the parameter of that name, the same
    in every row of every source.  The run itself provides `mapping_name` (the file's
    stem) and `mapping_sha` (the first 12 hex digits of the SHA-256 of its text).

    Args:
        mapping: An RML mapping in Turtle.
        output: The file to write; `.nq`, `.nt` or `.ttl`.
        sources: Files by the `rml:path` that the mapping gives them; others are looked
            for beside the mapping, and nowhere above it.
        parameters: Values by name.
        base: What relative IRIs are appended to, unless a triples map says otherwise.
        database: The database of logical tables that name none, as in R2RML.  A file
            that the run itself names may be anywhere.
        on_invalid: Whether a value that makes no valid term ends the run, or is left
            out and reported.
        progress: Told how far the run is.

    Raises:
        MappingNotFound: There is no such mapping.
        InvalidMapping: The mapping has problems, alone or with these sources.
        SourceError: A source cannot be read.
        InvalidData: Values make no valid term, and `on_invalid` is `fail`.
        FunctionFailure: A function rejects its arguments.
        OutputError: The output cannot be written.
    """
    started = time.monotonic()
    check_output(output)
    prepared = prepare_run(mapping, sources, parameters, base, database)
    partitions = prepared.partitions
    prefix = f".{output.name}."
    with (
        TemporaryDirectory(dir=output.parent, prefix=prefix) as spill,
        _Execution(prepared.catalog, progress, Path(spill)) as execution,
    ):
        definitions = execution.definitions(partitions)
        rejected, count = execution.rejected(partitions)
        if count and on_invalid == "fail":
            raise InvalidData(rejected, count)
        written = execution.write(partitions, output, definitions)
    progress("map", 1.0)
    return RunReport(
        triples=written.quads,
        rows=execution.row_count,
        rejected=count,
        examples=rejected,
        seconds=time.monotonic() - started,
        mapping_iri=prepared.mapping_iri,
        sha256=written.sha256,
    )


@dataclass(slots=True)
class _Execution:
    """DuckDB, with the primitives of terms and the sources of one run."""

    catalog: SourceCatalog
    progress: Progress
    spill: Path
    connection: duckdb.DuckDBPyConnection = field(default_factory=connect)
    rows_read: dict[SourceKey, int] = field(default_factory=dict)
    # pyproj keeps its contexts by thread, and crashes on those of DuckDB, which Python
    # forgets after each call.
    workers: ThreadPoolExecutor = field(default_factory=ThreadPoolExecutor)
    readings: int = 0
    stage: str = ""
    rows_done: int = 0
    rows_expected: int = 0
    failure: PytheasError | None = None

    def __post_init__(self) -> None:
        install_primitives(self.connection, self.guarded)
        # What a sort cannot hold in memory goes beside the output, not to the current
        # directory.
        self.connection.execute("SET temp_directory = ?", [str(self.spill)])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self.workers.shutdown()

    def begin(self, stage: str) -> None:
        """Count from nothing what is read from here on."""
        self.stage, self.rows_done, self.rows_expected = stage, 0, 0

    def rejected(
        self, partitions: Sequence[Partition]
    ) -> tuple[tuple[Rejected, ...], int]:
        """The first values that make no valid term, and how many there are."""
        self.begin("check")
        query = checks_query(partitions, self.relation)
        if query is None:
            return (), 0
        found: list[Rejected] = []
        count = 0
        for batch in self.batches(query.sql("duckdb")):
            count += batch.num_rows
            missing = max(_LISTED - len(found), 0)
            rows = batch.slice(0, missing).to_pylist()
            found += [Rejected(**row) for row in rows]
        return tuple(sorted(found, key=lambda one: (one.row, one.node))), count

    def definitions(self, partitions: Sequence[Partition]) -> tuple[str, ...]:
        """The lines that define the CRSs of literals."""
        # PROJ's contexts belong to a thread, and each of the workers has its own.
        return self.workers.submit(definition_lines, partitions).result()

    def write(
        self,
        partitions: Sequence[Partition],
        output: Path,
        definitions: Sequence[str],
    ) -> Written:
        """Write the quads of every partition, and lines that depend on no row."""
        if not partitions:
            return write((), output)
        self.begin("map")
        query = lines_query(partitions, self.relation, definitions).sql("duckdb")
        return write((batch.column(0) for batch in self.batches(query)), output)

    @property
    def row_count(self) -> int:
        """Rows read, each source counted once."""
        return sum(self.rows_read.values())

    def relation(self, rows: Rows) -> str:
        """Register a fresh reading of a source; a reading can be used once."""
        name = f"reading_{self.readings}"
        self.readings += 1
        reader = self.catalog.opened(rows.source).read(rows.references)
        counted = pa.RecordBatchReader.from_batches(
            reader.schema, self.counted(reader, rows.source)
        )
        self.connection.register(name, counted)
        _ensure_io_threads(self.readings)
        row_count = self.catalog.opened(rows.source).row_count
        if row_count is not None:
            self.rows_expected += row_count
        return name

    def counted(
        self, reader: pa.RecordBatchReader, key: SourceKey
    ) -> Iterator[pa.RecordBatch]:
        count = 0
        try:
            for batch in reader:
                count += batch.num_rows
                self.rows_done += batch.num_rows
                if self.rows_expected:
                    done = self.rows_done / self.rows_expected
                    # Sources that do not know their length are in one count only.
                    self.progress(self.stage, min(done, 1.0))
                yield batch
        except MappingError as error:
            self.failure = error
            raise
        self.rows_read[key] = count

    def guarded(self, call: Callable[..., pa.Array]) -> Callable[..., pa.Array]:
        """Keep what a primitive raises: DuckDB passes on only its text."""

        # DuckDB counts the arguments in the signature, which `wraps` passes on.
        @wraps(call)
        def guarded_call(*columns: pa.Array) -> pa.Array:
            chunks = [_one_chunk(column) for column in columns]
            try:
                return self.workers.submit(call, *chunks).result()
            except PytheasError as error:
                self.failure = error
                raise

        return guarded_call

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Run a query.

        Raises:
            PytheasError: What a source or a primitive raised; or the engine failed.
        """
        try:
            yield from self.connection.execute(sql).to_arrow_reader(_BATCH_ROWS)
        except duckdb.Error as error:
            if self.failure is not None:
                raise self.failure from error
            raise wrap_error(error) from error


def _ensure_io_threads(readings: int) -> None:
    """Enough threads for the readings of one query, and those that feed them.

    DuckDB reads Arrow on the threads that Arrow has for files, one for each reading;
    there our readers wait for files of their own, and would for ever once all threads
    waited so.
    """
    needed = readings + _SPARE_IO_THREADS
    if pa.io_thread_count() < needed:
        pa.set_io_thread_count(needed)


def _one_chunk(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
