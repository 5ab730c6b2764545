"""Columns of `geo:wktLiteral`s as geometries in CRS84, as WKB."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely

from engines.errors import EngineError
from engines.geodesy import transform, wrap
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.literals import parse_wkt_literals
from strabon_store.results.columns import Strings

_CRS84: Final = crs_from_iri(CRS84_IRI)


def wkb_in_crs84(texts: Strings) -> Any:
    """The geometries as WKB; NULL where there is none that CRS84 can hold.

    Args:
        texts: Lexical forms of `geo:wktLiteral`, NULL where there is none.
    """
    parsed = parse_wkt_literals(texts.to_pylist())
    shapes = parsed.geometries.copy()
    for iri in set(parsed.crs_iris.tolist()) - {None, CRS84_IRI}:
        rows = np.flatnonzero(parsed.crs_iris == iri)
        shapes[rows] = _transformed(shapes[rows], iri)
    known = np.flatnonzero(~shapely.is_missing(shapes))
    shapes[known] = wrap(shapes[known]).geometries
    return pa.array(shapely.to_wkb(shapes).tolist(), pa.binary())


def _transformed(shapes: Any, iri: str) -> Any:
    try:
        crs = crs_from_iri(iri)
    except OntologyError:
        return None
    try:
        return transform(shapes, crs, _CRS84)
    except EngineError:
        return np.array([_transformed_one(each, crs) for each in shapes], dtype=object)


def _transformed_one(shape: Any, crs: Any) -> Any:
    try:
        return transform(np.array([shape], dtype=object), crs, _CRS84)[0]
    except EngineError:
        return None
