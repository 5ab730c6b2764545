"""Lines of partitions, made by Spark: what outputs and checkpoints ask for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from engines.duckdb import connect
from engines.duckdb.session import Spill
from engines.spark.jobs import watched
from engines.spark.tables import transformed
from geotriples.crs_definitions import definition_lines
from geotriples.execution import sorted_files
from geotriples.plan import Partition
from geotriples.reports import Rejected
from geotriples.serialize import distinct
from geotriples.sinks import needs_marks
from geotriples.sources.catalog import SourceCatalog
from geotriples.spark.frames import SparkFrames
from geotriples.statements import LINE, checks_query, lines_query
from geotriples.targets import Output
from ontologies.progress import Progress

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_MEMORY: Final = 512 << 20
_TOLD: Final = ("row", "node", "value", "reason")
_PACKED: Final = pa.schema([("lines", pa.binary())])


@dataclass(frozen=True, slots=True)
class SparkMaking:
    """Makes lines, and tells what makes none.

    Attributes:
        frames: The tables of the run.
        spill: Where files of the run may be.
        progress: Told how far jobs are.
    """

    frames: SparkFrames
    spill: Path
    progress: Progress

    @property
    def catalog(self) -> SourceCatalog:
        """The sources."""
        return self.frames.catalog

    def lines(self, partitions: Sequence[Partition], *, is_marked: bool) -> "DataFrame":
        """The lines of all quads, each once, in no order."""
        if not partitions:
            return self.frames.session.createDataFrame([], f"{LINE} string")
        definitions = definition_lines(partitions)
        return self._distinct(partitions, definitions, is_marked=is_marked)

    def texts(self, output: Output) -> Iterator[pa.Array]:
        """Lines for an output in their order, each once."""
        is_marked = needs_marks(output.kind.format)
        with watched(self.frames.session, "map", self.progress):
            lines = self.lines(output.partitions, is_marked=is_marked).orderBy(LINE)
            yield from distinct(_collected(lines), is_marked=is_marked)

    def partition_lines(
        self, partition: Partition, *, is_marked: bool
    ) -> Iterator[pa.Array]:
        """The lines of a partition in their order, without definitions of CRSs."""
        with watched(self.frames.session, "map", self.progress):
            lines = self._distinct([partition], (), is_marked=is_marked)
            yield from _collected(lines.orderBy(LINE))

    def rejected(self, partitions: Sequence[Partition]) -> Iterator[Rejected]:
        """The values that make no valid term."""
        with watched(self.frames.session, "check", self.progress):
            frame = self.rejections(partitions)
            rows = () if frame is None else frame.toLocalIterator()
            yield from self.told(rows, partitions)

    def rejections(self, partitions: Sequence[Partition]) -> "DataFrame | None":
        """A row for each value that makes no valid term; None where none can be."""
        query = checks_query(partitions, self.frames.relation)
        return None if query is None else self.frames.frame(query)

    def told(
        self, rows: Iterable[Any], partitions: Sequence[Partition]
    ) -> Iterator[Rejected]:
        """Rows of `rejections`, with the names of the sources."""
        for row in rows:
            key = partitions[row["partition"]].child.source
            name = Path(self.catalog.opened(key).path).name
            yield Rejected(name, *(row[one] for one in _TOLD))

    def definitions(self, partitions: Sequence[Partition]) -> tuple[str, ...]:
        """The lines that define the CRSs of literals."""
        return definition_lines(partitions)

    def sorted_files(self, files: Sequence[Path]) -> Iterator[pa.Array]:
        """The lines of Parquet files in their order; they may repeat."""
        with connect(memory_limit=_MEMORY, spill=Spill(self.spill / "sort")) as engine:
            yield from sorted_files(engine, files)

    def _distinct(
        self,
        partitions: Sequence[Partition],
        definitions: Sequence[str],
        *,
        is_marked: bool,
    ) -> "DataFrame":
        query = lines_query(
            partitions, self.frames.relation, definitions, marked=is_marked
        )
        # What is distinct is ordered afterwards, and only where it matters.
        query.set("order", None)
        return self.frames.frame(query).distinct()


def _collected(lines: "DataFrame") -> Iterator[pa.Array]:
    """Lines in their order, as Arrow; one part of them is here at a time."""
    for row in transformed(lines, _PACKED, _pack).toLocalIterator():
        with pa.ipc.open_stream(row["lines"]) as reader:
            for batch in reader:
                yield batch.column(0)


def _pack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each batch as one value: a row for each line would be turned into Python's."""
    for batch in batches:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        value = pa.array([sink.getvalue().to_pybytes()], pa.binary())
        yield pa.RecordBatch.from_arrays([value], schema=_PACKED)
