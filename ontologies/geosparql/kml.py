"""`geo:kmlLiteral`s (section 8.5.4): geometries of KML 2.2, always in CRS84."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final
from xml.etree.ElementTree import Element

import shapely
from shapely.geometry.base import BaseGeometry

from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import Geometry, LiteralError
from ontologies.geosparql.xml import (
    Fault,
    children,
    is_finite,
    local_name,
    numbers,
    parse_xml,
    place_of,
)

KML: Final = "http://www.opengis.net/kml/2.2"
"""The namespace of KML 2.2."""


def parse_kml_literal(text: str) -> Geometry:
    """The geometry of a `geo:kmlLiteral`.

    Elements may lack the namespace, as those of many files do.

    Raises:
        LiteralError: Not XML, or not a geometry of KML.

    Examples:
        >>> parse_kml_literal("<Point><coordinates>5,51</coordinates></Point>").shapely
        <POINT (5 51)>
    """
    if not text.strip():
        return Geometry(CRS84_IRI, shapely.GeometryCollection())
    root = parse_xml(text, "kmlLiteral")
    try:
        geometry = _read(root)
    except (Fault, shapely.errors.GEOSException, ValueError) as error:
        fault = error if isinstance(error, Fault) else Fault("", str(error))
        start = place_of(fault, text)
        raise LiteralError("kmlLiteral", text, start, fault.reason) from error
    if not is_finite(geometry):
        raise LiteralError("kmlLiteral", text, 0, "a coordinate is not finite")
    return Geometry(CRS84_IRI, geometry)


def _read(element: Element) -> BaseGeometry:
    name = local_name(element)
    namespace = element.tag.removeprefix("{").partition("}")[0]
    reader = _READERS.get(name)
    if reader is None or namespace not in {KML, name}:
        raise Fault(name, f"<{name}> is no geometry that we read")
    return reader(element)


def _positions(element: Element) -> list[list[float]]:
    texts = (child.text or "" for child in children(element, "coordinates"))
    found = [
        numbers(each.replace(",", " "), "coordinates")
        for text in texts
        for each in text.split()
    ]
    if any(len(position) not in (2, 3) for position in found):
        raise Fault("coordinates", "a position has two numbers, or three")
    return found


def _point(element: Element) -> BaseGeometry:
    positions = _positions(element)
    return shapely.Point(positions[0]) if positions else shapely.Point()


def _polygon(element: Element) -> BaseGeometry:
    shells = [*_rings(element, "outerBoundaryIs")]
    holes = [*_rings(element, "innerBoundaryIs")]
    return shapely.Polygon(shells[0], holes) if shells else shapely.Polygon()


def _rings(element: Element, name: str) -> Iterator[Any]:
    for boundary in children(element, name):
        for ring in children(boundary, "LinearRing"):
            yield _positions(ring)


_MULTI: Final[Mapping[str, Callable[[list[Any]], BaseGeometry]]] = MappingProxyType(
    {
        "Point": shapely.MultiPoint,
        "LineString": shapely.MultiLineString,
        "Polygon": shapely.MultiPolygon,
    }
)


def _multi(element: Element) -> BaseGeometry:
    """The narrowest geometry that holds all parts: KML has one element for all."""
    parts = [_read(child) for child in children(element, *_READERS)]
    kinds = {part.geom_type for part in parts}
    only = kinds.pop() if len(kinds) == 1 else ""
    return _MULTI.get(only, shapely.GeometryCollection)(parts)


_READERS: Final[Mapping[str, Callable[[Element], BaseGeometry]]] = MappingProxyType(
    {
        "Point": _point,
        "LineString": lambda element: shapely.LineString(_positions(element)),
        "LinearRing": lambda element: shapely.LineString(_positions(element)),
        "Polygon": _polygon,
        "MultiGeometry": _multi,
    }
)


def render_kml_literal(geometry: Geometry) -> str:
    """The `geo:kmlLiteral` of a geometry in CRS84; M is left out.

    Raises:
        OntologyError: The geometry is in another CRS; transform it first.

    Examples:
        >>> kml = render_kml_literal(Geometry(CRS84_IRI, shapely.Point(5, 51)))
        >>> kml.partition(">")[2]
        '<coordinates>5,51</coordinates></Point>'
    """
    if geometry.crs_iri != CRS84_IRI:
        raise OntologyError(
            f"a geo:kmlLiteral is in CRS84, this geometry is in <{geometry.crs_iri}>; "
            "transform it first"
        )
    return _write(geometry.shapely, f' xmlns="{KML}"')


def _write(shape: BaseGeometry, attributes: str = "") -> str:
    match shape.geom_type:
        case "Point" | "LineString" as name:
            return _element(name, _coordinates(shape), attributes)
        case "Polygon":
            return _element("Polygon", _write_rings(shape), attributes)
        case _:
            parts = "".join(map(_write, shapely.get_parts(shape).tolist()))
            return _element("MultiGeometry", parts, attributes)


def _write_rings(polygon: Any) -> str:
    if polygon.is_empty:
        return ""
    rings = [("outerBoundaryIs", polygon.exterior)]
    rings += [("innerBoundaryIs", each) for each in polygon.interiors]
    return "".join(
        _element(name, _element("LinearRing", _coordinates(ring)))
        for name, ring in rings
    )


def _coordinates(shape: BaseGeometry) -> str:
    rows = shapely.get_coordinates(shape, include_z=shape.has_z).tolist()
    texts = (",".join(repr(v).removesuffix(".0") for v in row) for row in rows)
    return _element("coordinates", " ".join(texts))


def _element(name: str, content: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{content}</{name}>"
