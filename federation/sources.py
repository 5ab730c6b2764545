"""What every source of a federated query can do."""

from typing import Protocol, Unpack

from strabon_store.query_options import QueryOptions
from strabon_store.results.graphs import Result
from strabon_store.running import RunningQuery


class Source(Protocol):
    """Something that answers SPARQL queries, here or elsewhere."""

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        **options: Unpack[QueryOptions],
    ) -> Result:
        """The answer to a SELECT or ASK query.

        Args:
            text: The query.
            timeout_s: How long it may take, or None for the source's own limit.
            options: How it is asked beside that.

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
