"""The HTTP service, wired: the only place that knows all of its parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware

import api.backups.routes
import api.graphs.routes
import api.sparql.explain
import api.sparql.queries
import api.sparql.routes
import api.web.routes
from api.backups.service import BackedUp, BackupService
from api.loading import WebDocuments
from api.problems import answer_errors
from api.settings import Settings
from api.sparql.service import ServiceLimits, SparqlService
from api.sparql.updates import Updatable, UpdateService
from api.web.headers import SecurityHeaders
from federation.services import AllowedEndpoints
from federation.sources import Source
from ml.version import software_version
from strabon_store.store import Store


class Health(BaseModel):
    """The answer to "are you well?"."""

    status: str
    version: str


def create_app(settings: Settings, source: Source | None = None) -> FastAPI:
    """The service over one store.

    Args:
        settings: Where the store is, and the limits.
        source: Who answers the queries, when it is not to be the store at
            `settings.location`; whoever made it closes it.

    Raises:
        StoreUnavailable: When the service starts: there is no usable store.
    """
    app = FastAPI(
        title="Pytheas",
        summary="GeoSPARQL over sea-ice and crop maps",
        version=software_version(),
        # Their pages load scripts from elsewhere; /openapi.json stays.
        docs_url=None,
        redoc_url=None,
        lifespan=lambda app: _lifespan(app, settings, source),
    )
    app.state.settings = settings
    app.include_router(api.sparql.routes.router)
    app.include_router(api.graphs.routes.router)
    app.include_router(api.backups.routes.router)
    app.include_router(api.sparql.queries.router)
    app.include_router(api.sparql.explain.router)
    app.include_router(api.web.routes.router)
    app.add_api_route("/health", health, tags=["service"], summary="Is it well?")
    app.mount("/static", StaticFiles(directory=api.web.routes.STATIC), name="static")
    app.add_middleware(SecurityHeaders)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
        allow_headers=["Accept", "Content-Type", "X-Query-Id"],
        expose_headers=["X-Query-Id", "Retry-After"],
    )
    answer_errors(app)
    return app


async def health(request: Request) -> Health:
    """Whether the store answers."""
    service: SparqlService = request.app.state.sparql
    await service.check()
    return Health(status="ok", version=request.app.version)


@asynccontextmanager
async def _lifespan(
    app: FastAPI, settings: Settings, source: Source | None
) -> AsyncIterator[None]:
    opened = nullcontext(source) if source else open_store(settings)
    with opened as answering:
        service = SparqlService(
            answering,
            ServiceLimits(
                timeout_s=settings.query_timeout_s,
                max_rows=settings.max_result_rows,
                max_bytes=settings.max_result_bytes,
            ),
            places=settings.max_queries,
            queue_timeout_s=settings.queue_timeout_s,
        )
        app.state.sparql = service
        backed_up = answering if isinstance(answering, BackedUp) else None
        app.state.backups = BackupService(backed_up, settings.backups, asyncio.Lock())
        app.state.updates = updates = _updates(settings, answering)
        try:
            yield
        finally:
            service.close()
            if updates is not None:
                updates.close()


def open_store(settings: Settings) -> Store:
    """The store that is to be served, for reading only unless updates are allowed.

    Raises:
        StoreUnavailable: There is no usable store.
    """
    store = Store.open(
        settings.location,
        read_only=not settings.allow_update,
        allow_load=settings.allow_load,
        web=WebDocuments(
            settings.allow_load,
            max_bytes=settings.max_load_bytes,
            timeout_s=settings.load_timeout_s,
        ),
        services=services_of(settings),
        entailment=settings.entailment,
        geosparql_axioms=settings.geosparql_axioms,
        memory_limit=settings.memory_limit,
        spill_limit=settings.spill_limit,
    )
    store.rewrites_relations = settings.rewrite_relations
    return store


def services_of(settings: Settings) -> AllowedEndpoints | None:
    """Who asks the endpoints of SERVICE; None: nobody."""
    if not settings.allow_service:
        return None
    return AllowedEndpoints(settings.allow_service, settings.query_timeout_s)


def _updates(settings: Settings, source: Source) -> UpdateService | None:
    if not settings.allow_update or not isinstance(source, Updatable):
        return None
    return UpdateService(
        source,
        timeout_s=settings.update_timeout_s,
        queue_timeout_s=settings.queue_timeout_s,
    )
