"""Who asks the endpoints of SERVICE, and which of them may be asked."""

from dataclasses import dataclass

from federation.clients.sparql import SparqlEndpoint
from federation.errors import EndpointForbidden, UnusableAnswer
from strabon_store.results.solutions import Solutions


@dataclass(frozen=True, slots=True)
class AllowedEndpoints:
    """A client for the endpoints of a list, and for no others.

    Attributes:
        allowed: Their IRIs; one that ends in `/` stands for all below it.
        timeout_s: How long one of them may take.
    """

    allowed: tuple[str, ...]
    timeout_s: float | None = None

    def select(self, endpoint: str, text: str) -> Solutions:
        """The answer of an endpoint to a SELECT query.

        Raises:
            EndpointForbidden: It is not on the list.
            FederationError: There is no complete answer.
        """
        if not any(self._is_covered(endpoint, each) for each in self.allowed):
            raise EndpointForbidden(endpoint)
        answer = SparqlEndpoint(endpoint).query(text, self.timeout_s)
        if not isinstance(answer, Solutions):
            raise UnusableAnswer(endpoint, "it answers a SELECT with something else")
        return answer

    @staticmethod
    def _is_covered(endpoint: str, allowed: str) -> bool:
        if allowed.endswith("/"):
            return endpoint.startswith(allowed)
        return endpoint == allowed
