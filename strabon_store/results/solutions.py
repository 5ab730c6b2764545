"""The answer to a SELECT query: a header and a stream of solutions."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self, TypeAlias

from strabon_store.results.columns import Batch, Row, batches_of

__all__ = ["Row", "Solutions", "Tabular"]


def _nothing() -> None:
    return


@dataclass(slots=True)
class Solutions:
    """A sequence of solutions that is read once (SPARQL 1.1 section 18.2.4).

    Reading runs the query as far as it is read; what goes wrong on the way is raised
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
    _columns: Iterator[Batch] | None = field(default=None, repr=False)

    @classmethod
    def of_batches(
        cls,
        variables: tuple[str, ...],
        batches: Iterable[Batch],
        close: Callable[[], None] = _nothing,
    ) -> Self:
        """Solutions that come as columns, many at a time."""
        columns = iter(batches)
        rows = (row for batch in columns for row in batch.rows())
        return cls(variables, rows, close, columns)

    def batches(self) -> Iterator[Batch]:
        """The solutions as columns; read these or the rows, not both."""
        if self._columns is not None:
            return self._columns
        return batches_of(self.rows, len(self.variables))

    def __iter__(self) -> Iterator[Row]:
        return self.rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Tabular: TypeAlias = Solutions | bool
"""What SELECT and ASK answer, and what the formats of the former write."""
