"""Where on the globe a map says something, as GeoJSON wants it (RFC 7946)."""

from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from engines.geodesy import transform, wrap
from ml.maps import Grid
from ml.vectorize.coverage import MAX_EDGE_PX, trace_regions
from ml.vectorize.polygonize import locate_polygons
from ml.vectorize.regions import find_regions
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri, crs_from_pyproj

SIMPLIFICATION_PX: Final = 4.0
"""A slanted swath has a stair per pixel; a footprint needs none of them."""

_WORLD: Final = (-180.0, 180.0)


def footprint_crs84(grid: Grid, valid_HW: NDArray[np.bool_]) -> BaseGeometry:
    """The valid pixels in CRS84, counterclockwise, cut at antimeridian and pole.

    Its edges are straight lines of the native CRS, followed closely.
    """
    regions = find_regions(np.ones(valid_HW.shape, np.int32), valid_HW)
    outlines = shapely.coverage_simplify(trace_regions(regions), SIMPLIFICATION_PX)
    native = locate_polygons(grid, shapely.segmentize(outlines, MAX_EDGE_PX))
    on_globe = transform(native, crs_from_pyproj(grid.crs), crs_from_iri(CRS84_IRI))
    parts = shapely.get_parts(wrap(on_globe).geometries)
    oriented = shapely.orient_polygons(parts)
    if len(oriented) == 1:
        single: BaseGeometry = oriented[0]
        return single
    return shapely.MultiPolygon(list(oriented))


def bbox_crs84(geometry: BaseGeometry) -> tuple[float, float, float, float]:
    """West, south, east, north; west is greater than east over the antimeridian (5.2).

    It is the smallest one: what it leaves out is the widest empty range of longitudes.

    Examples:
        >>> bbox_crs84(
        ...     shapely.MultiPolygon(
        ...         [shapely.box(170, 70, 180, 71), shapely.box(-180, 70, -175, 71)]
        ...     )
        ... )
        (170.0, 70.0, -175.0, 71.0)
        >>> bbox_crs84(shapely.box(3, 50, 4, 51))
        (3.0, 50.0, 4.0, 51.0)
    """
    _, south, _, north = (float(value) for value in geometry.bounds)
    spans = _longitude_spans(geometry)
    # Gap i lies before span i; the one before the first goes around the antimeridian.
    around = _WORLD[1] - spans[-1][1] + spans[0][0] - _WORLD[0]
    between = [west - east for (_, east), (west, _) in pairwise(spans)]
    gaps = [around, *between]
    widest = gaps.index(max(gaps))
    return spans[widest][0], south, spans[widest - 1][1], north


def _longitude_spans(geometry: BaseGeometry) -> list[tuple[float, float]]:
    """The longitudes that the parts cover, merged, from west to east."""
    merged: list[tuple[float, float]] = []
    for west, _, east, _ in sorted(
        shapely.bounds(shapely.get_parts(geometry)).tolist()
    ):
        if merged and west <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], east))
        else:
            merged.append((west, east))
    return merged
