"""`/explain`: what becomes of a query, for people and for programs."""

from functools import partial
from typing import Protocol, runtime_checkable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from api.errors import MalformedRequest
from api.negotiation import negotiate
from api.sparql.description import DescriptionFormat
from api.sparql.protocol import QueryRequest
from api.sparql.routes import Service, base_of, read_operation
from strabon_store.algebra.queries import Dataset
from strabon_store.errors import UnsupportedFeature
from strabon_store.explaining import Explanation

_TEXT = DescriptionFormat("text", "text/plain")
_JSON = DescriptionFormat("json", "application/json")

router = APIRouter(tags=["SPARQL"])


@runtime_checkable
class Explainable(Protocol):
    """A source that can tell how it answers."""

    def explain(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        analyze: bool = False,
        base: str | None = None,
        dataset: Dataset | None = None,
    ) -> Explanation:
        """What becomes of a query at every stage."""
        ...


@router.post("/explain", summary="How a query is answered")
async def explain(
    request: Request, service: Service, *, analyze: bool = False
) -> Response:
    """What becomes of a query, sent as to `/sparql`; `?analyze=true` runs it too."""
    query = await read_operation(request)
    if not isinstance(query, QueryRequest):
        raise MalformedRequest("updates are not explained; send a query")
    source = service.source
    if not isinstance(source, Explainable):
        raise UnsupportedFeature("to explain how another endpoint answers")
    chosen = negotiate(
        (_JSON, _TEXT), accept=request.headers.get("accept"), name=query.format
    )
    timeout_s = service.limits.timeout_of(query)
    work = partial(
        source.explain,
        query.text,
        timeout_s,
        analyze=analyze,
        base=base_of(request),
        dataset=query.dataset,
    )
    explanation = await service.alongside(work)
    if chosen is _TEXT:
        return PlainTextResponse(str(explanation), headers={"Vary": "Accept"})
    return JSONResponse(explanation.as_json(), headers={"Vary": "Accept"})
