"""A load: files into the store, all of them or nothing."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

import duckdb

from engines.duckdb import connect
from engines.term_columns import StatementBatch
from ontologies.progress import Pace, Progress, Watcher, silent, unwatched
from strabon_store.algebra.terms import IRI
from strabon_store.errors import LoadError
from strabon_store.relational.layout import QUADS, TERMS
from strabon_store.storage.arrivals import (
    ARRIVED,
    MOST_IN_MEMORY,
    Arrivals,
    stage,
)
from strabon_store.storage.changes import ARRIVING, find_arriving, insert_arriving
from strabon_store.storage.compact import count_rows
from strabon_store.storage.crs_definitions import report_waiting, settle
from strabon_store.storage.database import Database, read_meta, write_meta
from strabon_store.storage.described import Block
from strabon_store.storage.encode import Encoding
from strabon_store.storage.first_load import store_first
from strabon_store.storage.geometries import IllFormedGeometry, NewGeometries
from strabon_store.storage.places import locate
from strabon_store.storage.reader import Reader, problem_of
from strabon_store.storage.rejects import Rejects
from strabon_store.storage.sources import (
    NOTHING_LOADED,
    BlankLabels,
    Input,
    Source,
    open_source,
)
from strabon_store.storage.term_values import NewTerms, values_of
from strabon_store.storage.terms import TermWriter
from strabon_store.storage.transaction import exclusive, transaction

_READING: Final = 0.9
"""The share of a load that reading takes; ordering takes the rest."""

_SHOWN: Final = 5
"""How many ill-formed literals a report shows to people."""

Files: TypeAlias = Sequence[Path | Input]

_Reading: TypeAlias = Callable[[Encoding, Arrivals], None]
"""Gives statements ids and lets them arrive."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How to load.

    Attributes:
        graph: The IRI of the graph that triples go to; None: the default graph. Quads
            keep theirs.
        rejects: A file to set bad statements aside into; None: the first one ends the
            load. N-Triples and N-Quads lose the bad lines; files of other formats are
            left out whole, as no parser can tell where the next statement begins.
        watch: Told how far the load is and how fast, after every block.
    """

    graph: str | None = None
    rejects: Path | None = None
    watch: Watcher = unwatched


AS_IT_IS: Final = LoadOptions()
"""Triples to the default graph, nothing bad accepted."""


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
        bad_definitions: What is wrong with definitions of CRSs that were ignored.
        lines_rejected: Bad statements that were set aside.
        files_rejected: Files that were left out whole.
    """

    triples_read: int
    triples_added: int
    triples_total: int
    ill_formed_geometries: tuple[IllFormedGeometry, ...]
    seconds: float
    lines_rejected: int = 0
    files_rejected: int = 0
    bad_definitions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """A line for people, and one for each kind of thing they should look at."""
        rate = self.triples_read / self.seconds if self.seconds else 0.0
        text = (
            f"{self.triples_read:,} triples read, {self.triples_added:,} of them new, "
            f"in {self.seconds:.1f} s ({rate:,.0f} triples/s); the store has "
            f"{self.triples_total:,}"
        )
        return "\n".join(
            [text, *self._set_aside(), *self._ill_formed(), *self._ignored()]
        )

    def _set_aside(self) -> list[str]:
        counts = {"line": self.lines_rejected, "file": self.files_rejected}
        return [
            f"{n:,} bad {what}{'' if n == 1 else 's'} set aside"
            for what, n in counts.items()
            if n
        ]

    def _ill_formed(self) -> list[str]:
        count = len(self.ill_formed_geometries)
        if not count:
            return []
        shown = self.ill_formed_geometries[:_SHOWN]
        lines = [
            f"  {each.place or ''}: {each.lexical[:60]!r}: {each.reason}".replace(
                "  : ", "  "
            )
            for each in shown
        ]
        head = f"{count:,} geometry literals are ill-formed and have no geometry:"
        return [head, *lines, *(["  ..."] if count > _SHOWN else [])]

    def _ignored(self) -> list[str]:
        return [f"definition of a CRS ignored: {each}" for each in self.bad_definitions]


def load(
    database: Database,
    files: Files,
    progress: Progress = silent,
    options: LoadOptions = AS_IT_IS,
) -> LoadReport:
    """Load RDF files in one transaction; readers see all of it or nothing.

    A file that is loaded again changes nothing.

    Raises:
        LoadError: A file is missing, unreadable or malformed, or the engine failed; the
            store is as before.
        StoreUnavailable: The store is open for reading only.
    """
    sources = [open_source(file) for file in files]
    done = _run(database, options, progress, lambda loading: loading.read_all(sources))
    placed = locate(done.ill_formed_geometries, sources)
    return replace(done, ill_formed_geometries=placed)


def load_batches(
    database: Database,
    batches: Iterable[StatementBatch],
    progress: Progress = silent,
) -> LoadReport:
    """Load statements that come as columns of terms, in one transaction.

    Blank nodes keep their labels: two that have the same one are the same node, in this
    load and in others.

    Args:
        database: The store.
        batches: Read once, while the load goes on; what it raises ends the load.
        progress: Told when the load is done.

    Raises:
        LoadError: The engine failed; the store is as before.
        StoreUnavailable: The store is open for reading only.
    """
    return _run(
        database, AS_IT_IS, progress, lambda loading: loading.read_batches(batches)
    )


def _run(
    database: Database,
    options: LoadOptions,
    progress: Progress,
    read: Callable[["_Loading"], _Reading],
) -> LoadReport:
    started = time.perf_counter()
    try:
        with ExitStack() as stack:
            rejects = None
            if options.rejects is not None:
                rejects = stack.enter_context(Rejects(options.rejects))
            stack.enter_context(exclusive(database))
            cursor = stack.enter_context(database.cursor())
            loading = _Loading(database, cursor, options, rejects, progress)
            loading.run(read(loading))
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
        ill_formed_geometries=tuple(loading.met.ill_formed),
        seconds=time.perf_counter() - started,
        lines_rejected=rejects.lines if rejects else 0,
        files_rejected=rejects.files if rejects else 0,
        bad_definitions=tuple(loading.met.bad_definitions),
    )


@dataclass(slots=True)
class _Loading:
    """What grows while files are read."""

    database: Database
    cursor: duckdb.DuckDBPyConnection
    options: LoadOptions
    rejects: Rejects | None
    progress: Progress
    read: int = 0
    added: int = 0
    met: NewGeometries = field(default_factory=NewGeometries)
    _started: float = field(default_factory=time.perf_counter)

    def run(self, read: _Reading) -> None:
        cursor = self.cursor
        # Nobody else writes meanwhile, so all but the last step needs no transaction;
        # temporary tables end with the cursor.
        first_key = int(read_meta(cursor, "next_key"))
        is_first = not count_rows(cursor, TERMS) and not count_rows(cursor, QUADS)
        new_terms: list[NewTerms] | None = [] if is_first else None
        encoding = Encoding(cursor, first_key, self.met, new_terms)
        encoding.begin()
        arrivals = Arrivals(cursor, MOST_IN_MEMORY if is_first else 0)
        read(encoding, arrivals)
        if arrivals.blocks is None:
            find_arriving(cursor, ARRIVED)
            cursor.execute(f"DROP TABLE {ARRIVED}")
        with transaction(self.database, cursor):
            write_meta(cursor, "next_key", str(encoding.next_key))
            if arrivals.blocks is None:
                encoding.keep()
                self.added, there = insert_arriving(cursor).inserted, ARRIVING
            else:
                values = values_of(new_terms or (), first_key, encoding.next_key)
                self.added = store_first(cursor, encoding, arrivals.blocks, values)
                there = QUADS.name
            settle(cursor, there, self.met, first_key)
            report_waiting(cursor, self.met, first_key)

    def read_all(self, sources: Sequence[Source]) -> _Reading:
        """Reads files, one after the other."""

        def read(encoding: Encoding, arrivals: Arrivals) -> None:
            # One thread for each of ours that asks it: more of its own would wait for
            # each other.
            with connect(threads=1) as engine:
                for source in sources:
                    if self._is_left_out(source):
                        continue
                    encoding.begin_file()
                    labels = BlankLabels(source)
                    for block in self._blocks(
                        source, engine, sources, with_geometries=encoding.is_first
                    ):
                        arrivals.add(encoding.encode(block, labels))

        return read

    def read_batches(self, batches: Iterable[StatementBatch]) -> _Reading:
        """Takes statements as they come."""

        def read(encoding: Encoding, arrivals: Arrivals) -> None:
            for batch in batches:
                quads = encoding.encode_batch(batch)
                arrivals.add(quads)
                self.read += len(quads.subject)

        return read

    def _is_left_out(self, source: Source) -> bool:
        if self.rejects is None or source.is_lines:
            return False
        problem = problem_of(source)
        if problem is not None:
            # The others are.
            self.rejects.add_file(problem.removesuffix(NOTHING_LOADED))
        return problem is not None

    def _blocks(
        self,
        source: Source,
        engine: duckdb.DuckDBPyConnection,
        sources: Sequence[Source],
        *,
        with_geometries: bool,
    ) -> Iterator[Block]:
        """What a file says; how far the load is is told after each block is used."""
        reader = Reader(source, self.options.graph, self.rejects)
        for block in reader.blocks(engine, with_geometries=with_geometries):
            yield block
            self.read += len(block)
            self._tell(reader, sources)

    def _tell(self, reader: Reader, sources: Sequence[Source]) -> None:
        size = sum(source.size for source in sources)
        others = (each for each in sources if each is not reader.source)
        done = reader.bytes_used + sum(source.bytes_read for source in others)
        self.progress("load", _READING * min(done / size, 1.0) if size else 0.0)
        seconds = time.perf_counter() - self._started
        self.options.watch(Pace("load", done, size, self.read, seconds))


def stage_document(
    cursor: duckdb.DuckDBPyConnection,
    source: Source,
    table: str,
    terms: TermWriter,
    *,
    into: IRI | None,
    tick: Callable[[], None],
) -> None:
    """Put what a document says into a table with the columns of the quads.

    Args:
        cursor: Within a transaction.
        source: The document.
        table: The table.
        terms: The dictionary, which grows.
        into: The graph that its triples go to; then it may have no named graphs.
        tick: Called before every block; may raise.

    Raises:
        LoadError: The source cannot be read, or is not what its name says.
    """
    graph = None if into is None else into.value
    encoding = Encoding(cursor, terms.next_key, terms.met)
    encoding.begin()
    labels = BlankLabels(source)
    for block in Reader(source, graph).blocks(cursor):
        tick()
        named = f"<{graph}>"
        if graph is not None and block.statements.has_other_graphs(named):
            raise LoadError(
                f"{source.name} has named graphs, and can go into no other graph; "
                "load it as it is"
            )
        stage(cursor, table, encoding.encode(block, labels))
    encoding.keep()
    encoding.end()
    terms.next_key = encoding.next_key
