"""What every source of a federated query can do."""

from typing import Protocol

from strabon_store.algebra.queries import Dataset
from strabon_store.results.graphs import Result
from strabon_store.running import RunningQuery


class Source(Protocol):
    """Something that answers SPARQL queries, here or elsewhere."""

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        base: str | None = None,
        dataset: Dataset | None = None,
        query_id: str | None = None,
        max_rows: int | None = None,
    ) -> Result:
        """The answer to a SELECT or ASK query.

        Args:
            text: The query.
            timeout_s: How long it may take, or None for the source's own limit.
            base: What relative IRIs are resolved against where the text has no BASE.
            dataset: What to ask instead of the query's own FROM and FROM NAMED, or
                None where those hold (SPARQL 1.1 Protocol section 2.1.4).
            query_id: What `queries` and `cancel` call it; made up when None.
            max_rows: How many rows the answer may have.

        Raises:
            PytheasError: There is no complete answer.
        """
        ...

    def queries(self) -> tuple[RunningQuery, ...]:
        """The queries that run there now.

        Raises:
            PytheasError: The source does not say.
        """
        ...

    def cancel(self, query_id: str) -> bool:
        """Stop a query; whether one with this id was running.

        Raises:
            PytheasError: The source does not let us.
        """
        ...
