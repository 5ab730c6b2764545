"""Updates: a request is one transaction, in which its operations follow each other.

Each operation says what goes and what comes by two temporary tables; storage changes
the statements. WHERE is compiled as a query is, over what the operations before left.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, assert_never

import duckdb

from engines.duckdb.failures import wrap_error
from strabon_store.algebra.nodes import UNIT, Project
from strabon_store.algebra.queries import SelectQuery
from strabon_store.algebra.terms import IRI, BlankNode, Term, Var
from strabon_store.algebra.updates import (
    Clear,
    Create,
    Graphs,
    LoadGraph,
    Modify,
    Move,
    Operation,
    Transfer,
    Update,
    name_of,
)
from strabon_store.backends.duckdb import GeneratedQuery, generate_ids
from strabon_store.backends.sql import Template, identifier
from strabon_store.errors import (
    GraphExists,
    NoSuchGraph,
    StoreError,
    UnsupportedFeature,
)
from strabon_store.passes import run_passes
from strabon_store.relational.encoding import DEFAULT_GRAPH
from strabon_store.relational.layout import GEOMETRIES
from strabon_store.relational.lower_update import lower_where
from strabon_store.running import Run
from strabon_store.storage.catalog import Catalog, Lent
from strabon_store.storage.changes import Changes, apply_changes, create_quads
from strabon_store.storage.compact import count_rows, sort_geometries
from strabon_store.storage.crs_definitions import report_waiting, settle
from strabon_store.storage.database import Database
from strabon_store.storage.documents import Documents
from strabon_store.storage.geometries import IllFormedGeometry
from strabon_store.storage.graphs import has_graph, stage_graph, stage_named_graphs
from strabon_store.storage.loader import stage_document
from strabon_store.storage.templates import (
    constants_of,
    fill,
    fill_ground,
    forget_solutions,
    resolve,
    slots_of,
    stage_solutions,
)
from strabon_store.storage.terms import TermWriter
from strabon_store.storage.transaction import write_transaction

_GONE: Final = "gone"
_COME: Final = "come"
"""The temporary tables of what an operation deletes and inserts."""

_DROP: Final = Template("DROP TABLE :a")


@dataclass(frozen=True, slots=True)
class OperationReport:
    """What one operation did.

    Attributes:
        name: What it is called, e.g. `DELETE/INSERT`.
        deleted: How many statements the store no longer has.
        inserted: How many it has and did not have.
    """

    name: str
    deleted: int
    inserted: int


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What a request did.

    Attributes:
        operations: Its operations in their order.
        ill_formed_geometries: New geometry literals that are stored as they stand, but
            have no geometry: functions on them give no value.
        seconds: How long it took.
        bad_definitions: What is wrong with definitions of CRSs that were ignored.
    """

    operations: tuple[OperationReport, ...]
    ill_formed_geometries: tuple[IllFormedGeometry, ...]
    seconds: float
    bad_definitions: tuple[str, ...] = ()

    @property
    def deleted(self) -> int:
        """How many statements the operations took away, one after the other."""
        return sum(operation.deleted for operation in self.operations)

    @property
    def inserted(self) -> int:
        """How many statements the operations added, one after the other."""
        return sum(operation.inserted for operation in self.operations)

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "deleted": self.deleted,
            "inserted": self.inserted,
            "operations": [asdict(operation) for operation in self.operations],
            "ill_formed_geometries": [asdict(e) for e in self.ill_formed_geometries],
            "bad_definitions": list(self.bad_definitions),
            "seconds": self.seconds,
        }

    def __str__(self) -> str:
        """A line for people."""
        count = len(self.operations)
        text = (
            f"{self.deleted:,} statements deleted, {self.inserted:,} inserted by "
            f"{count} operation{'' if count == 1 else 's'} in {self.seconds:.2f} s"
        )
        if self.ill_formed_geometries:
            text += (
                f"; {len(self.ill_formed_geometries):,} new geometry literals are "
                "ill-formed and have no geometry"
            )
        return "\n".join(
            [text, *(f"definition ignored: {each}" for each in self.bad_definitions)]
        )


def run_update(
    database: Database,
    update: Update,
    documents: Documents,
    run: Run,
    *,
    wait_s: float | None = None,
) -> UpdateReport:
    """Run a request: all of its operations, or none where one fails.

    Args:
        database: The store.
        update: The request.
        documents: What LOAD may read.
        run: The way to stop it.
        wait_s: How long to wait for another writer; None: as long as it takes.

    Raises:
        StoreError: The request cannot be done; the store is as before.
        EngineError: The engine failed; the store is as before.
    """
    started = time.perf_counter()
    try:
        with (
            write_transaction(database, wait_s) as cursor,
            run.lend(cursor),
        ):
            request = _Request(cursor, documents, run)
            operations = tuple(map(request.run, update.operations))
            request.finish()
    except duckdb.Error as error:
        raise wrap_error(error) from error
    return UpdateReport(
        operations,
        tuple(request.terms.met.ill_formed),
        seconds=time.perf_counter() - started,
        bad_definitions=tuple(request.terms.met.bad_definitions),
    )


class _Request:
    """A request on its way.

    Attributes:
        terms: The dictionary, which grows.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        documents: Documents,
        run: Run,
    ) -> None:
        self.terms = TermWriter(cursor)
        self._cursor = cursor
        self._documents = documents
        self._run = run
        self._tables: set[str] = set()
        self._geometries = count_rows(cursor, GEOMETRIES)
        self._first_key = self.terms.next_key

    def run(self, operation: Operation) -> OperationReport:
        """Do one operation; nothing, where it is SILENT and cannot be done."""
        self._run.check()
        try:
            self._stage(operation)
        except StoreError as error:
            if not (error.is_silenceable and _is_silent(operation)):
                raise
            changes = Changes()
        else:
            changes = self._apply()
        self._forget()
        return OperationReport(name_of(operation), changes.deleted, changes.inserted)

    def finish(self) -> None:
        """Write down what the operations left to do at the end."""
        report_waiting(self._cursor, self.terms.met, self._first_key)
        sort_geometries(self._cursor, self._geometries)
        self.terms.save()

    def _apply(self) -> Changes:
        deleted = _GONE if _GONE in self._tables else None
        inserted = _COME if _COME in self._tables else None
        changes = apply_changes(self._cursor, deleted=deleted, inserted=inserted)
        if inserted is not None:
            settle(self._cursor, inserted, self.terms.met, self._first_key)
        return changes

    def _table(self, name: str) -> str:
        """One of the two tables, made when the operation needs it."""
        if name not in self._tables:
            create_quads(self._cursor, name)
            self._tables.add(name)
        return name

    def _forget(self) -> None:
        for name in self._tables:
            self._cursor.execute(_DROP.filled([identifier(name)]))
        self._tables.clear()

    def _stage(self, operation: Operation) -> None:
        """Put what goes and what comes into the two tables."""
        match operation:
            case Modify():
                self._modify(operation)
            case LoadGraph():
                self._load(operation)
            case Clear():
                self._clear(operation)
            case Create(graph):
                if has_graph(self._cursor, self._graph(graph)):
                    raise GraphExists(graph.value)
            case Move():
                self._move(operation)
            case _:
                assert_never(operation)

    def _modify(self, operation: Modify) -> None:
        slots = slots_of((*operation.deleted, *operation.inserted))
        if operation.pattern == UNIT and not any(isinstance(s, Var) for s in slots):
            self._data(operation)
            return
        blank_nodes = [slot for slot in slots if isinstance(slot, BlankNode)]
        generated = self._compile(operation)
        solutions = stage_solutions(
            self._cursor, generated, blank_nodes, f"u{self.terms.next_key}b"
        )
        resolve(
            self._cursor,
            solutions,
            self.terms,
            found=slots_of(operation.deleted),
            stored=slots_of(operation.inserted),
        )
        if solutions.count:
            if quads := operation.deleted:
                ids = self._find(constants_of(quads))
                fill(self._cursor, quads, solutions, ids, self._table(_GONE))
            if quads := operation.inserted:
                ids = self._store(constants_of(quads))
                fill(self._cursor, quads, solutions, ids, self._table(_COME))
        forget_solutions(self._cursor)

    def _data(self, operation: Modify) -> None:
        """INSERT DATA and DELETE DATA: one solution, and no variables."""
        stem = f"u{self.terms.next_key}n"
        if quads := operation.inserted:
            labels = [slot for slot in slots_of(quads) if isinstance(slot, BlankNode)]
            new = {old: BlankNode(f"{stem}{i}") for i, old in enumerate(labels)}
            stored = self._store([*constants_of(quads), *new.values()])
            ids = stored | {old: stored[node] for old, node in new.items()}
            fill_ground(self._cursor, quads, ids, self._table(_COME))
        if quads := operation.deleted:
            ids = self._find(constants_of(quads))
            fill_ground(self._cursor, quads, ids, self._table(_GONE))

    def _compile(self, operation: Modify) -> GeneratedQuery:
        slots = slots_of((*operation.deleted, *operation.inserted))
        variables = tuple(slot for slot in slots if isinstance(slot, Var))
        pattern = Project(operation.pattern, variables)
        query = run_passes(SelectQuery(pattern, variables))
        catalog = Catalog(Lent(self._cursor)).snapshot(self._cursor)
        try:
            plan = lower_where(
                query.pattern, operation.graph, operation.dataset, catalog
            )
            return generate_ids(plan)
        except RecursionError as error:
            raise UnsupportedFeature("a pattern that is nested this deep") from error

    def _load(self, operation: LoadGraph) -> None:
        tick = self._run.check
        with self._documents.open(operation.source.value, tick) as source:
            stage_document(
                self._cursor,
                source,
                self._table(_COME),
                self.terms,
                into=operation.graph,
                tick=tick,
            )

    def _clear(self, operation: Clear) -> None:
        match operation.target:
            case Graphs.DEFAULT:
                self._take_away(DEFAULT_GRAPH)
            case Graphs.NAMED:
                stage_named_graphs(self._cursor, self._table(_GONE))
            case Graphs.ALL:
                self._take_away(DEFAULT_GRAPH)
                stage_named_graphs(self._cursor, self._table(_GONE))
            case IRI() as graph:
                self._take_away(self._existing(graph))

    def _move(self, operation: Move) -> None:
        source = self._existing(operation.source)
        if operation.source == operation.target:
            return
        names = [] if operation.target is None else [operation.target]
        target = next(iter(self._store(names).values()), DEFAULT_GRAPH)
        if operation.transfer is not Transfer.ADD:
            self._take_away(target)
        if operation.transfer is Transfer.MOVE:
            self._take_away(source)
        stage_graph(self._cursor, source, self._table(_COME), target)

    def _take_away(self, graph: int) -> None:
        stage_graph(self._cursor, graph, self._table(_GONE), graph)

    def _graph(self, graph: IRI | None) -> int:
        """The id of a graph; one that nothing mentions has that of no term."""
        return DEFAULT_GRAPH if graph is None else int(self.terms.find([graph])[0])

    def _existing(self, graph: IRI | None) -> int:
        found = self._graph(graph)
        if graph is not None and not has_graph(self._cursor, found):
            raise NoSuchGraph(graph.value)
        return found

    def _find(self, terms: list[Term]) -> dict[Term, int]:
        return dict(zip(terms, self.terms.find(terms).tolist(), strict=True))

    def _store(self, terms: Sequence[Term]) -> dict[Term, int]:
        return dict(zip(terms, self.terms.store(terms).tolist(), strict=True))


def _is_silent(operation: Operation) -> bool:
    return not isinstance(operation, Modify) and operation.silent
