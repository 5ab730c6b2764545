"""What lowering knows besides the pattern: the store's terms and the active graph."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final, Protocol

from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import Term
from strabon_store.relational.encoding import TermId
from strabon_store.relational.layout import PredicateStatistics
from strabon_store.relational.nodes import Plan
from strabon_store.relational.stars import Stars

GRAPH_COLUMN: Final = ".graph:"
"""Begins the name of the column that tells in which graph a pattern matched."""

OUTER_COLUMN: Final = ".outer:"
"""Begins the name of the column that tells of which outer solution of an EXISTS a
solution is."""


class TermCatalog(Protocol):
    """Who knows the ids of terms."""

    def term_id(self, term: Term) -> int | None:
        """The id of a term, None when nothing stored mentions it."""
        ...

    def predicate(self, term_id: int) -> PredicateStatistics | None:
        """What is known of the statements of a predicate, None when there are none."""
        ...

    def links(self, predicate: int) -> frozenset[tuple[int, int]] | None:
        """The subjects and objects of a predicate of few statements, as ids.

        Those of the default graph; None when the catalog cannot tell.
        """
        ...

    def stars(self) -> Stars:
        """The star tables that may be read."""
        ...

    def planes(self) -> frozenset[str]:
        """IRIs of the CRSs in whose planes there may be geometries."""
        ...

    def count_geometries(self, box: tuple[float, float, float, float]) -> int | None:
        """About how many geometries have boxes that meet one; None: very many.

        Args:
            box: West, south, east, north.
        """
        ...

    def count_statements(self, predicate: int, value: int) -> int | None:
        """About how many statements have a predicate and an object; None: not told."""
        ...


@dataclass(frozen=True, slots=True)
class Candidates:
    """Values of a variable beyond which nothing can come of a pattern.

    Attributes:
        plan: One column of ids, each once, of any name.
        are_nodes: Whether all of them are subjects or objects in the active graph.
    """

    plan: Plan
    are_nodes: bool


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of a pattern.

    Attributes:
        catalog: The ids of constants.
        dataset: The graphs of FROM and FROM NAMED; empty: the store's own.
        graph: The id of the named graph that is active, or the column that ranges
            over named graphs; None for the default graph (SPARQL 1.1 section 18.1.3).
        is_known: False within GRAPH <iri> for a graph that the store does not have.
        outer: Within an EXISTS, the outer solutions, numbered, that each operand of its
            pattern is joined with; None: none of them is.
        candidates: By name, variables whose values are known to be among few: what the
            pattern is joined with binds them. A search may begin there; nobody must.
        prefers_stars: Whether what will be optional has a place in star tables.
        first: How many rows are wanted of the pattern, which is ordered; None: all.
        distinct: Names of the variables of which those rows must differ; None: of none.
    """

    catalog: TermCatalog
    dataset: Dataset = field(default_factory=Dataset)
    graph: int | str | None = None
    is_known: bool = True
    outer: Plan | None = None
    candidates: Mapping[str, Candidates] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    prefers_stars: bool = False
    first: int | None = None
    distinct: frozenset[str] | None = None

    @property
    def is_whole_default_graph(self) -> bool:
        """Whether patterns match the store's own default graph, and nothing else."""
        is_whole = not (self.dataset.default or self.dataset.named)
        return self.graph is None and self.is_known and is_whole

    def within(self, graph: int | str | None, *, is_known: bool = True) -> "Context":
        """The context inside of GRAPH."""
        candidates = {
            name: replace(each, are_nodes=False)
            for name, each in self.candidates.items()
        }
        return replace(self, graph=graph, is_known=is_known, candidates=candidates)

    def among(self, candidates: Mapping[str, Candidates]) -> "Context":
        """The context of a pattern that is joined with what binds the variables."""
        return replace(self, candidates={**self.candidates, **candidates})

    def keeping(self, names: Iterable[str] = ()) -> "Context":
        """The context of a pattern of whose variables only these are joined."""
        kept = {n: self.candidates[n] for n in names if n in self.candidates}
        return replace(self, candidates=kept)

    @property
    def any_term(self) -> TermId:
        """Ids of which nothing is known but what all that are stored have in common."""
        return TermId(planes=self.catalog.planes())

    def fresh(self) -> int:
        """A number that no other rows of the plan have."""
        return next(self._numbers)
