"""A query is compiled once and run on a cursor of its own, under a deadline."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from strabon_store.algebra.queries import (
    AskQuery,
    ConstructQuery,
    Dataset,
    DescribeQuery,
    Query,
)
from strabon_store.algebra.traverse import stored_terms
from strabon_store.backends.duckdb import GeneratedQuery, generate, generate_ids
from strabon_store.errors import InternalError
from strabon_store.passes import run_passes
from strabon_store.passes.pipeline import Pass
from strabon_store.relational.cover_joins import cover_joins
from strabon_store.relational.estimates import estimate
from strabon_store.relational.hold_smaller import hold_smaller
from strabon_store.relational.lower import lower_query
from strabon_store.relational.nodes import Plan, Remote
from strabon_store.relational.plan_columns import PlanColumn
from strabon_store.relational.readings import Readings
from strabon_store.relational.render import sources_of
from strabon_store.results.columns import Batch
from strabon_store.results.decode import DecodedColumn, decode_batches
from strabon_store.results.graphs import Graph, Result
from strabon_store.results.solutions import Solutions
from strabon_store.results.texts import Texts, decode_ids
from strabon_store.running import Run

Passes: TypeAlias = tuple[Pass, ...]
Lap: TypeAlias = Callable[[str], None]
"""Told the name of a stage when it is over."""

_FEW_ROWS: Final = 50_000
_TOO_MANY_TO_KEEP: Final = 5_000_000
"""Rows whose terms are rather looked up when they are there, than joined in the SQL."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query at every stage from text to SQL.

    Attributes:
        query: The algebra as translated.
        optimized: The algebra after the passes.
        plan: The relational plan.
        generated: The SQL.
        is_bare: Whether the SQL returns ids of terms without their texts.
    """

    query: Query
    optimized: Query
    plan: Plan
    generated: GeneratedQuery
    is_bare: bool

    @property
    def remotes(self) -> tuple[Remote, ...]:
        """The parts that other endpoints are asked for, each once."""
        return remotes_of(self.plan)

    @property
    def is_ask(self) -> bool:
        """Whether the answer is a truth value."""
        return isinstance(self.query, AskQuery)


def unheard(stage: str) -> None:
    """Tell nobody that a stage is over."""
    del stage


def remotes_of(plan: Plan) -> tuple[Remote, ...]:
    """The parts of a plan that other endpoints are asked for, each once."""
    found: dict[int, Remote] = {}
    pending = [plan]
    while pending:
        node = pending.pop()
        if isinstance(node, Remote):
            found[node.number] = node
        pending.extend(reversed(sources_of(node)))
    return tuple(found.values())


def compile_query(
    query: Query,
    catalog: Readings,
    passes: Passes,
    dataset: Dataset | None,
    lap: Lap = unheard,
    *,
    may_be_bare: bool = True,
) -> Compiled:
    """Take a query through all stages that need no data but the ids of its terms.

    Args:
        query: The query as translated.
        catalog: Ids of constants.
        passes: The optimizer; none of them changes the answer.
        dataset: The protocol's dataset, which goes before that of the query
            (SPARQL 1.1 Protocol section 2.1.4).
        lap: Told when each stage is over.
        may_be_bare: Whether the SQL may return ids of terms without their texts.

    Raises:
        UnsupportedFeature: It needs what we do not compile.
    """
    if dataset is not None:
        query = replace(query, dataset=dataset)
    lap("translate")
    optimized = run_passes(query, passes)
    lap("passes")
    catalog.look_up(stored_terms(optimized.pattern))
    lowered = plan = lower_query(optimized, catalog)
    if may_be_bare:
        # What is entailed is in other tables than those that are looked at.
        plan = cover_joins(lowered, catalog, catalog.shapes)
    # Its rows come as the points are stored, so that their terms lie together.
    is_covered = plan is not lowered
    if may_be_bare:
        plan = hold_smaller(plan, catalog)
    lap("lower")
    rows = estimate(plan, catalog).rows
    is_small = rows <= _FEW_ROWS or isinstance(query, AskQuery)
    is_bare = may_be_bare and (is_small or is_covered)
    streams = rows > _TOO_MANY_TO_KEEP
    generated = generate_ids(plan) if is_bare else generate(plan, streams=streams)
    lap("generate")
    return Compiled(query, optimized, plan, generated, is_bare)


def answer(compiled: Compiled, run: Run, texts: Texts) -> Result:
    """The answer to a query that a run executes, which ends with the answer.

    Args:
        compiled: The query.
        run: Executes it.
        texts: The dictionary, for ids without their texts.

    Raises:
        QueryCutOff: The first rows did not come; of later ones whoever reads is told.
        EngineError: The engine failed.
    """
    if compiled.is_ask:
        found = any(batch.num_rows for batch in run.batches())
        run.close()
        return found
    names = tuple(column.name for column in compiled.generated.columns)
    batches = _batches(compiled, run, texts)
    solutions = Solutions.of_batches(names, batches, run.close)
    if isinstance(compiled.query, ConstructQuery | DescribeQuery):
        return Graph(solutions, dict(compiled.query.prefixes))
    return solutions


def read_batches(
    compiled: Compiled, batches: Iterator[Any], texts: Texts
) -> Iterator[Batch]:
    """The solutions in the record batches of a query.

    Args:
        compiled: The query.
        batches: What its SQL returns.
        texts: The dictionary, for ids without their texts.
    """
    columns = [_decoded(column) for column in compiled.generated.columns]
    if compiled.is_bare:
        yield from decode_ids(batches, columns, texts)
    else:
        yield from decode_batches(batches, columns)


def _decoded(column: PlanColumn) -> DecodedColumn:
    if column.encoding is None:
        raise InternalError(f"{column.name} is no variable")
    return DecodedColumn(column.name, column.encoding)


def _batches(compiled: Compiled, run: Run, texts: Texts) -> Iterator[Batch]:
    try:
        yield from read_batches(compiled, run.batches(), texts)
    finally:
        run.close()
