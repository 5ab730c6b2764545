"""Where an operation of the plane takes place: CRS84, or a projected CRS of its own.

What is in degrees is cut at the antimeridian to be related and overlaid, and put
together again to be enclosed: the hull of two points next to the antimeridian does not
go around the world.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.errors import NoSuchGeometry
from engines.geodesy import transform, wrap
from engines.geodesy.arrays import Floats, explode, geometry_array
from engines.geosparql.placing import Placed, place_one
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.literals import Geometry

_TURN: Final = 360.0
_HALF: Final = 180.0
_SEAM_M: Final = 1e-6
"""Vertices this near are one, where halves that were cut apart are put together."""


def in_crs(geometry: Geometry, iri: str) -> BaseGeometry:
    """The coordinates in another CRS, edges straight between them.

    Raises:
        TransformFailed: A coordinate has no image there.
    """
    if geometry.crs_iri == iri:
        return geometry.shapely
    source, target = crs_from_iri(geometry.crs_iri), crs_from_iri(iri)
    moved: BaseGeometry = transform(geometry.shapely, source, target)[0]
    return moved


def in_crs84(geometry: Geometry) -> BaseGeometry:
    """The geometry in CRS84, cut at the antimeridian, as stored ones are.

    Raises:
        TransformFailed: A coordinate has no image there.
    """
    shape: BaseGeometry = wrap(in_crs(geometry, CRS84_IRI)).geometries[0]
    return shape


@lru_cache(maxsize=64)
def placed(geometry: Geometry) -> Placed:
    """The geometry where it is related to others, in one row.

    Raises:
        NoSuchGeometry: It is invalid: what is inside is not defined.
        TransformFailed: A coordinate has no image in CRS84.
    """
    found = place_one(geometry.shapely, crs_from_iri(geometry.crs_iri))
    if not found.is_valid[0]:
        raise NoSuchGeometry(shapely.is_valid_reason(geometry.shapely))
    return found


def valid_in_crs84(geometry: Geometry) -> BaseGeometry:
    """The geometry in CRS84, cut at the antimeridian, and valid.

    Raises:
        NoSuchGeometry: It is invalid, or nowhere on Earth.
        TransformFailed: A coordinate has no image there.
    """
    shape: BaseGeometry | None = placed(geometry).shapes[0]
    if shape is None:
        raise NoSuchGeometry(f"<{geometry.crs_iri}> is nowhere on Earth")
    return shape


def _valid(shape: BaseGeometry) -> BaseGeometry:
    if not shape.is_valid:
        raise NoSuchGeometry(shapely.is_valid_reason(shape))
    return shape


@dataclass(frozen=True, slots=True)
class Plane:
    """A plane, and the CRS in which its results are wanted.

    Attributes:
        iri: The CRS of the plane: CRS84 or a projected one.
        home: The CRS of the results.
    """

    iri: str
    home: str

    def place(self, shape: BaseGeometry) -> Geometry:
        """A result, in the CRS in which it is wanted.

        Raises:
            TransformFailed: A coordinate has no image there.
        """
        if self.iri == CRS84_IRI:
            shape = wrap(shape).geometries[0]
        if self.iri == self.home:
            return Geometry(self.home, shape)
        moved = in_crs(Geometry(self.iri, shape), self.home)
        if not is_geographic(self.home):
            moved = _without_seams(moved)
        return Geometry(self.home, moved)


def is_geographic(iri: str) -> bool:
    """Whether the coordinates of a CRS are longitude and latitude."""
    return crs_from_iri(iri).is_geographic


def _without_seams(shape: BaseGeometry) -> BaseGeometry:
    """Areas that were cut at the antimeridian or at a pole, whole again."""
    if shapely.get_dimensions(shape) != shapely.get_dimensions(shapely.Polygon()):
        return shape
    if len(shapely.get_parts(shape)) == 1 and shape.is_valid:
        return shape
    # What is left of a way to the pole and back is a line.
    parts = explode(shapely.make_valid(shapely.get_parts(shape))).geometries
    areas = parts[shapely.get_dimensions(parts) == shapely.get_dimensions(shape)]
    united: BaseGeometry = shapely.union_all(areas, grid_size=_SEAM_M)
    return united


def overlaid(
    geometries: Sequence[Geometry],
) -> tuple[Plane, list[BaseGeometry]]:
    """The plane in which geometries are overlaid, and their images there.

    Raises:
        NoSuchGeometry: One of them is invalid.
        TransformFailed: A coordinate has no image there.
    """
    home = geometries[0].crs_iri
    is_shared = all(each.crs_iri == home for each in geometries)
    if is_shared and not is_geographic(home):
        return Plane(home, home), [_valid(each.shapely) for each in geometries]
    return Plane(CRS84_IRI, home), [valid_in_crs84(each) for each in geometries]


def enclosed(geometry: Geometry) -> tuple[Plane, BaseGeometry]:
    """The plane in which a geometry is enclosed, and its image there, in one piece.

    Raises:
        TransformFailed: A coordinate has no image there.
    """
    home = geometry.crs_iri
    if not is_geographic(home):
        return Plane(home, home), geometry.shapely
    return Plane(CRS84_IRI, home), together(in_crs84(geometry))


def together(shape: BaseGeometry) -> BaseGeometry:
    """Longitudes that run on beyond 180 where that spares the longest way around.

    Examples:
        >>> together(shapely.MultiPoint([(179, 0), (-179, 0)])).bounds
        (179.0, 0.0, 181.0, 0.0)
    """
    parts = explode(geometry_array(shape)).geometries
    bounds = shapely.bounds(parts)[:, ::2]
    if not len(parts) or bounds.max() - bounds.min() <= _HALF:
        return shape
    limit = _before_widest_gap(bounds[np.argsort(bounds[:, 0])])

    def moved(coordinates: Floats) -> Floats:
        coordinates[:, 0] += np.where(coordinates[:, 0] <= limit, _TURN, 0.0)
        return coordinates

    return shapely.transform(shape, moved, include_z=bool(shape.has_z))


def _before_widest_gap(bounds: Floats) -> float:
    """Up to which longitude to go on beyond 180; none where the rest is no shorter."""
    reached = np.maximum.accumulate(bounds[:, 1])
    gaps = bounds[1:, 0] - reached[:-1]
    outer = bounds[0, 0] + _TURN - reached[-1]
    if not len(gaps) or gaps.max() <= outer:
        return -np.inf
    return float(reached[int(np.argmax(gaps))])
