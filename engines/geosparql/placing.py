"""A geometry where it is related and measured: in its plane, in CRS84, and in a box.

| CRS of a geometry | `natives` | `shapes` | `windows` |
|---|---|---|---|
| geographic | | CRS84, cut at the antimeridian | bounds of the shape |
| | | with a place on the antimeridian or at a pole | these, and all longitudes |
| projected | as it is | as well | around the image of all of it in CRS84 |
| engineering | as it is | | bounds of the native |

A literal is valid where it was drawn. A vertex that lies on an edge in the plane of a
projected CRS is next to it in CRS84, where the geometry may be invalid for that: its
shape is mended then.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from engines.errors import TransformFailed
from engines.geodesy import transform, wrap
from engines.geodesy.arrays import Booleans, Floats, Geometries, geometry_array
from engines.geodesy.edge import is_on_edge
from ontologies.geosparql.crs import CRS84_IRI, Crs, crs_from_iri

_TURN: Final = 360.0
_HALF: Final = 180.0
_QUARTER: Final = 90.0
_DEGREE_M: Final = 111_000.0
"""About the length of a degree of latitude."""

_SMALL_M: Final = 10_000.0
_POLAR: Final = 85.0
_SLACK: Final = 0.01
"""A straight edge of a small geometry bends by less, as a share of its length."""

_STEPS: Final = 16
"""Pieces of each side of a large geometry's bounds."""

_TURNING: Final = 30.0
"""Degrees of longitude in one of these pieces, at which a pole is near."""


_ROUNDING: Final = 1e-9
_LEAST: Final = (-_HALF, -_QUARTER) * 2
_GREATEST: Final = (_HALF, _QUARTER) * 2


@dataclass(frozen=True, slots=True)
class Placed:
    """Geometries of one CRS, row by row.

    Attributes:
        natives: In the plane of the CRS; None in rows of a geographic one.
        shapes: In CRS84, cut at the antimeridian; None in rows of an engineering CRS.
        windows: (n, 4) boxes (least x, least y, greatest x, greatest y) such that where
            two do not meet, natives of one CRS do not either, and shapes neither; NaN
            for the empty geometry. Of a shape on the edge of CRS84's plane they have
            all longitudes: it may meet what is on the other side.
        is_valid: Whether it is clear what is inside.
        crosses_antimeridian: Which shapes were cut there.
        contains_pole: Which shapes have a pole inside.
    """

    natives: Geometries
    shapes: Geometries
    windows: Floats
    is_valid: Booleans
    crosses_antimeridian: Booleans
    contains_pole: Booleans


def place(geometries: Geometries, crs: Crs) -> Placed:
    """Place geometries of one CRS; Z is kept, M is not.

    Raises:
        TransformFailed: A coordinate has no image in CRS84.
    """
    nowhere = np.zeros(len(geometries), dtype=bool)
    drawn = transform(geometries, crs, crs)
    if crs.is_engineering:
        none = np.full(len(geometries), None, dtype=object)
        windows, is_valid = shapely.bounds(drawn), shapely.is_valid(drawn)
        return Placed(drawn, none, windows, is_valid, nowhere, nowhere)
    wrapped = wrap(transform(geometries, crs, crs_from_iri(CRS84_IRI)))
    shapes = wrapped.geometries
    on_edge = is_on_edge(shapes)
    crosses, polar = wrapped.crosses_antimeridian, wrapped.contains_pole
    if not crs.is_planar:
        none = np.full(len(geometries), None, dtype=object)
        windows, is_valid = shapely.bounds(shapes), shapely.is_valid(shapes)
        windows[on_edge, ::2] = -_HALF, _HALF
        return Placed(none, shapes, windows, is_valid, crosses, polar)
    is_valid = shapely.is_valid(drawn)
    shapes = _mended(shapes, is_valid)
    windows = _windows(drawn, shapes, crs)
    windows[on_edge, ::2] = -_HALF, _HALF
    return Placed(drawn, shapes, windows, is_valid, crosses, polar)


def place_one(geometry: shapely.Geometry, crs: Crs) -> Placed:
    """The same of a single geometry, in one row.

    Raises:
        TransformFailed: A coordinate has no image in CRS84.
    """
    return place(geometry_array(geometry), crs)


def _mended(shapes: Geometries, is_valid: Booleans) -> Geometries:
    """What became invalid on the way from its plane, valid again."""
    broken = np.flatnonzero(is_valid & ~shapely.is_valid(shapes))
    if not len(broken):
        return shapes
    mended = shapes.copy()
    for row in broken.tolist():
        parts = shapely.get_parts(shapely.make_valid(shapes[row]))
        # What is left of an edge that folded onto another is a line.
        dimension = shapely.get_dimensions(shapes[row])
        kept = parts[shapely.get_dimensions(parts) == dimension]
        # A line of a nanometre is a point there.
        mended[row] = shapely.union_all(kept if len(kept) else parts)
    return mended


def _windows(natives: Geometries, shapes: Geometries, crs: Crs) -> Floats:
    """Boxes in CRS84 around shapes, and around edges that are straight in the plane."""
    windows: Floats = shapely.bounds(shapes)
    bounds: Floats = shapely.bounds(natives)
    west, south, east, north = windows.T
    latitude = np.maximum(np.abs(south), np.abs(north))
    size = np.hypot(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])
    size = np.maximum(size * crs.unit_factor, (north - south) * _DEGREE_M)
    with np.errstate(invalid="ignore"):
        is_small = (size <= _SMALL_M) & (latitude <= _POLAR)
        is_small &= east - west <= _HALF
    is_small |= size == 0
    slack = _ROUNDING + _SLACK * size / _DEGREE_M
    reach = slack / np.cos(np.radians(np.minimum(latitude, _POLAR)))
    grown = np.column_stack([west - reach, south - slack, east + reach, north + slack])
    for row in np.flatnonzero(~is_small & ~np.isnan(west)).tolist():
        image = _image(bounds[row], crs)
        lowest = np.minimum(windows[row, :2], image[:2])
        grown[row] = [*lowest, *np.maximum(windows[row, 2:], image[2:])]
    # What meets over the antimeridian meets in the plane.
    grown[(grown[:, 0] < -_HALF) | (grown[:, 2] > _HALF), ::2] = -_HALF, _HALF
    clipped: Floats = np.clip(grown, _LEAST, _GREATEST)
    return clipped


def _image(bounds: Floats, crs: Crs) -> Floats:
    """A box in CRS84 around the image of a box in a plane."""
    rim = shapely.points(_rim(bounds))
    try:
        moved = transform(rim, crs, crs_from_iri(CRS84_IRI))
    except TransformFailed:
        # It reaches beyond the CRS, where the geometry does not.
        return np.array([-_HALF, -_QUARTER, _HALF, _QUARTER])
    longitudes, latitudes = shapely.get_coordinates(moved).T
    steps = np.diff(longitudes)
    turns = (steps + _HALF) % _TURN - _HALF
    # Between two of its points the image of the rim is about a parabola.
    west, east = _spread(longitudes)
    south, north = _spread(latitudes)
    if np.abs(steps).max() > _HALF:
        west, east = -_HALF, _HALF
    if abs(turns.sum()) > _HALF or np.abs(turns).max() > _TURNING:
        # A pole is inside or near.
        west, east = -_HALF, _HALF
        south = -_QUARTER if south < 0 else south
        north = _QUARTER if north > 0 else north
    return np.array([west, south, east, north])


def _spread(values: Floats) -> tuple[float, float]:
    more = float(np.ptp(values)) / _STEPS + _ROUNDING
    return float(values.min()) - more, float(values.max()) + more


def _rim(bounds: Floats) -> Floats:
    """Places along the four sides of a box, and the first again."""
    left, low, right, high = bounds
    corners = np.array([[left, low], [right, low], [right, high], [left, high]])
    ends = np.roll(corners, -1, axis=0)
    shares = np.linspace(0, 1, _STEPS, endpoint=False)[:, np.newaxis]
    sides = [a + (b - a) * shares for a, b in zip(corners, ends, strict=True)]
    return np.concatenate([*sides, corners[:1]])
