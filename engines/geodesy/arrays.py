"""Geometry arrays as ragged arrays of simple parts, coordinates and segments."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

Geometries: TypeAlias = np.ndarray[Any, np.dtype[np.object_]]
GeometryLike: TypeAlias = shapely.Geometry | Geometries | None
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.intp]
Booleans: TypeAlias = npt.NDArray[np.bool_]

GEOD: Final = pyproj.Geod(ellps="WGS84")
"""The ellipsoid of every measure."""

_COLLECTIONS: Final = (4, 5, 6, 7)


def geometry_array(geoms: GeometryLike) -> Geometries:
    """A one-dimensional object array of geometries; a single geometry is one row."""
    if geoms is None or isinstance(geoms, shapely.Geometry):
        return np.array([geoms], dtype=object)
    return np.asarray(geoms, dtype=object)


@dataclass(frozen=True, slots=True)
class Parts:
    """Points, lines and polygons out of an array of any geometries.

    Attributes:
        geometries: The parts, none of them a collection.
        row: For each part, the row of the geometry it comes from; ascending.
    """

    geometries: Geometries
    row: Integers


def explode(geoms: Geometries) -> Parts:
    """The simple parts of each geometry; collections in collections are opened too."""
    parts, row = geoms, np.arange(len(geoms))
    while np.isin(shapely.get_type_id(parts), _COLLECTIONS).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        row = row[index]
    kept = ~(shapely.is_missing(parts) | shapely.is_empty(parts))
    return Parts(parts[kept], row[kept])


def edges(parts: Parts) -> Parts:
    """Rings in place of polygons; points and lines stay as they are.

    A line that stays on one point is that point: GEOS has no use for it.
    """
    areal = shapely.get_type_id(parts.geometries) == shapely.GeometryType.POLYGON
    rings, index = shapely.get_rings(parts.geometries[areal], return_index=True)
    geometries = np.concatenate([parts.geometries[~areal], rings])
    row = np.concatenate([parts.row[~areal], parts.row[areal][index]])
    still = (shapely.get_dimensions(geometries) == 1) & (
        shapely.length(geometries) == 0
    )
    starts, first = shapely.get_coordinates(geometries[still], return_index=True)
    _, first = np.unique(first, return_index=True)
    geometries[still] = shapely.points(starts[first])
    order = np.argsort(row, kind="stable")
    return Parts(geometries[order], row[order])


@dataclass(frozen=True, slots=True)
class Segments:
    """The straight pieces of points, lines and rings; a point is a piece of no length.

    Attributes:
        start: (n, 2) where each begins.
        end: (n, 2) where each ends.
        part: The part it belongs to; ascending.
        row: The row it belongs to; ascending.
    """

    start: Floats
    end: Floats
    part: Integers
    row: Integers


def segments(parts: Parts) -> Segments:
    """The segments of parts that have no polygons (see `edges`)."""
    coordinates, part = shapely.get_coordinates(parts.geometries, return_index=True)
    return segments_of(coordinates, part, parts.row)


def segments_of(coordinates: Floats, part: Integers, row: Integers) -> Segments:
    """The segments between consecutive coordinates of a part.

    Args:
        coordinates: (n, 2), the parts one after the other.
        part: For each coordinate, its part.
        row: For each part, its row.
    """
    counts = np.bincount(part, minlength=len(row))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp)
    is_last = np.zeros(len(part), dtype=bool)
    is_last[(first + counts - 1)[counts > 1]] = True
    start = np.flatnonzero(~is_last)
    end = np.where(counts[part[start]] == 1, start, start + 1)
    owner = part[start]
    return Segments(coordinates[start], coordinates[end], owner, row[owner])
