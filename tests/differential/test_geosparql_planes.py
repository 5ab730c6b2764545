"""Relations in the plane of a CRS that both geometries are in, beside shapely's."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import shapely

from engines.geodesy import transform, wrap
from ontologies.geosparql.crs import CRS84_IRI, PLANE_IRI, crs_from_iri
from ontologies.geosparql.relations import RELATIONS, matches
from ontologies.namespaces import GEO
from strabon_store.store import Store
from tests.geometries import EPSG, PROLOGUE, rows, store_of

UTM31: Final = EPSG + "32631"
UTM32: Final = EPSG + "32632"
LATLON: Final = EPSG + "4326"
KILOMETRE: Final = "http://qudt.org/vocab/unit/KiloM"
PAIRS: Final = "?a g:has ?x . ?b g:has ?y"


def _parcels(left: float, low: float, turn: float) -> Iterator[Any]:
    """A field of parcels, turned so that rounding moves vertices off the edges."""
    boxes: list[Any] = [shapely.box(0, 0, 300, 100)]
    boxes += [shapely.box(x, 100, x + 100, 200) for x in (0, 100, 200)]
    boxes += [shapely.LineString([(0, 100), (300, 100)]), shapely.Point(100, 100)]
    boxes += [shapely.box(50, 20, 80, 60), shapely.LineString([(150, 50), (150, 150)])]
    for box in boxes:
        turned = shapely.affinity.rotate(box, turn, origin=(0, 0))
        moved = shapely.affinity.translate(turned, left, low)
        # To whole units, which edges of an odd slope do not pass.
        yield shapely.from_wkb(shapely.to_wkb(shapely.set_precision(moved, 1)))


def _shapes() -> dict[str, tuple[str, Any]]:
    """Geometries by name, each with its CRS; x is east."""
    found: dict[str, tuple[str, Any]] = {}
    for name, iri, left, low, turn in (
        ("a", UTM31, 700_000, 5_700_000, 0),
        ("b", UTM32, 284_000, 5_701_000, 0),
        ("p", PLANE_IRI, 10, 5_700_000, 0),
        ("q", EPSG + "5800", 10, 5_700_000, 30),
    ):
        for number, shape in enumerate(_parcels(left, low, turn)):
            found[f"{name}{number}"] = iri, shape
    long = shapely.LineString([(300_000, 5_600_000), (700_000, 5_600_000)])
    found["long"] = UTM31, long
    found["mid"] = UTM31, shapely.Point(500_000, 5_600_000)
    found["lon"] = CRS84_IRI, shapely.box(5.8, 51.3, 5.9, 51.5)
    found["lat"] = LATLON, shapely.box(5.8, 51.3, 5.9, 51.5)
    found["none"] = UTM31, shapely.Polygon()
    found["void"] = PLANE_IRI, shapely.Point()
    return found


SHAPES: Final[Mapping[str, tuple[str, Any]]] = _shapes()
IN_CRS84: Final = {
    name: wrap(transform(shape, crs_from_iri(iri), crs_from_iri(CRS84_IRI))).geometries[
        0
    ]
    for name, (iri, shape) in SHAPES.items()
    if not crs_from_iri(iri).is_engineering
}


def _literal(iri: str, shape: Any) -> str:
    if iri == LATLON:
        shape = shapely.transform(shape, lambda xy: xy[:, ::-1])
    return f"<{iri}> {shape.wkt}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    literals = {name: _literal(*shape) for name, shape in SHAPES.items()}
    literals["bow"] = f"<{UTM31}> POLYGON ((0 0, 9 9, 9 0, 0 9, 0 0))"
    found = store_of(tmp_path_factory.mktemp("planes"), literals)
    assert found.verify().is_sound
    yield found
    found.close()


def _matrix(one: str, other: str) -> str | None:
    """The DE-9IM of two, where they can be related at all."""
    if SHAPES[one][0] == SHAPES[other][0] and crs_from_iri(SHAPES[one][0]).is_planar:
        return str(shapely.relate(SHAPES[one][1], SHAPES[other][1]))
    if one in IN_CRS84 and other in IN_CRS84:
        return str(shapely.relate(IN_CRS84[one], IN_CRS84[other]))
    return None


MATRICES: Final = {(a, b): _matrix(a, b) for a in SHAPES for b in SHAPES}


def _holds(relation: str, pair: tuple[str, str]) -> bool | None:
    matrix = MATRICES[pair]
    if matrix is None:
        return None
    return any(matches(matrix, each) for each in RELATIONS[relation].patterns)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_as_a_value_and_as_a_join(store: Store, relation: str) -> None:
    call = f"geof:{relation}(?x, ?y)"
    found = rows(store, f"SELECT ?a ?b ?v {{ {PAIRS} BIND({call} AS ?v) }}")
    values = {(a, b): v for a, b, v in found if "bow" not in (a, b)}
    assert values == {pair: _holds(relation, pair) for pair in MATRICES}
    joined = set(rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER({call}) }}"))
    expected = {pair for pair, holds in values.items() if holds}
    # DuckDB's joins find no empty geometry, see below.
    assert joined - _of_empty() == expected - _of_empty()


def _of_empty() -> set[tuple[str, str]]:
    return {(a, b) for a, b in MATRICES if {a, b} <= {"none", "void"}}


def test_empty_geometries_are_equal_in_a_join_too(store: Store) -> None:
    found = rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER(geof:sfEquals(?x, ?y)) }}")
    assert {("none", "none"), ("void", "void")} <= set(found)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_to_a_constant(store: Store, relation: str) -> None:
    for name in ("a0", "a3", "b2", "p1", "q6", "long", "lat", "void"):
        constant = f'"{_literal(*SHAPES[name])}"^^geo:wktLiteral'
        for text, turned in (
            (f"geof:{relation}(?x, {constant})", False),
            (f"geof:{relation}({constant}, ?x)", True),
        ):
            pairs = {a: (name, a) if turned else (a, name) for a in SHAPES}
            values = dict(
                rows(store, f"SELECT ?a ?v {{ ?a g:has ?x BIND({text} AS ?v) }}")
            )
            assert values.pop("bow") is None
            assert values == {a: _holds(relation, pair) for a, pair in pairs.items()}


def test_relations_of_what_is_computed(store: Store) -> None:
    computed = "geof:geometryN(?x, 1)", "geof:transform(?y, geof:getSRID(?y))"
    text = ", ".join(computed)
    for relation in ("sfTouches", "ehMeet", "sfContains", "rcc8ec"):
        call = f"geof:{relation}({text})"
        joined = rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER({call}) }}")
        expected = {pair for pair in MATRICES if _holds(relation, pair)}
        assert set(joined) == expected
        bound = f"BIND({computed[0]} AS ?v) BIND({computed[1]} AS ?w)"
        test = f"FILTER(geof:{relation}(?v, ?w))"
        assert (
            set(rows(store, f"SELECT ?a ?b {{ {PAIRS} {bound} {test} }}")) == expected
        )


def test_two_that_are_computed_in_one_projected_crs_meet_in_its_plane(
    store: Store,
) -> None:
    image = f"geof:transform(?{{}}, <{UTM32}>)"
    left, right = image.format("x"), image.format("y")
    test = f"geof:sfTouches({left}, {right})"
    found = rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER(?a = g:b0 && {test}) }}")
    assert {("b0", f"b{n}") for n in (1, 2, 3)} <= set(found)


@pytest.mark.parametrize(
    "pattern", ["T*F**F***", "FF*FF****", "F***1****", "FF2F11212"]
)
def test_a_pattern(store: Store, pattern: str) -> None:
    call = f'geof:relate(?x, ?y, "{pattern}")'
    found = rows(store, f"SELECT ?a ?b ?v {{ {PAIRS} BIND({call} AS ?v) }}")
    values = {(a, b): v for a, b, v in found if "bow" not in (a, b)}
    assert values == {
        pair: None if matrix is None else matches(matrix, pattern)
        for pair, matrix in MATRICES.items()
    }


def test_parcels_touch_in_their_plane_alone() -> None:
    """What this is for: in CRS84 they overlap, or there is a gap between them."""
    pairs = [("long", "mid"), *((f"q{n}", "q0") for n in (1, 2, 3))]
    assert MATRICES["long", "mid"] == "0F1FF0FF2"
    assert not shapely.intersects(IN_CRS84["long"], IN_CRS84["mid"])
    assert all(MATRICES[pair] is not None for pair in pairs)


@pytest.mark.parametrize(
    "call",
    [
        "geof:sfTouches(?x, ?y)",
        "geof:ehMeet(?x, ?y)",
        "geof:rcc8po(?x, ?y)",
        "geof:sfEquals(?x, ?y)",
        "geof:sfIntersects(geof:metricBuffer(?x, 10), ?y)",
    ],
)
def test_a_join_has_an_index(store: Store, call: str) -> None:
    text = f"{PROLOGUE} SELECT ?a ?b {{ {PAIRS} FILTER({call}) }}"
    plan = str(store.explain(text))
    assert "SPATIAL_JOIN" in plan
    assert not re.search("NL_JOIN|NESTED_LOOP|CROSS_PRODUCT", plan)


def test_measures_in_an_engineering_crs_are_those_of_its_plane(store: Store) -> None:
    found = {
        name: (area, perimeter, length)
        for name, area, perimeter, length in rows(
            store,
            f"SELECT ?a (geof:metricArea(?x) AS ?s) (geof:perimeter(?x, <{KILOMETRE}>) "
            "AS ?p) (geof:metricLength(?x) AS ?l) { ?a g:has ?x }",
        )
    }
    for name, (iri, shape) in SHAPES.items():
        if crs_from_iri(iri).is_engineering:
            is_area = shapely.get_dimensions(shape) == 2
            around = shape.length / 1000 if is_area else 0.0
            along = 0.0 if is_area else shape.length
            assert found[name] == pytest.approx((shape.area, around, along))
    assert found["a0"][0] == pytest.approx(30_000, rel=2e-3)


def test_distances_in_an_engineering_crs_are_those_of_its_plane(store: Store) -> None:
    call = "geof:metricDistance(?x, ?y)"
    found = rows(store, f"SELECT ?a ?b ?v {{ {PAIRS} BIND({call} AS ?v) }}")
    values = {(a, b): v for a, b, v in found}
    for (a, b), matrix in MATRICES.items():
        if matrix is None or "void" in (a, b):
            assert values[a, b] is None
        elif a not in IN_CRS84:
            expected = shapely.distance(SHAPES[a][1], SHAPES[b][1])
            assert values[a, b] == pytest.approx(expected)
    for limit in (0, 60, 1e4):
        near = rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER({call} <= {limit}) }}")
        assert set(near) == {
            k for k, v in values.items() if v is not None and v <= limit
        }
    constant = f'"{_literal(*SHAPES["p6"])}"^^geo:wktLiteral'
    test = f"FILTER(geof:metricDistance(?x, {constant}) < 45)"
    close = {a for (a,) in rows(store, f"SELECT ?a {{ ?a g:has ?x {test} }}")}
    assert close == {
        a for (a, b), v in values.items() if b == "p6" and v is not None and v < 45
    }


def test_what_is_nowhere_on_earth_has_no_place_there(store: Store) -> None:
    for call in (
        f"geof:transform(?x, <{CRS84_IRI}>)",
        "geof:asGeoJSON(?x)",
        "geof:asKML(?x)",
        "geof:distance(?x, ?x, uom:degree)",
        f'geof:intersection(?x, "<{UTM31}> POINT (1 2)"^^geo:wktLiteral)',
        "geof:buffer(?x, 1, uom:degree)",
    ):
        text = f"SELECT ?a (BOUND(?v) AS ?w) {{ ?a g:has ?x BIND({call} AS ?v) }}"
        found = dict(rows(store, text))
        assert not any(found[name] for name in SHAPES if name not in IN_CRS84), call
    to_plane = f'geof:transform("POINT (1 2)"^^geo:wktLiteral, <{PLANE_IRI}>)'
    text = f"SELECT ?v {{ BIND({to_plane} AS ?v) }}"
    assert rows(store, text) == [(None,)]


def test_buffers_in_an_engineering_crs_are_those_of_its_plane(store: Store) -> None:
    call = "geof:metricArea(geof:buffer(?x, 0.01, <http://qudt.org/vocab/unit/KiloM>))"
    found = dict(rows(store, f"SELECT ?a ?v {{ ?a g:has ?x BIND({call} AS ?v) }}"))
    for name, (iri, shape) in SHAPES.items():
        if crs_from_iri(iri).is_engineering and not shape.is_empty:
            expected = shapely.buffer(shape, 10, quad_segs=32).area
            assert found[name] == pytest.approx(expected, rel=1e-6)


def test_an_empty_hole_is_no_harm(store: Store) -> None:
    # GEOS crashes, and the process with it.
    for iri in (PLANE_IRI, CRS84_IRI, UTM31):
        area = f'"<{iri}> POLYGON ((6 28, 26 18, 6 8, 6 28), EMPTY)"^^geo:wktLiteral'
        for call in ("metricBuffer({}, -1)", "buffer({}, -1, uom:degree)"):
            text = f"SELECT ?v {{ BIND(geof:{call.format(area)} AS ?v) }}"
            ((found,),) = rows(store, text)
            is_none = iri == PLANE_IRI and "degree" in call
            assert (found is None) is is_none


def test_a_store_without_planes_is_asked_as_before(tmp_path: Path) -> None:
    literals = {"a": "POINT (1 2)", "b": f"<{LATLON}> POINT (2 1)"}
    text = f"SELECT ?a ?b {{ {PAIRS} FILTER(geof:sfEquals(?x, ?y)) }}"
    with store_of(tmp_path, literals) as plain:
        sql = plain.compile(PROLOGUE + text).generated.sql
        assert "ST_Equals" in sql
        assert "native" not in sql
        assert ("a", "b") in rows(plain, text)
        path = tmp_path / "more.ttl"
        literal = f'"<{UTM31}> POINT (5 2)"^^<{GEO}wktLiteral>'
        path.write_text(f"<http://g/c> <http://g/has> {literal} .")
        plain.load([path])
        assert "native" in plain.compile(PROLOGUE + text).generated.sql
        assert set(rows(plain, text)) >= {("a", "b"), ("b", "a"), ("c", "c")}


def test_areas_that_are_apart_are_so_in_degrees(store: Store) -> None:
    # To DuckDB's own function these two are at no distance.
    far, near = shapely.box(16, 15, 34, 27), shapely.box(3, 15, 12, 17)
    pair = ", ".join(f'"{each.wkt}"^^geo:wktLiteral' for each in (far, near))
    text = f"SELECT ?v {{ BIND(geof:distance({pair}, uom:degree) AS ?v) }}"
    assert rows(store, text) == [(pytest.approx(4.0),)]


@pytest.mark.parametrize(
    "place", [f"<{UTM31}> POINT (700050 5700050)", f"<{PLANE_IRI}> POINT (0 5700000)"]
)
def test_the_nearest_are_the_first_of_all(store: Store, place: str) -> None:
    distance = f'geof:distance(?x, "{place}"^^geo:wktLiteral, uom:metre)'
    text = f"SELECT ?a ?d {{ ?a g:has ?x BIND({distance} AS ?d) }} ORDER BY ?d ?a"
    whole = rows(store, text)
    alone = sum(found is None for _, found in whole)
    assert 0 < alone < len(whole) - 5
    assert rows(store, f"{text} LIMIT {alone + 5}") == whole[: alone + 5]


def test_the_nearest_on_earth_are_found_by_bounds(tmp_path: Path) -> None:
    on_earth = {
        name: _literal(iri, shape)
        for name, (iri, shape) in SHAPES.items()
        if not crs_from_iri(iri).is_engineering
    }
    distance = 'geof:distance(?x, "POINT (6 51.4)"^^geo:wktLiteral, uom:metre)'
    text = f"SELECT ?a ?d {{ ?a g:has ?x BIND({distance} AS ?d) }} ORDER BY ?d ?a"
    with store_of(tmp_path, on_earth) as earthly:
        whole = rows(earthly, text)
        for first in (1, 3, 8):
            limited = f"{text} LIMIT {first}"
            assert rows(earthly, limited) == whole[:first]
            assert "nearest by bounds" in str(earthly.explain(PROLOGUE + limited))
