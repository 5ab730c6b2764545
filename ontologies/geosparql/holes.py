"""Holes without a vertex: nothing to a geometry, and the end of a process to GEOS."""

from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry


def without_empty_holes(geometry: BaseGeometry | None) -> Any:
    """The same geometry without such holes; GEOS relates and shrinks none that has one.

    Examples:
        >>> holed = shapely.from_wkt("POLYGON ((0 0, 4 0, 4 4, 0 0), EMPTY)")
        >>> without_empty_holes(holed)
        <POLYGON ((0 0, 4 0, 4 4, 0 0))>
    """
    match geometry:
        case shapely.Polygon():
            holes = [hole for hole in geometry.interiors if not hole.is_empty]
            is_same = len(holes) == len(geometry.interiors)
            return geometry if is_same else shapely.Polygon(geometry.exterior, holes)
        case shapely.MultiPolygon() | shapely.GeometryCollection():
            parts = list(geometry.geoms)
            kept = [without_empty_holes(part) for part in parts]
            is_same = all(one is other for one, other in zip(kept, parts, strict=True))
            return geometry if is_same else type(geometry)(kept)
        case _:
            return geometry
