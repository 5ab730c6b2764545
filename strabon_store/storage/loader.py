"""A load: files into the store, all of them or nothing."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyoxigraph as ox

from ontologies.progress import Progress, silent
from strabon_store.algebra.terms import IRI
from strabon_store.errors import LoadError
from strabon_store.relational.layout import GEOMETRIES, QUADS
from strabon_store.storage.batch import Batch, BlankLabels, IllFormedGeometry
from strabon_store.storage.changes import apply_changes, create_quads
from strabon_store.storage.compact import count_rows, sort_geometries
from strabon_store.storage.database import Database, read_meta, write_meta
from strabon_store.storage.dictionary import Ids
from strabon_store.storage.sources import Source, open_source
from strabon_store.storage.transaction import write_transaction

BATCH_QUADS: Final = 200_000
"""How many quads are encoded at a time; bounds the memory of a load."""

_ARRIVED: Final = "arrived"
"""The temporary table of the quads of a load, as they were read."""

_SHOWN: Final = 5
"""How many ill-formed literals a report shows to people."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did.

    Attributes:
        triples_read: Statements in the files, repeated ones counted.
        triples_added: Those that the store did not have.
        triples_total: What the store has now.
        ill_formed_geometries: New geometry literals that are stored as they stand, but
            have no geometry: functions on them give no value.
        seconds: How long it took.
    """

    triples_read: int
    triples_added: int
    triples_total: int
    ill_formed_geometries: tuple[IllFormedGeometry, ...]
    seconds: float

    def __str__(self) -> str:
        """A line for people, and one for each kind of thing they should look at."""
        text = (
            f"{self.triples_read:,} triples read, {self.triples_added:,} of them new, "
            f"in {self.seconds:.1f} s; the store has {self.triples_total:,}"
        )
        if not self.ill_formed_geometries:
            return text
        shown = self.ill_formed_geometries[:_SHOWN]
        lines = [f"  {each.lexical[:60]!r}: {each.reason}" for each in shown]
        count = len(self.ill_formed_geometries)
        head = f"{count:,} geometry literals are ill-formed and have no geometry:"
        return "\n".join([text, head, *lines, *(["  ..."] if count > _SHOWN else [])])


def load(
    database: Database, paths: Sequence[Path], progress: Progress = silent
) -> LoadReport:
    """Load RDF files in one transaction; readers see all of it or nothing.

    A file that is loaded again changes nothing.

    Raises:
        LoadError: A file is missing, unreadable or malformed, or the engine failed; the
            store is as before.
        StoreUnavailable: The store is open for reading only.
    """
    started = time.perf_counter()
    sources = [open_source(Path(path)) for path in paths]
    try:
        with write_transaction(database) as cursor:
            loading = _Loading(cursor, int(read_meta(cursor, "next_key")))
            loading.run(sources, progress)
            total = count_rows(cursor, QUADS)
    except duckdb.Error as error:
        raise LoadError(
            f"cannot write to the store {database.location}: {error}; nothing was "
            "loaded"
        ) from error
    progress("load", 1.0)
    return LoadReport(
        triples_read=loading.read,
        triples_added=loading.added,
        triples_total=total,
        ill_formed_geometries=tuple(loading.ill_formed),
        seconds=time.perf_counter() - started,
    )


@dataclass(slots=True)
class _Loading:
    """What grows while files are read."""

    cursor: duckdb.DuckDBPyConnection
    next_key: int
    read: int = 0
    added: int = 0
    ill_formed: list[IllFormedGeometry] = field(default_factory=list)

    def run(self, sources: Sequence[Source], progress: Progress) -> None:
        create_quads(self.cursor, _ARRIVED)
        geometries = count_rows(self.cursor, GEOMETRIES)
        size = sum(source.size for source in sources) or 1
        for source in sources:
            for batch in read_batches(source):
                self._store(batch)
                done = sum(each.bytes_read for each in sources) / size
                progress("load", min(done, 1.0))
        changes = apply_changes(self.cursor, deleted=None, inserted=_ARRIVED)
        self.added = changes.inserted
        sort_geometries(self.cursor, geometries)
        self.cursor.execute("DROP TABLE arrived")
        write_meta(self.cursor, "next_key", str(self.next_key))

    def _store(self, batch: Batch) -> None:
        quads, self.next_key, ill_formed = batch.store_terms(self.cursor, self.next_key)
        self.read += len(batch)
        self.ill_formed += ill_formed
        stage_batch(self.cursor, quads, _ARRIVED)


def read_batches(source: Source, *, into: IRI | None = None) -> Iterator[Batch]:
    """The statements of a source, so many at a time.

    Args:
        source: The source.
        into: The graph that its triples go to; then it may have no named graphs.

    Raises:
        LoadError: The source cannot be read, or is not what its name says.
    """
    blanks = BlankLabels(source)
    with source.quads() as read:
        quads = read if into is None else _moved(read, source, into)
        while True:
            batch = Batch(blanks)
            batch.extend(islice(quads, BATCH_QUADS))
            if not len(batch):
                return
            yield batch


def _moved(quads: Iterator[ox.Quad], source: Source, into: IRI) -> Iterator[ox.Quad]:
    graph = ox.NamedNode(into.value)
    for quad in quads:
        if quad.graph_name != ox.DefaultGraph():
            raise LoadError(
                f"{source.path} has named graphs, and can go into no other graph; load "
                "it as it is"
            )
        yield ox.Quad(quad.subject, quad.predicate, quad.object, graph)


def stage_batch(cursor: duckdb.DuckDBPyConnection, quads: Ids, table: str) -> None:
    """Put quads of ids into a table with the columns of the quads."""
    columns = {name: quads[:, i] for i, name in enumerate(QUADS.column_names)}
    cursor.register("batch", pa.table(columns))
    cursor.table("batch").insert_into(table)
    cursor.unregister("batch")
