"""What lowering knows besides the pattern: the store's terms and the active graph."""

from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import Term
from strabon_store.relational.layout import PredicateStatistics

GRAPH_COLUMN: Final = ".graph:"
"""Begins the name of the column that tells in which graph a pattern matched."""


class TermCatalog(Protocol):
    """Who knows the ids of terms."""

    def term_id(self, term: Term) -> int | None:
        """The id of a term, None when nothing stored mentions it."""
        ...

    def predicate(self, term_id: int) -> PredicateStatistics | None:
        """What is known of the statements of a predicate, None when there are none."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of a pattern.

    Attributes:
        catalog: The ids of constants.
        dataset: The graphs of FROM and FROM NAMED; empty: the store's own.
        graph: The id of the named graph that is active, or the column that ranges
            over named graphs; None for the default graph (SPARQL 1.1 section 18.1.3).
        is_known: False within GRAPH <iri> for a graph that the store does not have.
    """

    catalog: TermCatalog
    dataset: Dataset = field(default_factory=Dataset)
    graph: int | str | None = None
    is_known: bool = True

    def within(self, graph: int | str | None, *, is_known: bool = True) -> "Context":
        """The context inside of GRAPH."""
        return replace(self, graph=graph, is_known=is_known)
