"""What functions read of a geometry argument.

A stored literal has its shape beside it, parsed at load, in CRS84 and cut at the
antimeridian; that of a constant is made here, that of a computed one by the engine.
Relations and measures read the shape, all other functions the geometry as the literal
has it, with its CRS.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import shapely
from shapely.geometry.base import BaseGeometry

from engines.geosparql.answers import shape_of
from ontologies.geosparql.units import Quantity, Unit, unit_from_iri
from strabon_store.algebra.terms import IRI, Literal
from strabon_store.errors import UnsupportedFeature
from strabon_store.relational.scalars import NULL, Constant, Scalar, call
from strabon_store.relational.values import Value, part

Bounds: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A geometry argument of a relation or a measure, ready for SQL.

    Attributes:
        shape: The scalar of the geometry in CRS84.
        bounds: Those of a constant; None where they vary.
        variable: The stored variable that it is looked up for; None for others.
    """

    shape: Scalar
    bounds: Bounds | None = None
    variable: str | None = None


def operand(value: Value) -> Operand:
    """The shape of a value; of anything but a geometry literal it is an error."""
    if value.variable is not None:
        return Operand(part(value.variable, "geometry"), variable=value.variable)
    match value.geometry:
        case Constant(bytes() as packed):
            return _constant(packed)
        case Constant():
            return Operand(call("no_geometry"))
        case computed:
            return Operand(call("shape_of", computed))


def _constant(packed: bytes) -> Operand:
    shape = _constant_shape(packed)
    if shape is None:
        return Operand(call("no_geometry"))
    west, south, east, north = (float(each) for each in shape.bounds)
    wkb = Constant(bytes(shapely.to_wkb(shape)))
    bounds = None if shape.is_empty else (west, south, east, north)
    return Operand(call("geometry_constant", wkb), bounds)


@lru_cache(maxsize=256)
def _constant_shape(packed: bytes) -> BaseGeometry | None:
    wkb = shape_of(packed)
    return None if wkb is None else shapely.from_wkb(wkb)


def is_geometry(value: Value) -> bool:
    """Whether a value may be a geometry at all."""
    return value.geometry != NULL


def unit_of(value: Value, quantity: Quantity) -> Unit:
    """The unit of measure that an argument names.

    GeoSPARQL's own examples ask for areas in metres: read as square metres.

    Raises:
        UnsupportedFeature: It is no constant.
        OntologyError: It is unknown.
    """
    match value.term:
        case IRI(iri) | Literal(iri):
            found = unit_from_iri(iri)
        case _:
            raise UnsupportedFeature("a unit of measure that is no constant")
    if (quantity, found.quantity) == (Quantity.AREA, Quantity.LENGTH):
        return Unit(found.iri, Quantity.AREA, found.factor**2)
    return found


def scaled(scalar: Scalar, factor: float) -> Scalar:
    """A number times a factor."""
    match scalar:
        case _ if factor == 1.0:
            return scalar
        case Constant(int() | float() as known):
            return Constant(known * factor)
        case _:
            return call("scale", scalar, Constant(factor))
