"""Regions become a valid polygon coverage: no gaps, no overlaps, edges matched.

Tracing alone does not give one: where three regions meet in a T, the polygon along the
bar has no vertex at the foot of the stem, and simplification then pulls the edges
apart.  So each edge is cut at every pixel corner, and of these corners the ones are
kept at which any boundary turns or meets another.  That is decided by the raster around
the corner, hence alike for all polygons that touch it.

Everything here is in raster coordinates (x column, y row, exact integers until
simplified).
"""

from typing import Final

import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray

from ml.errors import InvalidCoverage
from ml.vectorize.regions import OUTSIDE, Regions

MAX_EDGE_PX: Final = 64
"""Straight edges keep a vertex on each row or column that is a multiple of this.

A straight edge in a polar projection is curved in longitude and latitude: at 80 degrees
north 80 km of it, left without vertices, stray 700 m, and 64 pixels of 40 m less than 1
m.
"""


def trace_regions(regions: Regions) -> NDArray[np.object_]:
    """One polygon per region, by label, along the sides of its pixels.

    The polygons are a valid coverage, and their union is exactly the labelled pixels.
    """
    corners_kept = _corners_to_keep(regions.labels_HW)
    shapes = rasterio.features.shapes(
        regions.labels_HW, mask=regions.labels_HW != OUTSIDE, connectivity=4
    )
    rings: list[NDArray[np.float64]] = []
    rings_per_polygon: list[int] = []
    labels: list[int] = []
    for shape, label in shapes:
        rings += [np.array(ring) for ring in shape["coordinates"]]
        rings_per_polygon.append(len(shape["coordinates"]))
        labels.append(int(label))
    polygons = _polygons(rings, rings_per_polygon, corners_kept)
    traced = np.empty(regions.count, np.object_)
    traced[np.array(labels, np.int64) - 1] = polygons
    return traced


def _corners_to_keep(labels_HW: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which pixel corners, by row and column, are vertices of boundaries there."""
    padded = np.pad(labels_HW, 1, constant_values=OUTSIDE)
    upper_left, upper_right = padded[:-1, :-1], padded[:-1, 1:]
    lower_left, lower_right = padded[1:, :-1], padded[1:, 1:]
    vertical = (upper_left == lower_left) & (upper_right == lower_right)
    horizontal = (upper_left == upper_right) & (lower_left == lower_right)
    kept: NDArray[np.bool_] = ~(vertical | horizontal)
    kept[::MAX_EDGE_PX] |= vertical[::MAX_EDGE_PX]
    kept[:, ::MAX_EDGE_PX] |= horizontal[:, ::MAX_EDGE_PX]
    return kept


def _polygons(
    rings: list[NDArray[np.float64]],
    rings_per_polygon: list[int],
    corners_kept: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Polygons of closed rings, each edge cut at the corners that are kept."""
    closed = np.concatenate(rings).astype(np.int64)
    ring_of = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    is_edge = ring_of[:-1] == ring_of[1:]
    steps = (closed[1:] - closed[:-1])[is_edge]
    lengths = np.abs(steps).sum(axis=1)
    starts = np.repeat(closed[:-1][is_edge], lengths, axis=0)
    along = np.arange(len(starts)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    corners = starts + np.repeat(np.sign(steps), lengths, axis=0) * along[:, None]
    ring_of = np.repeat(ring_of[:-1][is_edge], lengths)
    kept = corners_kept[corners[:, 1], corners[:, 0]]
    corners, ring_of = corners[kept], ring_of[kept]
    ends = np.cumsum(np.bincount(ring_of, minlength=len(rings)))
    begins = np.concatenate([[0], ends[:-1]])
    # Insertion closes each ring with its first corner.
    coordinates = np.insert(corners, ends, corners[begins], axis=0).astype(np.float64)
    offsets = np.concatenate([[0], ends + np.arange(1, len(rings) + 1)])
    polygon_offsets = np.concatenate([[0], np.cumsum(rings_per_polygon)])
    polygons: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, coordinates, (offsets, polygon_offsets)
    )
    return polygons


def simplify_coverage(
    polygons: NDArray[np.object_], tolerance_px: float
) -> NDArray[np.object_]:
    """The coverage with smoother shared edges; its outer boundary and area stay.

    Args:
        polygons: A valid coverage in raster coordinates.
        tolerance_px: 0 leaves the pixel edges as they are.

    Raises:
        InvalidCoverage: The result is none; a bug here or in GEOS.
    """
    if tolerance_px > 0:
        polygons = shapely.coverage_simplify(
            polygons, tolerance_px, simplify_boundary=False
        )
    invalid = ~shapely.is_empty(shapely.coverage_invalid_edges(polygons))
    if invalid.any():
        raise InvalidCoverage(int(invalid.sum()))
    return polygons
