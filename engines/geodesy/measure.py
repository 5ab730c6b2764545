"""Areas and lengths on the ellipsoid, by GeographicLib (through PROJ).

Edges between vertices are geodesics here, as GeographicLib has it; for edges of a few
kilometres the difference to a straight line in longitude and latitude is nil. An edge
that was cut at the antimeridian is one edge.
"""

from itertools import pairwise
from typing import Final

import numpy as np
import shapely

from engines.geodesy.arrays import (
    GEOD,
    Booleans,
    Floats,
    Geometries,
    GeometryLike,
    Parts,
    Segments,
    edges,
    explode,
    geometry_array,
    segments,
)
from engines.geodesy.joints import excess_area_m2, excess_length_m, find_joints
from engines.geodesy.wrap import needs_wrap

_EARTH_M2: Final = 510_065_621_724_088.4
"""The area of the WGS 84 ellipsoid."""

# No edge longer than this: GeographicLib would take the short way around.
_LONGEST_EDGE: Final = 120.0


def area_m2(geoms: GeometryLike) -> Floats:
    """Area in square metres; 0 for points and lines, NaN for None.

    Rings over the antimeridian and around a pole count as the smaller of their two
    sides, however they are wound; all others as what they enclose in the plane.

    Examples:
        >>> cap = shapely.from_wkt("POLYGON((0 80,90 80,180 80,-90 80,0 80))")
        >>> round(area_m2(np.array([cap]))[0] / 1e6)
        2507270
    """
    array = geometry_array(geoms)
    parts = explode(_tame(array))
    areal = shapely.get_type_id(parts.geometries) == shapely.GeometryType.POLYGON
    row = parts.row[areal]
    rings, polygon = shapely.get_rings(
        shapely.orient_polygons(parts.geometries[areal]), return_index=True
    )
    signed = _ring_areas(rings)
    # The first ring of a polygon is its shell, the others are holes.
    is_shell = np.diff(polygon, prepend=-1) > 0
    globe = needs_wrap(array)[row[polygon]]
    signed[globe] = np.where(is_shell, 1, -1)[globe] * np.abs(signed[globe])
    # GeographicLib answers modulo the whole earth, with the smaller side of a ring.
    turns = np.round((_plane_areas(rings) - signed) / _EARTH_M2)
    signed += np.where(globe, 0, turns) * _EARTH_M2
    joints = find_joints(segments(Parts(rings, row[polygon])))
    pieces = np.bincount(row[polygon], signed, minlength=len(array))
    total = pieces - excess_area_m2(joints, len(array))
    return np.where(shapely.is_missing(array), np.nan, np.maximum(total, 0.0))


def _ring_areas(rings: Geometries) -> Floats:
    """What GeographicLib says of each ring, positive if it runs counterclockwise."""
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    bounds = np.searchsorted(ring, np.arange(len(rings) + 1))
    lon, lat = np.ascontiguousarray(coordinates.T)
    areas = [
        GEOD.polygon_area_perimeter(lon[start:end], lat[start:end])[0]
        for start, end in pairwise(bounds.tolist())
    ]
    return np.array(areas, dtype=float)


def _plane_areas(rings: Geometries) -> Floats:
    """About the same, on a sphere and without a doubt which side is meant."""
    found = segments(Parts(rings, np.arange(len(rings))))
    run = np.radians(found.end[:, 0] - found.start[:, 0])
    height = np.sin(np.radians([found.start[:, 1], found.end[:, 1]])).mean(axis=0)
    below = np.bincount(found.row, run * height, minlength=len(rings))
    return np.asarray(-below * _EARTH_M2 / (4 * np.pi), dtype=float)


def length_m(geoms: GeometryLike) -> Floats:
    """Length of the lines in metres; 0 for points and areas, NaN for None.

    Examples:
        >>> meridian = shapely.from_wkt("LINESTRING(0 0, 0 90)")
        >>> float(length_m(np.array([meridian])).round(3)[0])
        10001965.729
    """
    array = geometry_array(geoms)
    parts = explode(_tame(array))
    areal = shapely.get_type_id(parts.geometries) == shapely.GeometryType.POLYGON
    lines = Parts(parts.geometries[~areal], parts.row[~areal])
    return _total(segments(lines), array)


def perimeter_m(geoms: GeometryLike) -> Floats:
    """Length of the boundary of the areas, holes included, in metres.

    0 for points and lines, NaN for None. Edges that only close a geometry along the
    antimeridian are no boundary, so that a polygon keeps its perimeter when wrapped.

    Examples:
        >>> from engines.geodesy.wrap import wrap
        >>> square = shapely.from_wkt("POLYGON((179 0,-179 0,-179 1,179 1,179 0))")
        >>> bool(
        ...     np.isclose(*perimeter_m(np.array([square, wrap(square).geometries[0]])))
        ... )
        True
    """
    array = geometry_array(geoms)
    parts = explode(_tame(array))
    areal = shapely.get_type_id(parts.geometries) == shapely.GeometryType.POLYGON
    found = segments(edges(Parts(parts.geometries[areal], parts.row[areal])))
    return _total(found, array) - 2 * _seams_m(found, len(array))


def _total(found: Segments, array: Geometries) -> Floats:
    _, _, each = GEOD.inv(*found.start.T, *found.end.T)
    pieces = np.bincount(found.row, each, minlength=len(array))
    total = pieces - excess_length_m(find_joints(found), len(array))
    return np.where(shapely.is_missing(array), np.nan, total)


def _seams_m(found: Segments, rows: int) -> Floats:
    """Length that a geometry has on both sides of the antimeridian at once."""
    seam = (np.abs(found.start[:, 0]) == 180) & (found.start[:, 0] == found.end[:, 0])  # noqa: PLR2004
    total = np.zeros(rows)
    for row in np.unique(found.row[seam]).tolist():
        here = seam & (found.row == row)
        east = here & (found.start[:, 0] > 0)
        west = here & (found.start[:, 0] < 0)
        shared = shapely.intersection(_latitudes(found, east), _latitudes(found, west))
        both = segments(explode(geometry_array(shared)))
        total[row] = np.sum(GEOD.inv(*both.start.T, *both.end.T)[2])
    return total


def _latitudes(found: Segments, chosen: Booleans) -> shapely.Geometry:
    ends = np.stack([found.start[chosen], found.end[chosen]], axis=1)
    ends[:, :, 0] = 0
    return shapely.union_all(shapely.linestrings(ends))


def _tame(array: Geometries) -> Geometries:
    """Edges around the whole world in pieces, so that each has one shortest way."""
    found = segments(edges(explode(array)))
    wide = np.abs(found.end[:, 0] - found.start[:, 0]) == 360  # noqa: PLR2004
    if not wide.any():
        return array
    tamed = array.copy()
    rows = np.unique(found.row[wide])
    tamed[rows] = shapely.segmentize(array[rows], _LONGEST_EDGE)
    return tamed
