"""`geo:gmlLiteral`s (section 8.5.2): GML 3.2 written; GML 2, 3.1 and 3.2 read.

Coordinates are in the axis order of the CRS, as `srsName` has it; without one they are
in CRS84. Arcs and circles by three points become straight edges (`arcs`); a surface of
patches that meet is its footprint (`curves.footprint`). Splines, and arcs by a centre
and angles, are refused with their name.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

import shapely
from shapely.geometry.base import BaseGeometry

from ontologies.geosparql.arcs import Points, arc_string, circle
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.curves import footprint
from ontologies.geosparql.literals import Geometry, LiteralError
from ontologies.geosparql.wkt import swap
from ontologies.geosparql.xml import (
    Fault,
    children,
    is_finite,
    local_name,
    numbers,
    parse_xml,
    place_of,
)

GML: Final = "http://www.opengis.net/gml/3.2"
"""The namespace of GML 3.2."""

# The last one is that of the examples of GeoSPARQL.
_NAMESPACES: Final = frozenset(
    {GML, "http://www.opengis.net/gml", "http://www.opengis.net/ont/gml"}
)


def parse_gml_literal(text: str) -> Geometry:
    """The geometry of a `geo:gmlLiteral` (requirements 23 to 25).

    Raises:
        LiteralError: Not XML, not a geometry of GML, or one that cannot be held.
        OntologyError: The CRS is unknown.

    Examples:
        >>> gml = '<Point xmlns="http://www.opengis.net/gml"><pos>5 51</pos></Point>'
        >>> parse_gml_literal(gml).shapely
        <POINT (5 51)>
    """
    if not text.strip():
        return Geometry(CRS84_IRI, shapely.GeometryCollection())
    root = parse_xml(text, "gmlLiteral")
    crs = crs_from_iri(_srs_name(root) or CRS84_IRI)
    try:
        geometry = _read(root, _Frame(2))
    except (Fault, shapely.errors.GEOSException, ValueError) as error:
        fault = error if isinstance(error, Fault) else Fault(_name(root), str(error))
        start = place_of(fault, text)
        raise LiteralError("gmlLiteral", text, start, fault.reason) from error
    if not is_finite(geometry):
        raise LiteralError("gmlLiteral", text, 0, "a coordinate is not finite")
    return Geometry(crs.iri, swap(geometry) if crs.axis_order == "yx" else geometry)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What an element inherits: how many numbers make a position."""

    dimension: int


def _name(element: Element) -> str:
    return local_name(element)


def _srs_name(root: Element) -> str | None:
    """The one CRS of the whole literal, on its root or on what is in it."""
    names = {each.get("srsName") for each in root.iter()} - {None}
    return root.get("srsName") or (names.pop() if len(names) == 1 else None)


def _read(element: Element, frame: _Frame) -> BaseGeometry:
    namespace = element.tag.removeprefix("{").partition("}")[0]
    reader = _READERS.get(_name(element))
    if namespace not in _NAMESPACES or reader is None:
        raise Fault(_name(element), f"<{_name(element)}> is no geometry that we read")
    return reader(element, _within(element, frame))


def _within(element: Element, frame: _Frame) -> _Frame:
    given = element.get("srsDimension") or element.get("dimension")
    return frame if given is None else _Frame(int(given))


def _positions(element: Element, frame: _Frame) -> Points:
    """The positions of a point, a line or a ring, in any of the ways of GML."""
    found: Points = []
    for child in children(element, "pos", "posList", "coordinates", "pointProperty"):
        name, inner = _name(child), _within(child, frame)
        if name == "pointProperty":
            found += [p for point in child for p in _positions(point, inner)]
        elif name == "coordinates":
            found += _tuples(child)
        else:
            values = numbers(child.text, name)
            if not values:
                continue
            width = len(values) if name == "pos" else inner.dimension
            if width not in (2, 3) or len(values) % width:
                raise Fault(name, f"{len(values)} numbers are no list of positions")
            found += [
                tuple(values[i : i + width]) for i in range(0, len(values), width)
            ]
    return found


def _tuples(element: Element) -> Iterator[tuple[float, ...]]:
    """Positions as GML 2 has them: `5,51 6,52`, whatever separates what."""
    decimal, comma, space = (
        element.get(name, default)
        for name, default in (("decimal", "."), ("cs", ","), ("ts", " "))
    )
    for each in " ".join((element.text or "").split()).split(space):
        plain = each.replace(comma, " ").replace(decimal, ".")
        yield tuple(numbers(plain, "coordinates"))


def _point(element: Element, frame: _Frame) -> BaseGeometry:
    positions = _positions(element, frame)
    return shapely.Point(*positions[:1]) if positions else shapely.Point()


def _line(element: Element, frame: _Frame) -> BaseGeometry:
    return shapely.LineString(_positions(element, frame))


def _curve(element: Element, frame: _Frame) -> BaseGeometry:
    return shapely.LineString(_segments(element, frame))


def _segments(element: Element, frame: _Frame) -> Points:
    run: Points = []
    for segments in children(element, "segments"):
        for segment in segments:
            run = _joined(run, _segment(segment, _within(segment, frame)))
    return run


def _segment(segment: Element, frame: _Frame) -> Points:
    name = _name(segment)
    trace = _SEGMENTS.get(name)
    if trace is None:
        known = ", ".join(_SEGMENTS)
        raise Fault(name, f"<{name}> is no segment that we read ({known})")
    return trace(_positions(segment, frame))


def _joined(run: Points, more: Points) -> Points:
    return run + (more[1:] if run[-1:] == more[:1] else more)


def _composite_curve(element: Element, frame: _Frame) -> BaseGeometry:
    return shapely.LineString(_chain(element, frame))


def _chain(element: Element, frame: _Frame) -> Points:
    """The points of the curves that are its members, one after the other."""
    run: Points = []
    for member in _members(element, frame):
        run = _joined(
            run,
            [
                tuple(at)
                for at in shapely.get_coordinates(
                    member, include_z=member.has_z
                ).tolist()
            ],
        )
    return run


def _orientable(element: Element, frame: _Frame) -> BaseGeometry:
    """What it is based on, turned round where its orientation is `-`."""
    (base,) = _members(element, frame)
    turned: BaseGeometry = shapely.reverse(base)
    return turned if element.get("orientation") == "-" else base


def _polygon(element: Element, frame: _Frame) -> BaseGeometry:
    shells = [*_rings(element, frame, "exterior", "outerBoundaryIs")]
    holes = [*_rings(element, frame, "interior", "innerBoundaryIs")]
    if not shells:
        return shapely.Polygon()
    return shapely.Polygon(shells[0], holes)


def _rings(element: Element, frame: _Frame, *names: str) -> Iterator[Any]:
    for boundary in children(element, *names):
        for ring in boundary:
            read = _positions if _name(ring) == "LinearRing" else _chain
            yield read(ring, _within(ring, frame))


def _members(element: Element, frame: _Frame) -> Iterator[BaseGeometry]:
    """The geometries in the member properties of an aggregate, or in patches."""
    for member in element:
        for each in member:
            yield _read(each, frame)


def _multi(kind: Callable[[list[Any]], BaseGeometry]) -> "_Reader":
    def read(element: Element, frame: _Frame) -> BaseGeometry:
        return kind([*_members(element, frame)])

    return read


def _surface(element: Element, frame: _Frame) -> BaseGeometry:
    """The one patch, or the footprint of patches that meet (ISO 19107, 6.3.17)."""
    patches = [
        _read(patch, frame) for held in children(element, *_PATCHES) for patch in held
    ]
    return patches[0] if len(patches) == 1 else footprint(patches)


def _envelope(element: Element, frame: _Frame) -> BaseGeometry:
    lower, upper = (
        numbers(corner.text, "Envelope")
        for corner in children(element, "lowerCorner", "upperCorner")
    )
    del frame  # a corner has as many numbers as it has
    return shapely.box(lower[0], lower[1], upper[0], upper[1])


_Reader = Callable[[Element, _Frame], BaseGeometry]
_READERS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {
        "Point": _point,
        "LineString": _line,
        "LinearRing": _line,
        "Curve": _curve,
        "CompositeCurve": _composite_curve,
        "OrientableCurve": _orientable,
        "Polygon": _polygon,
        "PolygonPatch": _polygon,
        "Rectangle": _polygon,
        "Triangle": _polygon,
        "Surface": _surface,
        "CompositeSurface": _surface,
        "OrientableSurface": _orientable,
        "PolyhedralSurface": _surface,
        "Tin": _surface,
        "TriangulatedSurface": _surface,
        "Envelope": _envelope,
        "MultiPoint": _multi(shapely.MultiPoint),
        "MultiLineString": _multi(shapely.MultiLineString),
        "MultiCurve": _multi(shapely.MultiLineString),
        "MultiPolygon": _multi(shapely.MultiPolygon),
        "MultiSurface": _multi(shapely.MultiPolygon),
        "MultiGeometry": _multi(shapely.GeometryCollection),
    }
)


_SEGMENTS: Final[Mapping[str, Callable[[Points], Points]]] = MappingProxyType(
    {
        "LineStringSegment": list,
        "Arc": arc_string,
        "ArcString": arc_string,
        "Circle": circle,
    }
)
_PATCHES: Final = (
    "patches",
    "polygonPatches",
    "trianglePatches",
    "surfaceMember",
    "surfaceMembers",
)


def render_gml_literal(geometry: Geometry) -> str:
    """The `geo:gmlLiteral` of a geometry, in GML 3.2 and its own CRS; M is left out.

    Examples:
        >>> gml = render_gml_literal(Geometry(CRS84_IRI, shapely.Point(5, 51)))
        >>> gml.partition(">")[2]
        '<gml:pos>5 51</gml:pos></gml:Point>'
    """
    crs = crs_from_iri(geometry.crs_iri)
    shape = geometry.shapely
    shape = swap(shape) if crs.axis_order == "yx" else shape
    more = ' srsDimension="3"' if shape.has_z else ""
    head = f' xmlns:gml="{GML}" srsName={quoteattr(crs.iri)}{more}'
    return _write(shape, head)


def _write(shape: BaseGeometry, attributes: str = "") -> str:
    match shape.geom_type:
        case "Point":
            return _element("Point", _element("pos", _list(shape)), attributes)
        case "LineString" | "LinearRing":
            inner = _element("posList", _list(shape))
            return _element("LineString", inner, attributes)
        case "Polygon":
            return _element("Polygon", _write_rings(shape), attributes)
        case kind:
            name, member = _AGGREGATES[kind]
            parts = (_element(member, _write(part)) for part in _parts(shape))
            return _element(name, "".join(parts), attributes)


_AGGREGATES: Final = {
    "MultiPoint": ("MultiPoint", "pointMember"),
    "MultiLineString": ("MultiCurve", "curveMember"),
    "MultiPolygon": ("MultiSurface", "surfaceMember"),
    "GeometryCollection": ("MultiGeometry", "geometryMember"),
}


def _parts(shape: BaseGeometry) -> list[BaseGeometry]:
    parts: list[BaseGeometry] = shapely.get_parts(shape).tolist()
    return parts


def _write_rings(polygon: Any) -> str:
    if polygon.is_empty:
        return ""
    rings = [("exterior", polygon.exterior)]
    rings += [("interior", each) for each in polygon.interiors]
    return "".join(
        _element(name, _element("LinearRing", _element("posList", _list(ring))))
        for name, ring in rings
    )


def _list(shape: BaseGeometry) -> str:
    coordinates = shapely.get_coordinates(shape, include_z=shape.has_z)
    return " ".join(
        repr(float(each)).removesuffix(".0") for each in coordinates.ravel()
    )


def _element(name: str, content: str, attributes: str = "") -> str:
    return f"<gml:{name}{attributes}>{content}</gml:{name}>"
