"""Errors as HTTP responses: problem documents (RFC 9457), whatever went wrong."""

import json
import logging
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.errors import RETRY_AFTER_S, problem
from ontologies.errors import PytheasError

MEDIA_TYPE: Final = "application/problem+json"

_log = logging.getLogger(__name__)


def answer_errors(app: FastAPI) -> None:
    """Make `app` answer every error with a problem document."""
    app.add_exception_handler(PytheasError, _known)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _bug)


def _respond(
    request: Request, document: dict[str, Any], headers: dict[str, str]
) -> Response:
    query_id = getattr(request.state, "query_id", None)
    if query_id is not None:
        document["query_id"] = query_id
        headers["X-Query-Id"] = query_id
    return Response(
        json.dumps(document, ensure_ascii=False),
        status_code=document["status"],
        media_type=MEDIA_TYPE,
        headers={"Vary": "Accept", **headers},
    )


def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, PytheasError)  # noqa: S101 - registered for these alone
    document = problem(error)
    _log.info("%s: %s", document["type"], error)
    retry = document["status"] == HTTPStatus.SERVICE_UNAVAILABLE
    headers = {"Retry-After": str(RETRY_AFTER_S)} if retry else {}
    return _respond(request, document, headers)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these alone
    document = {
        "type": "about:blank",
        "title": HTTPStatus(error.status_code).phrase,
        "status": error.status_code,
        "detail": f"{request.method} {request.url.path}: {error.detail}",
    }
    return _respond(request, document, dict(error.headers or {}))


def _invalid(request: Request, error: Exception) -> Response:
    document = {
        "type": "about:blank",
        "title": "Unprocessable request",
        "status": int(HTTPStatus.UNPROCESSABLE_ENTITY),
        "detail": str(error),
    }
    return _respond(request, document, {})


def _bug(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    document = {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": int(HTTPStatus.INTERNAL_SERVER_ERROR),
        "detail": "a bug of ours; the log has the details under the id of the query",
    }
    return _respond(request, document, {})
