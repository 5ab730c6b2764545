"""A geometry and its CRS as bytes, which is how they travel through an engine.

The IRI of the CRS (none for CRS84), a zero byte, ISO WKB. Two geometries are written
alike exactly when CRS, type and all coordinates are the same.
"""

from typing import Final

import shapely

from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import Geometry

_END: Final = b"\0"


def pack(geometry: Geometry) -> bytes:
    r"""The bytes of a geometry.

    Examples:
        >>> pack(Geometry(CRS84_IRI, shapely.Point(5, 51)))[:6]
        b'\x00\x01\x01\x00\x00\x00'
    """
    iri = "" if geometry.crs_iri == CRS84_IRI else geometry.crs_iri
    wkb: bytes = shapely.to_wkb(geometry.shapely, flavor="iso")
    return iri.encode() + _END + wkb


def unpack(packed: bytes) -> Geometry:
    """The geometry of bytes that `pack` made.

    Examples:
        >>> unpack(pack(Geometry(CRS84_IRI, shapely.Point(5, 51)))).shapely
        <POINT (5 51)>
    """
    iri, _, wkb = packed.partition(_END)
    return Geometry(iri.decode() or CRS84_IRI, shapely.from_wkb(wkb))
