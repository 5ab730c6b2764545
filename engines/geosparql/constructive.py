"""Functions that make a geometry of one or two others (section 8.6)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engines.errors import NoSuchGeometry
from engines.geodesy import wrap
from engines.geodesy.arrays import explode, geometry_array
from engines.geodesy.buffer import buffer_m, circle_around
from engines.geodesy.edge import border_on_edge, is_on_edge
from engines.geodesy.edge_overlay import overlay_on_edge
from engines.geosparql.planes import (
    Plane,
    enclosed,
    in_crs,
    is_geographic,
    overlaid,
    placed,
    together,
    valid_in_crs84,
)
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.literals import Geometry

Unary: TypeAlias = Callable[[Geometry], Geometry]
Binary: TypeAlias = Callable[[Geometry, Geometry], Geometry]

CONCAVITY: Final = 0.3
"""From 0, as concave as can be, to 1, the convex hull; the standard leaves it open."""

_QUARTER: Final = 32
_SIDES: Final = 128
_WORLDS: Final = shapely.box(-540, -90, 540, 90)


def enclose(shape_of: Callable[[Any], Any]) -> Unary:
    """An operation of the plane on a geometry in one piece, see `planes.enclosed`."""

    def function(geometry: Geometry) -> Geometry:
        plane, shape = enclosed(geometry)
        return plane.place(shape_of(shape))

    return function


def overlay(operation: Callable[[Any, Any], Any]) -> Binary:
    """An operation of the plane on two geometries, see `planes.overlaid`."""
    with_nothing = _WITH_NOTHING[operation]

    def function(left: Geometry, right: Geometry) -> Geometry:
        plane, (one, other) = overlaid([left, right])
        if one.is_empty or other.is_empty:
            return plane.place(with_nothing(one, other))
        if plane.iri == CRS84_IRI and is_on_edge(np.array([one, other])).all():
            return plane.place(overlay_on_edge(operation, one, other))
        return plane.place(operation(one, other))

    return function


def _either(one: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    return other if one.is_empty else one


# GEOS fails on an empty geometry beside a collection.
_WITH_NOTHING: Final[Mapping[Callable[..., Any], Callable[..., Any]]] = {
    shapely.difference: lambda one, _: one,
    shapely.intersection: lambda one, other: one if one.is_empty else other,
    shapely.symmetric_difference: _either,
    shapely.union: _either,
}


def boundary(geometry: Geometry) -> Geometry:
    """The boundary, of dimension one less; of collections there is none.

    Where a geometry was cut at the antimeridian is none, and a pole inside is none.

    Raises:
        NoSuchGeometry: The geometry is a collection of different ones.
    """
    found = shapely.boundary(geometry.shapely)
    if found is None:
        raise NoSuchGeometry("a collection has no boundary")
    if not found.is_empty and _is_drawn_on_edge(geometry):
        plane = Plane(CRS84_IRI, geometry.crs_iri)
        return plane.place(border_on_edge(valid_in_crs84(geometry)))
    return Geometry(geometry.crs_iri, found)


def _is_drawn_on_edge(geometry: Geometry) -> bool:
    """Whether a geometry in longitude and latitude has a vertex on the edge of both."""
    drawn = geometry_array(geometry.shapely)
    return is_geographic(geometry.crs_iri) and bool(is_on_edge(drawn)[0])


def _concave_hull(shape: BaseGeometry) -> BaseGeometry:
    """Around all vertices, and with all of the areas: GEOS looks at vertices only."""
    hull = shapely.concave_hull(shape, CONCAVITY)
    areas = [part for part in _simple_parts(shape) if part.geom_type == "Polygon"]
    if not areas or all(hull.covers(area) for area in areas):
        single: BaseGeometry = hull
        return single
    united: BaseGeometry = shapely.union_all([hull, *areas])
    return united


def _simple_parts(shape: BaseGeometry) -> list[Any]:
    return list(explode(geometry_array(shape)).geometries)


def bounding_circle(geometry: Geometry) -> Geometry:
    """A polygon around the least circle: geodesic in degrees, planar in projections."""
    if is_geographic(geometry.crs_iri):
        plane = Plane(CRS84_IRI, geometry.crs_iri)
        return plane.place(circle_around(in_crs(geometry, CRS84_IRI)))
    return Geometry(geometry.crs_iri, _circle_in_plane(geometry.shapely))


def _circle_in_plane(shape: BaseGeometry) -> BaseGeometry:
    circle = shapely.minimum_bounding_circle(shape)
    if shapely.get_dimensions(circle) == 0 or circle.is_empty:
        single: BaseGeometry = circle
        return single
    centre = shapely.get_coordinates(shapely.centroid(circle))
    places = shapely.get_coordinates(shape)
    radius = np.hypot(*(places - centre).T).max() * (1 + 1e-12)
    turns = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
    corners = np.column_stack([np.cos(turns), np.sin(turns)])
    return shapely.Polygon(centre + corners * radius / np.cos(np.pi / _SIDES))


def buffer_in_metres(geometry: Geometry, metres: float) -> Geometry:
    """All within a geodesic distance, whatever the CRS on Earth (docs/adr/0001).

    In an engineering CRS all within a distance in its plane.

    Raises:
        NoSuchGeometry: The geometry is invalid, or the distance beyond 9000 km.
    """
    crs = crs_from_iri(geometry.crs_iri)
    if crs.is_engineering:
        distance = _finite(metres) / crs.unit_factor
        shape = placed(geometry).natives[0]
        drawn = shapely.buffer(shape, distance, quad_segs=_QUARTER)
        return Geometry(geometry.crs_iri, drawn)
    valid_in_crs84(geometry)
    plane = Plane(CRS84_IRI, geometry.crs_iri)
    return plane.place(buffer_m(in_crs(geometry, CRS84_IRI), metres))


def buffer_in_degrees(geometry: Geometry, degrees: float) -> Geometry:
    """All within a distance in the plane of longitude and latitude.

    Raises:
        NoSuchGeometry: The geometry is invalid, or the distance not finite.
    """
    plane = Plane(CRS84_IRI, geometry.crs_iri)
    shape = together(valid_in_crs84(geometry))
    drawn = shapely.buffer(shape, _finite(degrees), quad_segs=_QUARTER)
    return plane.place(shapely.intersection(drawn, _WORLDS))


def _finite(distance: float) -> float:
    if not np.isfinite(distance):
        raise NoSuchGeometry(f"{distance} is no distance")
    return distance


def to_crs(geometry: Geometry, iri: str) -> Geometry:
    """The geometry in another CRS; M is lost.

    Raises:
        OntologyError: The CRS is unknown.
        TransformFailed: A coordinate has no image there.
    """
    target = crs_from_iri(iri).iri
    if target == geometry.crs_iri:
        return geometry
    shape = in_crs(geometry, target)
    return Geometry(
        target, wrap(shape).geometries[0] if is_geographic(target) else shape
    )


def part(geometry: Geometry, number: float) -> Geometry:
    """One of the geometries in a collection, counted from 1.

    Raises:
        NoSuchGeometry: It has none of this number.
    """
    parts = shapely.get_parts(geometry.shapely)
    if not (number == int(number) and 1 <= number <= len(parts)):
        raise NoSuchGeometry(f"there are {len(parts)} geometries, and no {number:g}.")
    return Geometry(geometry.crs_iri, parts[int(number) - 1])


UNARY: Final[Mapping[str, Unary]] = MappingProxyType(
    {
        "boundary": boundary,
        "boundingCircle": bounding_circle,
        "centroid": enclose(shapely.centroid),
        "concaveHull": enclose(_concave_hull),
        "convexHull": enclose(shapely.convex_hull),
        "envelope": enclose(shapely.envelope),
    }
)
"""By local name, as the tables below."""

BINARY: Final[Mapping[str, Binary]] = MappingProxyType(
    {
        "difference": overlay(shapely.difference),
        "intersection": overlay(shapely.intersection),
        "symDifference": overlay(shapely.symmetric_difference),
        "union": overlay(shapely.union),
    }
)

NUMBERED: Final[Mapping[str, Callable[[Geometry, float], Geometry]]] = MappingProxyType(
    {
        "buffer_m": buffer_in_metres,
        "buffer_degrees": buffer_in_degrees,
        "geometryN": part,
    }
)
"""A geometry and a number."""

NAMED: Final[Mapping[str, Callable[[Geometry, str], Geometry]]] = MappingProxyType(
    {"transform": to_crs}
)
"""A geometry and an IRI."""
