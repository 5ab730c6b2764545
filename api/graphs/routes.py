"""`/store`: each method is a query or an update (Graph Store Protocol section 5)."""

import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartParser

from api.errors import GraphNotFound, MalformedRequest
from api.graphs.documents import read_triples
from api.sparql.protocol import QueryRequest, UpdateRequest
from api.sparql.routes import (
    Service,
    answer_query,
    read_body,
    run_update,
    settings_of,
)
from strabon_store.errors import NoSuchGraph
from strabon_store.updating import UpdateReport

_MULTIPART: Final = "multipart/form-data"

router = APIRouter(tags=["Graph Store"])


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph that a request is about (section 4).

    Attributes:
        iri: Its name, None for the default graph.
    """

    iri: str | None

    @property
    def clause(self) -> str:
        """What names it in DROP."""
        return "DEFAULT" if self.iri is None else f"GRAPH <{self.iri}>"

    def holding(self, triples: str) -> str:
        """A group of triples in the graph."""
        if self.iri is None:
            return f"{{ {triples} }}"
        return f"{{ GRAPH <{self.iri}> {{ {triples} }} }}"


@router.head("/store", include_in_schema=False)
@router.get("/store", summary="The triples of a graph")
@router.head("/store/{path:path}", include_in_schema=False)
@router.get("/store/{path:path}", include_in_schema=False)
async def get_graph(request: Request, service: Service) -> Response:
    """A graph (5.2); the default graph is there even when it is empty."""
    graph = _graph(request)
    if graph.iri is not None and not await _is_there(service, graph):
        raise GraphNotFound(graph.iri)
    text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {graph.holding('?s ?p ?o')}"
    query = QueryRequest(text, format=request.query_params.get("format"))
    return await answer_query(request, service, query)


@router.put("/store", summary="Replace a graph")
@router.put("/store/{path:path}", include_in_schema=False)
async def put_graph(request: Request, service: Service) -> Response:
    """A graph in the place of what was there (5.3)."""
    graph = _graph(request)
    was_there = graph.iri is None or await _is_there(service, graph)
    triples = await _triples(request, graph)
    await _run(
        request,
        f"DROP SILENT {graph.clause}; INSERT DATA {graph.holding(triples)}",
    )
    return Response(status_code=204 if was_there else 201)


@router.post("/store", summary="Add triples to a graph")
@router.post("/store/{path:path}", include_in_schema=False)
async def post_graph(request: Request, service: Service) -> Response:
    """Triples beside those of a graph, or in a new one that gets a name (5.5)."""
    if request.url.path.endswith("/store") and not request.query_params:
        graph = _Graph(f"{request.url}/{secrets.token_hex(8)}")
    else:
        graph = _graph(request)
    was_there = graph.iri is None or await _is_there(service, graph)
    triples = await _triples(request, graph)
    await _run(request, f"INSERT DATA {graph.holding(triples)}")
    if was_there:
        return Response(status_code=204)
    return Response(status_code=201, headers={"Location": str(graph.iri)})


@router.delete("/store", summary="Delete a graph")
@router.delete("/store/{path:path}", include_in_schema=False)
async def delete_graph(request: Request) -> Response:
    """A graph goes (5.4)."""
    graph = _graph(request)
    try:
        await _run(request, f"DROP {graph.clause}")
    except NoSuchGraph as error:
        raise GraphNotFound(error.graph) from error
    return Response(status_code=204)


def _graph(request: Request) -> _Graph:
    """The graph, named by `?graph=`, `?default`, or the address itself (section 4)."""
    parameters = request.query_params
    named = parameters.getlist("graph")
    if request.path_params.get("path") and not named and "default" not in parameters:
        named = [str(request.url.replace(query=""))]
    if len(named) + ("default" in parameters) != 1:
        raise MalformedRequest("name one graph: ?graph=IRI or ?default")
    if not named:
        return _Graph(None)
    try:
        return _Graph(ox.NamedNode(named[0]).value)
    except ValueError as error:
        raise MalformedRequest(f"{named[0]!r} is no absolute IRI: {error}") from error


async def _is_there(service: Service, graph: _Graph) -> bool:
    return await service.ask(f"ASK {graph.holding('?s ?p ?o')}")


async def _triples(request: Request, graph: _Graph) -> str:
    """The triples of the body in N-Triples; a form may have several documents."""
    body = await read_body(request, settings_of(request).max_update_bytes)
    content_type = request.headers.get("content-type", "")
    base = graph.iri or str(request.url.replace(query=""))
    if not content_type.lower().startswith(_MULTIPART):
        return read_triples(content_type, body, base)

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    form = await MultiPartParser(request.headers, stream()).parse()
    try:
        files = [part for part in form.values() if isinstance(part, UploadFile)]
        read = [
            read_triples(file.content_type or "", await file.read(), base)
            for file in files
        ]
    finally:
        await form.close()
    return "\n".join(read)


async def _run(request: Request, text: str) -> UpdateReport:
    return await run_update(request, UpdateRequest(text))
