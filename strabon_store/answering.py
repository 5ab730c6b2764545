"""A query is compiled once and run on a cursor of its own, under a deadline."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from strabon_store.algebra.queries import (
    AskQuery,
    ConstructQuery,
    Dataset,
    DescribeQuery,
    Query,
)
from strabon_store.backends.duckdb import GeneratedQuery, generate
from strabon_store.errors import InternalError
from strabon_store.frontend import parse_query
from strabon_store.passes import run_passes
from strabon_store.passes.pipeline import Pass
from strabon_store.relational.context import TermCatalog
from strabon_store.relational.lower import lower_query
from strabon_store.relational.nodes import Plan, PlanColumn
from strabon_store.results.columns import Batch
from strabon_store.results.decode import DecodedColumn, decode_batches
from strabon_store.results.graphs import Graph, Result
from strabon_store.results.solutions import Solutions
from strabon_store.running import Run

Passes: TypeAlias = tuple[Pass, ...]
Lap: TypeAlias = Callable[[str], None]
"""Told the name of a stage when it is over."""


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
    def is_ask(self) -> bool:
        """Whether the answer is a truth value."""
        return isinstance(self.query, AskQuery)


def unheard(stage: str) -> None:
    """Tell nobody that a stage is over."""
    del stage


def compile_query(
    text: str,
    catalog: TermCatalog,
    passes: Passes,
    dataset: Dataset | None,
    lap: Lap = unheard,
) -> Compiled:
    """Take a query through all stages that need no data but the ids of its terms.

    Args:
        text: The query.
        catalog: Ids of constants.
        passes: The optimizer; none of them changes the answer.
        dataset: The protocol's dataset, which goes before that of the query
            (SPARQL 1.1 Protocol section 2.1.4).
        lap: Told when each stage is over.

    Raises:
        QuerySyntaxError: The text is not SPARQL.
        UnsupportedFeature: It needs what we do not compile.
    """
    query = parse_query(text)
    if dataset is not None:
        query = replace(query, dataset=dataset)
    lap("translate")
    optimized = run_passes(query, passes)
    lap("passes")
    plan = lower_query(optimized, catalog)
    lap("lower")
    generated = generate(plan)
    lap("generate")
    return Compiled(query, optimized, plan, generated)


def answer(compiled: Compiled, run: Run) -> Result:
    """The answer to a query that a run executes, which ends with the answer.

    Raises:
        QueryCutOff: The first rows did not come; of later ones whoever reads is told.
        EngineError: The engine failed.
    """
    columns = decoded_columns(compiled)
    if compiled.is_ask:
        found = any(batch.num_rows for batch in run.batches())
        run.close()
        return found
    names = tuple(column.name for column in columns)
    solutions = Solutions.of_batches(names, _batches(run, columns), run.close)
    if isinstance(compiled.query, ConstructQuery | DescribeQuery):
        return Graph(solutions, dict(compiled.query.prefixes))
    return solutions


def decoded_columns(compiled: Compiled) -> list[DecodedColumn]:
    """How to read the record batches of a query."""
    return [_decoded(column) for column in compiled.generated.columns]


def _decoded(column: PlanColumn) -> DecodedColumn:
    if column.encoding is None:
        raise InternalError(f"{column.name} is no variable")
    return DecodedColumn(column.name, column.encoding)


def _batches(run: Run, columns: list[DecodedColumn]) -> Iterator[Batch]:
    try:
        yield from decode_batches(run.batches(), columns)
    finally:
        run.close()
