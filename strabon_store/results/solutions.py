"""The answer to a SELECT query: a header and a stream of rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self, TypeAlias

from strabon_store.algebra.terms import Term

Row: TypeAlias = tuple[Term | None, ...]
"""One solution: a term for each variable of the header, None where unbound."""


def _nothing() -> None:
    return


@dataclass(slots=True)
class Solutions:
    """A sequence of solutions that is read once (SPARQL 1.1 section 18.2.4).

    Iterating runs the query as far as it is read; what goes wrong on the way is raised
    there, so a reader that reaches the end has the whole answer. Usable as a context
    manager, which frees the engine's resources when a reader stops early.

    Attributes:
        variables: The projected variables in order, without `?`.
        rows: The solutions.
        close: Frees what stands behind `rows`; harmless when called again.
    """

    variables: tuple[str, ...]
    rows: Iterator[Row]
    close: Callable[[], None] = field(default=_nothing, repr=False)

    def __iter__(self) -> Iterator[Row]:
        return self.rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Result: TypeAlias = Solutions | bool
"""What a query answers: solutions for SELECT, a truth value for ASK."""
