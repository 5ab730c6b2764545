"""A query is compiled once and run on a cursor of its own, under a deadline."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from strabon_store.algebra.queries import (
    AskQuery,
    ConstructQuery,
    Dataset,
    DescribeQuery,
    Query,
)
from strabon_store.algebra.render import render_query
from strabon_store.backends.duckdb import GeneratedQuery, generate
from strabon_store.errors import InternalError
from strabon_store.frontend import parse_query
from strabon_store.passes import run_passes
from strabon_store.passes.pipeline import Pass
from strabon_store.relational.context import TermCatalog
from strabon_store.relational.lower import lower_query
from strabon_store.relational.nodes import Plan, PlanColumn
from strabon_store.relational.render import render_plan
from strabon_store.results.columns import Batch
from strabon_store.results.decode import DecodedColumn, decode_batches
from strabon_store.results.graphs import Graph, Result
from strabon_store.results.solutions import Solutions
from strabon_store.running import Run

Passes: TypeAlias = tuple[Pass, ...]


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


def answer(compiled: Compiled, run: Run) -> Result:
    """The answer to a query that a run executes, which ends with the answer.

    Raises:
        QueryCutOff: The first rows did not come; of later ones whoever reads is told.
        EngineError: The engine failed.
    """
    columns = [_decoded(column) for column in compiled.generated.columns]
    if compiled.is_ask:
        found = any(batch.num_rows for batch in run.batches())
        run.close()
        return found
    names = tuple(column.name for column in columns)
    solutions = Solutions.of_batches(names, _batches(run, columns), run.close)
    if isinstance(compiled.query, ConstructQuery | DescribeQuery):
        return Graph(solutions, dict(compiled.query.prefixes))
    return solutions


def _decoded(column: PlanColumn) -> DecodedColumn:
    if column.encoding is None:
        raise InternalError(f"{column.name} is no variable")
    return DecodedColumn(column.name, column.encoding)


def _batches(run: Run, columns: list[DecodedColumn]) -> Iterator[Batch]:
    try:
        yield from decode_batches(run.batches(), columns)
    finally:
        run.close()
