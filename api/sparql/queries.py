"""`/queries`: what runs now, and how to stop it."""

from datetime import datetime
from typing import Self

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.errors import UnknownQuery
from api.sparql.routes import Service, settings_of
from api.sparql.updates import check_origin
from strabon_store.running import QueryState, RunningQuery

router = APIRouter(tags=["SPARQL"])


class QueryModel(BaseModel):
    """A query that runs."""

    id: str
    text: str
    started: datetime
    state: QueryState
    rows: int
    timeout_s: float | None

    @classmethod
    def of(cls, query: RunningQuery) -> Self:
        """The model of a query."""
        return cls.model_validate(query, from_attributes=True)


@router.get("/queries", summary="The queries that run now")
def running_queries(service: Service) -> list[QueryModel]:
    """The queries that run now, the oldest first."""
    return [QueryModel.of(each) for each in service.source.queries()]


@router.delete("/queries/{query_id}", status_code=204, summary="Cancel a query")
def cancel_query(request: Request, service: Service, query_id: str) -> Response:
    """Stop a query; whoever reads its answer sees it end without an end."""
    origin = request.headers.get("origin")
    check_origin(origin, str(request.url), settings_of(request).cors_origins)
    if not service.source.cancel(query_id):
        raise UnknownQuery(query_id)
    return Response(status_code=204)
