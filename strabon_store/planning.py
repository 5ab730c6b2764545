"""What is asked of a store, and the plan for it."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from ontologies.rdfs import Entailment
from strabon_store.algebra.queries import Dataset
from strabon_store.answering import Compiled, Lap, Passes, compile_query, unheard
from strabon_store.errors import UnsupportedFeature
from strabon_store.frontend import never, parse_query
from strabon_store.passes import PASSES, rewrite_relations
from strabon_store.relational.readings import Readings


class Request(NamedTuple):
    """What is asked.

    Attributes:
        text: The query.
        dataset: What to ask instead of its own FROM and FROM NAMED, or None.
        passes: The optimizer.
        base: What its relative IRIs are resolved against, or None.
    """

    text: str
    dataset: Dataset | None = None
    passes: Passes = PASSES
    base: str | None = None


class PlanKey(NamedTuple):
    """What a plan is for, and by what it may answer.

    Attributes:
        request: What is asked.
        star_tables: Whether star tables may be read.
        entailment: By which regime, or None.
        merge: The dataset whose closure is asked in place of the store's, or None.
        rewrites: Whether topological properties follow from geometries.
    """

    request: Request
    star_tables: bool
    entailment: Entailment | None = None
    merge: Dataset | None = None
    rewrites: bool = True


def compile_plan(
    key: PlanKey,
    known: Readings,
    lap: Lap = unheard,
    tick: Callable[[], None] = never,
) -> Compiled:
    """The plan of a key, by what is known of the store.

    Args:
        key: What it is for.
        known: What is known.
        lap: Told when each stage is over.
        tick: Called every now and then; may raise.

    Raises:
        QuerySyntaxError: The text is not SPARQL.
        UnsupportedFeature: It needs what we do not compile.
    """
    text, dataset, passes, base = key.request
    if key.merge is not None:
        # It is all that there is in the closure that is asked.
        dataset = Dataset()
    # What is entailed is not all in the dictionary.
    is_whole = key.entailment is None

    def over(stage: str) -> None:
        lap(stage)
        tick()

    try:
        query = parse_query(text, base=base, tick=tick)
        if key.rewrites:
            query = replace(query, pattern=rewrite_relations(query.pattern))
        return compile_query(query, known, passes, dataset, over, may_be_bare=is_whole)
    except RecursionError as error:
        # The SQL of a chain of OPTIONALs is nested deeper than the chain itself.
        raise UnsupportedFeature("a pattern that is nested this deep") from error


def merge_of(request: Request, tick: Callable[[], None] = never) -> Dataset | None:
    """The dataset of a request whose default graph is a merge of several, or None.

    A merge entails more than its graphs do one by one.

    Raises:
        QuerySyntaxError: The text is not SPARQL.
    """
    text, dataset, _, base = request
    dataset = dataset or parse_query(text, base=base, tick=tick).dataset
    return dataset if len(set(dataset.default)) > 1 else None
