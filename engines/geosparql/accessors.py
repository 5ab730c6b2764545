"""Functions that say something about a geometry, or write it (sections 8.5 and 8.6)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.errors import NoSuchGeometry
from engines.geosparql.planes import in_crs84
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.dggs import render_dggs_literal
from ontologies.geosparql.gml import render_gml_literal
from ontologies.geosparql.kml import render_kml_literal
from ontologies.geosparql.literals import (
    Geometry,
    render_geojson_literal,
    render_wkt_literal,
)
from ontologies.namespaces import SF

Number: TypeAlias = Callable[[Geometry], float]
Flag: TypeAlias = Callable[[Geometry], bool]
Text: TypeAlias = Callable[[Geometry, str], str]

_X, _Y, _Z = range(3)
_PREFIX: Final = f"<{CRS84_IRI}> "


def _extreme(axis: int, choose: Callable[..., float]) -> Number:
    """The least or the greatest coordinate on an axis; x is east, y north, z up."""

    def function(geometry: Geometry) -> float:
        shape = geometry.shapely
        if axis == _Z and not shape.has_z:
            raise NoSuchGeometry("there is no Z")
        values = shapely.get_coordinates(shape, include_z=axis == _Z)[:, axis]
        if not np.isfinite(values).any():
            raise NoSuchGeometry("there are no coordinates")
        return float(choose(values))

    return function


NUMBERS: Final[Mapping[str, Number]] = MappingProxyType(
    {
        "coordinateDimension": lambda each: 2 + each.shapely.has_z + each.shapely.has_m,
        "dimension": lambda each: int(shapely.get_dimensions(each.shapely)),
        "numGeometries": lambda each: int(shapely.get_num_geometries(each.shapely)),
        "spatialDimension": lambda each: 2 + each.shapely.has_z,
        "maxX": _extreme(_X, np.nanmax),
        "maxY": _extreme(_Y, np.nanmax),
        "maxZ": _extreme(_Z, np.nanmax),
        "minX": _extreme(_X, np.nanmin),
        "minY": _extreme(_Y, np.nanmin),
        "minZ": _extreme(_Z, np.nanmin),
    }
)
"""By local name, as the tables below."""


def _is_simple(shape: BaseGeometry) -> bool:
    """Of a collection, whether each of its parts is; GEOS knows of none."""
    if isinstance(shape, shapely.GeometryCollection):
        return all(_is_simple(part) for part in shape.geoms)
    return bool(shape.is_simple)


FLAGS: Final[Mapping[str, Flag]] = MappingProxyType(
    {
        "is3D": lambda each: bool(each.shapely.has_z),
        "isEmpty": lambda each: bool(each.shapely.is_empty),
        "isMeasured": lambda each: bool(each.shapely.has_m),
        "isSimple": lambda each: _is_simple(each.shapely),
    }
)


def wkt_text(geometry: Geometry) -> str:
    """The `geo:wktLiteral`, without the IRI of the CRS where that is CRS84.

    Examples:
        >>> wkt_text(Geometry(CRS84_IRI, shapely.Point(5, 51)))
        'POINT (5 51)'
    """
    return render_wkt_literal(geometry).removeprefix(_PREFIX)


def _gml_text(geometry: Geometry, profile: str) -> str:
    """GML 3.2, in whichever of its profiles: those that we write are in all of them."""
    del profile
    return render_gml_literal(geometry)


def _geojson_text(geometry: Geometry, nothing: str) -> str:
    del nothing
    return render_geojson_literal(Geometry(CRS84_IRI, in_crs84(geometry)))


def _kml_text(geometry: Geometry, nothing: str) -> str:
    del nothing
    return render_kml_literal(Geometry(CRS84_IRI, in_crs84(geometry)))


def _dggs_text(geometry: Geometry, size: str) -> str:
    return render_dggs_literal(Geometry(CRS84_IRI, in_crs84(geometry)), size)


TEXTS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "asWKT": lambda each, _: wkt_text(each),
        "asGML": _gml_text,
        "asGeoJSON": _geojson_text,
        "asKML": _kml_text,
        "asDGGS": _dggs_text,
        "geometryType": lambda each, _: SF.term(each.shapely.geom_type),
        "getSRID": lambda each, _: each.crs_iri,
    }
)
"""With a second argument, which most of them have no use for."""
