"""The store as its users see it: a directory that is opened, loaded and asked."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, Unpack

import duckdb
import pyoxigraph as ox

from engines.term_columns import StatementBatch
from ontologies.progress import Progress, silent
from ontologies.rdfs import Entailment
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI
from strabon_store.algebra.updates import within_dataset
from strabon_store.answering import Compiled, Lap, Passes, answer
from strabon_store.explaining import Explainer, Explanation
from strabon_store.frontend import never, parse_update
from strabon_store.passes import PASSES
from strabon_store.plan_cache import PlanCache
from strabon_store.planning import PlanKey, Request, compile_plan, merge_of
from strabon_store.query_options import QueryOptions
from strabon_store.relational.geo import AGGREGATES, SUPPORTED
from strabon_store.relational.layout import GEOMETRIES, QUADS, TERMS
from strabon_store.relational.readings import Readings
from strabon_store.results.graphs import Result
from strabon_store.running import (
    Limits,
    Run,
    RunningQueries,
    RunningQuery,
    until_deadline,
)
from strabon_store.services import ServiceClient, Services
from strabon_store.sessions import Sessions
from strabon_store.storage.backup import BackupReport, backup
from strabon_store.storage.catalog import Catalog, Snapshot
from strabon_store.storage.changes import Changes
from strabon_store.storage.compact import count_rows
from strabon_store.storage.counts import Statistics
from strabon_store.storage.database import Database, Resources, open_database
from strabon_store.storage.documents import Documents, WebClient
from strabon_store.storage.dump import DumpReport, dump
from strabon_store.storage.entailment import Closures
from strabon_store.storage.loader import (
    AS_IT_IS,
    Files,
    LoadOptions,
    LoadReport,
    load,
    load_batches,
)
from strabon_store.storage.optimize import OptimizeReport, optimize
from strabon_store.storage.patch import apply_patch
from strabon_store.storage.texts import TermTexts
from strabon_store.storage.verify import Verification, verify
from strabon_store.updating import UpdateReport, run_update

EXTENSION_FUNCTIONS: Final = SUPPORTED
"""IRIs of the functions beyond SPARQL 1.1 that a query may call."""

EXTENSION_AGGREGATES: Final = AGGREGATES
"""IRIs of the set functions beyond SPARQL 1.1, called like functions."""


class Store:
    """A set of RDF quads in a directory, held by one process.

    Readers see the store as it was when they began; a load becomes visible at once and
    whole. Methods may be called from any thread; writers wait for each other.

    Attributes:
        reads_star_tables: Whether queries may read star tables beside the quads; the
            answers do not depend on it.
        rewrites_relations: Whether queries find that `?a geo:sfWithin ?b` by geometries
            (the query rewrite extension of GeoSPARQL), and not only where it is said.
    """

    def __init__(
        self,
        database: Database,
        documents: Documents,
        entailment: Entailment | None = None,
        services: Services | None = None,
        closures: Closures | None = None,
    ) -> None:
        """Over an open database; use `Store.open`."""
        self._database = database
        self._documents = documents
        self._catalog = Catalog(database)
        self._entailment = entailment
        self._services = services or Services()
        self._closures = closures or Closures(database)
        self._sessions = Sessions(database.cursor)
        self._texts = TermTexts(self._sessions)
        self._plans: PlanCache[Compiled] = PlanCache()
        self._running = RunningQueries()
        # What was known after so many commits.
        self._latest: dict[int, Snapshot] = {}
        self.reads_star_tables = True
        self.rewrites_relations = True

    @classmethod
    def open(  # noqa: PLR0913 - each says what the store may do, or use
        cls,
        location: Path,
        *,
        read_only: bool = False,
        allow_load: Sequence[str] = (),
        web: WebClient | None = None,
        entailment: Entailment | None = None,
        geosparql_axioms: bool = True,
        services: ServiceClient | None = None,
        memory_limit: int | None = None,
        spill_limit: int | None = None,
    ) -> Self:
        """The store at a directory; made when absent, unless `read_only`.

        Args:
            location: The directory.
            read_only: Refuse writes; several processes may read at a time.
            allow_load: The IRIs of documents that the LOAD of an update may read; one
                that ends in `/` stands for all below it.
            web: Who fetches those of the web; None: nobody.
            entailment: The regime of queries that name none; None: what was said.
            geosparql_axioms: Whether the ontologies of GeoSPARQL, Simple Features and
                GML are known under entailment, where a graph uses a term of theirs.
            services: Who asks the endpoints of SERVICE; None: nobody, and such a query
                is an error, or if it is silent has an empty solution there.
            memory_limit: Bytes that all queries together may hold; 80 % of the
                machine's when None.
            spill_limit: Bytes that they may put on disk beyond that, in the directory;
                what the disk has when None.

        Raises:
            StoreUnavailable: Absent, in use by another process, damaged, of another
                format, or no store.
        """
        resources = Resources(memory_limit, spill_limit)
        database = open_database(Path(location), resources, read_only=read_only)
        documents = Documents(tuple(allow_load), web)
        closures = Closures(database, geosparql=geosparql_axioms)
        return cls(database, documents, entailment, Services(services), closures)

    @property
    def location(self) -> Path:
        """The directory."""
        return self._database.location

    def load(
        self,
        files: Files,
        progress: Progress | None = None,
        options: LoadOptions = AS_IT_IS,
    ) -> LoadReport:
        """Add RDF files: all of them, or nothing when one is wrong.

        Args:
            files: `.ttl`, `.nt`, `.nq`, `.trig`, `.rdf`, `.xml`, `.owl` or `.jsonld`,
                each plain or with `.gz`, `.bz2`, `.xz` or `.zst` after it; or an
                `Input` that says what it is. What is there already is not added again.
            progress: Told the fraction of the load that is done.
            options: Where triples go, and what becomes of bad statements.

        Raises:
            LoadError: A file is missing, unreadable or malformed.
            StoreUnavailable: The store is open for reading only.
        """
        return load(self._database, files, progress or silent, options)

    def load_batches(self, batches: Iterable[StatementBatch]) -> LoadReport:
        """Add statements that are columns of terms: all of them, or nothing."""
        return load_batches(self._database, batches)

    def apply_patch(
        self, removed: Iterable[StatementBatch], added: Iterable[StatementBatch]
    ) -> Changes:
        """Take statements out and put others in: all of it, or nothing.

        Blank nodes are those that have the same labels; what is in both stays.

        Raises:
            StoreUnavailable: The store is open for reading only.
            EngineError: The engine failed; the store is as before.
        """
        return apply_patch(self._database, removed, added)

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        passes: Passes = PASSES,
        entailment: Entailment | None = None,
        **options: Unpack[QueryOptions],
    ) -> Result:
        """The answer to a query, from the store as it is now.

        Args:
            text: The query.
            timeout_s: How long it may take until its last row is read.
            passes: The optimizer; the answer does not depend on it.
            entailment: Ask what each graph entails by this regime, and not what was
                said alone; None: as the store was opened.
            options: How it is asked beside that.

        Raises:
            QuerySyntaxError: The text is not SPARQL.
            UnsupportedFeature: The query needs what we do not compile.
            QueryCutOff: There is no complete answer: the time was over, somebody
                cancelled, memory did not suffice or there are too many rows; raised
                here or by the iterator of the solutions.
            QueryIdTaken: Another query with this id is running.
        """
        limits = Limits(timeout_s, options.get("max_rows"))
        run = self._running.begin(text, limits, options.get("query_id"))
        try:
            request = Request(
                text, options.get("dataset"), tuple(passes), options.get("base")
            )
            regime = entailment or self._entailment
            if regime is None:
                return self._answer(run, request)
            return self._answer_by(regime, run, request)
        except BaseException:
            run.close()
            raise

    def _answer(self, run: Run, request: Request) -> Result:
        session = self._sessions.take()
        run.use(session)
        commits = self._database.commits
        before = commits.count
        if known := self._latest.get(before):
            session.keep_to(known.generation)
            compiled = self._compiled(known, request, tick=run.check)
            is_local = not compiled.remotes
            sql = compiled.generated.sql
            if is_local and run.execute(sql, lambda: commits.count == before):
                return answer(compiled, run, self._texts)
        # One transaction: what is planned is what is read.
        session.begin()
        known = self._catalog.snapshot(session.cursor)
        if commits.is_quiet and commits.count == before:
            self._latest = {before: known}
        session.keep_to(known.generation)
        compiled = self._compiled(known, request, tick=run.check)
        if compiled.remotes:
            session.close()
            return self._answer_with_others(run, request)
        run.execute(compiled.generated.sql)
        return answer(compiled, run, self._texts)

    def _answer_with_others(self, run: Run, request: Request) -> Result:
        """By a cursor of its own, which takes what others answered along at its end."""
        cursor = self._database.cursor()
        run.use(cursor)
        cursor.begin()
        known = self._catalog.snapshot(cursor)
        compiled = self._compiled(known, request, tick=run.check)
        self._services.provide(compiled.remotes, run, cursor)
        run.execute(compiled.generated.sql)
        return answer(compiled, run, self._texts)

    def _answer_by(self, regime: Entailment, run: Run, request: Request) -> Result:
        cursor = self._database.cursor()
        run.use(cursor)
        merge = merge_of(request, run.check)
        known = self._closures.begin(cursor, run.check, merge)
        compiled = self._compiled(known, request, regime, merge, run.check)
        self._services.provide(compiled.remotes, run, cursor)
        run.execute(compiled.generated.sql)
        return answer(compiled, run, self._texts)

    def queries(self) -> tuple[RunningQuery, ...]:
        """The queries that run now, the oldest first."""
        return self._running.running()

    def cancel(self, query_id: str) -> bool:
        """Stop a query; whether one with this id was running.

        Whoever reads its answer gets a `QueryCancelled`.
        """
        return self._running.cancel(query_id)

    def update(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        base: str | None = None,
        dataset: Dataset | None = None,
        query_id: str | None = None,
    ) -> UpdateReport:
        """Change the store as a SPARQL 1.1 Update request says: all of it, or nothing.

        Each operation sees what those before it did; readers see the store as it was
        until all are done.

        Args:
            text: The request, its operations separated by `;`.
            timeout_s: How long it may take, waiting for other writers included.
            base: What relative IRIs are resolved against where the text has no BASE.
            dataset: What its WHEREs ask (SPARQL 1.1 Protocol section 2.2.3); then they
                may have no USING, USING NAMED or WITH of their own.
            query_id: What `queries` and `cancel` call it; made up when None.

        Raises:
            QuerySyntaxError: The text is no SPARQL update.
            UnsupportedFeature: The request needs what we do not compile.
            QueryCutOff: The time was over, somebody cancelled, or memory did not
                suffice.
            QueryIdTaken: Another query with this id is running.
            StoreBusy: Another writer was not done in time.
            NoSuchGraph: It names a graph that is not there.
            GraphExists: It creates a graph that is there.
            LoadError: A document that it loads cannot be read, or may not be.
            StoreUnavailable: The store is open for reading only.
        """
        run = self._running.begin(text, Limits(timeout_s), query_id)
        try:
            update = parse_update(text, base=base, tick=run.check)
            if dataset is not None:
                update = within_dataset(update, dataset)
            return run_update(
                self._database, update, self._documents, run, wait_s=timeout_s
            )
        finally:
            run.close()

    def compile(self, text: str, *, passes: Passes = PASSES) -> Compiled:
        """A query at every stage from text to SQL, as `query` would run it now.

        Raises:
            QuerySyntaxError: The text is not SPARQL.
            UnsupportedFeature: The query needs what we do not compile.
        """
        request = Request(text, passes=tuple(passes))
        return self._compiled(self._catalog.snapshot(), request)

    def explain(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        analyze: bool = False,
        base: str | None = None,
        dataset: Dataset | None = None,
        passes: Passes = PASSES,
    ) -> Explanation:
        """What becomes of a query at every stage, and what the engine expects of it.

        Args:
            text: The query.
            timeout_s: How long all of it may take.
            analyze: Whether to run the query too, to its last row, and to count the
                rows of each node.
            base: What relative IRIs are resolved against where the text has no BASE.
            dataset: What to ask instead of the query's own FROM and FROM NAMED.
            passes: The optimizer.

        Raises:
            QuerySyntaxError: The text is not SPARQL.
            UnsupportedFeature: The query needs what we do not compile.
            QueryCutOff: The query did not end in time, or was cancelled.
        """
        database, regime = self._database, self._entailment
        request = Request(text, dataset, passes, base)
        tick = until_deadline(timeout_s)
        merge = None if regime is None else merge_of(request, tick)
        key = PlanKey(
            request, self.reads_star_tables, regime, merge, self.rewrites_relations
        )

        def connect() -> duckdb.DuckDBPyConnection:
            cursor = database.cursor()
            self._begin(cursor, key, tick)
            return cursor

        def compiled(_text: str, lap: Lap) -> Compiled:
            with database.cursor() as cursor:
                known = self._known(key, self._begin(cursor, key, tick))
                return compile_plan(key, Readings(known), lap, tick)

        explainer = Explainer(compiled, connect, self._running, self._texts)
        return explainer.explain(text, Limits(timeout_s), analyze=analyze)

    def _begin(
        self,
        cursor: duckdb.DuckDBPyConnection,
        key: PlanKey,
        tick: Callable[[], None],
    ) -> Snapshot:
        """Begin a transaction: what is planned by what is known is what is read."""
        if key.entailment is not None:
            return self._closures.begin(cursor, tick, key.merge)
        cursor.begin()
        return self._catalog.snapshot(cursor)

    @staticmethod
    def _known(key: PlanKey, known: Snapshot) -> Snapshot:
        return known if key.star_tables else known.without_stars()

    def _compiled(
        self,
        known: Snapshot,
        request: Request,
        regime: Entailment | None = None,
        merge: Dataset | None = None,
        tick: Callable[[], None] = never,
    ) -> Compiled:
        key = PlanKey(
            request, self.reads_star_tables, regime, merge, self.rewrites_relations
        )
        return self._plans.find(
            key,
            known.generation,
            self._known(key, known),
            lambda readings: compile_plan(key, readings, tick=tick),
        )

    def dump(
        self,
        path: Path | None,
        *,
        rdf_format: ox.RdfFormat | None = None,
        graph: IRI | None = None,
        progress: Progress | None = None,
    ) -> DumpReport:
        """Write the statements as RDF text; see `storage.dump.dump`."""
        return dump(
            self._database,
            path,
            rdf_format=rdf_format,
            graph=graph,
            progress=progress or silent,
        )

    def backup(self, target: Path, progress: Progress | None = None) -> BackupReport:
        """Copy the store as it is now, while it is in use; see `storage.backup`."""
        return backup(self._database, target, progress or silent)

    def optimize(self, progress: Progress | None = None) -> OptimizeReport:
        """Put what many small writes left in order; see `storage.optimize`."""
        return optimize(self._database, progress or silent)

    def verify(self, progress: Progress | None = None) -> Verification:
        """Check all that must be true of the tables; see `storage.verify`."""
        return verify(self._database, progress or silent)

    def statistics(self) -> Statistics:
        """How much there is."""
        with self._database.cursor() as cursor:
            known = self._catalog.snapshot(cursor).predicates
            counts = {key: each.statements for key, each in known.items()}
            names = self._catalog.iris(counts)
            ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            return Statistics(
                triples=count_rows(cursor, QUADS),
                graphs=self._catalog.count_graphs(),
                terms=count_rows(cursor, TERMS),
                geometries=count_rows(cursor, GEOMETRIES),
                size=self._database.size,
                predicates={names[key]: count for key, count in ordered},
                plans=self._plans.counts,
            )

    def close(self) -> None:
        """Let go of the database; harmless when called again.

        Answers that nobody has read to their end are cancelled: as long as one of them
        held the database, who opens it again would wait.
        """
        self._running.close()
        self._closures.close()
        self._sessions.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
