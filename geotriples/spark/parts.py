"""Lines -> a folder of files, each written by the task that has the lines.

The folder is on a disk that all tasks see, or in an object store (`s3://`, `s3a://`).
Its files are those of one run, whole: `_SUCCESS` is there when they all are.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq

from engines.spark.tables import transformed
from geotriples.errors import OutputError
from geotriples.statements import LINE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SUCCESS: Final = "_SUCCESS"
"""The name of the empty file that says that a folder is whole."""

_REPORT: Final = pa.schema([("name", pa.string()), ("quads", pa.int64())])
_BUFFER_BYTES: Final = 4 * 2**20


class PartFormat(StrEnum):
    """What the files of a folder are; the value is their suffix."""

    N_QUADS = "nq"
    N_QUADS_GZIP = "nq.gz"
    N_QUADS_ZSTD = "nq.zst"
    PARQUET = "parquet"
    """One column, `line`: the quads as N-Quads."""


@dataclass(frozen=True, slots=True)
class PartsWritten:
    """How many quads are in a folder, and in how many files."""

    quads: int
    files: int


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files of a run go.

    Attributes:
        location: A path, or the URL of a folder in an object store.
    """

    location: str

    def check(self) -> None:
        """Refuse a folder with files that are not of a run, before any work is done.

        Raises:
            OutputError: The folder has other files, or cannot be reached.
        """
        names = self.names()
        if names and SUCCESS not in names:
            reason = f"has files that no run has completed, such as {names[0]}"
            raise OutputError(Path(self.location), reason)

    def names(self) -> list[str]:
        """The names of its files; none where there is no folder.

        Raises:
            OutputError: It cannot be reached.
        """
        files, path = self.opened()
        try:
            selector = pa_fs.FileSelector(path, allow_not_found=True)
            return sorted(one.base_name for one in files.get_file_info(selector))
        except OSError as error:
            raise self.refused(error) from error

    def opened(self) -> tuple[pa_fs.FileSystem, str]:
        """The file system of the folder, and its path there.

        Raises:
            OutputError: No file system has such URLs.
        """
        if "://" not in self.location:
            return pa_fs.LocalFileSystem(), str(Path(self.location).resolve())
        # The name of Hadoop's client for what others call s3.
        url = self.location.replace("s3a://", "s3://", 1)
        try:
            files, path = pa_fs.FileSystem.from_uri(url)
        except (pa.ArrowInvalid, OSError) as error:
            raise self.refused(error) from error
        return files, path

    def refused(self, error: Exception) -> OutputError:
        """What `error` means for the folder."""
        return OutputError(Path(self.location), f"cannot be written: {error}")


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
    """
    files, path = folder.opened()
    old = folder.names()
    files.create_dir(path, recursive=True)
    writing = _Writing(folder, kind, f".{uuid.uuid4().hex}-")
    try:
        parts = transformed(lines, _REPORT, writing).collect()
        for name in sorted(old, key=lambda name: name != SUCCESS):
            files.delete_file(f"{path}/{name}")
        for row in parts:
            files.move(f"{path}/{writing.prefix}{row['name']}", f"{path}/{row['name']}")
    except OSError as error:
        raise folder.refused(error) from error
    finally:
        for name in folder.names():
            if name.startswith(writing.prefix):
                files.delete_file(f"{path}/{name}")
    with files.open_output_stream(f"{path}/{SUCCESS}"):
        pass
    return PartsWritten(sum(row["quads"] for row in parts), len(parts))


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes the lines of a task to a file of its own, hidden until all are there."""

    folder: Folder
    kind: PartFormat
    prefix: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from pyspark import TaskContext  # noqa: PLC0415 - it is there in a task

        context = TaskContext.get()
        number = 0 if context is None else context.partitionId()
        name = f"part-{number:05}.{self.kind}"
        count = self.write(name, batches)
        if count:
            columns = [pa.array([name]), pa.array([count], pa.int64())]
            yield pa.RecordBatch.from_arrays(columns, schema=_REPORT)

    def write(self, name: str, batches: Iterable[pa.RecordBatch]) -> int:
        """The number of lines; there is no file where there are none."""
        rows = (batch.column(0) for batch in batches if batch.num_rows)
        first = next(rows, None)
        if first is None:
            return 0
        files, path = self.folder.opened()
        try:
            with files.open_output_stream(
                f"{path}/{self.prefix}{name}",
                compression=_COMPRESSION.get(self.kind),
                buffer_size=_BUFFER_BYTES,
            ) as file:
                write = _write_table if self.kind is PartFormat.PARQUET else _write_text
                return write(_from(first, rows), file)
        except OSError as error:
            raise self.folder.refused(error) from error


_COMPRESSION: Final = {PartFormat.N_QUADS_GZIP: "gzip", PartFormat.N_QUADS_ZSTD: "zstd"}


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
