"""Partitions that are finished, kept beside an output for the runs that follow.

A run that is to be resumed makes one partition after the other, and keeps the sorted
lines of each in a file of its own (`KEY.parquet`), with what was rejected
(`KEY.ndjson`).  A key is the digest of all that the lines follow from: the SQL, with
the constants of the mapping and the run, the digests of the sources' files, and the
version of this software.  So a run takes what an earlier one left, killed or not, as
far as nothing changed, and forgets the rest when it is complete.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from engines.whole_files import whole_file
from geotriples.errors import OutputError
from geotriples.mapping.model import SourceKey
from geotriples.plan import Partition
from geotriples.reports import Rejected
from geotriples.rows import Rows
from geotriples.serialize import distinct
from geotriples.sinks import needs_marks
from geotriples.sources.base import Source
from geotriples.sources.catalog import SourceCatalog
from geotriples.statements import LINE, RelationOf, checks_query, lines_query
from geotriples.targets import Output

_LINES: Final = pa.schema([(LINE, pa.string())])
_ENDINGS: Final = (".parquet", ".ndjson")
_MANIFEST: Final = "manifest.safe"
"""The file by which a product is named that is the folder around it."""
_BESIDE: Final = (
    *(".shx", ".dbf", ".prj", ".cpg", ".cst"),
    *(".aux.xml", ".tfw", ".wld", "-wal"),
)
"""Ends of names of what lies beside shapefiles, rasters, databases: parts of them."""

QueryOf: TypeAlias = Callable[[Partition, RelationOf], exp.Expr | None]


def checkpoint_folder(output: Path) -> Path:
    """Where the partitions of an output are kept.

    Examples:
        >>> checkpoint_folder(Path("out/roads.nq")).name
        'roads.nq.partitions'
    """
    return output.with_name(f"{output.name}.partitions")


class Making(Protocol):
    """What makes the lines of partitions: the local engine, or Spark."""

    @property
    def catalog(self) -> SourceCatalog:
        """The sources."""

    @property
    def spill(self) -> Path:
        """Where files of the run may be."""

    def rejected(self, partitions: Sequence[Partition]) -> Iterator[Rejected]:
        """The values that make no valid term."""

    def partition_lines(
        self, partition: Partition, *, is_marked: bool
    ) -> Iterator[pa.Array]:
        """The lines of a partition in their order, without definitions of CRSs."""

    def definitions(self, partitions: Sequence[Partition]) -> Sequence[str]:
        """The lines that define the CRSs of literals."""

    def sorted_files(self, files: Sequence[Path]) -> Iterator[pa.Array]:
        """The lines of Parquet files in their order; they may repeat."""


@dataclass(slots=True)
class Checkpoints:
    """The finished partitions of one run.

    Attributes:
        folder: Where they are; made when it is needed.
        execution: What makes the others.
        reused: How many files of lines were there already.
    """

    folder: Path
    execution: Making
    reused: int = 0
    _used: set[str] = field(default_factory=set)
    _digests: dict[SourceKey, str | None] = field(default_factory=dict)

    def rejected(self, partitions: Iterable[Partition]) -> Iterator[Rejected]:
        """The values that make no valid term, of each partition in turn."""
        for partition in partitions:
            key = self._key(partition, _checks_of)
            path = None if key is None else self.folder / f"{key}.ndjson"
            if path is None:
                yield from self.execution.rejected([partition])
                continue
            if not path.exists():
                self._keep_rejected(partition, path)
            with path.open(encoding="utf-8") as file:
                for line in file:
                    yield Rejected(**json.loads(line))

    def texts(self, output: Output) -> Iterator[pa.Array]:
        """Lines for an output in their order, each once, made or kept."""
        files = [self._lines_of(output, one) for one in output.partitions]
        if not files:
            return
        is_marked = needs_marks(output.kind.format)
        definitions = self.execution.spill / f"{output.path.name}.definitions.parquet"
        mark = "\t" if is_marked else ""
        constants = self.execution.definitions(output.partitions)
        table = pa.table({LINE: [f"{mark}{one}" for one in constants]}, _LINES)
        pq.write_table(table, definitions)
        found = self.execution.sorted_files([*files, definitions])
        yield from distinct(found, is_marked=is_marked)

    def tidy(self) -> int:
        """Forget what this run, which is complete, did not use.

        Returns:
            How many partitions were there already.
        """
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.suffix in _ENDINGS and path.stem not in self._used:
                path.unlink()
        return self.reused

    def _keep_rejected(self, partition: Partition, path: Path) -> None:
        with self._kept(path) as file:
            for one in self.execution.rejected([partition]):
                line = json.dumps(asdict(one), ensure_ascii=False)
                file.write(f"{line}\n".encode())

    def _lines_of(self, output: Output, partition: Partition) -> Path:
        """The file with the sorted lines of a partition."""
        query_of = _marked_lines_of if needs_marks(output.kind.format) else _lines_of
        key = self._key(partition, query_of)
        if key is None:
            path = self.execution.spill / f"{uuid.uuid4().hex}.parquet"
            with path.open("wb") as spilled:
                self._write_lines(query_of, partition, spilled)
            return path
        path = self.folder / f"{key}.parquet"
        if path.exists():
            self.reused += 1
            return path
        with self._kept(path) as file:
            self._write_lines(query_of, partition, file)
        return path

    def _write_lines(
        self, query_of: QueryOf, partition: Partition, file: IO[bytes]
    ) -> None:
        is_marked = query_of is _marked_lines_of
        with pq.ParquetWriter(file, _LINES, compression="zstd") as writer:
            if partition.quads:
                made = self.execution.partition_lines(partition, is_marked=is_marked)
                for column in made:
                    writer.write_batch(
                        pa.RecordBatch.from_arrays([column], schema=_LINES)
                    )

    @contextmanager
    def _kept(self, path: Path) -> Iterator[IO[bytes]]:
        try:
            self.folder.mkdir(exist_ok=True)
            with whole_file(path) as file:
                yield file
        except OSError as error:
            reason = f"cannot be written: {error.strerror or error}"
            raise OutputError(path, reason) from error

    def _key(self, partition: Partition, query_of: QueryOf) -> str | None:
        """Names what follows from a partition; None where nobody can tell."""
        relations = _Relations()
        query = query_of(partition, relations)
        sources = [
            (repr(rows.source), dict(rows.references), self._digest(rows.source))
            for rows in relations.rows
        ]
        if any(digest is None for *_, digest in sources):
            return None
        sql = "" if query is None else query.sql("duckdb")
        told = json.dumps([_version(), query_of.__name__, sql, sources])
        key = hashlib.sha256(told.encode()).hexdigest()
        self._used.add(key)
        return key

    def _digest(self, key: SourceKey) -> str | None:
        if key not in self._digests:
            self._digests[key] = source_digest(self.execution.catalog.opened(key))
        return self._digests[key]


class _Relations:
    """Names for readings that are not read, and what they would be of."""

    def __init__(self) -> None:
        self.rows: list[Rows] = []

    def __call__(self, rows: Rows) -> str:
        self.rows.append(rows)
        return f"reading_{len(self.rows)}"


def _lines_of(partition: Partition, relation: RelationOf) -> exp.Expr | None:
    return lines_query([partition], relation) if partition.quads else None


def _marked_lines_of(partition: Partition, relation: RelationOf) -> exp.Expr | None:
    if not partition.quads:
        return None
    return lines_query([partition], relation, marked=True)


def _checks_of(partition: Partition, relation: RelationOf) -> exp.Expr | None:
    return checks_query([partition], relation)


@cache
def _version() -> str:
    try:
        return version("pytheas-eo")
    except PackageNotFoundError:
        return "not installed"


def source_digest(source: Source) -> str | None:
    """The digest of all that a source is read from; None where nobody can tell.

    What is in a database, or behind the links of a catalogue, may change at any time.
    """
    path = source.path
    if isinstance(path, str):
        return None
    found = hashlib.sha256()
    for file in sorted(_files(path)):
        found.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()


def _files(path: Path) -> set[Path]:
    """A file and those that belong to it, or all of a folder."""
    if path.name == _MANIFEST:
        path = path.parent
    if path.is_dir():
        return {one for one in path.rglob("*") if one.is_file()}
    names = [path.stem + end for end in _BESIDE] + [path.name + end for end in _BESIDE]
    beside = {path.with_name(name) for name in names}
    return {path, *(one for one in beside if one.is_file())}
