"""stSPARQL, the language of Strabon, as far as GeoSPARQL says the same.

Queries and data that were written for Strabon go on to work: its functions are those of
GeoSPARQL under other names, its literals other spellings of the same geometries.
Strabon reads EPSG:4326 as longitude and latitude, in its own literals; so do we there.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import Geometry, LiteralError, parse_wkt_literal
from ontologies.namespaces import GEOF, STRDF

_NAMES: Final = {
    "equals": "sfEquals",
    "disjoint": "sfDisjoint",
    "intersects": "sfIntersects",
    "touches": "sfTouches",
    "within": "sfWithin",
    "contains": "sfContains",
    "overlaps": "sfOverlaps",
    "crosses": "sfCrosses",
    "relate": "relate",
    "buffer": "buffer",
    "envelope": "envelope",
    "convexHull": "convexHull",
    "boundary": "boundary",
    "union": "union",
    "intersection": "intersection",
    "difference": "difference",
    "symDifference": "symDifference",
    "transform": "transform",
    "distance": "distance",
    "area": "metricArea",
    "dimension": "dimension",
    "geometryType": "geometryType",
    "asText": "asWKT",
    "asGML": "asGML",
    "srid": "getSRID",
    "isEmpty": "isEmpty",
    "isSimple": "isSimple",
    "extent": "aggBoundingBox",
}
SAME_FUNCTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {STRDF + name: GEOF + same for name, same in _NAMES.items()}
    | {"http://postgis.net/ST_Centroid": f"{GEOF}centroid"}
)
"""Functions of stSPARQL, and those of GeoSPARQL that they are."""

SAME_AGGREGATES: Final[Mapping[str, str]] = MappingProxyType(
    {f"{STRDF}union": f"{GEOF}aggUnion"}
)
"""Functions of stSPARQL that with one argument are set functions."""

BOX_RELATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        f"{STRDF}mbbIntersects": f"{GEOF}sfIntersects",
        f"{STRDF}mbbContains": f"{GEOF}sfContains",
        f"{STRDF}mbbWithin": f"{GEOF}sfWithin",
        f"{STRDF}mbbEquals": f"{GEOF}sfEquals",
    }
)
"""Relations of bounding boxes, and the relation that their envelopes have."""

DIRECTIONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        f"{STRDF}left": (f"{GEOF}maxX", f"{GEOF}minX"),
        f"{STRDF}below": (f"{GEOF}maxY", f"{GEOF}minY"),
    }
)
"""Directions that hold where the first of the one is less than the second of the other.

`right` and `above` are these with the arguments in the other order.
"""

REVERSED: Final[Mapping[str, str]] = MappingProxyType(
    {f"{STRDF}right": f"{STRDF}left", f"{STRDF}above": f"{STRDF}below"}
)
"""Directions that are others from the other side."""

_LON_LAT: Final = "/EPSG/0/4326"


def parse_strdf_wkt(text: str) -> Geometry:
    """The geometry of a `strdf:WKT`: WKT, and after a semicolon the IRI of its CRS.

    Raises:
        LiteralError: The WKT is malformed.
        OntologyError: The CRS is unknown.

    Examples:
        >>> epsg = "http://www.opengis.net/def/crs/EPSG/0/"
        >>> parse_strdf_wkt(f"POINT (23.7 38);{epsg}4326").shapely
        <POINT (23.7 38)>
        >>> parse_strdf_wkt(f"POINT (470000 4200000);{epsg}2100").crs_iri
        'http://www.opengis.net/def/crs/EPSG/0/2100'
    """
    wkt, _, iri = text.partition(";")
    iri = iri.strip()
    if not iri or iri.endswith(_LON_LAT):
        iri = CRS84_IRI
    try:
        return parse_wkt_literal(f"<{iri}> {wkt}")
    except LiteralError as error:
        place = max(error.position - len(iri) - 3, 0)
        raise LiteralError("WKT", text, place, error.reason) from error
