"""Functions that make one geometry of many (section 8.7).

The result is in the CRS that all of them share, and in CRS84 where they share none: the
rows of a group have no order, so none of them is the first operand.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import shapely

from engines.errors import NoSuchGeometry
from engines.geodesy.arrays import explode, geometry_array
from engines.geodesy.edge import is_on_edge
from engines.geodesy.edge_overlay import overlay_on_edge
from engines.geosparql.constructive import UNARY
from engines.geosparql.planes import in_crs, overlaid
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import Geometry

Aggregate: TypeAlias = Callable[[Sequence[Geometry]], Geometry]


def _together(name: str) -> Aggregate:
    """What a function of one geometry makes of the collection of all."""

    def function(geometries: Sequence[Geometry]) -> Geometry:
        crs = _common_crs(geometries)
        parts = [in_crs(each, crs) for each in geometries]
        simple = explode(geometry_array(shapely.GeometryCollection(parts))).geometries
        return UNARY[name](Geometry(crs, shapely.GeometryCollection(list(simple))))

    return function


def _common_crs(geometries: Sequence[Geometry]) -> str:
    names = {each.crs_iri for each in geometries}
    return names.pop() if len(names) == 1 else CRS84_IRI


def _united(geometries: Sequence[Geometry]) -> Geometry:
    crs = _common_crs(geometries)
    placed = [Geometry(crs, in_crs(each, crs)) for each in geometries]
    plane, shapes = overlaid(placed)
    if plane.iri != CRS84_IRI:
        return plane.place(shapely.union_all(shapes))
    array = np.array(shapes, dtype=object)
    on_edge = is_on_edge(array)
    beside = shapely.union_all(array[~on_edge])
    united = reduce(partial(overlay_on_edge, shapely.union), array[on_edge], beside)
    return plane.place(united)


def _lines_joined(geometries: Sequence[Geometry]) -> Geometry:
    """Lines put end to end where two of them meet; a line has no end inside another."""
    crs = _common_crs(geometries)
    lines: list[Any] = []
    for each in geometries:
        parts = explode(geometry_array(in_crs(each, crs))).geometries.tolist()
        lines += [part for part in parts if part.geom_type == "LineString"]
    if not lines:
        raise NoSuchGeometry("there are no lines")
    return Geometry(crs, shapely.line_merge(shapely.MultiLineString(lines)))


AGGREGATES: Final[Mapping[str, Aggregate]] = MappingProxyType(
    {
        "aggBoundingBox": _together("envelope"),
        "aggBoundingCircle": _together("boundingCircle"),
        "aggCentroid": _together("centroid"),
        "aggConcatLines": _lines_joined,
        "aggConcaveHull": _together("concaveHull"),
        "aggConvexHull": _together("convexHull"),
        "aggUnion": _united,
    }
)
"""By local name."""
