"""Dumps: the statements of a store as RDF text, in any of the formats that it loads.

The engine writes N-Quads, line by line; other formats are made of those by the RDF
library's own parser and serializer. Memory does not grow with the store.
"""

import bz2
import gzip
import io
import lzma
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final, cast

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyoxigraph as ox

from engines.whole_files import whole_file
from ontologies.progress import Progress, silent
from strabon_store.algebra.terms import IRI
from strabon_store.backends.duckdb import generate
from strabon_store.errors import DumpFailed
from strabon_store.relational.encoding import DEFAULT_GRAPH, TermId
from strabon_store.relational.layout import QUADS
from strabon_store.relational.lookups import as_plain
from strabon_store.relational.nodes import Scan
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.scalars import Column, Constant, Scalar, call
from strabon_store.storage.catalog import Catalog
from strabon_store.storage.database import Database
from strabon_store.storage.sources import FORMATS

_BATCH_ROWS: Final = 50_000
_COMPRESSORS: Final[Mapping[str, Callable[[IO[bytes], str], Any]]] = MappingProxyType(
    {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
)
_LINES: Final = frozenset({ox.RdfFormat.N_QUADS, ox.RdfFormat.N_TRIPLES})


@dataclass(frozen=True, slots=True)
class DumpReport:
    """What a dump wrote.

    Attributes:
        path: The file, None for the standard output.
        triples: How many statements are in it.
        seconds: How long it took.
    """

    path: Path | None
    triples: int
    seconds: float

    def __str__(self) -> str:
        """A line for people."""
        place = self.path or "standard output"
        return f"{place}: {self.triples:,} triples in {self.seconds:.1f} s"


def dump(
    database: Database,
    path: Path | None,
    *,
    rdf_format: ox.RdfFormat | None = None,
    graph: IRI | None = None,
    progress: Progress = silent,
) -> DumpReport:
    """Write the statements of the store as it is now.

    Blank nodes keep their labels within the dump. A file appears whole, or not at all.

    Args:
        database: The open store.
        path: The file; `.gz`, `.bz2` and `.xz` after its ending compress it. None
            writes to the standard output.
        rdf_format: The format; None: by the name of the file, N-Quads without one.
        graph: This named graph alone; None: every graph.
        progress: Told the fraction of the statements that are written.

    Raises:
        DumpFailed: The format is unknown or has no graphs, the graph is not there, or
            the file cannot be written; an old file is as it was.
    """
    started = time.perf_counter()
    chosen = rdf_format or _format_of(path)
    with database.cursor() as cursor:
        cursor.begin()
        selection = _Selection.of(cursor, Catalog(database), chosen, graph)
        lines = _Lines(cursor, selection, progress)
        try:
            with _opened(path) as stream:
                _write(lines, chosen, stream)
        except (OSError, duckdb.Error) as error:
            raise DumpFailed(f"cannot write the dump: {error}") from error
    return DumpReport(path, selection.triples, time.perf_counter() - started)


def _format_of(path: Path | None) -> ox.RdfFormat:
    if path is None:
        return ox.RdfFormat.N_QUADS
    name = path.name.lower()
    for ending in _COMPRESSORS:
        name = name.removesuffix(ending)
    found = FORMATS.get(Path(name).suffix)
    if found is None:
        raise DumpFailed(
            f"{path}: cannot tell the format from the name; it must end in one of "
            f"{', '.join(FORMATS)}, with {', '.join(_COMPRESSORS)} after it to "
            "compress, or say it with --format"
        )
    return found


@dataclass(frozen=True, slots=True)
class _Selection:
    """Which statements are dumped, and whether with the names of their graphs."""

    conditions: tuple[Scalar, ...]
    triples: int
    names_graphs: bool

    @classmethod
    def of(
        cls,
        cursor: duckdb.DuckDBPyConnection,
        catalog: Catalog,
        rdf_format: ox.RdfFormat,
        graph: IRI | None,
    ) -> "_Selection":
        counts = dict(
            cursor.execute(
                "SELECT graph, count(*) FROM quads GROUP BY graph"
            ).fetchall()
        )
        names_graphs = rdf_format.supports_datasets
        if graph is None:
            named = len(counts.keys() - {DEFAULT_GRAPH})
            if named and not names_graphs:
                raise DumpFailed(
                    f"{rdf_format.name} has no graphs, and the store has {named} named "
                    "ones; choose one with --graph, or write N-Quads or TriG"
                )
            return cls((), sum(counts.values()), names_graphs)
        key = catalog.term_id(graph)
        if key not in counts:
            raise DumpFailed(f"the store has no graph <{graph.value}>")
        condition = call("equal", Column("graph"), Constant(key))
        return cls((condition,), counts[key], names_graphs)


@dataclass(slots=True)
class _Lines:
    """The statements in N-Quads, batch by batch."""

    cursor: duckdb.DuckDBPyConnection
    selection: _Selection
    progress: Progress

    def __iter__(self) -> Iterator[bytes]:
        names = QUADS.column_names[:4]
        columns = tuple(PlanColumn(name, TermId(), is_nullable=False) for name in names)
        scan = Scan(QUADS.name, columns, names, self.selection.conditions)
        sql = generate(as_plain(scan, names)).sql
        done, total = 0, self.selection.triples or 1
        reader = self.cursor.execute(sql).to_arrow_reader(_BATCH_ROWS)
        for batch in reader:
            yield self._text(batch)
            done += batch.num_rows
            self.progress("dump", min(done / total, 1.0))

    def _text(self, batch: pa.RecordBatch) -> bytes:
        graph, *triple = batch.columns
        ends: Any = " .\n"
        if self.selection.names_graphs:
            # The default graph has no name: its id stands for no term.
            named = pc.binary_join_element_wise("", graph, ".\n", " ")
            ends = pc.fill_null(named, ends)
        line = pc.binary_join_element_wise(*triple, " ")
        lines = pc.binary_join_element_wise(line, ends, "")
        return "".join(lines.to_pylist()).encode()


def _write(lines: _Lines, rdf_format: ox.RdfFormat, stream: IO[bytes]) -> None:
    if rdf_format in _LINES:
        for text in lines:
            stream.write(text)
        return
    raw = io.BufferedReader(_Reader(lines), 1 << 20)
    quads = ox.parse(cast("IO[bytes]", raw), ox.RdfFormat.N_QUADS)
    if rdf_format.supports_datasets:
        ox.serialize(quads, stream, rdf_format)
    else:
        ox.serialize((quad.triple for quad in quads), stream, rdf_format)


class _Reader(io.RawIOBase):
    """Pieces of bytes as one stream."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


@contextmanager
def _opened(path: Path | None) -> Iterator[IO[bytes]]:
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with whole_file(path) as raw:
        compress = _COMPRESSORS.get(path.suffix.lower())
        if compress is None:
            yield raw
            return
        with compress(raw, "wb") as stream:
            yield stream
