"""A query is compiled once and run on a cursor of its own, under a deadline."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import duckdb

from engines.duckdb.session import wrap_error
from strabon_store.algebra.queries import AskQuery, Dataset, Query
from strabon_store.algebra.render import render_query
from strabon_store.backends.duckdb import GeneratedQuery, generate
from strabon_store.errors import InternalError, QueryTimeout
from strabon_store.frontend import parse_query
from strabon_store.passes import run_passes
from strabon_store.passes.pipeline import Pass
from strabon_store.relational.context import TermCatalog
from strabon_store.relational.lower import lower_query
from strabon_store.relational.nodes import Plan
from strabon_store.relational.render import render_plan
from strabon_store.results.columns import Batch
from strabon_store.results.decode import DecodedColumn, decode_batches
from strabon_store.results.solutions import Result, Solutions

Passes: TypeAlias = tuple[Pass, ...]

_BATCH_ROWS: Final = 8192


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query at every stage from text to SQL.

    Attributes:
        query: The algebra as translated.
        optimized: The algebra after the passes.
        plan: The relational plan.
        generated: The SQL.
    """

    query: Query
    optimized: Query
    plan: Plan
    generated: GeneratedQuery

    @property
    def explanation(self) -> "Explanation":
        """The stages as text."""
        return Explanation(
            algebra=render_query(self.query),
            optimized=render_query(self.optimized),
            plan=render_plan(self.plan),
            sql=self.generated.pretty,
        )

    @property
    def is_ask(self) -> bool:
        """Whether the answer is a truth value."""
        return isinstance(self.query, AskQuery)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A query at every stage, for people.

    Attributes:
        algebra: SSE of the algebra as translated.
        optimized: SSE after the passes.
        plan: The relational plan, a node a line.
        sql: What the engine runs.
    """

    algebra: str
    optimized: str
    plan: str
    sql: str

    def __str__(self) -> str:
        """All stages, one below the other."""
        return "\n".join(
            f"-- {name}\n{text}\n"
            for name, text in (
                ("algebra", self.algebra),
                ("optimized", self.optimized),
                ("plan", self.plan),
                ("sql", self.sql),
            )
        )


def compile_query(
    text: str, catalog: TermCatalog, passes: Passes, dataset: Dataset | None
) -> Compiled:
    """Take a query through all stages that need no data but the ids of its terms.

    Args:
        text: The query.
        catalog: Ids of constants.
        passes: The optimizer; none of them changes the answer.
        dataset: The protocol's dataset, which goes before that of the query
            (SPARQL 1.1 Protocol section 2.1.4).

    Raises:
        QuerySyntaxError: The text is not SPARQL.
        UnsupportedFeature: It needs what we do not compile.
    """
    query = parse_query(text)
    if dataset is not None:
        query = replace(query, dataset=dataset)
    optimized = run_passes(query, passes)
    plan = lower_query(optimized, catalog)
    return Compiled(query, optimized, plan, generate(plan))


def answer(
    compiled: Compiled,
    cursor: duckdb.DuckDBPyConnection,
    timeout_s: float | None = None,
) -> Result:
    """Run a compiled query; the cursor is closed when the answer is.

    Raises:
        QueryTimeout: The first rows did not come in time; later ones raise it when they
            are read.
        EngineError: The engine failed.
    """
    run = _Run(cursor, timeout_s)
    reader = run.guarded(
        lambda: cursor.execute(compiled.generated.sql).to_arrow_reader(_BATCH_ROWS)
    )
    columns = [_decoded(compiled.generated, i) for i in range(len(_names(compiled)))]
    if compiled.is_ask:
        found = any(batch.num_rows for batch in run.batches(reader))
        run.close()
        return found
    batches = _batches(run, reader, columns)
    return Solutions.of_batches(_names(compiled), batches, run.close)


def _names(compiled: Compiled) -> tuple[str, ...]:
    return tuple(column.name for column in compiled.generated.columns)


def _decoded(generated: GeneratedQuery, index: int) -> DecodedColumn:
    column = generated.columns[index]
    if column.encoding is None:
        raise InternalError(f"{column.name} is no variable")
    return DecodedColumn(column.name, column.encoding)


def _batches(run: "_Run", reader: Any, columns: list[DecodedColumn]) -> Iterator[Batch]:
    try:
        yield from decode_batches(run.batches(reader), columns)
    finally:
        run.close()


class _Run:
    """One query on its way: its cursor, its deadline, and whether that has passed."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, timeout_s: float | None
    ) -> None:
        self._cursor = cursor
        self._timeout_s = timeout_s
        self._expired = threading.Event()
        self._closing = threading.Lock()
        self._is_closed = False
        self._timer: threading.Timer | None = None
        if timeout_s is not None:
            self._timer = threading.Timer(timeout_s, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        self._expired.set()
        with self._closing:
            if not self._is_closed:
                self._cursor.interrupt()

    def guarded(self, work: Callable[[], Any]) -> Any:
        """The result of some work of the engine, its exceptions made ours."""
        try:
            result = work()
        except duckdb.InterruptException as error:
            self.close()
            raise QueryTimeout(self._deadline()) from error
        except duckdb.Error as error:
            self.close()
            raise wrap_error(error) from error
        if self._expired.is_set():
            self.close()
            raise QueryTimeout(self._timeout_s)
        return result

    def batches(self, reader: Any) -> Iterator[Any]:
        """The record batches of a reader, until there are none."""
        while True:
            batch = self.guarded(lambda: next(reader, None))
            if batch is None:
                return
            yield batch

    def _deadline(self) -> float | None:
        return self._timeout_s if self._expired.is_set() else None

    def close(self) -> None:
        """Stop the clock and the engine; harmless when called again."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            if self._timer is not None:
                self._timer.cancel()
            self._cursor.interrupt()
            self._cursor.close()
