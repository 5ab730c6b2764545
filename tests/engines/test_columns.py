"""What is answered for a column is what is answered row by row."""

from collections.abc import Callable
from typing import Any, Final

import pytest
import shapely

from engines.geosparql import answers, columns
from engines.geosparql.packing import pack
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import Geometry
from ontologies.namespaces import GEO

_UTM: Final = "http://www.opengis.net/def/crs/EPSG/0/32631"
_LAT_LON: Final = "http://www.opengis.net/def/crs/EPSG/0/4326"
_WKT: Final = [
    "POINT (5 51)",
    "POINT EMPTY",
    "POINT Z (5 51 3)",
    "POINT M (5 51 3)",
    "POINT ZM (5 51 3 4)",
    "LINESTRING (0.1 0.2, 3 4, 5 1)",
    "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 1))",
    "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))",
    "POLYGON ((0 80, 90 80, 180 80, -90 80, 0 80))",
    "POLYGON ((170 0, -170 0, -170 9, 170 9, 170 0))",
    "MULTIPOINT (179 0, -179 0)",
    "MULTIPOINT (-100 0, 100 10)",
    "POINT (7 90)",
    "LINESTRING (-180 10, 180 10)",
    "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
]
_PACKED: Final = [
    pack(Geometry(iri, shapely.from_wkt(wkt)))
    for iri in (CRS84_IRI, _LAT_LON)
    for wkt in _WKT
] + [pack(Geometry(_UTM, shapely.from_wkt("LINESTRING (5e5 57e5, 51e4 58e5)")))]

_ROWS: Final[dict[str, tuple[Callable[..., Any], Callable[..., Any], list[Any]]]] = {
    "construct": (
        answers.construct,
        columns.construct,
        [
            (operation, packed)
            for packed in _PACKED
            for operation in ("envelope", "centroid", "convexHull", "boundary")
        ]
        + [("buffer_m", packed, 4.0) for packed in _PACKED[:3]],
    ),
    "text": (
        answers.text_of,
        columns.text,
        [
            (operation, packed, "")
            for packed in _PACKED
            for operation in ("asWKT", "asGML", "geometryType")
        ],
    ),
    "read": (
        answers.read,
        columns.read,
        [(wkt, f"{GEO}wktLiteral") for wkt in _WKT]
        + [(f"<{_LAT_LON}> {wkt}", f"{GEO}wktLiteral") for wkt in _WKT]
        + [
            ("", f"{GEO}wktLiteral"),
            ("POINT (1)", f"{GEO}wktLiteral"),
            ("POINT (nan 1)", f"{GEO}wktLiteral"),
            ("<http://nowhere/> POINT (1 2)", f"{GEO}wktLiteral"),
            ("CIRCULARSTRING (0 0, 1 1, 2 0)", f"{GEO}wktLiteral"),
            ('{"type": "Point", "coordinates": [1, 2]}', f"{GEO}geoJSONLiteral"),
            ("{}", f"{GEO}geoJSONLiteral"),
            ("POINT (1 2)", f"{GEO}nothing"),
        ],
    ),
}


@pytest.mark.parametrize("name", _ROWS)
def test_a_column_is_answered_as_its_rows_are(name: str) -> None:
    one, many, rows = _ROWS[name]
    assert many(rows, lambda: None) == [one(*row) for row in rows]


@pytest.mark.parametrize("name", _ROWS)
def test_a_column_of_nothing_has_no_answers(name: str) -> None:
    _, many, _ = _ROWS[name]
    assert many([], lambda: None) == []


@pytest.mark.parametrize("name", _ROWS)
def test_who_stops_is_heard(name: str) -> None:
    _, many, rows = _ROWS[name]

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        many(rows, stop)
