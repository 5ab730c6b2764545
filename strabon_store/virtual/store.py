"""A virtual graph as its users see it: asked like a store, and stored nowhere.

    query -> what it reaches -> statements of the sources -> a store in memory -> answer

The store in memory holds what one query reaches, for as long as its answer is read. It
is compiled for, and asked, as every other: so an answer is what the same statements in
a store on disk would give.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final, Self, Unpack

import duckdb

from engines.duckdb.failures import wrap_error
from engines.errors import MemoryExceeded
from engines.term_columns import StatementBatch
from engines.virtual_graphs import VirtualGraph
from strabon_store.algebra.nodes import Pattern
from strabon_store.algebra.queries import Dataset, Query
from strabon_store.errors import LoadError, QueryMemoryExceeded, UnsupportedFeature
from strabon_store.explaining import Explanation
from strabon_store.frontend import parse_query
from strabon_store.passes import PASSES, Pass, rewrite_relations, run_passes
from strabon_store.query_options import QueryOptions
from strabon_store.results.columns import Batch
from strabon_store.results.graphs import Graph, Result
from strabon_store.results.solutions import Solutions
from strabon_store.running import Limits, Run, RunningQueries, RunningQuery
from strabon_store.services import ServiceClient, Services
from strabon_store.storage.database import Database
from strabon_store.storage.documents import Documents
from strabon_store.storage.loader import load_batches
from strabon_store.storage.memory import MemoryDatabases
from strabon_store.store import Store
from strabon_store.virtual.fetch import fetch
from strabon_store.virtual.groups import with_groups_counted
from strabon_store.virtual.reads import Read, Reads

_LEAST_S: Final = 0.001


class VirtualStore:
    """Answers queries over a virtual graph; usable from any thread.

    Attributes:
        rewrites_relations: As of `Store`.
    """

    def __init__(
        self,
        graph: VirtualGraph,
        *,
        services: ServiceClient | None = None,
        databases: MemoryDatabases | None = None,
    ) -> None:
        """Over a graph, which is closed with it.

        Args:
            graph: The graph.
            services: Who asks the endpoints of SERVICE; None: nobody.
            databases: Where what queries reach is kept meanwhile, which whoever made
                it closes; None: in an engine of its own.
        """
        self._graph = graph
        self._services = services
        self._owns_databases = databases is None
        self._databases = databases or MemoryDatabases()
        self._running = RunningQueries()
        self._stores: dict[str, Store] = {}
        self.rewrites_relations = True

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        **options: Unpack[QueryOptions],
    ) -> Result:
        """The answer to a query, from the sources as they are now.

        Args:
            text: The query.
            timeout_s: How long it may take until its last row is read.
            options: How it is asked beside that.

        Raises:
            QuerySyntaxError: The text is not SPARQL.
            UnsupportedFeature: The query needs what we do not compile.
            QueryCutOff: There is no complete answer.
            PytheasError: A source cannot be read, or no longer fits the mapping.
        """
        started = time.monotonic()
        with ExitStack() as stack:
            run = self._running.begin(text, Limits(timeout_s), options.get("query_id"))
            stack.callback(run.close)
            query = self._read(text, options.get("base"), options.get("dataset"))
            filled = self._filled(stack, run, query)
            store = filled.store
            run.check()
            self._stores[run.id] = store
            stack.callback(self._stores.pop, run.id, None)
            left_s = None
            if timeout_s is not None:
                left_s = max(timeout_s - (time.monotonic() - started), _LEAST_S)
            options["query_id"] = run.id
            answer = store.query(text, left_s, passes=filled.passes, **options)
            run.close()
            if isinstance(answer, bool):
                return answer
            stack.callback(answer.close)
            return _until(answer, stack.pop_all().close)

    def explain(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        analyze: bool = False,
        base: str | None = None,
        dataset: Dataset | None = None,
    ) -> Explanation:
        """What is read for a query, and what becomes of it at every stage.

        The sources are read: what is read first says what is read after that.

        Args:
            text: The query.
            timeout_s: How long all of it may take.
            analyze: Whether to run the query too.
            base: What relative IRIs are resolved against where the text has no BASE.
            dataset: What to ask instead of the query's own FROM and FROM NAMED.

        Raises:
            PytheasError: As of `query`.
        """
        with ExitStack() as stack:
            run = self._running.begin(text, Limits(timeout_s))
            stack.callback(run.close)
            filled = self._filled(stack, run, self._read(text, base, dataset))
            run.check()
            told = filled.store.explain(
                text,
                timeout_s,
                analyze=analyze,
                base=base,
                dataset=dataset,
                passes=filled.passes,
            )
            return replace(told, reads=tuple(map(str, filled.reads)))

    def queries(self) -> tuple[RunningQuery, ...]:
        """The queries that run now, the oldest first."""
        found = {one.id: one for one in self._running.running()}
        for store in tuple(self._stores.values()):
            found |= {one.id: one for one in store.queries()}
        return tuple(sorted(found.values(), key=lambda one: one.started))

    def cancel(self, query_id: str) -> bool:
        """Stop a query; whether one with this id was running."""
        is_reading = self._running.cancel(query_id)
        store = self._stores.get(query_id)
        return (store is not None and store.cancel(query_id)) or is_reading

    def close(self) -> None:
        """Let go of the sources; harmless when called again."""
        self._running.close()
        for store in tuple(self._stores.values()):
            store.close()
        if self._owns_databases:
            self._databases.close()
        self._graph.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, text: str, base: str | None, dataset: Dataset | None) -> Query:
        """A query as the store in memory will compile it."""
        try:
            query = parse_query(text, base=base)
            if dataset is not None:
                query = replace(query, dataset=dataset)
            if self.rewrites_relations:
                query = replace(query, pattern=rewrite_relations(query.pattern))
            return run_passes(query, PASSES)
        except RecursionError as error:
            raise UnsupportedFeature("a pattern that is nested this deep") from error

    def _filled(self, stack: ExitStack, run: Run, query: Query) -> "_Filled":
        """A store in memory of what a query reaches, which ends with the stack."""
        database = stack.enter_context(self._databases.one())
        services = Services(self._services)
        store = stack.enter_context(
            Store(database, Documents((), None), None, services)
        )
        store.rewrites_relations = self.rewrites_relations
        with self._graph.begin() as reading:
            reads = Reads(reading, run.check)
            counted = with_groups_counted(query, reads)
            _load(database, _batches(counted, reads))
        passes: tuple[Pass, ...] = PASSES
        if counted is not query:
            passes = (_As(counted.pattern),)
        return _Filled(store, tuple(reads.done), passes)


@dataclass(frozen=True, slots=True)
class _Filled:
    """A store in memory of what a query reaches.

    Attributes:
        store: The store.
        reads: What was read.
        passes: What makes of the query what the store is to answer.
    """

    store: Store
    reads: tuple[Read, ...]
    passes: tuple[Pass, ...]


@dataclass(frozen=True, slots=True)
class _As:
    """Takes the place of the optimizer, whose work is done already."""

    pattern: Pattern
    __name__ = "as it was read"

    def __call__(self, _: Pattern, /) -> Pattern:
        return self.pattern


def _load(database: Database, batches: Iterator[StatementBatch]) -> None:
    try:
        load_batches(database, batches)
    except LoadError as error:
        cause = error.__cause__
        wrapped = wrap_error(cause) if isinstance(cause, duckdb.Error) else None
        if isinstance(wrapped, MemoryExceeded):
            raise QueryMemoryExceeded(wrapped.reason) from error
        raise


def _batches(query: Query, reads: Reads) -> Iterator[StatementBatch]:
    yield from fetch(query, reads)


def _until(answer: Solutions | Graph, close: Callable[[], None]) -> Result:
    """The same answer, with something that is closed when it was read or is closed."""
    solutions = answer.solutions if isinstance(answer, Graph) else answer

    def batches() -> Iterator[Batch]:
        try:
            yield from solutions.batches()
        finally:
            close()

    closing = Solutions.of_batches(solutions.variables, batches(), close)
    return closing if isinstance(answer, Solutions) else Graph(closing, answer.prefixes)
