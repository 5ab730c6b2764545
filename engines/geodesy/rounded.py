"""Many geometries to another CRS, as they are written: flat, whole and rounded."""

import numpy as np
import shapely

from engines.geodesy.arrays import (
    Floats,
    Geometries,
    GeometryLike,
    Integers,
    geometry_array,
)
from engines.geodesy.transform import moved_coordinates
from engines.geodesy.wrap import are_tame, wrap
from ontologies.geosparql.crs import Crs


def transform_rounded(
    geoms: GeometryLike, source: Crs, target: Crs, decimals: int
) -> Geometries:
    """The geometries in another CRS, in x and y with so many decimals.

    Those in degrees are wrapped: `wrap`, then rounding, is what it gives, in one go for
    all that need no cut.

    Raises:
        EngineError: As `transform`.
    """
    array = geometry_array(geoms)
    moved, row = moved_coordinates(array, source, target)
    flat = array
    if shapely.has_z(array).any() or shapely.has_m(array).any():
        flat = shapely.force_2d(array)
    done: Geometries = shapely.set_coordinates(flat.copy(), np.round(moved, decimals))
    if not target.is_geographic:
        return done
    # Judged before they are rounded: what is next to a seam may be on it afterwards.
    wild = ~are_tame(_bounds(moved, row, len(array)))
    if wild.any():
        placed = shapely.set_coordinates(flat[wild], moved[wild[row]])
        cut = wrap(placed).geometries
        done[wild] = shapely.transform(cut, lambda xy: np.round(xy, decimals))
    return done


def _bounds(coordinates: Floats, row: Integers, count: int) -> Floats:
    """West, south, east and north of each row; NaN where it has no coordinates."""
    bounds = np.full((count, 4), np.nan)
    if len(row):
        first = np.flatnonzero(np.diff(row, prepend=-1))
        bounds[row[first], :2] = np.minimum.reduceat(coordinates, first)
        bounds[row[first], 2:] = np.maximum.reduceat(coordinates, first)
    return bounds
