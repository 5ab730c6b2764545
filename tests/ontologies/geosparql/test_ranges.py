"""Longitudes and latitudes that are none, in every serialization, with their place."""

import pytest
import shapely

from ontologies.geosparql.datatypes import (
    GEOJSON_LITERAL,
    GML_LITERAL,
    KML_LITERAL,
    STRDF_WKT,
    WKT_LITERAL,
)
from ontologies.geosparql.literals import (
    LiteralError,
    parse_wkt_literal,
    parse_wkt_literals,
)
from ontologies.geosparql.serializations import parse_literal

EPSG = "<http://www.opengis.net/def/crs/EPSG/0/{}> "
SRS = 'xmlns:gml="http://www.opengis.net/gml/3.2" srsName="urn:ogc:def:crs:EPSG::4326"'
KML = 'xmlns="http://www.opengis.net/kml/2.2"'


@pytest.mark.parametrize(
    "text",
    [
        "POINT (5 90)",
        "POINT (359.5 -90)",
        "LINESTRING (-190 0, 190 5)",
        "POINT (540 0)",
        EPSG.format(4326) + "POINT (-90 360)",
        # In grads a quarter of a turn is 100.
        EPSG.format(4807) + "POINT (95 5)",
        EPSG.format(3413) + "POINT (500000 -2000000)",
        "POINT EMPTY",
    ],
)
def test_what_is_on_earth_is_read(text: str) -> None:
    assert parse_wkt_literals([text]).errors == ()
    assert parse_wkt_literal(text) == parse_literal(text, WKT_LITERAL)


@pytest.mark.parametrize(
    ("text", "number", "reason"),
    [
        (
            "POINT (5 95)",
            "95",
            "latitude 95 is beyond 90; the longitude comes first",
        ),
        ("LINESTRING (0 0, 5 -9.1e1)", "-9.1e1", "latitude -91 is beyond -90"),
        ("POINT (-540.5 5)", "-540.5", "the longitude -540.5 is beyond -540"),
        # Swapped, as often.
        (EPSG.format(4326) + "POINT (121 31)", "121", "the latitude comes first in"),
        (EPSG.format(4807) + "POINT (101 5)", "101 ", "latitude 101 is beyond 100"),
    ],
)
def test_what_is_not_is_named_where_it_stands(
    text: str, number: str, reason: str
) -> None:
    good, bad = "POINT (1 2)", parse_wkt_literals([None, text, "POINT (1 2)"])
    with pytest.raises(LiteralError) as caught:
        parse_wkt_literal(text)
    ((row, error),) = bad.errors
    assert (row, str(error)) == (1, str(caught.value))
    assert reason in str(error)
    assert caught.value.position == text.index(number)
    assert bad.geometries[1] is None
    assert bad.geometries[2] == parse_wkt_literal(good).shapely


@pytest.mark.parametrize(
    ("text", "datatype"),
    [
        ('{"type": "Point", "coordinates": [5, 95]}', GEOJSON_LITERAL),
        (f"<gml:Point {SRS}><gml:pos>95 5</gml:pos></gml:Point>", GML_LITERAL),
        (f"<Point {KML}><coordinates>5,95</coordinates></Point>", KML_LITERAL),
        (
            "POINT (5 95);http://www.opengis.net/def/crs/EPSG/0/4326",
            STRDF_WKT,
        ),
    ],
)
def test_in_every_serialization(text: str, datatype: str) -> None:
    right = parse_literal(text.replace("95", "85"), datatype)
    assert right.shapely.equals(shapely.Point(5, 85))
    with pytest.raises(LiteralError, match="the latitude 95 is beyond 90") as caught:
        parse_literal(text, datatype)
    assert caught.value.position == text.index("95")
