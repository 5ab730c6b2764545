"""What functions read of a geometry argument.

A stored literal has its shape beside it, parsed at load, in CRS84 and cut at the
antimeridian, and as it is in the plane of its CRS where that has one; those of a
constant are made here, those of a computed one by the engine. Relations and measures
read them, all other functions the geometry as the literal has it, with its CRS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import shapely

from engines.geodesy.edge import is_on_edge
from engines.geosparql.answers import native_of, plane_of, shape_of, window_of
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.units import Quantity, Unit, unit_from_iri
from strabon_store.algebra.terms import IRI, Literal
from strabon_store.relational.scalars import (
    FALSE,
    NULL,
    TRUE,
    Constant,
    Scalar,
    all_of,
    call,
)
from strabon_store.relational.values import Value, part

Bounds: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north."""

_Relation: TypeAlias = Callable[[Scalar, Scalar], Scalar]
_NO_PLANE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Operand:
    """A geometry argument of a relation or a measure, ready for SQL.

    Attributes:
        shape: The scalar of the geometry in CRS84.
        crs: That of the IRI of its CRS; of a computed one only if that has a plane.
        native: That of the geometry in the plane of its CRS.
        window: That of the box around it.
        planes: IRIs of the CRSs with a plane that it can be in; None: unknown.
        on_edge: Whether the shape may be on the edge of the plane of CRS84.
        bounds: Those of a constant, in CRS84 or nowhere; None where they vary.
        reach: Those of its window.
        variable: The stored variable that it is looked up for; None for others.
    """

    shape: Scalar
    crs: Scalar
    native: Scalar
    window: Scalar
    planes: frozenset[str] | None = _NO_PLANE
    on_edge: Scalar = FALSE
    bounds: Bounds | None = None
    reach: Bounds | None = None
    variable: str | None = None

    @property
    def is_constant(self) -> bool:
        """Whether it stands in the query."""
        return isinstance(self.crs, Constant)

    @property
    def may_be_nowhere(self) -> bool:
        """Whether it can be in an engineering CRS, where it has no shape in CRS84."""
        if self.planes is None:
            return True
        return any(crs_from_iri(iri).is_engineering for iri in self.planes)


def operand(value: Value) -> Operand:
    """Where a value is; of anything but a geometry literal it is an error."""
    if value.variable is not None:
        return _stored(value.variable, value.planes)
    match value.geometry:
        case Constant(bytes() as packed):
            return _constant(packed)
        case Constant():
            nothing = call("no_geometry")
            return Operand(nothing, NULL, nothing, nothing)
        case computed:
            return Operand(
                shape=call("shape_of", computed),
                crs=call("plane_of", computed),
                native=call("native_of", computed),
                window=call("window_of", computed),
                planes=value.planes,
                on_edge=TRUE,
            )


def planes_of(value: Value) -> frozenset[str] | None:
    """IRIs of the CRSs with a plane that a geometry can be in; None: unknown."""
    match value.geometry:
        case Constant(bytes() as packed):
            plane = plane_of(packed)
            return _NO_PLANE if plane is None else frozenset({plane})
        case Constant():
            return _NO_PLANE
        case _:
            return value.planes


def in_common_plane(
    left: Operand, right: Operand, in_plane: _Relation, on_globe: _Relation
) -> Scalar:
    """What is asked of two geometries: in the plane of one CRS, else in CRS84.

    Args:
        left: A geometry.
        right: A geometry.
        in_plane: What asks it of two shapes in a plane.
        on_globe: What asks it of two shapes in CRS84 that are on the edge of its plane.
    """
    in_crs84 = _in_crs84(left, right, in_plane, on_globe)
    if not may_share_plane(left, right):
        return in_crs84
    of_natives = in_plane(left.native, right.native)
    if left.is_constant and right.is_constant:
        return of_natives
    same = _is_same_plane(left, right)
    return call("either_plane", same, of_natives, in_crs84, left.window, right.window)


def _in_crs84(
    left: Operand, right: Operand, in_plane: _Relation, on_globe: _Relation
) -> Scalar:
    """In the plane of CRS84, but for what is on the edge of it."""
    planar = in_plane(left.shape, right.shape)
    sides = (left.on_edge, right.on_edge)
    if FALSE in sides:
        # What is beside the edge meets nothing there.
        return planar
    globe = on_globe(left.shape, right.shape)
    if left.is_constant and right.is_constant:
        return globe
    both = all_of(tuple(each for each in sides if each != TRUE))
    return call("either_on_edge", both, globe, planar, left.window, right.window)


def may_share_plane(left: Operand, right: Operand) -> bool:
    """Whether both can be in one CRS that has a plane."""
    known = [planes for each in (left, right) if (planes := each.planes) is not None]
    return not known or bool(frozenset.intersection(*known) - {CRS84_IRI})


def _is_same_plane(left: Operand, right: Operand) -> Scalar:
    same = call("equal", left.crs, right.crs)
    if left.is_constant or right.is_constant:
        return same
    return all_of((same, call("is_bound", left.native)))


def _stored(variable: str, planes: frozenset[str] | None) -> Operand:
    box = [part(variable, name) for name in ("minx", "miny", "maxx", "maxy")]
    is_beside = planes is not None and CRS84_IRI not in planes
    return Operand(
        shape=part(variable, "geometry"),
        crs=part(variable, "crs"),
        native=part(variable, "native"),
        window=call("window", *box),
        planes=planes,
        on_edge=FALSE if is_beside else call("is_on_edge", box[0], box[2]),
        variable=variable,
    )


def _constant(packed: bytes) -> Operand:
    known = _placed(packed)
    return Operand(
        shape=_geometry(known.shape),
        crs=Constant(known.plane),
        native=_geometry(known.native),
        window=_geometry(known.window),
        planes=_NO_PLANE if known.plane is None else frozenset({known.plane}),
        on_edge=Constant(known.is_on_edge),
        bounds=known.bounds,
        reach=known.reach,
    )


def _geometry(wkb: bytes | None) -> Scalar:
    if wkb is None:
        return call("no_geometry")
    return call("geometry_constant", Constant(wkb))


class _Placed(NamedTuple):
    """Where a constant is, see `engines.geosparql.placing`."""

    shape: bytes | None
    native: bytes | None
    window: bytes | None
    plane: str | None
    bounds: Bounds | None
    reach: Bounds | None
    is_on_edge: bool


@lru_cache(maxsize=256)
def _placed(packed: bytes) -> _Placed:
    shape, native = shape_of(packed), native_of(packed)
    bounds = _bounds(native if shape is None else shape)
    window = window_of(packed)
    reach = None if bounds is None else _bounds(window)
    on_edge = bool(is_on_edge(shapely.from_wkb(np.array([shape], dtype=object)))[0])
    return _Placed(shape, native, window, plane_of(packed), bounds, reach, on_edge)


def _bounds(wkb: bytes | None) -> Bounds | None:
    drawn = None if wkb is None else shapely.from_wkb(wkb)
    if drawn is None or drawn.is_empty:
        return None
    west, south, east, north = (float(each) for each in drawn.bounds)
    return west, south, east, north


def is_geometry(value: Value) -> bool:
    """Whether a value may be a geometry at all."""
    return value.geometry != NULL


def unit_of(value: Value, quantity: Quantity) -> Unit | None:
    """The unit of measure that an argument names; None where rows differ.

    GeoSPARQL's own examples ask for areas in metres: read as square metres.

    Raises:
        OntologyError: It is unknown.
    """
    match value.term:
        case IRI(iri) | Literal(iri):
            found = unit_from_iri(iri)
        case _:
            return None
    if (quantity, found.quantity) == (Quantity.AREA, Quantity.LENGTH):
        return Unit(found.iri, Quantity.AREA, found.factor**2)
    return found


def size_of_unit(value: Value, quantity: Quantity) -> Scalar:
    """The size of a unit that is known when the query runs.

    A unit that is unknown, or of another quantity, is an error of the expression.
    """
    return call(f"size_of_unit:{quantity}", value.text)


def scaled(scalar: Scalar, factor: float) -> Scalar:
    """A number times a factor."""
    match scalar:
        case _ if factor == 1.0:
            return scalar
        case Constant(int() | float() as known):
            return Constant(known * factor)
        case _:
            return call("scale", scalar, Constant(factor))
