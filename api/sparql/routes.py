"""`/sparql`: parse the request, call the service, shape the answer."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from secrets import token_hex
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import (
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.types import Receive, Scope, Send

from api.errors import MalformedRequest, QueryTooLong, UpdatesForbidden
from api.negotiation import negotiate
from api.settings import Settings
from api.sparql.description import DESCRIPTION_FORMATS, PAGE, describe_service
from api.sparql.formats import Wanted
from api.sparql.protocol import (
    QueryRequest,
    UpdateRequest,
    parse_get,
    parse_post,
    proposed_id,
)
from api.sparql.service import Answer, SparqlService
from api.sparql.updates import UpdateService, check_origin
from strabon_store.updating import UpdateReport

QUERY_ID_HEADER: Final = "X-Query-Id"
_CLIENT_GONE: Final = 499
"""Seen by nobody but the log."""

router = APIRouter(tags=["SPARQL"])


def _service(request: Request) -> SparqlService:
    service: SparqlService = request.app.state.sparql
    return service


def settings_of(request: Request) -> Settings:
    """The settings of the service that a request came to."""
    settings: Settings = request.app.state.settings
    return settings


Service = Annotated[SparqlService, Depends(_service)]


class AnswerResponse(StreamingResponse):
    """An answer on its way to a client, closed whatever becomes of the client."""

    def __init__(self, answer: Answer, media_type: str, deadline_s: float) -> None:
        super().__init__(answer, media_type=media_type)
        self._answer = answer
        self._deadline_s = deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer within the time that one query may take."""
        try:
            # A client that does not read would hold a place for ever.
            async with asyncio.timeout(self._deadline_s):
                await super().__call__(scope, receive, send)
        finally:
            await self._answer.aclose()


@router.head("/sparql", include_in_schema=False)
@router.get("/sparql", summary="Query, or description of the service")
async def query_by_get(request: Request, service: Service) -> Response:
    """A query via GET; without one, the description of the service, or the page."""
    query = parse_get(request.query_params.multi_items())
    if query is None:
        return _description(request)
    return await answer_query(request, service, query)


@router.post("/sparql", summary="Query, or update where the service takes them")
async def query_by_post(request: Request, service: Service) -> Response:
    """A query or an update via POST, URL-encoded or directly."""
    operation = await read_operation(request)
    if isinstance(operation, UpdateRequest):
        return await _update(request, operation)
    return await answer_query(request, service, operation)


@router.post("/update", summary="Update, where the service takes them")
async def update(request: Request) -> Response:
    """An update via POST, URL-encoded or directly."""
    operation = await read_operation(request)
    if not isinstance(operation, UpdateRequest):
        raise MalformedRequest("this address takes updates; send queries to /sparql")
    return await _update(request, operation)


async def read_operation(request: Request) -> QueryRequest | UpdateRequest:
    """What the body of a request and its URL ask for."""
    settings = settings_of(request)
    longest = settings.max_query_bytes
    if settings.allow_update:
        longest = max(longest, settings.max_update_bytes)
    body = await read_body(request, longest)
    content_type = request.headers.get("content-type", "")
    operation = parse_post(content_type, request.query_params.multi_items(), body)
    if isinstance(operation, QueryRequest) and len(body) > settings.max_query_bytes:
        raise QueryTooLong(settings.max_query_bytes)
    return operation


async def _update(request: Request, operation: UpdateRequest) -> Response:
    report = await run_update(request, operation)
    headers = {QUERY_ID_HEADER: request.state.query_id}
    return JSONResponse(report.as_json(), headers=headers)


async def run_update(request: Request, operation: UpdateRequest) -> UpdateReport:
    """Run the update that a request asks for.

    Raises:
        UpdatesForbidden: The service takes none, or not from there.
        PytheasError: It cannot be done; nothing was changed.
    """
    query_id = _new_query_id(request)
    updates: UpdateService | None = request.app.state.updates
    if updates is None:
        raise UpdatesForbidden(
            "this service takes no updates; whoever runs it can allow them with "
            "`pytheas serve --allow-update`"
        )
    origin = request.headers.get("origin")
    check_origin(origin, str(request.url), settings_of(request).cors_origins)
    return await updates.run(operation, base_of(request), query_id)


def base_of(request: Request) -> str:
    """What relative IRIs are resolved against: the endpoint (RFC 3986, 5.1.3)."""
    return str(request.url_for("query_by_get"))


def _new_query_id(request: Request) -> str:
    query_id = proposed_id(request.headers.get(QUERY_ID_HEADER)) or token_hex(8)
    request.state.query_id = query_id
    return query_id


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request.

    Raises:
        QueryTooLong: It is longer than so many bytes.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise QueryTooLong(limit)
    return bytes(body)


async def answer_query(
    request: Request, service: SparqlService, query: QueryRequest
) -> Response:
    """The answer to a query, in the format that suits the client best.

    Raises:
        PytheasError: There is no answer.
    """
    query_id = _new_query_id(request)
    query = replace(query, base=base_of(request))
    wanted = Wanted(_accept(request), query.format)
    wanted.check()
    answer = await _unless_gone(request, service.answer(query, wanted, query_id))
    if answer is None:
        return Response(status_code=_CLIENT_GONE)
    response: Response
    if request.method == "HEAD":
        await answer.aclose()
        response = Response(media_type=answer.media_type)
    else:
        deadline_s = service.limits.timeout_of(query)
        response = AnswerResponse(answer, answer.media_type, deadline_s)
    response.headers[QUERY_ID_HEADER] = query_id
    response.headers["Vary"] = "Accept"
    return response


async def _unless_gone(
    request: Request, answering: Coroutine[None, None, Answer]
) -> Answer | None:
    """The answer, or None when the client has gone and nobody waits for it."""
    work = asyncio.ensure_future(answering)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await work if work.done() else None
    finally:
        work.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _description(request: Request) -> Response:
    name = request.query_params.get("format")
    offers = (*DESCRIPTION_FORMATS, PAGE)
    chosen = negotiate(offers, accept=_accept(request), name=name)
    if chosen is PAGE:
        page = RedirectResponse(request.url_for("page"), status_code=303)
        page.headers["Vary"] = "Accept"
        return page
    endpoint = str(request.url_for("query_by_get"))
    return Response(
        describe_service(
            endpoint,
            chosen,
            settings_of(request),
            takes_updates=_takes_updates(request),
        ),
        media_type=chosen.media_type,
        headers={"Vary": "Accept"},
    )


def _takes_updates(request: Request) -> bool:
    return request.app.state.updates is not None


def _accept(request: Request) -> str:
    return ", ".join(request.headers.getlist("accept")) or "*/*"
