"""What queries are told of a geometry, against shapely, H3 and the texts themselves."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import h3
import pytest
import shapely

from ontologies.geosparql.dggs import H3_IRI
from ontologies.namespaces import SF, XSD
from strabon_store.algebra.terms import Literal
from strabon_store.store import Store
from tests.geometries import EPSG, by_name, rows, shape, store_of, terms

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
TEXTS: Final[Mapping[str, str]] = {
    "point": "POINT (5 51)",
    "solid": "POINT Z (5 51 7.5)",
    "measured": "LINESTRING M (0 0 1, 1 1 2)",
    "both": "LINESTRING ZM (0 0 1 9, 1 1 2 8)",
    "loop": "LINESTRING (0 0, 2 2, 2 0, 0 2)",
    "ring": "POLYGON ((0 0, 8 0, 8 8, 0 8, 0 0), (2 2, 6 2, 6 6, 2 6, 2 2))",
    "bow": "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))",
    "points": "MULTIPOINT ((0 0), (3 4))",
    "mixed": "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 1 2))",
    "nothing": "POINT EMPTY",
    "void": "",
    "lat_lon": f"<{EPSG}4326> LINESTRING (80 10, 81 20)",
    "polar": f"<{EPSG}3413> POLYGON ((0 0, 1e6 0, 1e6 1e6, 0 0))",
    "belt": "POLYGON ((170 60, -170 60, -170 70, 170 70, 170 60))",
}
SHAPES: Final = {name: shape(text) for name, text in TEXTS.items()}
NAMES: Final = {"Polygon", "Point", "LineString", "MultiPoint", "GeometryCollection"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("accessors")
    store = store_of(folder, {**TEXTS, "cut": "POINT (1", "far": "<urn:x> POINT (1 1)"})
    yield store
    store.close()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("dimension", shapely.get_dimensions),
        ("coordinateDimension", shapely.get_coordinate_dimension),
        ("spatialDimension", lambda each: 3 if each.has_z else 2),
        ("numGeometries", shapely.get_num_geometries),
        ("isEmpty", shapely.is_empty),
        # Of a collection shapely says no; its parts are what can be simple.
        ("isSimple", lambda each: all(shapely.is_simple(shapely.get_parts(each)))),
        ("is3D", shapely.has_z),
        ("isMeasured", shapely.has_m),
    ],
)
def test_a_property(store: Store, function: str, expected: Any) -> None:
    found = by_name(store, f"geof:{function}(?x)")
    assert found.pop("cut") is found.pop("far") is None
    assert found == {name: expected(each) for name, each in SHAPES.items()}


@pytest.mark.parametrize("axis", range(4))
def test_extremes_are_east_and_north_in_every_crs(store: Store, axis: int) -> None:
    name = ("minX", "minY", "maxX", "maxY")[axis]
    for function in (name, name.lower()):
        found = by_name(store, f"geof:{function}(?x)")
        for key, each in SHAPES.items():
            expected = None if each.is_empty else each.bounds[axis]
            assert found[key] == expected, key


def test_extremes_of_heights(store: Store) -> None:
    lowest = by_name(store, "geof:minZ(?x)")
    highest = by_name(store, "geof:maxZ(?x)")
    assert (lowest["solid"], highest["solid"]) == (7.5, 7.5)
    assert (lowest["both"], highest["both"]) == (1, 2)
    assert lowest["point"] is highest["measured"] is None


def test_the_type_and_the_crs_are_named(store: Store) -> None:
    types = by_name(store, "geof:geometryType(?x)")
    assert {types[name].removeprefix(SF) for name in TEXTS} == NAMES
    assert types["ring"] == SF.term("Polygon")
    crs = by_name(store, "geof:getSRID(?x)")
    assert crs["lat_lon"] == EPSG + "4326"
    assert {crs[name] for name in TEXTS if name not in {"lat_lon", "polar"}} == {CRS84}
    ((term,),) = terms(store, "SELECT (geof:getSRID(?x) AS ?v) { g:point g:has ?x }")
    assert term == Literal(CRS84, XSD.term("anyURI"))


def test_as_wkt_says_the_same_geometry_again(store: Store) -> None:
    found = by_name(store, "geof:asWKT(?x)")
    for name, each in SHAPES.items():
        ours = shape(found[name])
        assert ours.equals_exact(each), name
        assert (ours.has_z, ours.has_m) == (each.has_z, each.has_m)
    assert found["lat_lon"] == TEXTS["lat_lon"]
    assert found["both"] == TEXTS["both"]


def test_as_gml_is_gml_3_2_in_the_crs_and_its_axis_order(store: Store) -> None:
    for call in ("geof:asGML(?x)", 'geof:asGML(?x, "http://www.opengis.net/gml/3.2")'):
        found = by_name(store, call)
        line = ET.fromstring(found["lat_lon"])
        assert line.tag == "{http://www.opengis.net/gml/3.2}LineString"
        assert line.get("srsName") == EPSG + "4326"
        assert line[0].text == "80 10 81 20"
        solid = ET.fromstring(found["solid"])
        assert (solid.get("srsDimension"), solid[0].text) == ("3", "5 51 7.5")
        ring = ET.fromstring(found["ring"])
        assert [len(ring), ring[1].tag[-8:]] == [2, "interior"]


def test_as_geojson_and_as_kml_are_in_crs84(store: Store) -> None:
    geojson = by_name(store, "geof:asGeoJSON(?x)")
    assert json.loads(geojson["lat_lon"])["coordinates"] == [[10, 80], [20, 81]]
    assert len(json.loads(geojson["belt"])["coordinates"]) == 2
    assert json.loads(geojson["solid"])["coordinates"] == [5, 51, 7.5]
    kml = by_name(store, "geof:asKML(?x)")
    line = ET.fromstring(kml["lat_lon"])
    assert line.tag == "{http://www.opengis.net/kml/2.2}LineString"
    assert line[0].text == "10,80 20,81"


@pytest.mark.parametrize("function", ["asGML", "asGeoJSON", "asKML"])
def test_what_is_written_is_read_again(store: Store, function: str) -> None:
    found = by_name(store, f"geof:asWKT(geof:{function}(?x))")
    for name, each in SHAPES.items():
        if name in {"polar", "belt", "lat_lon"} and function != "asGML":
            continue
        expected = shapely.force_2d(each) if not each.has_z else shapely.force_3d(each)
        ours = shape(found[name])
        if each.is_empty:
            assert ours.is_empty
        else:
            assert ours.equals_exact(expected, 1e-9), name


def test_as_dggs_covers_the_geometry_with_cells(store: Store) -> None:
    found = by_name(store, f"geof:asDGGS(?x, <{H3_IRI}/4>)")
    assert found["point"].endswith(f"CELLLIST (({h3.latlng_to_cell(51, 5, 4)}))")
    covered = by_name(
        store, f"geof:isEmpty(geof:difference(?x, geof:asDGGS(?x, <{H3_IRI}/4>)))"
    )
    assert covered["ring"] is covered["point"] is covered["points"] is True
    assert set(by_name(store, "geof:asDGGS(?x, <http://g/grid>)").values()) == {None}


def test_a_cell_is_an_area(tmp_path: Path) -> None:
    cells = {"one": h3.latlng_to_cell(51, 5, 5), "pole": h3.latlng_to_cell(90, 0, 2)}
    texts = {name: f"<{H3_IRI}> CELL ({cell})" for name, cell in cells.items()}
    texts["ring"] = f"<{H3_IRI}> CELLLIST (({' '.join(h3.grid_ring(cells['one'], 1))}))"
    texts["none"] = f"<{H3_IRI}> CELL (zz)"
    with store_of(tmp_path, texts, "dggs") as store:
        areas = by_name(store, "geof:area(?x, uom:metre)")
        assert areas["none"] is None
        for name, cell in cells.items():
            expected = h3.cell_area(cell, "m^2")
            # H3's is on a sphere; towards the poles the ellipsoid is wider.
            assert areas[name] == pytest.approx(expected, rel=1e-2)
        inside = (
            'SELECT ?a { ?a g:has ?x FILTER (geof:sfContains(?x, "POINT (0 89.9)"'
            "^^geo:wktLiteral)) }"
        )
        assert rows(store, inside) == [("pole",)]
        touches = (
            "SELECT ?b { g:one g:has ?x . ?b g:has ?y FILTER (geof:ehMeet(?x, ?y)) }"
        )
        assert rows(store, touches) == [("ring",)]
