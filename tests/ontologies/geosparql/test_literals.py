import numpy as np
import pytest
import shapely
from shapely.testing import assert_geometries_equal

from ontologies.errors import OntologyError
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri
from ontologies.geosparql.literals import (
    Geometry,
    LiteralError,
    parse_geojson_literal,
    parse_wkt_literal,
    parse_wkt_literals,
    render_geojson_literal,
    render_wkt_literal,
    render_wkt_literals,
)

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.mark.parametrize(
    ("text", "iri", "wkt"),
    [
        ("POINT (5 51)", CRS84_IRI, "POINT (5 51)"),
        (f"<{CRS84_IRI}> POINT (5 51)", CRS84_IRI, "POINT (5 51)"),
        (f"<{EPSG}4326> POINT (51 5)", EPSG + "4326", "POINT (5 51)"),
        (f"<{EPSG}3413> POINT (7 8)", EPSG + "3413", "POINT (7 8)"),
        (f"<{EPSG}3035>\n LINESTRING (1 2, 3 4)", EPSG + "3035", "LINESTRING(2 1,4 3)"),
        (f"<{EPSG}4979> POINT Z (51 5 9)", EPSG + "4979", "POINT Z (5 51 9)"),
        (
            f"<{EPSG}4326> POINT ZM (51 5 9 -2e3)",
            EPSG + "4326",
            "POINT ZM (5 51 9 -2e3)",
        ),
        (f"<{EPSG}4326> POINT M (51 5 7)", EPSG + "4326", "POINT M (5 51 7)"),
        (f"<{EPSG}4326> POLYGON EMPTY", EPSG + "4326", "POLYGON EMPTY"),
        (f"<{EPSG}4326> POINT EMPTY", EPSG + "4326", "POINT EMPTY"),
        ("", CRS84_IRI, "GEOMETRYCOLLECTION EMPTY"),
        (f"<{EPSG}4326> ", EPSG + "4326", "GEOMETRYCOLLECTION EMPTY"),
        ("  point(1 2)\n", CRS84_IRI, "POINT (1 2)"),
    ],
)
def test_a_wkt_literal_is_east_then_north(text: str, iri: str, wkt: str) -> None:
    geometry = parse_wkt_literal(text)
    assert geometry.crs_iri == iri
    expected = shapely.from_wkt(wkt)
    assert shapely.to_wkt(geometry.shapely, output_dimension=4) == shapely.to_wkt(
        expected, output_dimension=4
    )


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("POINT (1 2", 10, "end of stream"),
        ("POINT (1 ; 2)", 9, "number"),
        ("POINT (1 2)) ", 11, "after end"),
        ("PINT (1 2)", 0, "Unknown type"),
        (f"<{CRS84_IRI}> POLYGON ((0 0, 1 1, x))", len(CRS84_IRI) + 23, "number"),
        ("POINT (NaN 1)", 7, "not finite"),
        ("POINT (inf 1)", 7, "not finite"),
        ("POINT (1e999 1)", 6, "not finite"),
        ("TIN (((0 0, 1 1, 1 0, 0 0))", 0, "ends too soon"),
        ("CURVEPOLYGON ((0 0, 1 1))", 0, "at least 4 coordinates"),
        ("CIRCULARSTRING (0 0, 1 1)", 0, "odd number"),
        ("POLYGON ((0 0, 1 0, 1 1))", 0, "closed"),
    ],
)
def test_a_bad_wkt_literal_names_the_place(
    text: str, position: int, reason: str
) -> None:
    with pytest.raises(LiteralError, match=reason) as caught:
        parse_wkt_literal(text)
    assert caught.value.position == position


def test_a_literal_in_an_unknown_crs_is_refused_by_name() -> None:
    with pytest.raises(OntologyError, match=r"example\.org/crs"):
        parse_wkt_literal("<http://example.org/crs> POINT (1 2)")


def test_a_column_says_of_each_row_what_the_row_says_alone() -> None:
    texts = [
        "POINT (5 51)",
        None,
        f"<{EPSG}4326> LINESTRING (51 5, 52 6)",
        f"<{EPSG}4326> POINT ZM (51 5 9 1)",
        "POINT (1",
        "<http://example.org/crs> POINT (1 2)",
        "",
        "POINT (NaN 0)",
        f"<urn:ogc:def:crs:EPSG::4326> POINT (51 5)",  # noqa: F541 - beside its kin
        f"<{EPSG}3413> POLYGON EMPTY",
    ]
    parsed = parse_wkt_literals(texts)
    assert [row for row, _ in parsed.errors] == [4, 5, 7]
    for row, text in enumerate(texts):
        if row in (1, 4, 5, 7):
            assert parsed.geometries[row] is None
            assert parsed.crs_iris[row] is None
            continue
        assert text is not None
        alone = parse_wkt_literal(text)
        assert_geometries_equal(parsed.geometries[row], alone.shapely)
        assert parsed.crs_iris[row] == alone.crs_iri
    assert "character 9" in str(parsed.errors[0][1])


def test_an_empty_column_is_a_column() -> None:
    parsed = parse_wkt_literals([])
    assert len(parsed.geometries) == len(parsed.crs_iris) == len(parsed.errors) == 0


def test_a_rendered_column_is_the_rendered_rows() -> None:
    crs = crs_from_iri(EPSG + "4326")
    points = np.array([shapely.Point(5, 51), None, shapely.Point(0.1, 1 / 3)])
    texts = render_wkt_literals(points, crs)
    assert texts[0] == f"<{EPSG}4326> POINT (51 5)"
    assert texts[1] is None
    assert texts[2] == render_wkt_literal(Geometry(crs.iri, points[2]))


def test_a_geojson_literal_is_in_crs84() -> None:
    text = '{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}'
    geometry = parse_geojson_literal(text)
    assert geometry.crs_iri == CRS84_IRI
    assert parse_geojson_literal(render_geojson_literal(geometry)) == geometry
    assert parse_geojson_literal("").shapely.is_empty


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"type": "Point", "coordinates": [1, 2}', "delimiter"),
        ('{"type": "Feature", "geometry": null}', "'Feature' is not one of"),
        ("[]", "None is not one of"),
        ('{"type": "Point"}', "coordinates"),
        ('{"type": "Point", "coordinates": [NaN, 1]}', "NaN is not JSON"),
        ('{"type": "Point", "coordinates": [1e999, 1]}', "."),
        (
            '{"type":"Point","coordinates":[1,2],"crs":{"type":"name"}}',
            "carry no crs",
        ),
    ],
)
def test_a_bad_geojson_literal_is_refused(text: str, reason: str) -> None:
    with pytest.raises(LiteralError, match=reason):
        parse_geojson_literal(text)


def test_a_geometry_in_another_crs_is_not_written_as_geojson() -> None:
    with pytest.raises(OntologyError, match="transform it first"):
        render_geojson_literal(Geometry(EPSG + "3413", shapely.Point(1, 2)))
