"""The graphs that a pattern is matched in (SPARQL 1.1 section 13)."""

from dataclasses import dataclass

from engines.virtual_graphs import StatementShape
from strabon_store.algebra.queries import Dataset
from strabon_store.algebra.terms import IRI, Var


@dataclass(frozen=True, slots=True)
class GraphScope:
    """Which graphs' statements a pattern can match.

    Attributes:
        dataset: FROM and FROM NAMED, or the protocol's.
        is_default: Whether those of the graph's own default graph.
        names: IRIs of named graphs; None: all of them.
        variable: What stands for the name of the graph within GRAPH with a variable:
            another variable, because the pattern may bind that one otherwise.
    """

    dataset: Dataset
    is_default: bool
    names: frozenset[str] | None
    variable: str | None = None

    @classmethod
    def outermost(cls, dataset: Dataset) -> "GraphScope":
        """Outside of GRAPH."""
        if not (dataset.default or dataset.named):
            return cls(dataset, is_default=True, names=frozenset())
        return cls(dataset, is_default=False, names=_iris(dataset.default))

    def within(self, name: IRI | Var) -> "GraphScope":
        """Inside of GRAPH."""
        is_restricted = bool(self.dataset.default or self.dataset.named)
        known = _iris(self.dataset.named) if is_restricted else None
        if isinstance(name, Var):
            hidden = f".graph:{name.name}"
            return GraphScope(
                self.dataset, is_default=False, names=known, variable=hidden
            )
        asked = frozenset({name.value})
        names = asked if known is None else asked & known
        return GraphScope(self.dataset, is_default=False, names=names)

    def may_hold(self, shape: StatementShape) -> bool:
        """Whether a statement of a shape may be in one of the graphs."""
        if shape.graph is None:
            return self.is_default
        return self.names is None or any(map(shape.graph.may_be, self.names))


def _iris(graphs: tuple[IRI, ...]) -> frozenset[str]:
    return frozenset(graph.value for graph in graphs)
