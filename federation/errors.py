"""Every exception that this package raises.

* FederationError
  - EndpointUnreachable   nobody answers at the URL, or not in time
  - EndpointRefused       the endpoint answers with an HTTP error
  - EndpointForbidden     a query names an endpoint that may not be asked
  - UnusableAnswer        the endpoint's answer is cut off, or no SPARQL result
"""

from ontologies.errors import PytheasError


class FederationError(PytheasError):
    """A source did not answer.

    Attributes:
        url: The source.
    """

    def __init__(self, url: str, message: str) -> None:
        self.url = url
        super().__init__(f"{url}: {message}")


class EndpointUnreachable(FederationError):
    """Nobody answers at the URL, or not in time.

    Attributes:
        reason: What the network says.
    """

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            url,
            f"the endpoint cannot be reached ({reason}); "
            "check the address and that the service runs there",
        )


class EndpointRefused(FederationError):
    """The endpoint answers with an HTTP error.

    Attributes:
        status: The HTTP status.
        detail: What the endpoint says about it.
    """

    def __init__(self, url: str, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(url, f"the endpoint refuses (HTTP {status}): {detail}")


class EndpointForbidden(FederationError):
    """A query names an endpoint that whoever runs this has not allowed."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "this service may not ask it; see `allow_service`")


class UnusableAnswer(FederationError):
    """The endpoint's answer is cut off, or is no SPARQL result.

    Attributes:
        reason: What is wrong with it.
    """

    def __init__(self, url: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            url, f"{reason}; check that the address is that of a SPARQL endpoint"
        )
