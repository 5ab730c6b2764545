"""The page and what it asks besides `/sparql`: example queries, concepts, prefixes."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel

from api.demo.examples import examples
from api.web.concepts import ConceptModel, concepts
from ontologies.namespaces import PREFIXES

STATIC: Final = Path(__file__).parent / "static"

router = APIRouter(tags=["page"])


class ExampleModel(BaseModel):
    """A query to start from."""

    name: str
    title: str
    text: str


@router.api_route("/", methods=["GET", "HEAD"], name="page", include_in_schema=False)
def page() -> Response:
    """The page."""
    return FileResponse(STATIC / "index.html")


@router.get("/examples", summary="Queries to start from")
def example_queries() -> list[ExampleModel]:
    """Queries to start from, sea ice first."""
    found = (*examples("seaice"), *examples("crop"))
    return [ExampleModel(**asdict(example)) for example in found]


@router.get("/concepts", summary="Labels and colours of classes")
def class_concepts() -> Mapping[str, ConceptModel]:
    """Every concept that a map can show, by IRI."""
    return concepts()


@router.get("/prefixes", summary="Prefixes for queries and tables")
def prefixes() -> Mapping[str, str]:
    """Prefix to namespace."""
    return PREFIXES
