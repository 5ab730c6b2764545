"""Coordinates from one CRS to another, x = east, y = north on both sides."""

from functools import lru_cache

import numpy as np
import pyproj
import shapely

from engines.errors import NowhereOnEarth, TransformFailed
from engines.geodesy.arrays import (
    Floats,
    Geometries,
    GeometryLike,
    Integers,
    geometry_array,
)
from ontologies.geosparql.crs import Crs


def transform(geoms: GeometryLike, source: Crs, target: Crs) -> Geometries:
    """The geometries in another CRS; None stays None, Z is kept, M is not.

    Vertices are transformed, edges are not bent. A result in degrees may jump over the
    antimeridian: `wrap` it before relating it to anything.

    Raises:
        TransformFailed: A coordinate has no image in the target CRS.
        NowhereOnEarth: One of two different CRSs is an engineering CRS.

    Examples:
        >>> from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
        >>> polar = crs_from_iri("http://www.opengis.net/def/crs/EPSG/0/3413")
        >>> places = np.array([shapely.Point(0, -1_000_000)])
        >>> transform(places, polar, crs_from_iri(CRS84_IRI))[0].x
        -45.0
    """
    array = geometry_array(geoms)
    measured = shapely.has_m(array)
    if measured.any():
        array = array.copy()
        solid = measured & shapely.has_z(array)
        flat = measured & ~solid
        array[solid] = shapely.from_wkb(
            shapely.to_wkb(array[solid], output_dimension=3)
        )
        array[flat] = shapely.force_2d(array[flat])
    if source == target:
        return array
    has_z = bool(shapely.has_z(array).any())
    moved, _ = _moved(array, source, target, has_z=has_z)
    done: Geometries = shapely.set_coordinates(array.copy(), moved)
    return done


def moved_coordinates(
    array: Geometries, source: Crs, target: Crs
) -> tuple[Floats, Integers]:
    """The x and y of all vertices in another CRS, and the row that each is of.

    Raises:
        TransformFailed: A coordinate has no image in the target CRS.
        NowhereOnEarth: One of two different CRSs is an engineering CRS.
    """
    has_z = bool(shapely.has_z(array).any())
    moved, row = _moved(array, source, target, has_z=has_z)
    return moved[:, :2], row


def _moved(
    array: Geometries, source: Crs, target: Crs, *, has_z: bool
) -> tuple[Floats, Integers]:
    coordinates, row = shapely.get_coordinates(
        array, include_z=has_z, return_index=True
    )
    moved = _transform(coordinates, _transformer(source, target))
    bad = ~np.isfinite(moved[:, :2]).all(axis=1)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        where = ", ".join(f"{value:g}" for value in coordinates[first, :2])
        raise TransformFailed(int(row[first]), source.iri, target.iri, f"({where})")
    return moved, row


@lru_cache(maxsize=128)
def _transformer(source: Crs, target: Crs) -> pyproj.Transformer:
    for crs in (source, target):
        if crs.is_engineering:
            raise NowhereOnEarth(source.iri, target.iri, crs.iri)
    return pyproj.Transformer.from_crs(source.pyproj, target.pyproj, always_xy=True)


def _transform(coordinates: Floats, transformer: pyproj.Transformer) -> Floats:
    if coordinates.shape[1] == 2:  # noqa: PLR2004 - x and y
        return np.column_stack(transformer.transform(*coordinates.T))
    # Flat geometries among solid ones have no height; PROJ would lose their x and y.
    heights = np.nan_to_num(coordinates[:, 2], nan=0.0)
    return np.column_stack(
        transformer.transform(coordinates[:, 0], coordinates[:, 1], heights)
    )
