"""Cases of measures on the ellipsoid, and of every unit in every form."""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import shapely
from geographiclib.geodesic import Geodesic

from tests.conformance.geosparql_cases.writing import EPSG, Case, Row, iri, value, wkt

QUERY: Final = ("geometry-extension/query-functions",)
DATA: Final = "measures.ttl"
SOURCE: Final = "GeographicLib"

TEXTS: Final[Mapping[str, str]] = {
    "near": "POINT (10 60)",
    "far": "POINT (12.5 61.25)",
    "west": "POINT (-179.5 78)",
    "east": "POINT (179.25 79)",
    "south": "POINT (20 -85)",
    "track": "LINESTRING (10 60, 12 61, 12.5 63)",
    "over": "LINESTRING (178 70, -179 71, -176 70)",
    "field": "POLYGON ((10 60, 10.5 60, 10.5 60.25, 10 60.25, 10 60))",
    "pond": (
        "POLYGON ((10 60, 11 60, 11 60.5, 10 60.5, 10 60), "
        "(10.25 60.125, 10.5 60.125, 10.5 60.25, 10.25 60.25, 10.25 60.125))"
    ),
    "two": (
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0)), "
        "((5 -40, 6 -40, 6 -39, 5 -39, 5 -40)))"
    ),
}
SHAPES: Final[Mapping[str, Any]] = {n: shapely.from_wkt(t) for n, t in TEXTS.items()}
POINTS: Final = ("near", "far", "west", "east", "south")
_LINES: Final = ("track", "over")
_AREAS: Final = ("field", "pond", "two")
_WGS84: Final = Geodesic.WGS84

_OGC: Final = "http://www.opengis.net/def/uom/"
_QUDT: Final = "http://qudt.org/vocab/unit/"
LENGTHS: Final[Mapping[str, tuple[str, float]]] = {
    "ogc-metre": (f"{_OGC}OGC/1.0/metre", 1.0),
    "ogc-metre-https": (f"{_OGC.replace('http', 'https')}OGC/1.0/metre", 1.0),
    "ogc-metre-urn": ("urn:ogc:def:uom:OGC:1.0:metre", 1.0),
    "epsg-metre": (f"{_OGC}EPSG/0/9001", 1.0),
    "epsg-foot": (f"{_OGC}EPSG/0/9002", 0.3048),
    "epsg-us-foot": (f"{_OGC}EPSG/0/9003", 1200 / 3937),
    "epsg-nautical-mile": (f"{_OGC}EPSG/0/9030", 1852.0),
    "epsg-kilometre": (f"{_OGC}EPSG/0/9036", 1000.0),
    "epsg-mile": (f"{_OGC}EPSG/0/9093", 1609.344),
    "epsg-metre-urn": ("urn:ogc:def:uom:EPSG::9001", 1.0),
    "qudt-M": (f"{_QUDT}M", 1.0),
    "qudt-KiloM": (f"{_QUDT}KiloM", 1000.0),
    "qudt-CentiM": (f"{_QUDT}CentiM", 0.01),
    "qudt-MilliM": (f"{_QUDT}MilliM", 0.001),
    "qudt-FT": (f"{_QUDT}FT", 0.3048),
    "qudt-YD": (f"{_QUDT}YD", 0.9144),
    "qudt-MI": (f"{_QUDT}MI", 1609.344),
    "qudt-MI_N": (f"{_QUDT}MI_N", 1852.0),
}
"""Units of length, and their metres."""

ANGLES: Final[Mapping[str, tuple[str, float]]] = {
    "ogc-degree": (f"{_OGC}OGC/1.0/degree", 1.0),
    "ogc-radian": (f"{_OGC}OGC/1.0/radian", 180 / math.pi),
    "epsg-radian": (f"{_OGC}EPSG/0/9101", 180 / math.pi),
    "epsg-degree": (f"{_OGC}EPSG/0/9102", 1.0),
    "epsg-grad": (f"{_OGC}EPSG/0/9105", 0.9),
    "qudt-DEG": (f"{_QUDT}DEG", 1.0),
    "qudt-RAD": (f"{_QUDT}RAD", 180 / math.pi),
    "qudt-ARCMIN": (f"{_QUDT}ARCMIN", 1 / 60),
    "qudt-ARCSEC": (f"{_QUDT}ARCSEC", 1 / 3600),
    "qudt-GRAD": (f"{_QUDT}GRAD", 0.9),
}
"""Units of angle, and their degrees."""

AREAS: Final[Mapping[str, tuple[str, float]]] = {
    "qudt-M2": (f"{_QUDT}M2", 1.0),
    "qudt-KiloM2": (f"{_QUDT}KiloM2", 1e6),
    "qudt-HA": (f"{_QUDT}HA", 1e4),
    "qudt-AC": (f"{_QUDT}AC", 4046.8564224),
    "qudt-FT2": (f"{_QUDT}FT2", 0.3048**2),
    "qudt-MI2": (f"{_QUDT}MI2", 1609.344**2),
    "ogc-metre": (f"{_OGC}OGC/1.0/metre", 1.0),
    "qudt-KiloM": (f"{_QUDT}KiloM", 1e6),
}
"""Units of area, and their square metres; of a unit of length its square is meant."""


def measure_data() -> str:
    """The geometries, and some of them in another CRS, which changes no measure."""
    lines = [f":{name} geo:asWKT {wkt(text)} .\n" for name, text in TEXTS.items()]
    swapped = shapely.transform(SHAPES["near"], lambda xy: xy[:, ::-1])
    lines.append(f":turned geo:asWKT {wkt(swapped, f'{EPSG}4326')} .\n")
    return "".join(lines)


def distance_m(one: Any, other: Any) -> float:
    """Between two points, in metres."""
    found = _WGS84.Inverse(one.y, one.x, other.y, other.x)
    return float(found["s12"])


def length_m(line: Any) -> float:
    """Of a line, in metres."""
    places = [shapely.Point(each) for each in line.coords]
    pairs = itertools.pairwise(places)
    return sum(distance_m(one, other) for one, other in pairs)


def perimeter_m(geometry: Any) -> float:
    """Of all rings, in metres."""
    return sum(length_m(ring) for part in _parts(geometry) for ring in _rings(part))


def area_m2(geometry: Any) -> float:
    """Of the areas, without their holes, in square metres."""
    return sum(
        _ring_area(part.exterior) - sum(map(_ring_area, part.interiors))
        for part in _parts(geometry)
    )


def _ring_area(ring: Any) -> float:
    polygon = _WGS84.Polygon()
    for x, y in ring.coords[:-1]:
        polygon.AddPoint(y, x)
    return abs(float(polygon.Compute()[2]))


def _parts(geometry: Any) -> list[Any]:
    return list(getattr(geometry, "geoms", [geometry]))


def _rings(polygon: Any) -> list[Any]:
    return [polygon.exterior, *polygon.interiors]


def measure_cases() -> Iterator[Case]:
    """All of them."""
    for name, call in (
        ("metricDistance", "geof:metricDistance(?x, ?y)"),
        ("distance-metre", "geof:distance(?x, ?y, uom:metre)"),
    ):
        yield _distances(name, call)
    for name, keys, of in (
        ("Length", _LINES, length_m),
        ("Perimeter", _AREAS, perimeter_m),
        ("Area", _AREAS, area_m2),
    ):
        rows: list[Row] = [(iri(f":{k}"), value(of(SHAPES[k]))) for k in keys]
        yield _of_each(f"metric{name}", f"geof:metric{name}(?x)", keys, rows)
        call = f"geof:{name.lower()}(?x, uom:metre)"
        yield _of_each(f"{name.lower()}-metre", call, keys, rows)
    yield from _to_shapes()
    yield from _units()


def _distances(name: str, call: str) -> Case:
    chosen = " ".join(f":{each}" for each in (*POINTS, "turned"))
    places = {**{each: SHAPES[each] for each in POINTS}, "turned": SHAPES["near"]}
    rows: list[Row] = [
        (iri(f":{a}"), iri(f":{b}"), value(distance_m(one, other)))
        for a, one in places.items()
        for b, other in places.items()
    ]
    query = (
        f"SELECT ?a ?b ({call} AS ?v) {{ VALUES ?a {{ {chosen} }} "
        f"VALUES ?b {{ {chosen} }} ?a geo:asWKT ?x . ?b geo:asWKT ?y }}"
    )
    return Case(name, QUERY, query, "a b v", rows, SOURCE, DATA, 1e-9)


def _of_each(name: str, call: str, keys: Any, rows: list[Row]) -> Case:
    chosen = " ".join(f":{each}" for each in keys)
    query = f"SELECT ?s ({call} AS ?v) {{ VALUES ?s {{ {chosen} }} ?s geo:asWKT ?x }}"
    return Case(name, QUERY, query, "s v", rows, SOURCE, DATA, 1e-8)


def _to_shapes() -> Iterator[Case]:
    """Where symmetry says which place of a line or of an area is the nearest."""
    north = distance_m(shapely.Point(0, 10), shapely.Point(0, 0))
    for name, other, metres in (
        ("line", "LINESTRING (-5 0, 5 0)", north),
        ("area", "POLYGON ((-5 0, -5 -5, 5 -5, 5 0, -5 0))", north),
        ("inside", "POLYGON ((-5 0, 5 0, 5 20, -5 20, -5 0))", 0.0),
    ):
        yield Case(
            f"distance-to-{name}",
            QUERY,
            "SELECT (geof:metricDistance('POINT (0 10)'^^geo:wktLiteral, "
            f"'{other}'^^geo:wktLiteral) AS ?v) {{}}",
            "v",
            [(value(float(metres)),)],
            f"{SOURCE}, along the meridian that is the axis of symmetry",
            DATA,
            1e-9,
        )


def _units() -> Iterator[Case]:
    one, other = SHAPES["near"], SHAPES["far"]
    metres = distance_m(one, other)
    degrees = math.hypot(one.x - other.x, one.y - other.y)
    for table, size, source in (
        (LENGTHS, metres, SOURCE),
        (ANGLES, degrees, "Pythagoras in the plane of CRS84"),
    ):
        for name, (unit, factor) in table.items():
            rows: list[Row] = [(value(size / factor),)]
            yield _unit(f"distance-{name}", f"<{unit}>", rows, source)
    unit = f"{_OGC}OGC/1.0/metre"
    for name, form in (("string", f'"{unit}"'), ("anyURI", f'"{unit}"^^xsd:anyURI')):
        yield _unit(f"distance-unit-as-{name}", form, [(value(metres),)], SOURCE)
    for name, (unit, factor) in AREAS.items():
        yield Case(
            f"area-{name}",
            QUERY,
            f"SELECT (geof:area(?x, <{unit}>) AS ?v) {{ :field geo:asWKT ?x }}",
            "v",
            [(value(area_m2(SHAPES["field"]) / factor),)],
            SOURCE,
            DATA,
            1e-8,
        )


def _unit(name: str, unit: str, rows: list[Row], source: str) -> Case:
    query = (
        f"SELECT (geof:distance(?x, ?y, {unit}) AS ?v) "
        "{ :near geo:asWKT ?x . :far geo:asWKT ?y }"
    )
    return Case(name, QUERY, query, "v", rows, source, DATA, 1e-9)
