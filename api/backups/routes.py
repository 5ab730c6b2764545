"""`/backups`: make one, list them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from api.backups.service import BackupService
from api.sparql.updates import check_origin

router = APIRouter(tags=["backups"])


def _service(request: Request) -> BackupService:
    service: BackupService = request.app.state.backups
    return service


Service = Annotated[BackupService, Depends(_service)]


@router.post("/backups", summary="Back up the store, where the service may")
async def make_backup(request: Request, service: Service) -> JSONResponse:
    """Make a backup; answers when it is whole."""
    allowed = request.app.state.settings.cors_origins
    check_origin(request.headers.get("origin"), str(request.url), allowed)
    return JSONResponse(await service.make(), status_code=HTTPStatus.CREATED)


@router.get("/backups", summary="The backups that there are")
async def list_backups(service: Service) -> JSONResponse:
    """The names of all backups, the oldest first."""
    return JSONResponse({"backups": service.names()})
