"""One run of partitions in DuckDB: sources in, lines and rejected values out."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import Final, Self

import duckdb
import pyarrow as pa

# DuckDB would load it when a source is registered, and forget a Ctrl-C meanwhile.
import pyarrow.dataset

from engines.duckdb import connect
from engines.duckdb.failures import wrap_error
from engines.term_columns import StatementBatch
from geotriples.block_queries import blocks_query
from geotriples.crs_definitions import definition_lines
from geotriples.errors import MappingError
from geotriples.mapping.model import SourceKey
from geotriples.merge import Merge
from geotriples.plan import Partition
from geotriples.primitives import install_primitives
from geotriples.reports import Rejected
from geotriples.rows import Rows
from geotriples.sinks import needs_marks
from geotriples.sources.catalog import SourceCatalog
from geotriples.sources.selective import Condition, Selective
from geotriples.statements import checks_query, lines_query
from geotriples.targets import Output
from geotriples.term_queries import constant_batches, terms_query
from ontologies.errors import PytheasError
from ontologies.progress import Progress

_BATCH_ROWS: Final = 16_384
_LEAST_MEMORY_MB: Final = 256
_THREAD_MEMORY_MB: Final = 128
_LOAD_ROWS: Final = 1 << 16
_SPARE_IO_THREADS: Final = 8


@dataclass(slots=True)
class Execution:
    """DuckDB, with the primitives of terms and the sources of one run.

    Attributes:
        catalog: The sources.
        progress: Told how far it is.
        spill: The folder for what does not fit in memory.
    """

    catalog: SourceCatalog
    progress: Progress
    spill: Path
    # Geometries are columns of WKB here, for the primitives to work on.
    connection: duckdb.DuckDBPyConnection = field(
        default_factory=partial(connect, spatial=False)
    )
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
        # Else the sort would take most of the machine's memory before it spills.
        threads = self.connection.execute("SELECT current_setting('threads')")
        (count,) = threads.fetchall()[0]
        limit = max(_LEAST_MEMORY_MB, _THREAD_MEMORY_MB * count)
        self.connection.execute(f"SET memory_limit = '{limit}MB'")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the engine."""
        self.connection.close()
        self.workers.shutdown()

    def begin(self, stage: str) -> None:
        """Count from nothing what is read from here on."""
        self.stage, self.rows_done, self.rows_expected = stage, 0, 0

    def rejected(self, partitions: Sequence[Partition]) -> Iterator[Rejected]:
        """The values that make no valid term, as their sources are read."""
        self.begin("check")
        query = checks_query(partitions, self.relation)
        if query is None:
            return
        names = [
            Path(self.catalog.opened(one.child.source).path).name for one in partitions
        ]
        for batch in self.batches(query.sql("duckdb")):
            for row in batch.to_pylist():
                source = names[row.pop("partition")]
                yield Rejected(source=source, **row)

    def definitions(self, partitions: Sequence[Partition]) -> tuple[str, ...]:
        """The lines that define the CRSs of literals."""
        # PROJ's contexts belong to a thread, and each of the workers has its own.
        return self.workers.submit(definition_lines, partitions).result()

    def texts(self, output: Output) -> Iterator[pa.Array]:
        """Lines for an output in their order, each once; a text is one or several."""
        partitions = output.partitions
        if not partitions:
            return
        self.begin("map")
        query = blocks_query(
            partitions,
            self.relation,
            self.definitions(partitions),
            marked=needs_marks(output.kind.format),
        )
        merge = Merge(self.spill, self.sorted_lines)
        yield from merge.texts(self.batches(query.sql("duckdb")))

    def sorted_lines(self, path: Path) -> Iterator[pa.Array]:
        """Sort a file of lines, while another query goes on.

        Raises:
            PytheasError: The engine failed.
        """
        with (
            pa.OSFile(str(path)) as stream,
            pa.ipc.open_stream(stream) as lines,
            self.connection.cursor() as cursor,
        ):
            cursor.register("lines", lines)
            query = "SELECT line FROM lines ORDER BY line"
            for batch in self.batches(query, connection=cursor):
                yield batch.column(0)

    def partition_lines(
        self, partition: Partition, *, is_marked: bool
    ) -> Iterator[pa.Array]:
        """The lines of a partition in their order, without definitions of CRSs."""
        self.begin("map")
        query = lines_query([partition], self.relation, marked=is_marked)
        for batch in self.batches(query.sql("duckdb")):
            yield batch.column(0)

    def sorted_files(self, files: Sequence[Path]) -> Iterator[pa.Array]:
        """The lines of Parquet files in their order; they may repeat."""
        return sorted_files(self.connection, files)

    def statement_batches(
        self, partitions: Sequence[Partition], blank_prefix: str
    ) -> Iterator[StatementBatch]:
        """The statements of partitions as columns of terms; some may repeat."""
        self.begin("map")
        for partition in partitions:
            query = terms_query(partition, self.relation, blank_prefix)
            for batch in self.batches(query.select.sql("duckdb"), _LOAD_ROWS):
                yield query.statement_batch(batch)
        yield from constant_batches(self.definitions(partitions))

    @property
    def row_count(self) -> int:
        """Rows read, each source counted once."""
        return sum(self.rows_read.values())

    def relation(self, rows: Rows, conditions: Sequence[Condition] = ()) -> str:
        """Register a fresh reading of a source; a reading can be used once.

        Args:
            rows: The rows.
            conditions: What the source may leave out rows by.
        """
        name = f"reading_{self.readings}"
        self.readings += 1
        source = self.catalog.opened(rows.source)
        if conditions and isinstance(source, Selective):
            reader = source.read_where(rows.references, conditions)
        else:
            reader = source.read(rows.references)
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
        """The batches of a source, counted as they pass."""
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

    def batches(
        self,
        sql: str,
        rows: int = _BATCH_ROWS,
        connection: duckdb.DuckDBPyConnection | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Run a query, where others go on by a connection of its own.

        Raises:
            PytheasError: What a source or a primitive raised; or the engine failed.
        """
        try:
            yield from (
                (connection or self.connection).execute(sql).to_arrow_reader(rows)
            )
        except (duckdb.Error, OSError) as error:
            # Arrow's readers raise the latter for what DuckDB says.
            if self.failure is not None:
                raise self.failure from error
            raise wrap_error(error) from error


def sorted_files(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path]
) -> Iterator[pa.Array]:
    """The lines of Parquet files in their order; they may repeat.

    Raises:
        EngineError: The engine failed.
    """
    try:
        rows = connection.read_parquet([str(one) for one in files])
        for batch in rows.order("line").to_arrow_reader(1 << 16):
            yield batch.column(0)
    except (duckdb.Error, OSError) as error:
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
