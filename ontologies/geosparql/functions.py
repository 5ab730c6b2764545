"""Every function of GeoSPARQL 1.1, as data: arguments, result, section.

The list is that of annex B of OGC 22-047r1 and of the function vocabularies that OGC
publishes beside it. Where those disagree the table follows annex B for what exists and
`aliases` keeps the other spellings, so that a query written after either is understood.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ontologies.geosparql.relations import RELATIONS
from ontologies.namespaces import GEOF


class Kind(StrEnum):
    """What a value is, as an argument or as a result."""

    GEOMETRY = "geometry literal"
    BOOLEAN = "xsd:boolean"
    INTEGER = "xsd:integer"
    DOUBLE = "xsd:double"
    STRING = "xsd:string"
    IRI = "xsd:anyURI"
    WKT = "geo:wktLiteral"
    GML = "geo:gmlLiteral"
    GEOJSON = "geo:geoJSONLiteral"
    KML = "geo:kmlLiteral"
    DGGS = "geo:dggsLiteral"


@dataclass(frozen=True, slots=True)
class Function:
    """A SPARQL extension function.

    Attributes:
        name: Local name.
        arguments: Kinds of its arguments, in order.
        result: Kind of its result.
        section: Section of OGC 22-047r1.
        requirement: IRI of the requirement that names it; None where only annex B or
            a vocabulary lists it.
        aliases: Other local names under which OGC's vocabularies list it.
        is_aggregate: True for the functions over groups of geometries.
    """

    name: str
    arguments: tuple[Kind, ...]
    result: Kind
    section: str
    requirement: str | None
    aliases: tuple[str, ...] = ()
    is_aggregate: bool = False

    @property
    def iri(self) -> str:
        """`geof:{name}`.

        Examples:
            >>> FUNCTIONS["distance"].iri
            'http://www.opengis.net/def/function/geosparql/distance'
        """
        return GEOF + self.name


_G: Final = Kind.GEOMETRY
_SPEC: Final = "http://www.opengis.net/spec/geosparql/"
_EXTENSION: Final = _SPEC + "1.1/req/geometry-extension/"
_TOPOLOGY: Final = _SPEC + "1.0/req/geometry-topology-extension/"
_SF: Final = _EXTENSION + "query-functions"
_NOT_SF: Final = _EXTENSION + "query-functions-non-sf"
_AGGREGATES: Final = _EXTENSION + "sa-functions"


def _relations() -> Iterable[Function]:
    yield Function(
        "relate",
        (_G, _G, Kind.STRING),
        Kind.BOOLEAN,
        "9.2",
        _TOPOLOGY + "relate-query-function",
    )
    for relation in RELATIONS.values():
        family = relation.family.name.lower()
        requirement = f"{_TOPOLOGY}{family}-query-functions"
        yield Function(
            relation.name, (_G, _G), Kind.BOOLEAN, relation.section, requirement
        )


def _constructive() -> Iterable[Function]:
    section = "8.6"
    for name in ("boundary", "convexHull", "envelope"):
        yield Function(name, (_G,), _G, section, _SF)
    for name in ("difference", "intersection", "symDifference", "union"):
        yield Function(name, (_G, _G), _G, section, _SF)
    yield Function("buffer", (_G, Kind.DOUBLE, Kind.IRI), _G, section, _SF)
    yield Function("metricBuffer", (_G, Kind.DOUBLE), _G, section, None)
    yield Function("transform", (_G, Kind.IRI), _G, section, _SF, ("projectTo",))
    yield Function("geometryN", (_G, Kind.INTEGER), _G, section, _NOT_SF)
    for name in ("boundingCircle", "centroid", "concaveHull"):
        yield Function(name, (_G,), _G, section, _AGGREGATES)


def _metric() -> Iterable[Function]:
    section = "8.6"
    for name, requirement in (
        ("area", _NOT_SF),
        ("length", _NOT_SF),
        ("perimeter", None),
    ):
        yield Function(name, (_G, Kind.IRI), Kind.DOUBLE, section, requirement)
    for name in ("metricArea", "metricLength", "metricPerimeter"):
        yield Function(name, (_G,), Kind.DOUBLE, section, None)
    yield Function("distance", (_G, _G, Kind.IRI), Kind.DOUBLE, section, _SF)
    yield Function("metricDistance", (_G, _G), Kind.DOUBLE, section, None)


def _accessors() -> Iterable[Function]:
    section = "8.6"
    for name in ("coordinateDimension", "dimension", "spatialDimension"):
        yield Function(name, (_G,), Kind.INTEGER, section, _SF)
    for name in ("is3D", "isEmpty", "isMeasured", "isSimple"):
        yield Function(name, (_G,), Kind.BOOLEAN, section, _SF)
    yield Function("geometryType", (_G,), Kind.IRI, section, _SF)
    yield Function("numGeometries", (_G,), Kind.INTEGER, section, _NOT_SF)
    srid = _SPEC + "1.0/req/geometry-extension/srid-function"
    yield Function("getSRID", (_G,), Kind.IRI, section, srid)
    for name in ("maxX", "maxY", "maxZ", "minX", "minY", "minZ"):
        aliases = (name.lower(),)
        yield Function(name, (_G,), Kind.DOUBLE, section, _NOT_SF, aliases)


def _conversions() -> Iterable[Function]:
    for name, arguments, result, section in (
        ("asWKT", (_G,), Kind.WKT, "8.5.1"),
        ("asGML", (_G, Kind.STRING), Kind.GML, "8.5.2"),
        ("asGeoJSON", (_G,), Kind.GEOJSON, "8.5.3"),
        ("asKML", (_G,), Kind.KML, "8.5.4"),
        ("asDGGS", (_G, Kind.IRI), Kind.DGGS, "8.5.5"),
    ):
        format_name = name.removeprefix("as").lower()
        requirement = f"{_EXTENSION}geometry-as-{format_name}-function"
        yield Function(name, arguments, result, section, requirement)


def _aggregates() -> Iterable[Function]:
    for name, requirement, aliases in (
        ("aggBoundingBox", None, ()),
        ("aggBoundingCircle", _AGGREGATES, ()),
        ("aggCentroid", _AGGREGATES, ()),
        ("aggConcatLines", _AGGREGATES, ("concatLines",)),
        ("aggConcaveHull", _AGGREGATES, ()),
        ("aggConvexHull", None, ()),
        ("aggUnion", _AGGREGATES, ("union2",)),
    ):
        yield Function(name, (_G,), _G, "8.7", requirement, aliases, is_aggregate=True)


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        function.name: function
        for group in (
            _relations(),
            _constructive(),
            _metric(),
            _accessors(),
            _conversions(),
            _aggregates(),
        )
        for function in group
    }
)
"""The functions by local name."""

FUNCTIONS_BY_IRI: Final[Mapping[str, Function]] = MappingProxyType(
    {
        GEOF + name: function
        for function in FUNCTIONS.values()
        for name in (function.name, *function.aliases)
    }
)
"""The functions by IRI, aliases included."""
