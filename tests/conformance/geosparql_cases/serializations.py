"""Cases of literals: what each serialization says, and how each is written."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import pyoxigraph as ox
import shapely

from tests.conformance.geosparql_cases.relations import SERIALIZATIONS
from tests.conformance.geosparql_cases.writing import (
    CRS84,
    EPSG,
    GEO,
    Case,
    Row,
    iri,
    uri,
    value,
    wkt,
)

EXTENSION: Final = "geometry-extension/"
DATA: Final = "literals.ttl"
BY_HAND: Final = "reading the text by hand, as its format defines it"
LAT_LON: Final = f"{EPSG}4326"
POLAR: Final = f"{EPSG}3413"
_GML: Final = 'xmlns:gml="http://www.opengis.net/gml/3.2"'
_KML: Final = 'xmlns="http://www.opengis.net/kml/2.2"'

_Rows: TypeAlias = list[Row] | bool
Literals: TypeAlias = Mapping[str, tuple[str, str, str]]
"""By name: a text, the WKT of the same geometry, and its CRS."""

WKT: Final[Literals] = {
    "point": ("POINT (1 2)", "POINT (1 2)", CRS84),
    "tight": ("Point(1 2)", "POINT (1 2)", CRS84),
    "spaced": ("  POINT  ( 1.5   -2e1 ) ", "POINT (1.5 -20)", CRS84),
    "solid": ("POINT Z (1 2 3)", "POINT Z (1 2 3)", CRS84),
    "measured": ("POINT M (1 2 3)", "POINT M (1 2 3)", CRS84),
    "both": ("POINT ZM (1 2 3 4)", "POINT ZM (1 2 3 4)", CRS84),
    "line": ("LINESTRING (0 0, 1 1)", "LINESTRING (0 0, 1 1)", CRS84),
    "area": (
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
        CRS84,
    ),
    "points": ("MULTIPOINT (0 0, 1 1)", "MULTIPOINT ((0 0), (1 1))", CRS84),
    "lines": (
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
        CRS84,
    ),
    "areas": (
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        CRS84,
    ),
    "mixed": (
        "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 1 2))",
        "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 1 2))",
        CRS84,
    ),
    "named": (f"<{CRS84}> POINT (1 2)", "POINT (1 2)", CRS84),
    "turned": (f"<{LAT_LON}> POINT (60 10)", "POINT (60 10)", LAT_LON),
    "polar": (f"<{POLAR}> POINT (1000 -2000)", "POINT (1000 -2000)", POLAR),
}
GML: Final[Literals] = {
    "point": (
        f"<gml:Point {_GML}><gml:pos>1 2</gml:pos></gml:Point>",
        "POINT (1 2)",
        CRS84,
    ),
    "line": (
        (
            f'<gml:LineString {_GML} srsName="{CRS84}"><gml:posList>0 0 1 1 2 0'
            "</gml:posList></gml:LineString>"
        ),
        "LINESTRING (0 0, 1 1, 2 0)",
        CRS84,
    ),
    "area": (
        (
            f"<gml:Polygon {_GML}><gml:exterior><gml:LinearRing><gml:posList>"
            "0 0 4 0 4 4 0 4 0 0</gml:posList></gml:LinearRing></gml:exterior>"
            "<gml:interior><gml:LinearRing><gml:posList>1 1 2 1 2 2 1 2 1 1"
            "</gml:posList></gml:LinearRing></gml:interior></gml:Polygon>"
        ),
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
        CRS84,
    ),
    "points": (
        (
            f"<gml:MultiPoint {_GML}><gml:pointMember><gml:Point><gml:pos>0 0</gml:pos>"
            "</gml:Point></gml:pointMember><gml:pointMember><gml:Point><gml:pos>1 1"
            "</gml:pos></gml:Point></gml:pointMember></gml:MultiPoint>"
        ),
        "MULTIPOINT ((0 0), (1 1))",
        CRS84,
    ),
    "solid": (
        f'<gml:Point {_GML} srsDimension="3"><gml:pos>1 2 3</gml:pos></gml:Point>',
        "POINT Z (1 2 3)",
        CRS84,
    ),
    "turned": (
        f'<gml:Point {_GML} srsName="{LAT_LON}"><gml:pos>60 10</gml:pos></gml:Point>',
        "POINT (60 10)",
        LAT_LON,
    ),
    "urn": (
        (
            f'<gml:Point {_GML} srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>60 10'
            "</gml:pos></gml:Point>"
        ),
        "POINT (60 10)",
        LAT_LON,
    ),
    "old": (
        (
            f'<gml:Point xmlns:gml="http://www.opengis.net/gml" srsName="{CRS84}">'
            "<gml:coordinates>1,2</gml:coordinates></gml:Point>"
        ),
        "POINT (1 2)",
        CRS84,
    ),
}
GEOJSON: Final[Literals] = {
    name: (shapely.to_geojson(shapely.from_wkt(text)), text, CRS84)
    for name, text in {
        "point": "POINT (1 2)",
        "solid": "POINT Z (1 2 3)",
        "line": "LINESTRING (0 0, 1 1, 2 0)",
        "area": "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 2, 2 2, 2 1, 1 1))",
        "points": "MULTIPOINT ((0 0), (1 1))",
        "lines": "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
        "areas": "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "mixed": "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 1 2))",
    }.items()
}
KML: Final[Literals] = {
    "point": (
        f"<Point {_KML}><coordinates>1,2</coordinates></Point>",
        "POINT (1 2)",
        CRS84,
    ),
    "solid": (
        f"<Point {_KML}><coordinates>1,2,3</coordinates></Point>",
        "POINT Z (1 2 3)",
        CRS84,
    ),
    "line": (
        f"<LineString {_KML}><coordinates>0,0 1,1 2,0</coordinates></LineString>",
        "LINESTRING (0 0, 1 1, 2 0)",
        CRS84,
    ),
    "area": (
        (
            f"<Polygon {_KML}><outerBoundaryIs><LinearRing><coordinates>"
            "0,0 4,0 4,4 0,4 0,0</coordinates></LinearRing></outerBoundaryIs>"
            "<innerBoundaryIs><LinearRing><coordinates>1,1 2,1 2,2 1,2 1,1"
            "</coordinates></LinearRing></innerBoundaryIs></Polygon>"
        ),
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
        CRS84,
    ),
    "many": (
        (
            f"<MultiGeometry {_KML}><Point><coordinates>9,9</coordinates></Point>"
            "<LineString><coordinates>0,0 1,2</coordinates></LineString>"
            "</MultiGeometry>"
        ),
        "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 1 2))",
        CRS84,
    ),
}
KINDS: Final[Mapping[str, Literals]] = {
    "wkt": WKT,
    "gml": GML,
    "geoJSON": GEOJSON,
    "kml": KML,
}
_PROPERTY: Final = {kind: f"geo:as{kind.upper()}" for kind in ("wkt", "gml", "kml")} | {
    "geoJSON": "geo:asGeoJSON"
}


def literal_data() -> str:
    """The literals, and an empty one of each kind."""
    return "".join(
        f":{kind}-{name} {_PROPERTY[kind]} {_literal(text, kind)} .\n"
        for kind, texts in KINDS.items()
        for name, (text, _, _) in {**texts, "empty": ("", "", "")}.items()
    )


def _literal(text: str, kind: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(f"{GEO}{kind}Literal"))


def serialization_cases() -> Iterator[Case]:
    """All of them."""
    for kind, texts in KINDS.items():
        name = kind.lower()
        short = _PROPERTY[kind].removeprefix("geo:")
        yield _read(kind, texts)
        yield _crs(kind, texts)
        yield _empty(kind)
        rows: list[Row] = [
            (iri(f":{kind}-{key}"), _literal(text, kind))
            for key, (text, _, _) in {**texts, "empty": ("", "", "")}.items()
        ]
        query = f"SELECT ?s ?x {{ ?s {_PROPERTY[kind]} ?x }}"
        requirement = f"{EXTENSION}geometry-as-{name}-literal"
        yield _case(f"{name}-{short}-property", requirement, query, "s x", rows)
        yield from _written(kind)
        yield _functions_of(kind)
    yield from _axes()
    yield from _profiles()


def _case(name: str, requirement: str, query: str, variables: str, rows: _Rows) -> Case:
    return Case(name, (requirement,), query, variables, rows, BY_HAND, DATA)


def _read(kind: str, texts: Literals) -> Case:
    rows: list[Row] = [
        (iri(f":{kind}-{key}"), wkt(text, crs)) for key, (_, text, crs) in texts.items()
    ]
    query = (
        f"SELECT ?s (geof:asWKT(?x) AS ?v) {{ ?s {_PROPERTY[kind]} ?x "
        f"FILTER(?s != :{kind}-empty) }}"
    )
    name = f"{kind.lower()}-literal"
    return _case(name, EXTENSION + name, query, "s v", rows)


def _crs(kind: str, texts: Literals) -> Case:
    """The CRS of literals that name none, and of those that do."""
    rows: list[Row] = [
        (iri(f":{kind}-{key}"), uri(crs)) for key, (_, _, crs) in texts.items()
    ]
    query = (
        f"SELECT ?s (geof:getSRID(?x) AS ?crs) {{ ?s {_PROPERTY[kind]} ?x "
        f"FILTER(?s != :{kind}-empty) }}"
    )
    rule = {
        "wkt": "wkt-literal-default-srs",
        "gml": "gml-literal",
        "geoJSON": "geojson-literal-srs",
        "kml": "kml-literal-srs",
    }[kind]
    requirements = (f"{EXTENSION}{rule}", f"{EXTENSION}srid-function")
    name = f"{kind.lower()}-srs"
    return Case(name, requirements, query, "s crs", rows, BY_HAND, DATA)


def _empty(kind: str) -> Case:
    name = f"{kind.lower()}-literal-empty"
    query = (
        "SELECT (geof:isEmpty(?x) AS ?empty) "
        f"(geof:sfIntersects(?x, 'POINT (1 2)'^^geo:wktLiteral) AS ?meets) "
        f"{{ :{kind}-empty {_PROPERTY[kind]} ?x }}"
    )
    rows: list[Row] = [(value(of=True), value(of=False))]
    return _case(name, EXTENSION + name, query, "empty meets", rows)


def _written(kind: str) -> Iterator[Case]:
    """The same geometry written from each serialization."""
    shape = shapely.from_wkt(WKT["area"][1])
    function = _PROPERTY[kind].removeprefix("geo:")
    for source in KINDS:
        other = shape if source != "geoJSON" else shapely.from_wkt(GEOJSON["area"][1])
        text = _written_text(other, kind)
        yield _case(
            f"{function}-of-{source.lower()}",
            f"{EXTENSION}{function}-function",
            f"SELECT (geof:{function}(?x) AS ?v) "
            f"{{ :{source}-area {_PROPERTY[source]} ?x }}",
            "v",
            [(_literal(text, kind),)],
        )
    if kind in ("geoJSON", "kml"):
        text = SERIALIZATIONS[kind](shapely.Point(10, 60))
        yield _case(
            f"{function}-turns-axes",
            f"{EXTENSION}{function}-function",
            f"SELECT (geof:{function}(?x) AS ?v) {{ :wkt-turned geo:asWKT ?x }}",
            "v",
            [(_literal(text, kind),)],
        )


def _written_text(shape: Any, kind: str) -> str:
    """By our own hand for areas with holes, which the writers of relations lack."""
    if kind in ("wkt", "geoJSON"):
        return SERIALIZATIONS[kind](shape)
    rings = [shape.exterior, *shape.interiors]
    if kind == "gml":
        texts = [" ".join(f"{x:g} {y:g}" for x, y in ring.coords) for ring in rings]
        parts = [
            f"<gml:{side}><gml:LinearRing><gml:posList>{text}</gml:posList>"
            f"</gml:LinearRing></gml:{side}>"
            for side, text in zip(("exterior", "interior"), texts, strict=True)
        ]
        return f'<gml:Polygon {_GML} srsName="{CRS84}">{"".join(parts)}</gml:Polygon>'
    texts = [" ".join(f"{x:g},{y:g}" for x, y in ring.coords) for ring in rings]
    parts = [
        f"<{side}BoundaryIs><LinearRing><coordinates>{text}</coordinates>"
        f"</LinearRing></{side}BoundaryIs>"
        for side, text in zip(("outer", "inner"), texts, strict=True)
    ]
    return f"<Polygon {_KML}>{''.join(parts)}</Polygon>"


def _functions_of(kind: str) -> Case:
    """Functions take each serialization."""
    shapes = {
        key: shapely.from_wkt(KINDS[kind][key][1]) for key in ("point", "line", "area")
    }
    rows: list[Row] = [
        (
            iri(f":{kind}-{key}"),
            value(int(shapely.get_dimensions(each))),
            uri(f"http://www.opengis.net/ont/sf#{each.geom_type}"),
            wkt(shapely.envelope(each)),
            wkt(shapely.convex_hull(each)),
            value(float(each.bounds[2])),
            value(bool(each.intersects(shapely.Point(1, 2)))),
        )
        for key, each in shapes.items()
    ]
    chosen = " ".join(f":{kind}-{key}" for key in shapes)
    query = (
        "SELECT ?s (geof:dimension(?x) AS ?d) (geof:geometryType(?x) AS ?t) "
        "(geof:envelope(?x) AS ?e) (geof:convexHull(?x) AS ?h) "
        "(geof:maxX(?x) AS ?east) "
        "(geof:sfIntersects(?x, 'POINT (1 2)'^^geo:wktLiteral) AS ?meets) "
        f"{{ VALUES ?s {{ {chosen} }} ?s {_PROPERTY[kind]} ?x }}"
    )
    return Case(
        f"query-functions-{kind.lower()}",
        (f"{EXTENSION}query-functions",),
        query,
        "s d t e h east meets",
        rows,
        "shapely",
        DATA,
    )


def _axes() -> Iterator[Case]:
    """EPSG:4326 is latitude first, CRS84 is longitude first: one place in both."""
    places = (
        f"'<{LAT_LON}> POINT (60 10)'^^geo:wktLiteral",
        ("'POINT (10 60)'^^geo:wktLiteral"),
    )
    requirement = f"{EXTENSION}wkt-axis-order"
    query = f"ASK {{ FILTER(geof:sfEquals({', '.join(places)})) }}"
    yield _case("wkt-axis-order", requirement, query, "", rows=True)
    other = "'POINT (60 10)'^^geo:wktLiteral"
    query = f"ASK {{ FILTER(geof:sfEquals({places[0]}, {other})) }}"
    yield _case("wkt-axis-order-not-turned", requirement, query, "", rows=False)
    yield _case(
        "wkt-axis-order-extremes",
        requirement,
        "SELECT (geof:maxX(?x) AS ?east) (geof:maxY(?x) AS ?north) "
        "{ :wkt-turned geo:asWKT ?x }",
        "east north",
        [(value(10.0), value(60.0))],
    )


def _profiles() -> Iterator[Case]:
    text = SERIALIZATIONS["gml"](shapely.Point(1, 2))
    for name, profile in (
        ("namespace", "http://www.opengis.net/gml/3.2"),
        ("simple-features", "http://www.opengis.net/def/profile/OGC/2.0/gml-sf0"),
    ):
        yield _case(
            f"gml-profile-{name}",
            f"{EXTENSION}gml-profile",
            f'SELECT (geof:asGML(?x, "{profile}") AS ?v) {{ :wkt-point geo:asWKT ?x }}',
            "v",
            [(_literal(text, "gml"),)],
        )
