"""What every source of a federated query can do."""

from typing import Protocol

from strabon_store.results.solutions import Result


class Source(Protocol):
    """Something that answers SPARQL queries, here or elsewhere."""

    def query(self, text: str, timeout_s: float | None = None) -> Result:
        """The answer to a SELECT or ASK query.

        Args:
            text: The query.
            timeout_s: How long it may take, or None for the source's own limit.

        Raises:
            PytheasError: There is no complete answer.
        """
        ...
