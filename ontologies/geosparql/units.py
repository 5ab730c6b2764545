"""Unit-of-measure IRIs and their size in metres, square metres or radians.

Three vocabularies name units: the OGC register (`uom:metre`), EPSG codes under
`http://www.opengis.net/def/uom/EPSG/`, whose factors come from PROJ's database, and
QUDT. A unit that is in none of them is refused, never guessed.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from pyproj.database import get_units_map

from ontologies.errors import OntologyError
from ontologies.namespaces import UNIT, UOM


class Quantity(StrEnum):
    """What a unit measures."""

    LENGTH = "length"
    AREA = "area"
    ANGLE = "angle"
    SCALE = "scale"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure.

    Attributes:
        iri: The IRI that names it.
        quantity: What it measures.
        factor: Its size in metres, square metres, radians or ones.
    """

    iri: str
    quantity: Quantity
    factor: float


_LENGTHS: Final = {
    "M": 1.0,
    "KiloM": 1000.0,
    "CentiM": 0.01,
    "MilliM": 0.001,
    "FT": 0.3048,
    "YD": 0.9144,
    "MI": 1609.344,
    "MI_N": 1852.0,
}
_AREAS: Final = {
    "M2": 1.0,
    "KiloM2": 1e6,
    "KM2": 1e6,
    "HA": 1e4,
    "AC": 4046.8564224,
    "FT2": 0.3048**2,
    "MI2": 1609.344**2,
}
_ANGLES: Final = {
    "RAD": 1.0,
    "DEG": math.pi / 180,
    "ARCMIN": math.pi / 10_800,
    "ARCSEC": math.pi / 648_000,
    "GRAD": math.pi / 200,
}


def _table() -> dict[str, Unit]:
    ogc = {
        "metre": (Quantity.LENGTH, 1.0),
        "degree": (Quantity.ANGLE, math.pi / 180),
        "radian": (Quantity.ANGLE, 1.0),
        "unity": (Quantity.SCALE, 1.0),
    }
    qudt = {
        **{name: (Quantity.LENGTH, factor) for name, factor in _LENGTHS.items()},
        **{name: (Quantity.AREA, factor) for name, factor in _AREAS.items()},
        **{name: (Quantity.ANGLE, factor) for name, factor in _ANGLES.items()},
        "UNITLESS": (Quantity.SCALE, 1.0),
    }
    rows = {UOM + name: row for name, row in ogc.items()}
    rows |= {UNIT + name: row for name, row in qudt.items()}
    return {iri: Unit(iri, *row) for iri, row in rows.items()}


UNITS: Final[Mapping[str, Unit]] = MappingProxyType(_table())
"""The units of the OGC register and of QUDT that measure what GeoSPARQL measures."""

EPSG_UNIT: Final = "http://www.opengis.net/def/uom/EPSG/0/"
"""Begins the canonical IRIs of the units of EPSG."""

SAME_UNITS: Final = (
    ("^https://", "http://"),
    ("^urn:ogc:def:uom:OGC:[^:]*:", UOM),
    ("^urn:ogc:def:uom:EPSG:[^:]*:", EPSG_UNIT),
    ("^http://www[.]opengis[.]net/def/uom/EPSG/[^/]+/", EPSG_UNIT),
)
"""Patterns of beginnings that units may be named by, and what we replace them with."""

_PROJ_CATEGORIES: Final = {
    "linear": Quantity.LENGTH,
    "angular": Quantity.ANGLE,
    "scale": Quantity.SCALE,
}


@lru_cache(maxsize=256)
def unit_from_iri(iri: str) -> Unit:
    """The unit that an IRI names; `https` and the OGC URN form mean the same.

    Raises:
        OntologyError: The IRI names no unit that we know.

    Examples:
        >>> unit_from_iri("http://www.opengis.net/def/uom/OGC/1.0/metre").factor
        1.0
        >>> unit_from_iri("http://qudt.org/vocab/unit/HA").quantity.value
        'area'
        >>> unit_from_iri("http://www.opengis.net/def/uom/EPSG/0/9002").factor
        0.3048
    """
    plain = iri
    for beginning, replacement in SAME_UNITS:
        plain = re.sub(beginning, replacement, plain)
    if unit := UNITS.get(plain) or epsg_units().get(plain):
        return unit
    known = ", ".join(sorted(each for each in UNITS if each.startswith(UOM)))
    message = (
        f"<{iri}> is not a unit of measure that we know; use one of {known}, "
        f"an EPSG unit (http://www.opengis.net/def/uom/EPSG/0/9001) or a QUDT unit "
        f"({', '.join((*_LENGTHS, *_AREAS, *_ANGLES))} under {UNIT})"
    )
    raise OntologyError(message)


@lru_cache
def epsg_units() -> Mapping[str, Unit]:
    """The units of EPSG, as far as PROJ knows their size, by canonical IRI."""
    found = {}
    for unit in get_units_map(auth_name="EPSG").values():
        quantity = _PROJ_CATEGORIES.get(unit.category)
        # PROJ gives 0 where a unit has no factor, as sexagesimal degrees have none.
        if quantity and unit.conv_factor:
            iri = EPSG_UNIT + unit.code
            found[iri] = Unit(iri, quantity, unit.conv_factor)
    return MappingProxyType(found)


@lru_cache
def sizes(quantity: Quantity) -> Mapping[str, float]:
    """The sizes of all units of a quantity, by canonical IRI.

    GeoSPARQL's own examples ask for areas in metres: read as square metres.

    Examples:
        >>> sizes(Quantity.AREA)["http://www.opengis.net/def/uom/OGC/1.0/metre"]
        1.0
    """
    units = (*UNITS.values(), *epsg_units().values())
    found = {each.iri: each.factor for each in units if each.quantity is quantity}
    if quantity is Quantity.AREA:
        lengths = sizes(Quantity.LENGTH).items()
        found |= {iri: factor**2 for iri, factor in lengths}
    return MappingProxyType(found)
