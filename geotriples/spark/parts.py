"""Lines -> a folder of files, each written by the task that has the lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engines.spark.tables import transformed
from geotriples.spark.folders import Folder
from geotriples.statements import LINE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_REPORT: Final = pa.schema([("name", pa.string()), ("quads", pa.int64())])


class PartFormat(StrEnum):
    """What the files of a folder are; the value is their suffix."""

    N_QUADS = "nq"
    N_QUADS_GZIP = "nq.gz"
    N_QUADS_ZSTD = "nq.zst"
    PARQUET = "parquet"
    """One column, `line`: the quads as N-Quads."""


_COMPRESSION: Final = {PartFormat.N_QUADS_GZIP: "gzip", PartFormat.N_QUADS_ZSTD: "zstd"}


@dataclass(frozen=True, slots=True)
class PartsWritten:
    """How many quads are in a folder, and in how many files."""

    quads: int
    files: int


def write_parts(
    lines: "DataFrame", folder: Folder, kind: PartFormat = PartFormat.N_QUADS
) -> PartsWritten:
    """Write distinct lines; what was in the folder before goes when they are there.

    Args:
        lines: One column, `line`, each line once.
        folder: Where to; `Folder.check` has found nothing wrong with it.
        kind: What the files are.

    Raises:
        OutputError: A file cannot be written.
        ObjectFailed: The object store does not take one.
    """
    try:
        parts = transformed(lines, _REPORT, _Writing(folder, kind)).collect()
        folder.commit([row["name"] for row in parts])
    except BaseException:
        folder.abandon()
        raise
    return PartsWritten(sum(row["quads"] for row in parts), len(parts))


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes the lines of a task to a file of its own; none where there are none."""

    folder: Folder
    kind: PartFormat

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext  # noqa: PLC0415 - it is there in a task

        context = TaskContext.get()
        number = 0 if context is None else context.partitionId()
        name = f"part-{number:05}.{self.kind}"
        rows = (batch.column(0) for batch in batches if batch.num_rows)
        first = next(rows, None)
        if first is None:
            return
        with self.folder.file(name) as file:
            count = self.write(_from(first, rows), file)
        columns = [pa.array([name]), pa.array([count], pa.int64())]
        yield pa.RecordBatch.from_arrays(columns, schema=_REPORT)

    def write(self, lines: Iterable[pa.Array], file: IO[bytes]) -> int:
        """The number of lines."""
        if self.kind is PartFormat.PARQUET:
            return _write_table(lines, file)
        compression = _COMPRESSION.get(self.kind)
        if compression is None:
            return _write_text(lines, file)
        with pa.CompressedOutputStream(file, compression) as stream:
            return _write_text(lines, stream)


def _from(first: pa.Array, rest: Iterator[pa.Array]) -> Iterator[pa.Array]:
    yield first
    yield from rest


def _write_text(lines: Iterable[pa.Array], file: IO[bytes]) -> int:
    count = 0
    for column in lines:
        count += len(column)
        file.write(b"".join(one.as_buffer() for one in column.cast(pa.binary())))
    return count


def _write_table(lines: Iterable[pa.Array], file: IO[bytes]) -> int:
    schema = pa.schema([(LINE, pa.string())])
    count = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for column in lines:
            count += len(column)
            # A row of the table is a quad, not a line of a file.
            quads = pc.utf8_rtrim(column, "\n")
            writer.write_batch(pa.RecordBatch.from_arrays([quads], schema=schema))
    return count
