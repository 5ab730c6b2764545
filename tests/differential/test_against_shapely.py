"""GeoSPARQL answers against shapely, pyproj and GeographicLib on the same data."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyproj
import pytest
import shapely
from geographiclib.geodesic import Geodesic

from ontologies.geosparql.relations import RELATIONS, matches
from ontologies.namespaces import UOM
from strabon_store.algebra.terms import IRI, Literal
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.solutions import read_all

PROLOGUE: Final = (
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"
    f"PREFIX uom: <{UOM}>\n"
)
NAMED: Final[Mapping[str, Callable[..., Any]]] = {
    "sfEquals": shapely.equals,
    "sfDisjoint": shapely.disjoint,
    "sfIntersects": shapely.intersects,
    "sfTouches": shapely.touches,
    "sfCrosses": shapely.crosses,
    "sfWithin": shapely.within,
    "sfContains": shapely.contains,
    "sfOverlaps": shapely.overlaps,
}


def _shapes() -> dict[str, Any]:
    """Points, lines and polygons on a small grid, so that they touch and coincide."""
    random = np.random.default_rng(7)
    shapes: dict[str, Any] = {}
    for i in range(16):
        x, y = (int(v) for v in random.integers(0, 8, 2))
        w, h = (int(v) for v in random.integers(1, 4, 2))
        shapes[f"area{i}"] = shapely.box(x, y, x + w, y + h)
        shapes[f"point{i}"] = shapely.Point(*random.integers(0, 8, 2))
        ends = random.integers(0, 8, (3, 2))
        shapes[f"line{i}"] = shapely.LineString(ends)
    shapes["twin"] = shapes["area0"].reverse()
    shapes["ring"] = shapely.box(0, 0, 8, 8) - shapely.box(2, 2, 6, 6)
    shapes["points"] = shapely.MultiPoint([(0, 0), (3, 3)])
    shapes["islands"] = shapely.union_all(
        [shapely.box(0, 0, 1, 1), shapely.box(3, 3, 5, 5)]
    )
    shapes["frame"] = shapely.box(-1, -1, 12, 12)
    return {name: shape for name, shape in shapes.items() if shape.is_valid}


SHAPES: Final = _shapes()


def _turtle() -> Iterator[str]:
    yield "@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"
    for name, shape in SHAPES.items():
        yield f'<http://g/{name}> geo:asWKT "{shape.wkt}"^^geo:wktLiteral .\n'
    yield '<http://g/bad> geo:asWKT "POLYGON ((0 0, 1"^^geo:wktLiteral .\n'
    yield '<http://g/text> geo:asWKT "POINT (1 1)" .\n'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("geometries")
    path = folder / "shapes.ttl"
    path.write_text("".join(_turtle()))
    store = Store.open(folder / "store")
    store.load([path])
    yield store
    store.close()


def _rows(store: Store, text: str) -> list[tuple[object, ...]]:
    result = store.query(PROLOGUE + text)
    assert isinstance(result, Solutions)
    return [tuple(_plain(term) for term in row) for row in read_all(result).rows]


def _plain(term: object) -> object:
    match term:
        case IRI(value):
            return value.removeprefix("http://g/")
        case Literal(lexical, datatype):
            is_number = datatype.endswith(("double", "decimal", "integer"))
            return float(lexical) if is_number else lexical
        case _:
            return term


def _expected(relation: str, left: Any, right: Any) -> bool:
    if named := NAMED.get(relation):
        return bool(named(left, right))
    matrix = str(shapely.relate(left, right))
    return any(matches(matrix, pattern) for pattern in RELATIONS[relation].patterns)


@pytest.mark.parametrize(
    "pattern", ["T*F**F***", "FF*FF****", "0********", "F***T****", "212101212"]
)
def test_a_pattern_of_two_variables(store: Store, pattern: str) -> None:
    rows = _rows(
        store,
        "SELECT ?a ?b { ?a geo:asWKT ?x . ?b geo:asWKT ?y "
        f'FILTER (geof:relate(?x, ?y, "{pattern}")) }}',
    )
    expected = {
        (a, b)
        for a, left in SHAPES.items()
        for b, right in SHAPES.items()
        if shapely.relate_pattern(left, right, pattern)
    }
    assert expected
    assert set(rows) == expected
    assert len(rows) == len(expected)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_of_two_variables(store: Store, relation: str) -> None:
    rows = _rows(
        store,
        "SELECT ?a ?b { ?a geo:asWKT ?x . ?b geo:asWKT ?y "
        f"FILTER (geof:{relation}(?x, ?y)) }}",
    )
    expected = {
        (a, b)
        for a, x in SHAPES.items()
        for b, y in SHAPES.items()
        if _expected(relation, x, y)
    }
    assert expected
    assert len(rows) == len(set(rows))
    assert set(rows) == expected


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("constant", ["area0", "line1", "ring"])
def test_a_relation_with_a_constant(store: Store, relation: str, constant: str) -> None:
    fixed = SHAPES[constant]
    literal = f'"{fixed.wkt}"^^geo:wktLiteral'
    found = [
        {
            row[0]
            for row in _rows(
                store,
                f"SELECT ?a {{ ?a geo:asWKT ?x FILTER (geof:{relation}({pair})) }}",
            )
        }
        for pair in (f"?x, {literal}", f"{literal}, ?x")
    ]
    pairs = [(a, _expected(relation, x, fixed)) for a, x in SHAPES.items()]
    mirrored = [(a, _expected(relation, fixed, x)) for a, x in SHAPES.items()]
    assert found == [{a for a, is_so in each if is_so} for each in (pairs, mirrored)]


def test_a_relation_bound_to_a_variable_is_an_error_on_what_is_no_geometry(
    store: Store,
) -> None:
    rows = _rows(
        store,
        "SELECT ?a ?r { ?a geo:asWKT ?x BIND (geof:sfIntersects(?x, ?x) AS ?r) }",
    )
    unbound = {row[0] for row in rows if row[1] is None}
    assert unbound == {"bad", "text"}
    assert {row[1] for row in rows} == {None, "true"}


def test_distances_between_points_are_geodesic(store: Store) -> None:
    rows = _rows(
        store,
        "SELECT ?a ?b ?d ?e { ?a geo:asWKT ?x . ?b geo:asWKT ?y "
        "BIND (geof:distance(?x, ?y, uom:metre) AS ?d) "
        "BIND (geof:metricDistance(?x, ?y) AS ?e) }",
    )
    points = {n: s for n, s in SHAPES.items() if s.geom_type == "Point"}
    pairs = [row for row in rows if row[0] in points and row[1] in points]
    assert len(pairs) == len(points) ** 2
    for a, b, metres, metric in pairs:
        start, end = points[str(a)], points[str(b)]
        inverse = Geodesic.WGS84.Inverse(start.y, start.x, end.y, end.x)
        assert metres == pytest.approx(inverse["s12"], rel=1e-9, abs=1e-6)
        assert metric == metres


def test_areas_are_geodesic(store: Store) -> None:
    rows = _rows(
        store,
        "SELECT ?a ?m ?n { ?a geo:asWKT ?x BIND (geof:area(?x, uom:metre) AS ?m) "
        "BIND (geof:metricArea(?x) AS ?n) }",
    )
    geod = pyproj.Geod(ellps="WGS84")
    areas = {str(a): (m, n) for a, m, n in rows if str(a).startswith("area")}
    assert areas
    for name, (in_unit, metric) in areas.items():
        expected = abs(geod.geometry_area_perimeter(SHAPES[name])[0])
        assert in_unit == pytest.approx(expected, rel=1e-6)
        assert metric == in_unit


@pytest.mark.parametrize("metres", [0, 120_000, 400_000])
def test_within_a_distance_of_a_constant(store: Store, metres: int) -> None:
    text = (
        'SELECT ?a { ?a geo:asWKT ?x FILTER (geof:distance(?x, "POINT (3 3)"'
        f"^^geo:wktLiteral, uom:metre) <= {metres}) }}"
    )
    found = {str(row[0]) for row in _rows(store, text)}
    points = {n: s for n, s in SHAPES.items() if s.geom_type == "Point"}
    expected = {
        name
        for name, shape in points.items()
        if Geodesic.WGS84.Inverse(3, 3, shape.y, shape.x)["s12"] <= metres
    }
    assert {name for name in found if name in points} == expected
    covering = {n for n, s in SHAPES.items() if s.covers(shapely.Point(3, 3))}
    assert covering <= found


def test_every_crs_and_axis_order_means_the_same_place(
    store: Store, tmp_path: Path
) -> None:
    del store
    x, y = pyproj.Transformer.from_crs(4326, 3413, always_xy=True).transform(-40.5, 80)
    epsg = "<http://www.opengis.net/def/crs/EPSG/0/"
    literals = {
        "crs84": "POINT (-40.5 80)",
        "latlon": f"{epsg}4326> POINT (80 -40.5)",
        "polar": f"{epsg}3413> POINT ({x!r} {y!r})",
    }
    lines = [
        f'<http://g/{name}> <http://www.opengis.net/ont/geosparql#asWKT> "{text}"'
        "^^<http://www.opengis.net/ont/geosparql#wktLiteral> ."
        for name, text in literals.items()
    ]
    path = tmp_path / "places.nt"
    path.write_text("\n".join(lines))
    with Store.open(tmp_path / "store") as places:
        places.load([path])
        rows = _rows(
            places,
            "SELECT ?a ?b ?d { ?a geo:asWKT ?x . ?b geo:asWKT ?y "
            "BIND (geof:distance(?x, ?y, uom:metre) AS ?d) }",
        )
        assert len(rows) == len(literals) ** 2
        assert max(float(str(row[2])) for row in rows) < 1e-3
        near = '"POLYGON ((-41 79, -40 79, -40 81, -41 81, -41 79))"^^geo:wktLiteral'
        text = f"SELECT ?a {{ ?a geo:asWKT ?x FILTER (geof:sfWithin(?x, {near})) }}"
        assert {row[0] for row in _rows(places, text)} == set(literals)


def test_a_polygon_over_the_antimeridian_holds_points_on_both_sides(
    tmp_path: Path,
) -> None:
    wkt = "POLYGON ((170 60, -170 60, -170 70, 170 70, 170 60))"
    texts = {"east": "POINT (175 65)", "west": "POINT (-175 65)", "far": "POINT (0 65)"}
    path = tmp_path / "points.nt"
    path.write_text(
        "\n".join(
            f'<http://g/{name}> <http://www.opengis.net/ont/geosparql#asWKT> "{text}"'
            "^^<http://www.opengis.net/ont/geosparql#wktLiteral> ."
            for name, text in {**texts, "belt": wkt}.items()
        )
    )
    query = (
        "SELECT ?a { <http://g/belt> geo:asWKT ?x . ?a geo:asWKT ?y "
        "FILTER (geof:sfContains(?x, ?y)) }"
    )
    constant = (
        f'SELECT ?a {{ ?a geo:asWKT ?y FILTER (geof:sfContains("{wkt}"'
        "^^geo:wktLiteral, ?y)) }"
    )
    with Store.open(tmp_path / "store") as store:
        store.load([path])
        for text in (query, constant):
            found = {row[0] for row in _rows(store, text)}
            assert found - {"belt"} == {"east", "west"}
