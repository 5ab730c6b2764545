"""How much there is in a store."""

from collections.abc import Mapping
from dataclasses import dataclass

from strabon_store.plan_cache import PlanCounts


@dataclass(frozen=True, slots=True)
class Statistics:
    """How much there is in a store.

    Attributes:
        triples: Statements, in all graphs.
        graphs: Named graphs that hold one.
        terms: Terms in the dictionary; numbers and dates mostly need no place there.
        geometries: Well-formed geometry literals.
        size: Bytes of its files.
        predicates: How often each predicate occurs, by its IRI, most frequent first.
        plans: How the cache of plans did since the store was opened.
    """

    triples: int
    graphs: int
    terms: int
    geometries: int
    size: int
    predicates: Mapping[str, int]
    plans: PlanCounts
