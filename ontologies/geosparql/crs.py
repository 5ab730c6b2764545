"""Coordinate reference systems by IRI, and the axis order of their authority.

Inside our code every geometry is x = east, y = north ("GIS order", pyproj's
`always_xy`), whatever the CRS on Earth. Only literals follow the authority, and only
`ontologies.geosparql.literals` swaps.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from pyproj import CRS, proj_version_str
from pyproj.exceptions import CRSError

from ontologies.errors import OntologyError

CRS84_IRI: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
"""WGS 84 as longitude, latitude; what a literal without a CRS means (req. 15)."""

OWN_CRS_BASE: Final = "https://w3id.org/pytheas/crs/"
"""CRSs that no authority has a code for, named by the hash of their definition."""

PLANE_IRI: Final = f"{OWN_CRS_BASE}plane"
"""A plane that is nowhere on Earth: x, y, in metres."""

OWN_CRS: Final = re.compile(re.escape(OWN_CRS_BASE) + "[0-9a-f]{16}")
"""The IRI of such a CRS, wherever in a text it stands."""

AxisOrder: TypeAlias = Literal["xy", "yx"]

# A name has one definition, whoever gives it: its hash. So all stores of a process may
# share what they know, and none can make another one wrong.
_DEFINED: Final[dict[str, str]] = {}
_ENGINEERING: Final[Mapping[str, str]] = MappingProxyType(
    {
        PLANE_IRI: 'ENGCRS["Plane",EDATUM["Nowhere on Earth"],CS[Cartesian,2],'
        'AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]',
        "http://www.opengis.net/def/crs/EPSG/0/5800": 'ENGCRS["Astra Minas Grid",'
        'EDATUM["Astra Minas"],CS[Cartesian,2],AXIS["northing (X)",north],'
        'AXIS["westing (Y)",west],LENGTHUNIT["metre",1],ID["EPSG",5800]]',
    }
)
"""Engineering CRSs: PROJ has definitions of none."""
_FORMS: Final = (
    re.compile(
        r"https?://www\.opengis\.net/def/crs/(?P<authority>\w+)/[^/]+/(?P<code>\w+)"
    ),
    re.compile(r"urn:(?:x-)?ogc:def:crs:(?P<authority>\w+):[^:]*:(?P<code>\w+)"),
)


@dataclass(frozen=True, slots=True)
class Crs:
    """A CRS; two are equal when their IRIs are.

    Attributes:
        iri: The canonical IRI, `http` form, EPSG version 0.
        pyproj: The definition, for pyproj.
        axis_order: `yx` where the authority puts the north axis first.
    """

    iri: str
    pyproj: CRS = field(compare=False, repr=False)
    axis_order: AxisOrder = field(compare=False)

    @property
    def is_geographic(self) -> bool:
        """True when coordinates are longitude and latitude."""
        return bool(self.pyproj.is_geographic)

    @property
    def is_engineering(self) -> bool:
        """True when nobody knows where on Earth a coordinate is."""
        return bool(self.pyproj.is_engineering)

    @property
    def is_planar(self) -> bool:
        """True when coordinates are those of a plane, on Earth or not."""
        return self.is_engineering or bool(self.pyproj.is_projected)

    @property
    def unit_factor(self) -> float:
        """Size of a coordinate unit, in radians if geographic, in metres otherwise."""
        return float(self.pyproj.axis_info[0].unit_conversion_factor)

    @property
    def definition(self) -> str:
        """WKT2 of the CRS: what to keep so that the IRI can be resolved again."""
        return _DEFINED.get(self.iri) or _wkt2(self.pyproj)


def defined_crs() -> tuple[tuple[str, str], ...]:
    """What `define_crs` was told in this process, for another one to be told."""
    return tuple(_DEFINED.items())


def crs_from_iri(iri: str) -> Crs:
    """The CRS that an IRI names.

    Args:
        iri: `http(s)://www.opengis.net/def/crs/...`, the same as an OGC URN, or one of
            ours under `OWN_CRS_BASE` that `define_crs` was told of.

    Raises:
        OntologyError: The IRI has another form, its code is unknown to PROJ, or there
            is no definition for it.

    Examples:
        >>> crs_from_iri("http://www.opengis.net/def/crs/EPSG/0/4326").axis_order
        'yx'
        >>> crs_from_iri("urn:ogc:def:crs:EPSG::32631").iri
        'http://www.opengis.net/def/crs/EPSG/0/32631'
    """
    if iri == PLANE_IRI or not iri.startswith(OWN_CRS_BASE):
        return _registered(iri)
    return _defined(iri)


def define_crs(iri: str, definition: str) -> str:
    """Let an IRI under `OWN_CRS_BASE` name the CRS of a definition, in this process.

    Args:
        iri: The IRI.
        definition: `Crs.definition`, or another text that defines the same CRS.

    Returns:
        The WKT2 of whose hash the IRI is made.

    Raises:
        OntologyError: It is no definition of a CRS, or that of another one.

    Examples:
        >>> polar = crs_from_pyproj(CRS("+proj=stere +lat_0=90 +k=1 +datum=WGS84"))
        >>> wkt2 = define_crs(polar.iri, polar.definition)
        >>> crs_from_iri(polar.iri) == polar
        True
    """
    if _own_iri(definition) != iri:
        try:
            crs = _parse(definition)
        except OntologyError as error:
            raise OntologyError(f"<{iri}>: {error}") from error
        definition = _wkt2(crs)
        if _own_iri(definition) != iri:
            raise OntologyError(
                f"the definition given for <{iri}> is that of "
                f"<{crs_from_pyproj(crs).iri}>; take IRI and definition from the data "
                "set that the geometries are from"
            )
    _DEFINED[iri] = definition
    return definition


def count_defined() -> int:
    """How many CRSs without a code have been defined in this process."""
    return len(_DEFINED)


def crs_from_pyproj(crs: CRS) -> Crs:
    """The CRS of a file or raster, named by its code or, without one, by its hash.

    A code is taken only where PROJ finds the two definitions identical. A CRS that is
    bound to a transformation or carries a height is named as a whole.

    Examples:
        >>> crs_from_pyproj(CRS("EPSG:3413")).iri
        'http://www.opengis.net/def/crs/EPSG/0/3413'
        >>> polar = CRS("+proj=stere +lat_0=90 +lon_0=0 +k=1 +datum=WGS84")
        >>> crs_from_pyproj(polar).iri.startswith(OWN_CRS_BASE)
        True
    """
    return _from_definition(_wkt2(crs))


@lru_cache(maxsize=1024)
def _registered(iri: str) -> Crs:
    if iri == PLANE_IRI:
        return Crs(iri, _parse(_ENGINEERING[iri]), "xy")
    found = next((m for form in _FORMS if (m := form.fullmatch(iri))), None)
    if found is None:
        raise OntologyError(
            f"<{iri}> does not name a CRS; write one as "
            "<http://www.opengis.net/def/crs/EPSG/0/{code}> or <" + CRS84_IRI + ">"
        )
    authority, code = found["authority"].upper(), found["code"]
    canonical = _iri(authority, code)
    if canonical in _ENGINEERING:
        return Crs(canonical, _parse(_ENGINEERING[canonical]), "xy")
    try:
        crs = CRS.from_authority(authority, code)
    except CRSError as error:
        raise OntologyError(
            f"<{iri}>: PROJ {proj_version_str} knows no CRS {authority}:{code}"
        ) from error
    return Crs(canonical, crs, _axis_order(crs))


@lru_cache(maxsize=256)
def _from_definition(wkt2: str) -> Crs:
    crs = _parse(wkt2)
    if authority := crs.to_authority(min_confidence=100):
        return _registered(_iri(*authority))
    return Crs(_own_iri(wkt2), crs, _axis_order(crs))


def _defined(iri: str) -> Crs:
    definition = _DEFINED.get(iri)
    if definition is None:
        raise OntologyError(
            f"<{iri}> is a CRS without a code, and its definition is not at hand; "
            "load the data set that defines it"
        )
    return _own(iri, definition)


@lru_cache(maxsize=256)
def _own(iri: str, definition: str) -> Crs:
    crs = _parse(definition)
    return Crs(iri, crs, _axis_order(crs))


def _own_iri(wkt2: str) -> str:
    return OWN_CRS_BASE + hashlib.sha256(wkt2.encode()).hexdigest()[:16]


def _iri(authority: str, code: str) -> str:
    version = "1.3" if authority == "OGC" else "0"
    return f"http://www.opengis.net/def/crs/{authority}/{version}/{code}"


def _wkt2(crs: CRS) -> str:
    return str(crs.to_wkt("WKT2_2019", pretty=False))


def _parse(definition: str) -> CRS:
    try:
        return CRS.from_user_input(definition)
    except CRSError as error:
        raise OntologyError(f"not a CRS definition: {error}") from error


def _axis_order(crs: CRS) -> AxisOrder:
    """`yx` exactly where `always_xy` swaps.

    PROJ swaps north/east axes, and near the poles, where both axes point the same way
    (EPSG:3413: south, south; EPSG:32661: north along two meridians), a first axis that
    is called northing.
    """
    first, second = crs.axis_info[:2] if len(crs.axis_info) > 1 else (None, None)
    if first is None or second is None:
        return "xy"
    if (first.direction, second.direction) == ("north", "east"):
        return "yx"
    if first.direction == second.direction and first.name == "Northing":
        return "yx"
    return "xy"
