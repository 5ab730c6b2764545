"""Geometries that queries compute, against shapely, pyproj and GeographicLib."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any, Final

import numpy as np
import pyproj
import pytest
import shapely
from geographiclib.geodesic import Geodesic

from engines.geodesy import area_m2, wrap
from strabon_store.store import Store
from tests.geometries import EPSG, by_name, plain, rows, same, shape, store_of, terms

GEOD: Final = pyproj.Geod(ellps="WGS84")
PLANAR: Final[Mapping[str, str]] = {
    "box": "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))",
    "twin": "POLYGON ((4 4, 0 4, 0 0, 4 0, 4 4))",
    "ell": "POLYGON ((2 2, 6 2, 6 3, 3 3, 3 6, 2 6, 2 2))",
    "ring": "POLYGON ((0 0, 8 0, 8 8, 0 8, 0 0), (2 2, 6 2, 6 6, 2 6, 2 2))",
    "line": "LINESTRING (0 1, 3 1, 3 5, 7 5)",
    "cross": "LINESTRING (0 0, 4 4, 4 0, 0 4)",
    "point": "POINT (3 3)",
    "points": "MULTIPOINT ((0 0), (3 3), (7 1), (5 5))",
    "lines": "MULTILINESTRING ((0 0, 1 1), (1 1, 2 0))",
    "islands": "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((3 3, 5 3, 5 5, 3 3)))",
    "mixed": "GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 1 2))",
    "tall": "POLYGON Z ((0 0 1, 4 0 2, 4 4 3, 0 4 4, 0 0 1))",
    "nothing": "POLYGON EMPTY",
}
SHAPES: Final = {name: shapely.from_wkt(text) for name, text in PLANAR.items()}
BAD: Final[Mapping[str, str]] = {
    "bow": "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))",
    "cut": "POLYGON ((0 0, 1",
    "nowhere": "<http://www.opengis.net/def/crs/EPSG/0/999999> POINT (1 1)",
}
UNARY: Final[Mapping[str, Callable[[Any], Any]]] = {
    "boundary": shapely.boundary,
    "centroid": shapely.centroid,
    "convexHull": shapely.convex_hull,
    "envelope": shapely.envelope,
}
BINARY: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "difference": shapely.difference,
    "intersection": shapely.intersection,
    "symDifference": shapely.symmetric_difference,
    "union": shapely.union,
}


@pytest.fixture(scope="module")
def planar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = store_of(tmp_path_factory.mktemp("planar"), {**PLANAR, **BAD})
    yield store
    store.close()


@pytest.mark.parametrize("function", UNARY)
def test_a_geometry_made_of_one(planar: Store, function: str) -> None:
    found = by_name(planar, f"geof:{function}(?x)")
    assert found["cut"] is found["nowhere"] is None
    for name, geometry in SHAPES.items():
        expected = UNARY[function](geometry)
        if expected is None:
            assert found[name] is None
        else:
            assert same(shape(found[name]), expected), name


@pytest.mark.parametrize("function", BINARY)
def test_a_geometry_made_of_two(planar: Store, function: str) -> None:
    pairs = rows(
        planar,
        f"SELECT ?a ?b (geof:{function}(?x, ?y) AS ?v) {{ ?a g:has ?x . ?b g:has ?y }}",
    )
    assert len(pairs) == (len(PLANAR) + len(BAD)) ** 2
    for a, b, text in pairs:
        if a in BAD or b in BAD:
            assert text is None
        else:
            expected = _overlay(function, SHAPES[a], SHAPES[b])
            assert same(shape(text), expected), (a, b)


def _overlay(function: str, one: Any, other: Any) -> Any:
    """Shapely's answer; GEOS fails on an empty geometry beside a collection."""
    empty = shapely.Point() if one.is_empty or other.is_empty else None
    if empty is None:
        return BINARY[function](one, other)
    rest = {"intersection": empty, "difference": one}
    return rest.get(function, other if one.is_empty else one)


def test_functions_nest(planar: Store) -> None:
    text = (
        "SELECT ?a ?b (geof:area(geof:intersection(?x, ?y), uom:metre) AS ?v) "
        "{ ?a g:has ?x . ?b g:has ?y }"
    )
    for a, b, area in rows(planar, text):
        if a in BAD or b in BAD:
            assert area is None
            continue
        common = _overlay("intersection", SHAPES[a], SHAPES[b])
        common = shapely.orient_polygons(common)
        expected = sum(
            GEOD.geometry_area_perimeter(part)[0]
            for part in shapely.get_parts(common)
            if part.geom_type == "Polygon"
        )
        assert area == pytest.approx(expected, rel=1e-9, abs=1e-3)


def test_a_computed_geometry_is_bound_and_used(planar: Store) -> None:
    text = (
        "SELECT ?a ?h (geof:area(?h, uom:metre) AS ?m) (datatype(?h) AS ?d) "
        "{ ?a g:has ?x BIND (geof:convexHull(?x) AS ?h) "
        'FILTER (geof:sfIntersects(?h, "POINT (3 3)"^^geo:wktLiteral)) }'
    )
    found = {a: (h, m, d) for a, h, m, d in rows(planar, text)}
    expected = {
        name: shapely.convex_hull(each)
        for name, each in SHAPES.items()
        if shapely.convex_hull(each).intersects(shapely.Point(3, 3))
    }
    assert set(found) == set(expected)
    for name, (hull, metres, datatype) in found.items():
        assert same(shape(hull), expected[name])
        assert metres == pytest.approx(area_m2(expected[name])[0])
        assert datatype.endswith("wktLiteral")


def test_computed_geometries_meet_stored_ones_in_unions_and_choices(
    planar: Store,
) -> None:
    text = (
        "SELECT ?v ?m { { g:box g:has ?v } UNION "
        "{ g:box g:has ?x BIND (geof:centroid(?x) AS ?v) } "
        "BIND (geof:dimension(COALESCE(?none, ?v)) AS ?m) }"
    )
    assert sorted(rows(planar, text)) == [
        ("POINT (2 2)", 0.0),
        (PLANAR["box"], 2.0),
    ]
    choice = "IF(geof:dimension(?x) = 2, geof:centroid(?x), geof:envelope(?x))"
    found = by_name(planar, f"geof:geometryType({choice})")
    assert found["box"].endswith("sf#Point")
    assert found["line"].endswith("sf#Polygon")


def test_text_becomes_a_geometry(planar: Store) -> None:
    text = (
        "SELECT ?t (geof:sfWithin(?g, ?x) AS ?v) { g:box g:has ?x "
        'VALUES ?t { "POINT (1 1)" "POINT (9 9)" "POINT (1" } '
        "BIND (STRDT(?t, geo:wktLiteral) AS ?g) }"
    )
    expected = {"POINT (1 1)": True, "POINT (9 9)": False, "POINT (1": None}
    assert dict(rows(planar, text)) == expected


def test_an_optional_geometry_is_read_where_it_is_bound(planar: Store) -> None:
    text = (
        "SELECT ?v { VALUES ?a { g:box g:none } OPTIONAL { ?a g:has ?x } "
        "OPTIONAL { g:box g:has ?x FILTER (geof:isEmpty(?x) || true) } "
        "BIND (geof:area(?x, uom:metre) > 0 AS ?v) }"
    )
    assert {row[0] for row in rows(planar, text)} == {True}


@pytest.mark.parametrize(
    ("relation", "holds"),
    [("sfIntersects", shapely.intersects), ("sfContains", shapely.contains)],
)
def test_a_join_of_computed_geometries(
    planar: Store, relation: str, holds: Callable[[Any, Any], bool]
) -> None:
    text = (
        "SELECT ?a ?b { ?a g:has ?x . ?b g:has ?y "
        f"FILTER (geof:{relation}(geof:envelope(?x), geof:centroid(?y))) }}"
    )
    hulls = {name: shapely.envelope(each) for name, each in SHAPES.items()}
    middles = {name: shapely.centroid(each) for name, each in SHAPES.items()}
    bow = shapely.from_wkt(BAD["bow"])
    hulls["bow"], middles["bow"] = shapely.envelope(bow), shapely.centroid(bow)
    expected = {
        (a, b) for a, b in product(hulls, middles) if holds(hulls[a], middles[b])
    }
    assert set(rows(planar, text)) == expected


def test_concave_hulls_and_bounding_circles_hold_their_geometry(planar: Store) -> None:
    hulls = by_name(planar, "geof:concaveHull(?x)")
    circles = by_name(planar, "geof:boundingCircle(?x)")
    for name, geometry in SHAPES.items():
        if geometry.is_empty:
            continue
        hull, circle = shape(hulls[name]), shape(circles[name])
        assert shapely.convex_hull(geometry).buffer(1e-9).covers(hull)
        assert hull.buffer(1e-9).covers(geometry), name
        assert circle.covers(geometry) or geometry.geom_type == "Point"
    points = shapely.concave_hull(SHAPES["points"], 0.3)
    assert same(shape(hulls["points"]), points)


def test_parts_are_counted_from_one(planar: Store) -> None:
    for number in (1, 2):
        found = by_name(planar, f"geof:geometryN(?x, {number})")
        for name, geometry in SHAPES.items():
            parts = shapely.get_parts(geometry)
            if number > len(parts):
                assert found[name] is None
            else:
                assert same(shape(found[name]), parts[number - 1])
    assert set(by_name(planar, "geof:geometryN(?x, 0)").values()) == {None}


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_join_of_a_bound_geometry(planar: Store, place: str) -> None:
    bound = "BIND (geof:envelope(?x) AS ?e) BIND (STR(?b) AS ?name)"
    patterns = ["?a g:has ?x . ?b g:has ?y .", bound]
    if place == "before":
        patterns = ["?a g:has ?x .", bound.partition(") B")[0] + ")", "?b g:has ?y ."]
    text = f"SELECT ?a ?b {{ {' '.join(patterns)} FILTER (geof:sfContains(?e, ?y)) }}"
    shapes = {**SHAPES, "bow": shapely.from_wkt(BAD["bow"])}
    expected = {
        (a, b)
        for a, b in product(shapes, SHAPES)
        if shapely.contains(shapely.envelope(shapes[a]), SHAPES[b])
    }
    assert set(rows(planar, text)) == expected


def test_a_random_number_is_drawn_for_each_pair(planar: Store) -> None:
    text = (
        "SELECT (COUNT(DISTINCT ?r) AS ?n) (COUNT(*) AS ?all) { ?a g:has ?x . "
        "?b g:has ?y BIND (RAND() AS ?r) FILTER (geof:sfIntersects(?x, ?y)) }"
    )
    ((different, pairs),) = rows(planar, text)
    assert different == pairs > len(SHAPES)


CIRCLES: Final = [
    (0.0, 0.0, 1_000.0),
    (10.0, 45.0, 250_000.0),
    (-40.0, 85.0, 1_000.0),
    (-40.0, 85.0, 900_000.0),
    (179.9, 71.0, 50_000.0),
    (0.0, 90.0, 10_000.0),
    (0.0, -89.99, 100_000.0),
]


def _outline(area: Any) -> np.ndarray[Any, Any]:
    """The vertices of an area but those that only close it at a seam."""
    places = shapely.get_coordinates(area)
    inside = (np.abs(places[:, 0]) < 180) & (np.abs(places[:, 1]) < 90)
    kept: np.ndarray[Any, Any] = places[inside]
    return kept


@pytest.mark.parametrize(("lon", "lat", "radius"), CIRCLES)
def test_a_buffer_of_a_point_is_a_geodesic_circle(
    planar: Store, lon: float, lat: float, radius: float
) -> None:
    literal = f'"POINT ({lon} {lat})"^^geo:wktLiteral'
    ((text, metres),) = rows(
        planar,
        f"SELECT ?b (geof:metricArea(?b) AS ?m) {{ g:box g:has ?x BIND "
        f"(geof:buffer({literal}, {radius / 1000}, <{KILOMETRE}>) AS ?b) }}",
    )
    circle = shape(text)
    assert circle.is_valid
    for x, y in _outline(circle).tolist():
        found = Geodesic.WGS84.Inverse(lat, lon, y, x)["s12"]
        assert -4e-4 * radius < found - radius < 1e-6 * radius + 1e-6
    small_circle = 2 * np.pi * 6_371_000**2 * (1 - np.cos(radius / 6_371_000))
    assert metres == pytest.approx(small_circle, rel=0.01)


KILOMETRE: Final = "http://qudt.org/vocab/unit/KiloM"
# Vertices so near that an edge is the same line in degrees and on the ellipsoid.
BELT: Final = shapely.segmentize(shapely.box(-10, 60, 10, 70), 0.1)
SQUARE: Final = shapely.segmentize(shapely.box(-9e5, -9e5, 9e5, 9e5), 1e4)
WIDE: Final[Mapping[str, str]] = {
    "track": "LINESTRING (170 60, -170 70, -150 85)",
    "belt": shapely.transform(
        BELT, lambda at: np.column_stack([(at[:, 0] + 360) % 360 - 180, at[:, 1]])
    ).wkt,
    "cap": "POLYGON ((0 80, 90 80, 180 80, -90 80, 0 80))",
    "polar": f"<{EPSG}3413> {SQUARE}",
    "lat_lon": f"<{EPSG}4326> LINESTRING (80 10, 81 20)",
    "across": "MULTIPOINT ((179 10), (-179 12))",
}


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = store_of(tmp_path_factory.mktemp("wide"), WIDE)
    yield store
    store.close()


def _lines_of(name: str) -> Any:
    """Places along a line in CRS84, a kilometre apart or less."""
    x, y = shapely.get_coordinates(shape(WIDE[name])).T
    run = np.unwrap(x, period=360)
    line = shapely.segmentize(shapely.LineString(np.column_stack([run, y])), 0.01)
    return shapely.get_coordinates(line)


@pytest.mark.parametrize("metres", [5_000, 400_000])
@pytest.mark.parametrize("name", ["track", "lat_lon"])
def test_a_buffer_of_a_line_is_geodesic(wide: Store, name: str, metres: int) -> None:
    found = shape(by_name(wide, f"geof:buffer(?x, {metres}, uom:metre)")[name])
    assert found.is_valid
    places = _lines_of(name)
    for x, y in _outline(found)[::23].tolist():
        start = np.full(len(places), x), np.full(len(places), y)
        nearest = GEOD.inv(*start, *places.T)[2].min()
        assert nearest == pytest.approx(metres, rel=5e-4, abs=50)


def test_buffers_of_areas_grow_and_shrink(wide: Store) -> None:
    grown = by_name(wide, "geof:area(geof:metricBuffer(?x, 10000), uom:metre)")
    shrunk = by_name(wide, "geof:area(geof:metricBuffer(?x, -10000), uom:metre)")
    areas = by_name(wide, "geof:area(?x, uom:metre)")
    # A strip of 10 km along the boundary, and what its corners add.
    length = by_name(wide, "geof:perimeter(?x, uom:metre)")
    for name in ("belt", "polar"):
        strip = 10_000 * length[name]
        assert grown[name] - areas[name] == pytest.approx(strip, rel=0.03)
        assert areas[name] - shrunk[name] == pytest.approx(strip, rel=0.03)
    again = by_name(
        wide,
        "geof:area(geof:metricBuffer(geof:metricBuffer(?x, 100000), -100000), "
        "uom:metre)",
    )
    assert again["belt"] == pytest.approx(areas["belt"], rel=2e-3)
    assert shrunk["track"] == 0


def test_a_buffer_in_degrees_is_planar(planar: Store) -> None:
    found = by_name(planar, "geof:buffer(?x, 0.5, uom:degree)")
    for name, geometry in SHAPES.items():
        expected = shapely.buffer(geometry, 0.5, quad_segs=32)
        assert same(shape(found[name]), expected, 1e-6)


def test_a_buffer_finds_what_is_within_its_radius(wide: Store) -> None:
    text = (
        "SELECT ?a ?b { ?a g:has ?x . ?b g:has ?y "
        "FILTER (geof:sfIntersects(geof:buffer(?x, 300000, uom:metre), ?y)) }"
    )
    near = (
        "SELECT ?a ?b { ?a g:has ?x . ?b g:has ?y "
        "FILTER (geof:distance(?x, ?y, uom:metre) < 300000) }"
    )
    assert set(rows(wide, text)) == set(rows(wide, near))
    constant = (
        f'SELECT ?b {{ BIND ("{WIDE["across"]}"^^geo:wktLiteral AS ?c) ?b g:has ?y '
        f'FILTER (geof:sfIntersects(geof:buffer("{WIDE["across"]}"^^geo:wktLiteral, '
        "300000, uom:metre), ?y)) }"
    )
    assert rows(wide, constant) == [("across",)]


def test_what_lies_across_the_antimeridian_is_enclosed_there(wide: Store) -> None:
    for function in ("convexHull", "envelope", "boundingCircle", "concaveHull"):
        found = shape(by_name(wide, f"geof:{function}(?x)")["across"])
        assert not found.intersects(shapely.box(-178, -90, 178, 90)), function
    middle = shape(by_name(wide, "geof:centroid(?x)")["across"])
    assert abs(middle.x) == 180
    belt = shape(by_name(wide, "geof:centroid(?x)")["belt"])
    assert (abs(belt.x), belt.y) == (pytest.approx(180), pytest.approx(65))
    box = shape(by_name(wide, "geof:envelope(?x)")["belt"])
    assert sorted(part.bounds for part in box.geoms) == [
        (-180, 60, -170, 70),
        (170, 60, 180, 70),
    ]


@pytest.mark.parametrize("name", WIDE)
def test_a_bounding_circle_is_the_least_geodesic_one(wide: Store, name: str) -> None:
    text = by_name(
        wide,
        "geof:transform(geof:boundingCircle(?x), "
        "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>)",
    )[name]
    inside = by_name(
        wide,
        "geof:sfContains(geof:boundingCircle(?x), ?x)",
    )
    assert inside[name]
    if name in {"track", "lat_lon"}:
        length = by_name(wide, "geof:metricLength(?x)")[name]
        radius = np.sqrt(area_m2(shape(text))[0] / np.pi)
        assert radius < 0.52 * length


def test_a_result_is_in_the_crs_of_the_first_operand(wide: Store) -> None:
    found = rows(
        wide,
        "SELECT (geof:intersection(?p, ?c) AS ?pc) (geof:intersection(?c, ?p) AS ?cp) "
        "(geof:union(?l, ?l) AS ?u) "
        "{ g:polar g:has ?p . g:cap g:has ?c . g:lat_lon g:has ?l }",
    )
    ((projected, geographic, line),) = found
    assert projected.startswith(f"<{EPSG}3413> POLYGON")
    assert geographic.startswith("POLYGON")
    assert line == WIDE["lat_lon"]
    one, other = shape(projected), shape(geographic)
    assert one.is_valid
    assert one.covers(shapely.Point(0, 0))
    assert other.covers(shapely.Point(0, 90))
    # In the plane where they were overlaid; where that is cut, measures see one edge.
    (cut,) = wrap(np.array([_in_crs84(one)])).geometries
    assert cut.symmetric_difference(other).area < 1e-9 * other.area


def _moved(geometry: Any, source: Any, target: Any) -> Any:
    transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)

    def move(places: Any) -> Any:
        return np.column_stack(transformer.transform(*places.T))

    return shapely.transform(geometry, move)


def _in_crs84(geometry: Any) -> Any:
    return _moved(geometry, 3413, "OGC:CRS84")


def test_operands_of_one_projected_crs_stay_in_its_plane(tmp_path: Any) -> None:
    one = shapely.box(-2e5, -1e6, 3e5, 5e5)
    other = shapely.box(0, -3e6, 1e6, 1e5)
    texts = {"one": f"<{EPSG}3413> {one.wkt}", "other": f"<{EPSG}3413> {other.wkt}"}
    with store_of(tmp_path, texts) as store:
        for function, operation in BINARY.items():
            text = (
                f"SELECT (geof:{function}(?x, ?y) AS ?v) "
                "{ g:one g:has ?x . g:other g:has ?y }"
            )
            ((found,),) = rows(store, text)
            assert found.startswith(f"<{EPSG}3413> ")
            assert same(shape(found), operation(one, other))
        hull = by_name(store, "geof:convexHull(?x)")["one"]
        assert same(shape(hull), one)


def test_geometries_are_transformed_as_pyproj_does(planar: Store) -> None:
    found = by_name(planar, f"geof:transform(?x, <{EPSG}32631>)")
    for name, geometry in SHAPES.items():
        expected = _moved(geometry, "OGC:CRS84", 32631)
        assert found[name].startswith(f"<{EPSG}32631> ")
        assert same(shape(found[name]), expected, 1e-6)
    lat_lon = by_name(planar, f"geof:transform(?x, <{EPSG}4326>)")
    assert lat_lon["line"] == f"<{EPSG}4326> LINESTRING (1 0, 1 3, 5 3, 5 7)"
    unknown = by_name(planar, "geof:transform(?x, <http://g/crs>)")
    assert set(unknown.values()) == {None}


def test_constants_are_computed_while_compiling(planar: Store) -> None:
    text = (
        "SELECT ?a { ?a g:has ?x FILTER (geof:sfWithin(?x, "
        'geof:buffer("POINT (3 3)"^^geo:wktLiteral, 1000, uom:metre))) }'
    )
    explained = planar.explain(
        "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
        "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
        "PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/> PREFIX g: <http://g/>"
        + text
    )
    assert "pytheas" not in explained.sql.lower()
    assert "maxx" in explained.sql
    assert rows(planar, text) == [("point",)]


def test_the_term_of_a_result_names_crs84_by_silence(planar: Store) -> None:
    found = {plain(a): b for a, b in terms(planar, _CENTROIDS)}
    assert plain(found["box"]) == "POINT (2 2)"


_CENTROIDS: Final = "SELECT ?a (geof:centroid(?x) AS ?v) { ?a g:has ?x }"
