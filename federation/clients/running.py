"""What an endpoint of ours says of the queries that run there."""

import json
from datetime import datetime
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin
from urllib.request import Request, urlopen

from federation.errors import EndpointRefused, EndpointUnreachable, UnusableAnswer
from strabon_store.running import QueryState, RunningQuery

_TIMEOUT_S: Final = 30.0
_NOT_FOUND: Final = 404


def list_queries(url: str) -> tuple[RunningQuery, ...]:
    """The queries that run at the endpoint with a URL.

    Raises:
        EndpointUnreachable: Nobody answers.
        EndpointRefused: The endpoint does not tell.
        UnusableAnswer: What it tells is no list of queries.
    """
    body = _send(url, Request(urljoin(url, "queries")))  # noqa: S310 - http(s), by the caller
    try:
        return tuple(_query(each) for each in json.loads(body))
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableAnswer(url, f"that is no list of queries ({error!r})") from error


def cancel_query(url: str, query_id: str) -> bool:
    """Stop a query at the endpoint with a URL; whether one with this id was running.

    Raises:
        EndpointUnreachable: Nobody answers.
        EndpointRefused: The endpoint does not let us.
    """
    target = urljoin(url, f"queries/{quote(query_id, safe='')}")
    try:
        _send(url, Request(target, method="DELETE"))  # noqa: S310 - http(s), by the caller
    except EndpointRefused as error:
        if error.status == _NOT_FOUND:
            return False
        raise
    return True


def _send(url: str, request: Request) -> bytes:
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - http(s), by the caller
            body: bytes = answer.read()
            return body
    except HTTPError as error:
        detail = error.read().decode("utf-8", errors="replace")[:500]
        raise EndpointRefused(url, error.code, detail or error.reason) from error
    except (URLError, HTTPException, OSError) as error:
        reason = str(getattr(error, "reason", error))
        raise EndpointUnreachable(url, reason) from error


def _query(document: dict[str, Any]) -> RunningQuery:
    return RunningQuery(
        id=document["id"],
        text=document["text"],
        started=datetime.fromisoformat(document["started"]),
        state=QueryState(document["state"]),
        rows=document["rows"],
        timeout_s=document["timeout_s"],
    )
