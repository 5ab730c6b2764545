"""Cases of functions that take geometries and give geometries, numbers or truths."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pyproj
import shapely

from tests.conformance.geosparql_cases.writing import (
    CRS84,
    EPSG,
    SF,
    Case,
    Row,
    iri,
    uri,
    value,
    wkt,
)

EXTENSION: Final = "geometry-extension/"
QUERY: Final = (f"{EXTENSION}query-functions",)
DATA: Final = "functions.ttl"

TEXTS: Final[Mapping[str, str]] = {
    "box": "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))",
    "ell": "POLYGON ((2 2, 6 2, 6 3, 3 3, 3 6, 2 6, 2 2))",
    "hole": "POLYGON ((0 0, 8 0, 8 8, 0 8, 0 0), (2 2, 6 2, 6 6, 2 6, 2 2))",
    "line": "LINESTRING (0 1, 3 1, 3 5, 7 5)",
    "loop": "LINESTRING (0 0, 4 4, 4 0, 0 4)",
    "dot": "POINT (3 3)",
    "dots": "MULTIPOINT ((0 0), (3 3), (7 1), (5 5))",
    "lines": "MULTILINESTRING ((0 0, 1 2), (5 1, 2 0))",
    "isles": "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((3 3, 5 3, 5 5, 3 3)))",
    "mixed": "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 1 2))",
    "tall": "POLYGON Z ((0 0 1, 4 0 2, 4 4 3, 0 4 4, 0 0 1))",
    "timed": "LINESTRING M (0 0 1, 1 1 2)",
    "full": "LINESTRING ZM (0 0 1 9, 1 1 2 8)",
    "none": "POLYGON EMPTY",
}
SHAPES: Final[Mapping[str, Any]] = {
    name: shapely.from_wkt(text) for name, text in TEXTS.items()
}
FLAT: Final = ("box", "ell", "hole", "line", "loop", "dots", "lines", "isles", "none")
OPERANDS: Final = ("box", "ell", "hole", "line", "dot")
UTM: Final = f"{EPSG}32633"
POLAR: Final = f"{EPSG}3413"
LAT_LON: Final = f"{EPSG}4326"

_UNARY: Final[Mapping[str, Callable[[Any], Any]]] = {
    "boundary": shapely.boundary,
    "centroid": shapely.centroid,
    "convexHull": shapely.convex_hull,
    "envelope": shapely.envelope,
}
_BINARY: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "difference": shapely.difference,
    "intersection": shapely.intersection,
    "symDifference": shapely.symmetric_difference,
    "union": shapely.union,
}
_DIMENSIONS: Final[Mapping[str, Callable[[Any], int]]] = {
    "dimension": lambda each: int(shapely.get_dimensions(each)),
    "coordinateDimension": lambda each: int(shapely.get_coordinate_dimension(each)),
    "spatialDimension": lambda each: 3 if each.has_z else 2,
    "numGeometries": lambda each: int(shapely.get_num_geometries(each)),
}
_CLAIMS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "is3D": lambda each: bool(each.has_z),
    "isEmpty": lambda each: bool(each.is_empty),
    "isMeasured": lambda each: bool(each.has_m),
    # Of a collection shapely says no; its parts are what can be simple.
    "isSimple": lambda each: all(shapely.is_simple(shapely.get_parts(each)).tolist()),
}
_EXTREMES: Final[Mapping[str, Callable[[Any], float]]] = {
    "minX": lambda each: each.bounds[0],
    "minY": lambda each: each.bounds[1],
    "maxX": lambda each: each.bounds[2],
    "maxY": lambda each: each.bounds[3],
    "minZ": lambda each: min(shapely.get_coordinates(each, include_z=True)[:, 2]),
    "maxZ": lambda each: max(shapely.get_coordinates(each, include_z=True)[:, 2]),
}


def function_data() -> str:
    """The geometries, by geo:asWKT."""
    return "".join(f":{name} geo:asWKT {wkt(text)} .\n" for name, text in TEXTS.items())


def function_cases() -> Iterator[Case]:
    """All of them."""
    for name, function in _UNARY.items():
        rows: list[Row] = [(iri(f":{key}"), wkt(function(SHAPES[key]))) for key in FLAT]
        yield _of_each(name, QUERY, FLAT, rows, f"shapely.{function.__name__}")
    for name, combine in _BINARY.items():
        yield _of_pairs(name, combine)
    yield from _properties()
    yield from _members()
    yield from _circles()
    yield from _buffers()
    yield from _hulls()
    yield from _transforms()
    yield from _aggregates()


def _of_each(
    name: str, requirements: tuple[str, ...], names: Any, rows: list[Row], source: str
) -> Case:
    """A function on the geometries of some names."""
    chosen = " ".join(f":{each}" for each in names)
    query = (
        f"SELECT ?s (geof:{name}(?x) AS ?v) "
        f"{{ VALUES ?s {{ {chosen} }} ?s geo:asWKT ?x }}"
    )
    return Case(name, requirements, query, "s v", rows, source, DATA, 1e-12)


def _of_pairs(name: str, function: Callable[[Any, Any], Any]) -> Case:
    chosen = " ".join(f":{each}" for each in OPERANDS)
    rows: list[Row] = [
        (iri(f":{a}"), iri(f":{b}"), wkt(function(SHAPES[a], SHAPES[b])))
        for a in OPERANDS
        for b in OPERANDS
    ]
    query = (
        f"SELECT ?a ?b (geof:{name}(?x, ?y) AS ?v) {{ VALUES ?a {{ {chosen} }} "
        f"VALUES ?b {{ {chosen} }} ?a geo:asWKT ?x . ?b geo:asWKT ?y }}"
    )
    return Case(name, QUERY, query, "a b v", rows, f"shapely.{function.__name__}", DATA)


def _properties() -> Iterator[Case]:
    for name, of in {**_DIMENSIONS, **_CLAIMS}.items():
        rows: list[Row] = [
            (iri(f":{key}"), value(of(each))) for key, each in SHAPES.items()
        ]
        yield _of_each(name, QUERY, SHAPES, rows, "shapely")
    rows = [(iri(f":{key}"), uri(SF + each.geom_type)) for key, each in SHAPES.items()]
    yield _of_each("geometryType", QUERY, SHAPES, rows, "shapely's geom_type")
    for name, extreme in _EXTREMES.items():
        names = ("tall", "full") if name.endswith("Z") else ("box", "line", "dots")
        rows = [(iri(f":{key}"), value(float(extreme(SHAPES[key])))) for key in names]
        yield _of_each(name, QUERY, names, rows, "shapely's coordinates")
        # The functions' vocabulary of 1.1 spells it so.
        lower = _of_each(name.lower(), QUERY, names, rows, "shapely's coordinates")
        yield replace(lower, name=f"{name}-in-lower-case")


def _members() -> Iterator[Case]:
    for n in (1, 2):
        names = ("dots", "lines", "isles", "mixed")
        rows: list[Row] = [(iri(f":{k}"), wkt(SHAPES[k].geoms[n - 1])) for k in names]
        chosen = " ".join(f":{each}" for each in names)
        yield Case(
            f"geometryN-{n}",
            QUERY,
            f"SELECT ?s (geof:geometryN(?x, {n}) AS ?v) "
            f"{{ VALUES ?s {{ {chosen} }} ?s geo:asWKT ?x }}",
            "s v",
            rows,
            "shapely's geoms; the first is number 1 in ISO 19125-1",
            DATA,
        )


_GEOD: Final = pyproj.Geod(ellps="WGS84")
_DEGREE_M: Final = math.pi / 180 * 6378137.0
"""Of longitude at the equator."""


def _circles() -> Iterator[Case]:
    names = ("box", "ell", "line", "dots", "isles")
    rows: list[Row] = [(iri(f":{each}"), value(of=True)) for each in names]
    chosen = " ".join(f":{each}" for each in names)
    yield Case(
        "boundingCircle-contains",
        QUERY,
        "SELECT ?s (geof:sfContains(geof:boundingCircle(?x), ?x) AS ?v) "
        f"{{ VALUES ?s {{ {chosen} }} ?s geo:asWKT ?x }}",
        "s v",
        rows,
        "the definition: the least circle that contains the geometry",
        DATA,
    )
    yield Case(
        "boundingCircle-size",
        QUERY,
        "SELECT (geof:metricArea(geof:boundingCircle("
        "'MULTIPOINT ((1 0), (3 0))'^^geo:wktLiteral)) AS ?area) {}",
        "area",
        [(value(math.pi * _DEGREE_M**2),)],
        "pi r r with r one degree of the equator; a polygon and the ellipsoid differ",
        DATA,
        5e-3,
    )


def _buffers() -> Iterator[Case]:
    lon, lat = 10.0, 60.0
    for name, call, radius_m in (
        ("metricBuffer", "geof:metricBuffer(?x, 1000)", 1000.0),
        ("buffer-metre", "geof:buffer(?x, 1000, uom:metre)", 1000.0),
        ("buffer-kilometre", "geof:buffer(?x, 2.5, unit:KiloM)", 2500.0),
        (
            "buffer-foot",
            "geof:buffer(?x, 5000, <http://www.opengis.net/def/uom/EPSG/0/9002>)",
            1524.0,
        ),
    ):
        inside = _GEOD.fwd(lon, lat, 77.0, radius_m * 0.99)[:2]
        outside = _GEOD.fwd(lon, lat, 77.0, radius_m * 1.01)[:2]
        yield Case(
            name,
            QUERY,
            f"SELECT (geof:metricArea({call}) AS ?area) "
            f"(geof:sfContains({call}, {_point(inside)}) AS ?in) "
            f"(geof:sfContains({call}, {_point(outside)}) AS ?out) "
            f"{{ BIND ('POINT ({lon:g} {lat:g})'^^geo:wktLiteral AS ?x) }}",
            "area in out",
            [(value(math.pi * radius_m**2), value(of=True), value(of=False))],
            "pi r r, and places at 0.99 r and 1.01 r by pyproj.Geod.fwd",
            DATA,
            2e-3,
        )
    yield Case(
        "buffer-degree",
        QUERY,
        "SELECT (geof:sfContains(?c, 'POINT (1.9 0)'^^geo:wktLiteral) AS ?in) "
        "(geof:sfContains(?c, 'POINT (2.1 0)'^^geo:wktLiteral) AS ?out) "
        "{ BIND (geof:buffer('POINT (0 0)'^^geo:wktLiteral, 2, uom:degree) AS ?c) }",
        "in out",
        [(value(of=True), value(of=False))],
        "the definition: what is at most 2 degrees away in the plane of the CRS",
        DATA,
    )


def _point(place: tuple[float, float]) -> str:
    return f"'POINT ({place[0]!r} {place[1]!r})'^^geo:wktLiteral"


def _hulls() -> Iterator[Case]:
    names = ("box", "ell", "hole", "dots", "isles")
    rows: list[Row] = [
        (iri(f":{each}"), value(of=True), value(of=True)) for each in names
    ]
    chosen = " ".join(f":{each}" for each in names)
    yield Case(
        "concaveHull",
        QUERY,
        "SELECT ?s "
        "(geof:isEmpty(geof:difference(?x, geof:concaveHull(?x))) AS ?covers) "
        "(geof:sfWithin(geof:concaveHull(?x), geof:convexHull(?x)) AS ?within) "
        f"{{ VALUES ?s {{ {chosen} }} ?s geo:asWKT ?x }}",
        "s covers within",
        rows,
        "the definition: nothing of the geometry is outside of the hull, and nothing "
        "of the hull outside of the convex one",
        DATA,
    )


def _transforms() -> Iterator[Case]:
    for name, crs in (("utm", UTM), ("polar", POLAR), ("lat-lon", LAT_LON)):
        code = crs.rpartition("/")[2]
        # Without always_xy the axes are those of the authority.
        to: Any = pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}").transform
        source = shapely.from_wkt("LINESTRING (14 60, 15.5 61, 16 63)")
        moved = shapely.transform(source, to, interleaved=False)
        for function in ("transform", "projectTo"):
            yield Case(
                f"{function}-{name}",
                QUERY,
                f"SELECT (geof:{function}({_text(source)}, <{crs}>) AS ?v) {{}}",
                "v",
                [(wkt(moved, crs),)],
                "pyproj in the axis order of the authority",
                DATA,
            )
    back: Any = pyproj.Transformer.from_crs(f"EPSG:{UTM[-5:]}", "OGC:CRS84").transform
    source = shapely.from_wkt("POINT (500000 6650000)")
    yield Case(
        "transform-to-crs84",
        QUERY,
        f"SELECT (geof:transform('<{UTM}> {source.wkt}'^^geo:wktLiteral, <{CRS84}>) "
        "AS ?v) {}",
        "v",
        [(wkt(shapely.transform(source, back, interleaved=False)),)],
        "pyproj",
        DATA,
    )


def _text(geometry: Any) -> str:
    return f"'{geometry.wkt}'^^geo:wktLiteral"


def _aggregates() -> Iterator[Case]:
    names = ("box", "ell", "isles")
    parts = [SHAPES[each] for each in names]
    union = shapely.union_all(parts)
    apart = ["POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", "POLYGON ((6 0, 8 0, 8 2, 6 0))"]
    halves = ["LINESTRING (0 0, 1 1)", "LINESTRING (1 1, 2 0)"]
    joined = shapely.line_merge(shapely.from_wkt(f"MULTI{_lines(halves)}"))
    together = shapely.union_all(shapely.from_wkt(apart))
    for name, members, expected in (
        ("union2", [TEXTS[each] for each in names], union),
        ("concatLines", halves, joined),
        ("aggUnion", [TEXTS[each] for each in names], union),
        ("aggBoundingBox", [TEXTS[each] for each in names], shapely.envelope(union)),
        ("aggConvexHull", [TEXTS[each] for each in names], shapely.convex_hull(union)),
        ("aggCentroid", apart, shapely.centroid(together)),
        ("aggConcatLines", halves, joined),
    ):
        yield _aggregate(name, members, f"geof:{name}(?x)", [(wkt(expected),)])
    told = "the definition: the result contains each geometry of the group"
    for name in ("aggConcaveHull", "aggBoundingCircle"):
        members = [TEXTS[each] for each in names]
        call = f"geof:sfContains(geof:{name}(?x), {wkt(union)})"
        yield _aggregate(name, members, call, [(value(of=True),)], told)


def _lines(lines: list[str]) -> str:
    inner = ", ".join(each.removeprefix("LINESTRING ") for each in lines)
    return f"LINESTRING ({inner})"


def _aggregate(
    name: str, members: list[str], call: str, rows: list[Row], source: str = "shapely"
) -> Case:
    listed = " ".join(str(wkt(each)) for each in members)
    return Case(
        name,
        (f"{EXTENSION}sa-functions",),
        f"SELECT ({call} AS ?v) {{ VALUES ?x {{ {listed} }} }}",
        "v",
        rows,
        source,
        DATA,
    )
