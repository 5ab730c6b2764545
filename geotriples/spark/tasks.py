"""What tasks of Spark do in Python: read parts of sources, and let DuckDB compute.

Everything here travels to the tasks by pickling, so it is data and functions.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import wraps
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb
import pyarrow as pa

from engines.duckdb import connect
from engines.duckdb.failures import wrap_error
from geotriples.mapping.model import LogicalSource, SourceKey
from geotriples.primitives import install_primitives
from geotriples.sources.base import Source
from geotriples.sources.catalog import SourceCatalog
from geotriples.sources.splits import Split, read_split
from ontologies.errors import PytheasError
from ontologies.geosparql.crs import define_crs

_BATCH_ROWS: Final = 16_384


if TYPE_CHECKING:
    from pyspark import Accumulator

    from engines.spark.tables import Counts

COUNTS: Final = pa.schema([("part", pa.int64()), ("rows", pa.int64())])
"""What `CountRows` gives."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a source, its number, and the number of rows before it."""

    split: Split
    number: int = 0
    first_row: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading of a source, as a plan asks for it.

    Attributes:
        name: What the plan's SQL calls it.
        catalog: Where sources are found; nothing is open in it.
        source: Which source.
        references: Name of a column to the reference that it holds.
        row_column: Name of a column for the numbers of rows, from 1; None for none.
        number: The number of the source.
        tally: Told how many rows each part has.
    """

    name: str
    catalog: SourceCatalog
    source: SourceKey
    references: Mapping[str, str]
    row_column: str | None = None
    number: int = 0
    tally: "Accumulator[Counts] | None" = None

    def open(self) -> Source:
        """The source, opened in this process."""
        # A key holds all that tells sources apart, in order.
        parts: tuple[Any, ...] = self.source
        self.catalog.open(LogicalSource("", *parts))
        return self.catalog.opened(self.source)

    def read(self, part: Part) -> Iterator[pa.RecordBatch]:
        """The rows of a part."""
        reader = read_split(self.open(), self.references, part.split)
        row = part.first_row
        for batch in reader:
            yield self.numbered(batch, row)
            row += batch.num_rows
        if self.tally is not None:
            self.tally.add({(self.number, part.number): row - part.first_row})

    def numbered(self, batch: pa.RecordBatch, before: int) -> pa.RecordBatch:
        """The batch with a column of row numbers, where it is wanted."""
        if self.row_column is None:
            return batch
        numbers = range(before + 1, before + batch.num_rows + 1)
        return batch.append_column(self.row_column, pa.array(numbers, pa.int64()))

    def schema(self) -> pa.Schema:
        """What `read` gives."""
        schema = self.open().read(self.references).schema.remove_metadata()
        if self.row_column is None:
            return schema
        return schema.append(pa.field(self.row_column, pa.int64()))


@dataclass(frozen=True, slots=True)
class Computing:
    """A query for DuckDB over one relation, row by row of it.

    Attributes:
        sql: The query.
        relation: What it calls its rows.
        definitions: The CRSs that have no code: IRI and definition.
    """

    sql: str
    relation: str
    definitions: tuple[tuple[str, str], ...] = ()

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows that the query makes of others; none of none."""
        iterator = iter(batches)
        first = next(iterator, None)
        if first is None:
            return
        rows = chain([first], iterator)
        reader = pa.RecordBatchReader.from_batches(first.schema, rows)
        for iri, definition in self.definitions:
            define_crs(iri, definition)
        with LocalEngine() as engine:
            engine.connection.register(self.relation, reader)
            yield from engine.batches(self.sql)


@dataclass(frozen=True, slots=True)
class ReadAndCompute:
    """A part of a source, read and computed from in one task."""

    reading: Reading
    computing: Computing | None

    def __call__(self, part: Part) -> Iterator[pa.RecordBatch]:
        """The rows of the part, or what the query makes of them."""
        batches = self.reading.read(part)
        return batches if self.computing is None else self.computing(batches)


@dataclass(frozen=True, slots=True)
class CountRows:
    """The numbers of rows of parts of a source."""

    reading: Reading
    parts: tuple[Part, ...]

    def __call__(self, number: int) -> Iterator[pa.RecordBatch]:
        """The number of a part, and how many rows it has."""
        none = replace(self.reading, references={}, row_column=None, tally=None)
        rows = sum(batch.num_rows for batch in none.read(self.parts[number]))
        yield pa.RecordBatch.from_arrays(
            [pa.array([number], pa.int64()), pa.array([rows], pa.int64())],
            schema=COUNTS,
        )


@dataclass(frozen=True, slots=True)
class ReadAllAndCompute:
    """A query over whole sources, in a single task."""

    readings: tuple[tuple[Reading, Part], ...]
    computing: Computing

    def __call__(self, _: object) -> Iterator[pa.RecordBatch]:
        """The rows that the query makes."""
        for iri, definition in self.computing.definitions:
            define_crs(iri, definition)
        with LocalEngine() as engine:
            for reading, part in self.readings:
                rows = reading.read(part)
                reader = pa.RecordBatchReader.from_batches(reading.schema(), rows)
                engine.connection.register(reading.name, reader)
            yield from engine.batches(self.computing.sql)


@dataclass(slots=True)
class LocalEngine:
    """DuckDB with the primitives of terms, in one thread."""

    connection: duckdb.DuckDBPyConnection = field(
        default_factory=lambda: connect(threads=1)
    )
    # pyproj keeps its contexts by thread, and crashes on those of DuckDB.
    worker: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1)
    )
    failure: PytheasError | None = None

    def __post_init__(self) -> None:
        install_primitives(self.connection, self.guarded)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self.worker.shutdown()

    def guarded(self, call: Callable[..., pa.Array]) -> Callable[..., pa.Array]:
        """Keep what a primitive raises: DuckDB passes on only its text."""

        @wraps(call)
        def guarded_call(*columns: pa.Array) -> pa.Array:
            chunks = [
                one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one
                for one in columns
            ]
            try:
                return self.worker.submit(call, *chunks).result()
            except PytheasError as error:
                self.failure = error
                raise

        return guarded_call

    def described(self, sql: str) -> pa.Schema:
        """The columns that a query gives."""
        return self.connection.execute(sql).to_arrow_reader().schema.remove_metadata()

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Run a query.

        Raises:
            PytheasError: What a source or a primitive raised; or the engine failed.
        """
        try:
            yield from self.connection.execute(sql).to_arrow_reader(_BATCH_ROWS)
        except duckdb.Error as error:
            raise (self.failure or wrap_error(error)) from error
