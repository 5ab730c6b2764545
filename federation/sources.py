"""What every source of a federated query can do."""

from typing import Final, Protocol

from strabon_store.algebra.queries import Dataset
from strabon_store.results.solutions import Result

OWN_DATASET: Final = Dataset()
"""The dataset of the query itself: its FROM and FROM NAMED, else all of the source."""


class Source(Protocol):
    """Something that answers SPARQL queries, here or elsewhere."""

    def query(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        dataset: Dataset = OWN_DATASET,
    ) -> Result:
        """The answer to a SELECT or ASK query.

        Args:
            text: The query.
            timeout_s: How long it may take, or None for the source's own limit.
            dataset: What to ask instead of the query's own FROM and FROM NAMED; when
                empty, those hold (SPARQL 1.1 Protocol section 2.1.4).

        Raises:
            PytheasError: There is no complete answer.
        """
        ...
