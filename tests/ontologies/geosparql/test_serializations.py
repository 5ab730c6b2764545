"""GML, KML, cells and arcs: what is read, what is refused, and where."""

import math

import pytest
import shapely

from ontologies.errors import OntologyError
from ontologies.geosparql.arcs import STEP, circle
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.datatypes import (
    DGGS_LITERAL,
    GEOJSON_LITERAL,
    GEOMETRY_DATATYPES,
    GML_LITERAL,
    KML_LITERAL,
    WKT_LITERAL,
)
from ontologies.geosparql.gml import render_gml_literal
from ontologies.geosparql.kml import render_kml_literal
from ontologies.geosparql.literals import (
    Geometry,
    LiteralError,
    parse_wkt_literal,
    parse_wkt_literals,
)
from ontologies.geosparql.serializations import PARSERS, parse_literal

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
G32 = 'xmlns="http://www.opengis.net/gml/3.2"'
G31 = 'xmlns:gml="http://www.opengis.net/gml"'
RING = "<LinearRing><posList>0 0 4 0 4 4 0 0</posList></LinearRing>"
HOLE = "<LinearRing><posList>1 .5 2 .5 2 1 1 .5</posList></LinearRing>"
KML_RING = "<LinearRing><coordinates>0,0 4,0 4,4 0,0</coordinates></LinearRing>"

GML = [
    (f"<Point {G32}><pos>5 51</pos></Point>", "POINT (5 51)"),
    (f'<Point {G32} srsName="{EPSG}4326"><pos>51 5</pos></Point>', "POINT (5 51)"),
    (
        f"<gml:Point {G31}><gml:coordinates>5,51</gml:coordinates></gml:Point>",
        "POINT (5 51)",
    ),
    (
        (
            f'<gml:Point {G31} srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos '
            'srsDimension="3">51 5 9</gml:pos></gml:Point>'
        ),
        "POINT Z (5 51 9)",
    ),
    (f"<Point {G32}/>", "POINT EMPTY"),
    (
        f"<LineString {G32}><pos>0 0</pos><pos>1 2</pos></LineString>",
        "LINESTRING (0 0, 1 2)",
    ),
    (
        (
            f'<LineString {G32} srsDimension="3"><posList>0 0 1 1 2 2</posList>'
            "</LineString>"
        ),
        "LINESTRING Z (0 0 1, 1 2 2)",
    ),
    (
        (
            f"<Curve {G32}><segments><LineStringSegment><posList>0 0 1 1</posList>"
            "</LineStringSegment><LineStringSegment><posList>1 1 2 0</posList>"
            "</LineStringSegment></segments></Curve>"
        ),
        "LINESTRING (0 0, 1 1, 2 0)",
    ),
    (
        (
            f"<Polygon {G32}><exterior>{RING}</exterior><interior>{HOLE}</interior>"
            "</Polygon>"
        ),
        "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 .5, 2 .5, 2 1, 1 .5))",
    ),
    (
        (
            f"<Surface {G32}><patches><PolygonPatch><exterior>{RING}</exterior>"
            "</PolygonPatch></patches></Surface>"
        ),
        "POLYGON ((0 0, 4 0, 4 4, 0 0))",
    ),
    (
        (
            f"<Envelope {G32}><lowerCorner>0 1</lowerCorner><upperCorner>2 3"
            "</upperCorner></Envelope>"
        ),
        "POLYGON ((2 1, 2 3, 0 3, 0 1, 2 1))",
    ),
    (
        (
            f"<MultiPoint {G32}><pointMember><Point><pos>0 0</pos></Point>"
            "</pointMember>"
            "<pointMembers><Point><pos>1 2</pos></Point></pointMembers></MultiPoint>"
        ),
        "MULTIPOINT ((0 0), (1 2))",
    ),
    (
        (
            f"<MultiSurface {G32}><surfaceMember><Polygon><exterior>{RING}</exterior>"
            "</Polygon></surfaceMember></MultiSurface>"
        ),
        "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)))",
    ),
    ("  ", "GEOMETRYCOLLECTION EMPTY"),
]
KML = [
    ("<Point><coordinates> 5,51,7 </coordinates></Point>", "POINT Z (5 51 7)"),
    (
        (
            '<k:LineString xmlns:k="http://www.opengis.net/kml/2.2"><k:coordinates>0,0\n'
            "\n1,2</k:coordinates></k:LineString>"
        ),
        "LINESTRING (0 0, 1 2)",
    ),
    (
        f"<Polygon><outerBoundaryIs>{KML_RING}</outerBoundaryIs></Polygon>",
        "POLYGON ((0 0, 4 0, 4 4, 0 0))",
    ),
    (
        (
            "<MultiGeometry><Point><coordinates>0,0</coordinates></Point><Point>"
            "<coordinates>1,1</coordinates></Point></MultiGeometry>"
        ),
        "MULTIPOINT ((0 0), (1 1))",
    ),
]
BOMB = (
    '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    f"<Point {G32}><pos>&b;</pos></Point>"
)
FILE = (
    '<!DOCTYPE p [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    f"<Point {G32}><pos>&f;</pos></Point>"
)


@pytest.mark.parametrize(
    ("datatype", "text", "wkt"),
    [(GML_LITERAL, *case) for case in GML] + [(KML_LITERAL, *case) for case in KML],
)
def test_a_literal_is_read(datatype: str, text: str, wkt: str) -> None:
    found = parse_literal(text, datatype).shapely
    expected = shapely.from_wkt(wkt)
    assert found.has_z == expected.has_z
    assert shapely.equals_exact(found, expected, 1e-12)


@pytest.mark.parametrize(
    ("datatype", "text", "reason"),
    [
        (GML_LITERAL, f"<Point {G32}><pos>5</pos></Point>", "1 numbers"),
        (GML_LITERAL, f"<Point {G32}><pos>5 x</pos></Point>", "'x' is not a number"),
        (GML_LITERAL, f"<Point {G32}><pos>5 1", "no element|unclosed|mismatched"),
        (GML_LITERAL, f"<Solid {G32}/>", "<Solid> is no geometry"),
        (GML_LITERAL, "<Point><pos>5 1</pos></Point>", "<Point> is no geometry"),
        (
            GML_LITERAL,
            f"<Curve {G32}><segments><Arc/></segments></Curve>",
            "odd number of points",
        ),
        (
            GML_LITERAL,
            f"<Curve {G32}><segments><CubicSpline/></segments></Curve>",
            "<CubicSpline> is no segment that we read",
        ),
        (
            GML_LITERAL,
            (
                f"<Curve {G32}><segments><Circle><posList>0 0 1 1 2 2</posList>"
                "</Circle></segments></Curve>"
            ),
            "lie on a line",
        ),
        (GML_LITERAL, BOMB, "document type"),
        (GML_LITERAL, FILE, "document type"),
        (KML_LITERAL, FILE, "document type"),
        (KML_LITERAL, "<Placemark/>", "<Placemark> is no geometry"),
        (KML_LITERAL, "<Point><coordinates>5</coordinates></Point>", "two numbers"),
        (DGGS_LITERAL, "CELL (851fa477fffffff)", "not <"),
        (WKT_LITERAL, "CIRCULARSTRING M (0 0 1, 1 1 1, 2 0 1)", "with M"),
    ],
)
def test_a_bad_literal_says_why(datatype: str, text: str, reason: str) -> None:
    with pytest.raises(LiteralError, match=reason):
        parse_literal(text, datatype)


def test_an_unknown_crs_and_an_unknown_datatype_are_refused() -> None:
    with pytest.raises(OntologyError, match="999999"):
        parse_literal(
            f'<Point {G32} srsName="{EPSG}999999"><pos>1 1</pos></Point>', GML_LITERAL
        )
    with pytest.raises(OntologyError, match="no datatype"):
        parse_literal("POINT (1 1)", "http://www.w3.org/2001/XMLSchema#string")
    assert set(PARSERS) == GEOMETRY_DATATYPES


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT (0.1 51.00000000000001)",
        "LINESTRING Z (0 0 1, 1e-9 2 -3)",
        "POLYGON ((0 0, 8 0, 8 8, 0 8, 0 0), (2 2, 6 2, 6 6, 2 6, 2 2))",
        "MULTIPOINT ((0 0), (1 1))",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((3 3, 5 3, 5 5, 3 3)))",
        "POINT EMPTY",
    ],
)
def test_what_is_written_is_read_to_the_bit(wkt: str) -> None:
    shape = shapely.from_wkt(wkt)
    for iri in (CRS84_IRI, EPSG + "4326", EPSG + "3413"):
        text = render_gml_literal(Geometry(iri, shape))
        again = parse_literal(text, GML_LITERAL)
        assert again.crs_iri == iri
        assert shapely.equals_exact(again.shapely, shape, 0)
    kml = render_kml_literal(Geometry(CRS84_IRI, shape))
    assert shapely.equals_exact(parse_literal(kml, KML_LITERAL).shapely, shape, 0)


def test_an_arc_becomes_edges_on_its_circle() -> None:
    for wkt, length in (
        ("CIRCULARSTRING (0 0, 1 1, 2 0)", math.pi),
        ("CIRCULARSTRING (2 0, 1 1, 0 0)", math.pi),
        ("CIRCULARSTRING (0 0, 1 -1, 2 0)", math.pi),
        ("CIRCULARSTRING (0 0, 2 0, 0 0)", 2 * math.pi),
        ("CIRCULARSTRING (1 1, 0 0, 1 -1)", math.pi),
    ):
        line = parse_wkt_literal(wkt).shapely
        centre = shapely.Point(1, 0)
        places = shapely.points(shapely.get_coordinates(line))
        assert shapely.distance(places, centre) == pytest.approx(1)
        assert line.length == pytest.approx(length, rel=STEP**2 / 20)
        sagitta = 1 - shapely.distance(line, centre)
        assert 0 < sagitta < 1.6e-4


def test_curves_are_chained_and_closed() -> None:
    disc = parse_wkt_literal(
        "CURVEPOLYGON (COMPOUNDCURVE (CIRCULARSTRING (0 0, 1 1, 2 0), (2 0, 0 0)))"
    ).shapely
    assert disc.is_valid
    assert disc.area == pytest.approx(math.pi / 2, rel=1e-3)
    surface = parse_wkt_literal(
        "MULTISURFACE (((5 5, 6 5, 6 6, 5 5)), CURVEPOLYGON (CIRCULARSTRING "
        "(0 0, 2 0, 0 0)))"
    ).shapely
    assert surface.area == pytest.approx(math.pi + 0.5, rel=1e-3)
    line = parse_wkt_literal("CIRCULARSTRING Z (0 0 0, 1 1 5, 2 0 10)").shapely
    heights = shapely.get_coordinates(line, include_z=True)[:, 2]
    assert heights[45] == pytest.approx(5)
    assert sorted(heights) == list(heights)


def test_a_circle_comes_back_by_the_side_that_was_not_given() -> None:
    for given in (
        [(2, 0), (1, 1), (0, 0)],
        [(0, 0), (1, 1), (2, 0)],
        [(0, 0), (1, -1), (1, 1)],
    ):
        ring = shapely.LineString(circle([tuple(map(float, at)) for at in given]))
        assert ring.is_ring
        assert shapely.Polygon(ring).area == pytest.approx(math.pi, rel=1e-3)
        order = [shapely.line_locate_point(ring, shapely.Point(at)) for at in given]
        assert order == sorted(order)


ARC = "<Arc><posList>0 0 1 1 2 0</posList></Arc>"
BACK = "<LineStringSegment><posList>2 0 0 0</posList></LineStringSegment>"


def test_arcs_of_gml_are_those_of_wkt() -> None:
    for gml, wkt in (
        (
            f"<Curve {G32}><segments>{ARC}{BACK}</segments></Curve>",
            "COMPOUNDCURVE (CIRCULARSTRING (0 0, 1 1, 2 0), (2 0, 0 0))",
        ),
        (
            (
                f"<Polygon {G32}><exterior><Ring><curveMember><Curve><segments>{ARC}"
                f"</segments></Curve></curveMember><curveMember><OrientableCurve "
                'orientation="-"><baseCurve><LineString><posList>0 0 2 0</posList>'
                "</LineString></baseCurve></OrientableCurve></curveMember></Ring>"
                "</exterior></Polygon>"
            ),
            "CURVEPOLYGON (COMPOUNDCURVE (CIRCULARSTRING (0 0, 1 1, 2 0), (2 0, 0 0)))",
        ),
        (
            (
                f"<CompositeCurve {G32}><curveMember><Curve><segments>{ARC}</segments>"
                "</Curve></curveMember><curveMember><LineString><posList>2 0 3 0"
                "</posList></LineString></curveMember></CompositeCurve>"
            ),
            "COMPOUNDCURVE (CIRCULARSTRING (0 0, 1 1, 2 0), (2 0, 3 0))",
        ),
    ):
        read = parse_literal(gml, GML_LITERAL).shapely
        assert shapely.equals_exact(read, parse_wkt_literal(wkt).shapely, 1e-12)


def _patch(name: str, ring: str) -> str:
    return (
        f"<{name}><exterior><LinearRing><posList>{ring}</posList></LinearRing>"
        f"</exterior></{name}>"
    )


@pytest.mark.parametrize(
    ("datatype", "text"),
    [
        (WKT_LITERAL, "TIN (((0 0, 2 0, 0 2, 0 0)), ((2 0, 2 2, 0 2, 2 0)))"),
        (
            WKT_LITERAL,
            (
                "POLYHEDRALSURFACE Z (((0 0 0, 2 0 0, 2 2 0, 0 2 0, 0 0 0)), "
                "((0 0 0, 2 0 0, 2 0 3, 0 0 3, 0 0 0)))"
            ),
        ),
        (
            GML_LITERAL,
            (
                f"<TriangulatedSurface {G32}><trianglePatches>"
                f"{_patch('Triangle', '0 0 2 0 0 2 0 0')}"
                f"{_patch('Triangle', '2 0 2 2 0 2 2 0')}"
                "</trianglePatches></TriangulatedSurface>"
            ),
        ),
        (
            GML_LITERAL,
            (
                f'<PolyhedralSurface {G32} srsDimension="3"><polygonPatches>'
                f"{_patch('PolygonPatch', '0 0 0 2 0 0 2 2 0 0 2 0 0 0 0')}"
                f"{_patch('PolygonPatch', '0 0 0 2 0 0 2 0 3 0 0 3 0 0 0')}"
                "</polygonPatches></PolyhedralSurface>"
            ),
        ),
        (
            GML_LITERAL,
            (
                f"<CompositeSurface {G32}><surfaceMember>"
                f"{_patch('Polygon', '0 0 1 0 1 2 0 2 0 0')}"
                "</surfaceMember><surfaceMember>"
                f"{_patch('Polygon', '1 0 2 0 2 2 1 2 1 0')}"
                "</surfaceMember></CompositeSurface>"
            ),
        ),
    ],
)
def test_a_surface_of_patches_is_its_footprint(datatype: str, text: str) -> None:
    shape = parse_literal(text, datatype).shapely
    assert shape.is_valid
    assert shape.equals(shapely.box(0, 0, 2, 2))


def test_surfaces_stand_among_others_in_a_column() -> None:
    tin = "TIN (((0 0, 2 0, 0 2, 0 0)), ((2 0, 2 2, 0 2, 2 0)))"
    parsed = parse_wkt_literals(["POINT (1 1)", tin, f"GEOMETRYCOLLECTION ({tin})"])
    assert [shape.area for shape in parsed.geometries] == [0, 4, 4]
    assert list(parsed.errors) == []
    assert parse_wkt_literal("TIN EMPTY").shapely.is_empty


def test_arcs_stand_among_others_in_a_column() -> None:
    texts = [
        "POINT (1 1)",
        f"<{EPSG}4326> CIRCULARSTRING (10 0, 11 1, 10 2)",
        "GEOMETRYCOLLECTION (POINT (1 1), CIRCULARSTRING (0 0, 1 1, 2 0))",
        "GEOMETRYCOLLECTION (MULTIPOINT (1 1), CIRCULARSTRING (0 0, 1 1, 2 0))",
        None,
        "POINT (2",
    ]
    parsed = parse_wkt_literals(texts)
    assert parsed.geometries[0] == shapely.Point(1, 1)
    assert parsed.geometries[1].bounds == pytest.approx((0, 10, 2, 11))
    assert parsed.geometries[2].length == pytest.approx(math.pi, rel=1e-3)
    assert [row for row, _ in parsed.errors] == [3, 5]


WITH_EMPTY_HOLE = {
    WKT_LITERAL: "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0), EMPTY))",
    GEOJSON_LITERAL: '{"type": "Polygon", "coordinates": '
    "[[[0, 0], [4, 0], [4, 4], [0, 0]], []]}",
    GML_LITERAL: f"<Polygon {G32}><exterior>{RING}</exterior><interior><LinearRing>"
    "<posList/></LinearRing></interior></Polygon>",
    KML_LITERAL: f"<Polygon><outerBoundaryIs>{KML_RING}</outerBoundaryIs>"
    "<innerBoundaryIs><LinearRing><coordinates/></LinearRing></innerBoundaryIs>"
    "</Polygon>",
}


@pytest.mark.parametrize("datatype", WITH_EMPTY_HOLE)
def test_a_hole_without_a_vertex_is_none(datatype: str) -> None:
    found = parse_literal(WITH_EMPTY_HOLE[datatype], datatype).shapely
    assert found.equals(shapely.Polygon([(0, 0), (4, 0), (4, 4)]))
    assert [len(part.interiors) for part in shapely.get_parts(found)] == [0]


def test_a_column_has_no_hole_without_a_vertex() -> None:
    found = parse_wkt_literals([WITH_EMPTY_HOLE[WKT_LITERAL], "POINT EMPTY", None])
    (part,) = shapely.get_parts(found.geometries[0])
    assert len(part.interiors) == 0
