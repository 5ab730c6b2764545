"""What every source of a federated query can do."""

from typing import Protocol

from strabon_store.algebra.queries import Dataset
from strabon_store.results.graphs import Result


class Source(Protocol):
    """Something that answers SPARQL queries, here or elsewhere."""

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        dataset: Dataset | None = None,
    ) -> Result:
        """The answer to a SELECT or ASK query.

        Args:
            text: The query.
            timeout_s: How long it may take, or None for the source's own limit.
            dataset: What to ask instead of the query's own FROM and FROM NAMED, or
                None where those hold (SPARQL 1.1 Protocol section 2.1.4).

        Raises:
            PytheasError: There is no complete answer.
        """
        ...
