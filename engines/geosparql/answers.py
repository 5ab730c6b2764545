"""The tables of functions, by what they are given; where an error becomes no answer."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

import numpy as np
import shapely

from engines.errors import EngineError
from engines.geosparql.accessors import FLAGS, NUMBERS, TEXTS
from engines.geosparql.aggregates import AGGREGATES
from engines.geosparql.constructive import BINARY, NAMED, NUMBERED, UNARY
from engines.geosparql.packing import pack, unpack
from engines.geosparql.planes import placed, valid_in_crs84
from ontologies.errors import OntologyError
from ontologies.geosparql.crs import crs_from_iri
from ontologies.geosparql.serializations import parse_literal

_T = TypeVar("_T")

CONSTRUCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {**UNARY, **BINARY, **NUMBERED, **NAMED}
)
"""All that makes a geometry of one or two."""


def or_none(function: Callable[..., _T], *arguments: Any) -> _T | None:
    """The value of a function; None where it has none for these arguments.

    What SPARQL calls an error of an expression (17.2), in one place.
    """
    try:
        return function(*arguments)
    except (EngineError, OntologyError, shapely.errors.ShapelyError):
        return None


_unpacked = lru_cache(maxsize=64)(unpack)
"""In a join one side mostly repeats."""


def construct(operation: str, *arguments: bytes | float | str) -> bytes | None:
    """A packed geometry made of packed geometries, numbers and names."""
    return or_none(_construct, operation, *arguments)


def _construct(operation: str, *arguments: bytes | float | str) -> bytes:
    operands = (_unpacked(a) if isinstance(a, bytes) else a for a in arguments)
    return pack(CONSTRUCTIONS[operation](*operands))


def number_of(operation: str, packed: bytes) -> float | None:
    """A number that a geometry has."""
    return or_none(NUMBERS[operation], unpack(packed))


def flag_of(operation: str, packed: bytes) -> bool | None:
    """Whether a geometry is something."""
    return or_none(FLAGS[operation], unpack(packed))


def text_of(operation: str, packed: bytes, argument: str) -> str | None:
    """A geometry as text, or a text about it."""
    return or_none(TEXTS[operation], unpack(packed), argument)


def collect(operation: str, packed: list[bytes]) -> bytes | None:
    """A packed geometry made of all of a group."""
    return or_none(_collect, operation, packed)


def _collect(operation: str, packed: list[bytes]) -> bytes:
    return pack(AGGREGATES[operation]([unpack(each) for each in packed]))


def construct_once(operation: str, *arguments: bytes | float | str) -> bytes | None:
    """The same of constants, which is remembered."""
    return or_none(_constructed, operation, *arguments)


# Not that there is none: a CRS that is unknown now may be defined later.
_constructed = lru_cache(maxsize=256)(_construct)


def read(text: str, datatype: str) -> bytes | None:
    """The packed geometry of a literal; None of an ill-formed one."""
    return or_none(_read, text, datatype)


@lru_cache(maxsize=256)
def _read(text: str, datatype: str) -> bytes:
    return pack(parse_literal(text, datatype))


def shape_of(packed: bytes) -> bytes | None:
    """A valid geometry as WKB in CRS84, cut at the antimeridian."""
    return or_none(_shape, packed)


def _shape(packed: bytes) -> bytes:
    return _wkb(valid_in_crs84(_unpacked(packed)))


def native_of(packed: bytes) -> bytes | None:
    """A valid geometry as WKB in the plane of its CRS; None where that has none."""
    return or_none(_native, packed)


def _native(packed: bytes) -> bytes | None:
    native = placed(_unpacked(packed)).natives[0]
    return None if native is None else _wkb(native)


def window_of(packed: bytes) -> bytes | None:
    """The box of a valid geometry as WKB, see `placing.Placed.windows`.

    That of an empty geometry is a point, the same for all: they may be equal.
    """
    return or_none(_window, packed)


def _window(packed: bytes) -> bytes:
    window = placed(_unpacked(packed)).windows[0]
    return _wkb(shapely.box(*np.nan_to_num(window)))


def plane_of(packed: bytes) -> str | None:
    """The IRI of the CRS of a geometry, where it is one with a plane."""
    return or_none(_plane, packed)


def _plane(packed: bytes) -> str | None:
    iri = _unpacked(packed).crs_iri
    return iri if crs_from_iri(iri).is_planar else None


@lru_cache(maxsize=256)
def metres_of(iri: str) -> float | None:
    """Metres in the unit of a CRS that has a plane."""
    return or_none(lambda: crs_from_iri(iri).unit_factor)


def _wkb(shape: Any) -> bytes:
    wkb: bytes = shapely.to_wkb(shape, flavor="iso")
    return wkb
