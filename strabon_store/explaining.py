"""What becomes of a query at every stage, what is expected of it, and what it took.

Two trees tell of rows. The relational plan is ours: what DuckDB expects of each node,
and, when the query is analyzed, how many rows it has and how long they take to count,
each node on its own. The operators are DuckDB's, as it ran the whole query: several of
our nodes are one operator there, or none, and joins come in an order of its own.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

import duckdb

from strabon_store.algebra.render import render_query
from strabon_store.answering import Compiled, Lap, read_batches, remotes_of
from strabon_store.backends.duckdb import generate_ids
from strabon_store.backends.duckdb_profile import (
    PROFILE,
    Operator,
    count_statement,
    explain_statement,
    read_plan,
    read_profile,
)
from strabon_store.errors import QueryTimeout, UnsupportedFeature
from strabon_store.frontend import parse_tree
from strabon_store.relational.indexes import index_of
from strabon_store.relational.nodes import Plan
from strabon_store.relational.render import label_of, render_plan, sources_of
from strabon_store.results.texts import Texts
from strabon_store.running import Limits, RunningQueries
from strabon_store.services import table_of

Connect: TypeAlias = Callable[[], duckdb.DuckDBPyConnection]
"""Makes a cursor, which who asks for it closes."""

_Counter: TypeAlias = Callable[[Plan], tuple[int | None, float | None]]

_LEAST_S: Final = 0.2
"""What the rows of a node may take to count; or as long as the whole query did."""


@dataclass(frozen=True, slots=True)
class ExplainedNode:
    """A node of a plan, ours or the engine's.

    Attributes:
        label: The node in a line.
        estimated_rows: How many rows are expected.
        rows: How many there are; None when nobody counted, or not to the end.
        seconds: What they took.
        sources: The nodes that it reads.
        index: How what is spatial is found; None for nodes of another kind.
        candidates: How many rows the index finds, as `rows` are counted.
    """

    label: str
    estimated_rows: int | None
    rows: int | None
    seconds: float | None
    sources: tuple["ExplainedNode", ...]
    index: str | None = None
    candidates: int | None = None

    def __str__(self) -> str:
        """The tree, a node a line, the root first."""
        return "\n".join(self._lines(0))

    def _lines(self, depth: int) -> list[str]:
        lines = ["  " * depth + self.label + self._figures()]
        for source in self.sources:
            lines += source._lines(depth + 1)  # noqa: SLF001 - its own class
        return lines

    def _figures(self) -> str:
        said = [] if self.index is None else [self.index]
        if self.candidates is not None:
            said.append(f"candidates {self.candidates:,}")
        if self.estimated_rows is not None:
            said.append(f"estimated {self.estimated_rows:,}")
        if self.rows is not None:
            said.append(f"rows {self.rows:,}")
        if self.seconds is not None:
            said.append(f"{self.seconds * 1000:.1f} ms")
        return f"   ({', '.join(said)})" if said else ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A query at every stage.

    Attributes:
        algebra: SSE of the algebra as translated.
        optimized: SSE after the passes.
        plan: The relational plan, a node a line.
        sql: What the engine runs.
        nodes: The relational plan with its figures.
        operators: The engine's plan with its figures.
        tables: What the engine reads, and how.
        seconds: How long each stage took.
        rows: How many rows the answer has; None unless analyzed.
        reads: Of a virtual graph, what was read of its sources.
    """

    algebra: str
    optimized: str
    plan: str
    sql: str
    nodes: ExplainedNode
    operators: ExplainedNode
    tables: tuple[str, ...]
    seconds: Mapping[str, float]
    rows: int | None = None
    reads: tuple[str, ...] = ()

    def __str__(self) -> str:
        """All stages, one below the other."""
        times = "\n".join(f"{n:10} {s * 1000:9.2f} ms" for n, s in self.seconds.items())
        answered = "" if self.rows is None else f"\nanswer     {self.rows:,} rows"
        stages = {"sources": "\n".join(self.reads)} if self.reads else {}
        stages |= {
            "algebra": self.algebra,
            "optimized": self.optimized,
            "plan": str(self.nodes),
            "sql": self.sql,
            "operators": str(self.operators),
            "tables": "\n".join(self.tables),
            "times": times + answered,
        }
        return "\n".join(f"-- {name}\n{text}\n" for name, text in stages.items())

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self) | {"seconds": dict(self.seconds)}


class Stopwatch:
    """How long each stage takes.

    Attributes:
        seconds: Of each stage that is over.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """A stage is over, and the next one begins."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the queries of a store.

    Attributes:
        compile: Compiles a query, and tells when each stage is over.
        connect: Makes cursors, each within a transaction.
        running: Where what runs is listed.
        texts: The dictionary.
    """

    compile: Callable[[str, Lap], Compiled]
    connect: Connect
    running: RunningQueries
    texts: Texts

    def explain(self, text: str, limits: Limits, *, analyze: bool) -> Explanation:
        """What becomes of a query.

        Args:
            text: The query.
            limits: What all of it may use.
            analyze: Whether to run it too, to its last row.
        """
        parse_tree("ASK {}")  # reads the grammar, once in a process
        watch = Stopwatch()
        parse_tree(text)
        watch.lap("parse")
        compiled = self.compile(text, watch.lap)
        # To parse once more was part of it.
        translated = watch.seconds["translate"] - watch.seconds["parse"]
        watch.seconds["translate"] = max(translated, 0.0)
        if analyze and compiled.remotes:
            raise UnsupportedFeature("the analysis of a query with SERVICE")
        if analyze:
            return self._analyzed(text, compiled, limits, watch)
        return _explanation(
            compiled,
            self._node(compiled.plan, lambda _: (None, None)),
            self._estimated(compiled.generated.sql, compiled.plan),
            watch.seconds,
        )

    def _analyzed(
        self, text: str, compiled: Compiled, limits: Limits, watch: Stopwatch
    ) -> Explanation:
        end = None if limits.timeout_s is None else time.monotonic() + limits.timeout_s
        operators, rows = self._profiled(text, compiled, limits, watch)
        whole_s = max(_LEAST_S, watch.seconds["execute"])

        def count(plan: Plan) -> tuple[int | None, float | None]:
            left_s = whole_s if end is None else min(whole_s, end - time.monotonic())
            return self._counted(plan, left_s) if left_s > 0 else (None, None)

        nodes = self._node(compiled.plan, count)
        return _explanation(compiled, nodes, operators, watch.seconds, rows)

    def _profiled(
        self, text: str, compiled: Compiled, limits: Limits, watch: Stopwatch
    ) -> tuple[Operator, int]:
        """Run a query to its end: what its operators took, and how many rows came."""
        run = self.running.begin(text, limits)
        try:
            cursor = self.connect()
            run.use(cursor)
            run.guarded(lambda: cursor.execute(PROFILE))
            watch.lap("begin")
            run.execute(compiled.generated.sql)
            batches = _timed(run.batches(), watch)
            rows = 0
            for batch in read_batches(compiled, batches, self.texts):
                watch.lap("decode")
                rows += batch.length
            profile = cursor.get_profiling_information(format="json")
            return read_profile(profile), rows
        finally:
            run.close()

    def _node(self, plan: Plan, count: _Counter) -> ExplainedNode:
        estimates = (each.estimated_rows for each in self._planned(plan).walk())
        rows, seconds = count(plan)
        index = index_of(plan)
        return ExplainedNode(
            label_of(plan),
            next((each for each in estimates if each is not None), None),
            rows,
            seconds,
            tuple(self._node(source, count) for source in sources_of(plan)),
            None if index is None else index.name,
            None if index is None else count(index.candidates)[0],
        )

    def _planned(self, plan: Plan) -> Operator:
        return self._estimated(generate_ids(plan).sql, plan)

    def _estimated(self, sql: str, plan: Plan) -> Operator:
        with self.connect() as cursor:
            # Nobody is asked for an explanation.
            for remote in remotes_of(plan):
                cursor.register(remote.table, table_of(remote, ()))
            ((_, document),) = cursor.execute(explain_statement(sql)).fetchall()
            return read_plan(document)

    def _counted(self, plan: Plan, timeout_s: float) -> tuple[int | None, float | None]:
        """How many rows a node has and how long they take; None: not in time."""
        started = time.perf_counter()
        run = self.running.begin(label_of(plan), Limits(timeout_s))
        try:
            run.use(self.connect())
            run.execute(count_statement(generate_ids(plan).sql))
            (rows,) = (batch.column(0)[0].as_py() for batch in run.batches())
        except QueryTimeout:
            return None, None
        finally:
            run.close()
        return rows, time.perf_counter() - started


def _timed(batches: Iterator[Any], watch: Stopwatch) -> Iterator[Any]:
    for batch in batches:
        watch.lap("execute")
        yield batch
    watch.lap("execute")


def _explanation(
    compiled: Compiled,
    nodes: ExplainedNode,
    operators: Operator,
    seconds: Mapping[str, float],
    rows: int | None = None,
) -> Explanation:
    return Explanation(
        algebra=render_query(compiled.query),
        optimized=render_query(compiled.optimized),
        plan=render_plan(compiled.plan),
        sql=compiled.generated.pretty,
        nodes=nodes,
        operators=_as_node(operators),
        tables=operators.tables(),
        seconds=seconds,
        rows=rows,
    )


def _as_node(operator: Operator) -> ExplainedNode:
    return ExplainedNode(
        operator.label,
        operator.estimated_rows,
        operator.rows,
        operator.seconds,
        tuple(map(_as_node, operator.sources)),
    )
