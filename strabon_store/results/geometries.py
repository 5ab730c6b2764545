"""Columns of `geo:wktLiteral`s as geometries in CRS84, as WKB."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from engines.errors import EngineError
from engines.geodesy import transform, wrap
from engines.geodesy.arrays import Geometries, geometry_array
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI, Crs, crs_from_iri
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
    for iri in set(parsed.crs_iris.tolist()) - {None}:
        rows = np.flatnonzero(parsed.crs_iris == iri)
        shapes[rows] = _placed(shapes[rows], iri)
    return pa.array(shapely.to_wkb(shapes).tolist(), pa.binary())


def _placed(shapes: Geometries, iri: str) -> Geometries | None:
    try:
        crs = crs_from_iri(iri)
    except OntologyError:
        return None
    try:
        return _in_crs84(shapes, crs)
    except EngineError:
        return np.array([_one_in_crs84(each, crs) for each in shapes], dtype=object)


def _one_in_crs84(shape: BaseGeometry, crs: Crs) -> BaseGeometry | None:
    try:
        found: BaseGeometry = _in_crs84(geometry_array(shape), crs)[0]
    except EngineError:
        return None
    return found


def _in_crs84(shapes: Geometries, crs: Crs) -> Geometries:
    # Not by `transform` where nothing moves: it drops M.
    return wrap(shapes if crs == _CRS84 else transform(shapes, crs, _CRS84)).geometries
