"""Solutions with a geometry as GeoJSON features (RFC 7946), always in CRS84."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from engines.errors import EngineError
from engines.geodesy import transform, wrap
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.literals import parse_wkt_literal
from ontologies.namespaces import GEO
from strabon_store.algebra.terms import IRI, BlankNode, Literal, Term
from strabon_store.errors import StoreError
from strabon_store.results.solutions import Row, Solutions, Tabular

_WKT_LITERAL = GEO.term("wktLiteral")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class NoGeometry(StoreError):
    """The result has no column that GeoJSON could draw.

    Attributes:
        variable: The variable asked for, or None when any would do.
    """

    def __init__(self, variable: str | None) -> None:
        self.variable = variable
        which = "no variable holds" if variable is None else f"?{variable} is not"
        super().__init__(
            f"{which} a geo:wktLiteral, so there is nothing to draw; "
            "select a geometry, or ask for JSON or CSV"
        )


def serialize_geojson(result: Tabular, geometry: str | None = None) -> Iterator[bytes]:
    """The solutions as a FeatureCollection; other variables become properties.

    A row whose geometry is unbound or malformed is a feature without geometry, so no
    row is lost.

    Args:
        result: Solutions; an ASK result cannot be drawn.
        geometry: The variable to draw; by default the first that holds a
            `geo:wktLiteral` in the first row.

    Raises:
        NoGeometry: There is nothing to draw.
    """
    if isinstance(result, bool):
        raise NoGeometry(geometry)
    if geometry is not None and geometry not in result.variables:
        raise NoGeometry(geometry)
    first = next(result.rows, None)
    column = _geometry_column(result, first, geometry)
    yield b'{"type":"FeatureCollection","features":['
    if first is not None:
        yield _encode(_feature(result.variables, first, column)).encode()
        for row in result:
            feature = _encode(_feature(result.variables, row, column))
            yield f",\n{feature}".encode()
    yield b"]}\n"


def _geometry_column(
    solutions: Solutions, first: Row | None, geometry: str | None
) -> int:
    if geometry is not None:
        return solutions.variables.index(geometry)
    if first is None:
        return -1
    drawn = (i for i, term in enumerate(first) if _is_wkt(term))
    if (column := next(drawn, None)) is None:
        raise NoGeometry(None)
    return column


def _is_wkt(term: Term | None) -> bool:
    return isinstance(term, Literal) and term.datatype == _WKT_LITERAL


def _feature(variables: tuple[str, ...], row: Row, column: int) -> dict[str, Any]:
    properties = {
        name: _property(term)
        for i, (name, term) in enumerate(zip(variables, row, strict=True))
        if i != column and term is not None
    }
    drawing = _geometry(row[column])
    return {"type": "Feature", "geometry": drawing, "properties": properties}


def _property(term: Term) -> str | float | bool:
    match term:
        case IRI(text) | BlankNode(text):
            return text
        case Literal():
            return _json_value(term)


def _json_value(literal: Literal) -> str | float | bool:
    kind = literal.datatype.rpartition("#")[2]
    if kind == "boolean":
        return literal.lexical in {"true", "1"}
    try:
        if kind == "integer":
            return int(literal.lexical)
        if kind in {"double", "decimal", "float"}:
            value = float(literal.lexical)
            return value if np.isfinite(value) else literal.lexical
    except ValueError:
        return literal.lexical
    return literal.lexical


def _geometry(term: Term | None) -> Any:
    if not (isinstance(term, Literal) and _is_wkt(term)):
        return None
    try:
        parsed = parse_wkt_literal(term.lexical)
    except OntologyError:
        return None
    source, target = crs_from_iri(parsed.crs_iri), crs_from_iri(CRS84_IRI)
    try:
        shapes = wrap(transform(parsed.shapely, source, target)).geometries
    except EngineError:
        # Its CRS cannot have the coordinates, or has no place on Earth, or nobody
        # knows what is inside.
        return None
    return json.loads(shapely.to_geojson(shapes[0]))
