"""`/sparql`: parse the request, call the service, shape the answer."""

import asyncio
import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.errors import QueryTooLong
from api.negotiation import negotiate
from api.settings import Settings
from api.sparql.description import DESCRIPTION_FORMATS, PAGE, describe_service
from api.sparql.protocol import QueryRequest, parse_get, parse_post
from api.sparql.service import Answer, SparqlService
from strabon_store.results.media_types import RESULT_FORMATS

QUERY_ID_HEADER: Final = "X-Query-Id"

router = APIRouter(tags=["SPARQL"])


def _service(request: Request) -> SparqlService:
    service: SparqlService = request.app.state.sparql
    return service


def _settings(request: Request) -> Settings:
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
    return await _answer(request, service, query)


@router.post("/sparql", summary="Query")
async def query_by_post(request: Request, service: Service) -> Response:
    """A query via POST, URL-encoded or directly."""
    body = await _body(request, _settings(request).max_query_bytes)
    content_type = request.headers.get("content-type", "")
    query = parse_post(content_type, request.query_params.multi_items(), body)
    return await _answer(request, service, query)


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise QueryTooLong(limit)
    return bytes(body)


async def _answer(
    request: Request, service: SparqlService, query: QueryRequest
) -> Response:
    query_id = secrets.token_hex(8)
    request.state.query_id = query_id
    formats = tuple(RESULT_FORMATS.values())
    result_format = negotiate(formats, accept=_accept(request), name=query.format)
    answer = await service.answer(query, result_format, query_id)
    media_type = result_format.media_type
    response: Response
    if request.method == "HEAD":
        await answer.aclose()
        response = Response(media_type=media_type)
    else:
        response = AnswerResponse(answer, media_type, service.timeout_s)
    response.headers[QUERY_ID_HEADER] = query_id
    response.headers["Vary"] = "Accept"
    return response


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
        describe_service(endpoint, chosen),
        media_type=chosen.media_type,
        headers={"Vary": "Accept"},
    )


def _accept(request: Request) -> str:
    return ", ".join(request.headers.getlist("accept")) or "*/*"
