"""Joins by distance and by relations, against every pair by pyproj and shapely."""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
import pyproj
import pytest
import shapely

from engines.geodesy import wrap
from strabon_store.store import Store
from tests.geometries import PROLOGUE, degrees_between, rows

PLACES: Final = {
    "equator": (10.0, 0.0),
    "north": (-70.0, 60.0),
    "ice": (30.0, 80.0),
    "pole": (100.0, 89.9),
    "south pole": (-60.0, -89.95),
    "fiji": (180.0, -17.0),
    "chukotka": (-180.0, 66.0),
    "cap": (179.95, 89.5),
}
"""Longitude and latitude around which geometries lie."""

LIMITS: Final = (0, 20, 700, 6_000, 40_000)
"""Metres."""

Pairs: TypeAlias = set[tuple[str, str]]
GEOD: Final = pyproj.Geod(ellps="WGS84")


def _shapes(side: str) -> dict[str, Any]:
    """Points, lines and areas of up to 3 km, some of which touch at 0 m."""
    random = np.random.default_rng(11 if side == "a" else 12)
    shapes: dict[str, Any] = {}
    for place, (lon, lat) in PLACES.items():
        for number in range(9):
            spread = random.choice([2e2, 3e3, 3e4], size=1)
            x, y, w, h = random.normal(0, spread, 4)
            width = np.cos(np.radians(min(abs(lat), 89.99))) * 111_320
            centre = np.array([lon + x / width, np.clip(lat + y / 111_320, -90, 90)])
            reach = np.array([w / width, h / 111_320]).clip(-60, 60) / 10
            other = centre + reach
            other[1] = np.clip(other[1], -90, 90)
            name = f"{side}{place.replace(' ', '')}{number}"
            shapes[name] = _shape(number % 3, centre, other)
    shapes[f"{side}twin"] = shapely.Point(20, 20)
    shapes[f"{side}none"] = shapely.Point()
    return shapes


def _shape(kind: int, centre: Any, other: Any) -> Any:
    if kind == 0:
        return shapely.Point((centre[0] + 180) % 360 - 180, centre[1])
    line = shapely.LineString([centre, other])
    drawn = line if kind == 1 else shapely.box(*line.bounds)
    return wrap(drawn).geometries[0]


NEAR: Final = _shapes("a")
FAR: Final = _shapes("b")


REACHES: Final = {
    "0": 0.0,
    "6.0e3": 6_000.0,
    "700": 700.0,
    "40000.0": 40_000.0,
    "-5": -5.0,
    '"INF"^^xsd:double': np.inf,
    '"NaN"^^xsd:double': np.nan,
    '"far"': np.nan,
}
"""How far a thing reaches, in metres; NaN where nothing is within it."""


def _reach(index: int) -> str:
    return list(REACHES)[index * 5 % len(REACHES)]


def _turtle() -> Iterator[str]:
    yield "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    yield "@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"
    yield "@prefix : <http://g/> .\n"
    for index, (name, shape) in enumerate([*NEAR.items(), *FAR.items()]):
        kind = name[0].upper()
        yield f":{name} a :{kind} ; :class :c{index % 3} ; :reach {_reach(index)} ; "
        yield f'geo:asWKT "{shape.wkt}"^^geo:wktLiteral .\n'
    yield ':aill a :A ; :class :c0 ; geo:asWKT "POLYGON ((0 0, 1"^^geo:wktLiteral .\n'
    yield ':atext a :A ; :class :c0 ; geo:asWKT "POINT (1 1)" .\n'
    yield ":abare a :A ; :class :c0 .\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("near")
    path = folder / "shapes.ttl"
    path.write_text("".join(_turtle()))
    with Store.open(folder / "store") as store:
        store.load([path])
        yield store


PAIRS: Final = "?a a :A ; geo:asWKT ?x . ?b a :B ; geo:asWKT ?y "
DISTANCE: Final = "geof:distance(?x, ?y, uom:metre)"


@pytest.fixture(scope="module")
def distances(store: Store) -> dict[tuple[str, str], float]:
    """Of every pair that has one; BIND asks no index."""
    answer = rows(store, f"SELECT ?a ?b ?d {{ {PAIRS} BIND({DISTANCE} AS ?d) }}")
    assert len(answer) == (len(NEAR) + 2) * len(FAR)
    return {(a, b): d for a, b, d in answer if d is not None}


def _within(distances: dict[tuple[str, str], float], metres: float) -> Pairs:
    return {pair for pair, distance in distances.items() if distance <= metres}


def _vertices(shape: Any) -> Any:
    """Places on a geometry, close enough to each other."""
    dense = shapely.segmentize(shape, 0.005 if shape.length < 1 else 0.2)
    return shapely.get_coordinates(dense)


def test_distances_are_those_of_the_nearest_places(
    distances: dict[tuple[str, str], float],
) -> None:
    names = {name: _vertices(shape) for name, shape in [*NEAR.items(), *FAR.items()]}
    for (a, b), distance in distances.items():
        if a[1:-1] != b[1:-1]:
            continue
        one, other = names[a], names[b]
        start = np.repeat(one, len(other), axis=0)
        end = np.tile(other, (len(one), 1))
        sampled = GEOD.inv(*start.T, *end.T)[2].min()
        assert distance <= sampled + 1e-6
        if NEAR[a].geom_type == FAR[b].geom_type == "Point":
            assert distance == pytest.approx(sampled, abs=1e-6)


@pytest.mark.parametrize("metres", LIMITS)
def test_a_join_by_distance_loses_no_pair(
    store: Store, distances: dict[tuple[str, str], float], metres: int
) -> None:
    expected = _within(distances, metres)
    assert expected or not metres
    for condition in (
        f"{DISTANCE} <= {metres}",
        f"{metres} >= geof:metricDistance(?y, ?x)",
        f"geof:distance(?x, ?y, unit:KiloM) <= {metres / 1000}",
        f"{DISTANCE} <= {metres} && !({DISTANCE} > {metres})",
        f"{DISTANCE} <= {metres} || geof:sfIntersects(?x, ?y)",
    ):
        answer = rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER({condition}) }}")
        assert len(answer) == len(set(answer))
        assert set(answer) == expected, condition


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_limit_may_be_of_either_side(
    store: Store, distances: dict[tuple[str, str], float], side: str
) -> None:
    names = [*NEAR, *FAR]
    reach = {name: REACHES[_reach(i)] for i, name in enumerate(names)}
    expected = {
        pair for pair, d in distances.items() if d <= reach[pair["ab".index(side)]]
    }
    assert {reach[pair["ab".index(side)]] for pair in expected} >= {700, np.inf}
    known = f"?{side} :reach ?r"
    for condition in (
        f"{DISTANCE} <= ?r",
        "?r / 1000 >= geof:distance(?y, ?x, unit:KiloM)",
        f"{DISTANCE} <= ?r || ({DISTANCE} <= ?r && geof:sfIntersects(?x, ?y))",
    ):
        text = f"{{ {PAIRS} . {known} FILTER({condition}) }}"
        found = rows(store, f"SELECT ?a ?b {text}")
        assert len(found) == len(set(found))
        assert set(found) == expected, condition
        assert "boxes grown" in str(store.explain(PROLOGUE + f"SELECT ?a ?b {text}"))
    optional = f"{SIDES} OPTIONAL {{ {OTHER} . {known} FILTER({DISTANCE} <= ?r) }}"
    if side == "b":
        answer = rows(store, f"SELECT ?a ?b {{ {optional} }}")
        alone = EVERY_A - {a for a, _ in expected}
        assert set(answer) == expected | {(a, None) for a in alone}


def test_a_limit_may_be_apart_from_both(
    store: Store, distances: dict[tuple[str, str], float]
) -> None:
    for limit in (
        "VALUES ?r { 700 }",
        "BIND(350 * 2 AS ?r)",
        "VALUES ?r { 700 20 UNDEF 'far' }",
        "{ SELECT (MAX(?m) AS ?r) { VALUES ?m { 20 700 } } }",
    ):
        text = f"{{ {limit} {PAIRS} FILTER({DISTANCE} <= ?r) }}"
        found = set(rows(store, f"SELECT ?a ?b {text}"))
        assert found == _within(distances, 700), limit
        query = f"SELECT (COUNT(*) AS ?n) {text}"
        assert "boxes grown" in str(store.explain(PROLOGUE + query)), limit


def test_alternatives_beside_a_limit_that_is_none(
    store: Store, distances: dict[tuple[str, str], float]
) -> None:
    """An error on one side of OR, where the other holds, is no error."""
    text = (
        f"SELECT ?a ?b {{ {PAIRS} OPTIONAL {{ ?a :nowhere ?r }} "
        f"FILTER({DISTANCE} <= ?r || geof:sfIntersects(?x, ?y)) }}"
    )
    assert set(rows(store, text)) == _meeting()
    two = f"?a :reach ?r . ?b :reach ?s FILTER({DISTANCE} <= ?r || {DISTANCE} <= ?s)"
    reach = [REACHES[_reach(i)] for i in range(len(NEAR) + len(FAR))]
    known = dict(zip([*NEAR, *FAR], reach, strict=True))
    expected = {
        (a, b) for (a, b), d in distances.items() if d <= known[a] or d <= known[b]
    }
    assert set(rows(store, f"SELECT ?a ?b {{ {PAIRS} . {two} }}")) == expected


def test_a_limit_of_a_constant_and_of_an_angle(store: Store) -> None:
    reach = {name: REACHES[_reach(i)] for i, name in enumerate([*NEAR, *FAR])}
    centre = "POINT (30 80)"
    near = f'geof:distance(?x, "{centre}"^^geo:wktLiteral, uom:metre)'
    bound = rows(store, f"SELECT ?a ?d {{ {SIDES} BIND({near} AS ?d) }}")
    expected = {a for a, d in bound if a in reach and d is not None and d <= reach[a]}
    assert expected
    found = rows(store, f"SELECT ?a {{ {SIDES} ; :reach ?r FILTER({near} <= ?r) }}")
    assert {a for (a,) in found} == expected
    planar = "geof:distance(?x, ?y, uom:degree) <= ?r / 100000"
    text = f"SELECT ?a ?b {{ {PAIRS} . ?b :reach ?r FILTER({planar}) }}"
    assert set(rows(store, text)) == {
        (a, b)
        for a, x in NEAR.items()
        for b, y in FAR.items()
        if degrees_between(x, y) <= reach[b] / 100_000
    }


@pytest.mark.parametrize("place", PLACES)
def test_every_latitude_has_pairs_to_lose(
    distances: dict[tuple[str, str], float], place: str
) -> None:
    name = place.replace(" ", "")
    counts = [
        sum(a[1:-1] == name == b[1:-1] for a, b in _within(distances, metres))
        for metres in LIMITS
    ]
    assert 0 < counts[-2] <= counts[-1]
    assert counts[0] < counts[-1]


@pytest.mark.parametrize("degrees", [0.01, 0.3])
def test_a_join_by_an_angle_is_planar(store: Store, degrees: float) -> None:
    condition = f"geof:distance(?x, ?y, uom:degree) <= {degrees}"
    expected = {
        (a, b)
        for a, x in NEAR.items()
        for b, y in FAR.items()
        if degrees_between(x, y) <= degrees
    }
    answer = rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER({condition}) }}")
    assert expected
    assert set(answer) == expected


SIDES: Final = "?a a :A ; geo:asWKT ?x"
OTHER: Final = "?b a :B ; geo:asWKT ?y"
EVERY_A: Final = frozenset({*NEAR, "aill", "atext"})
NEARER: Final = 6_000


@pytest.mark.parametrize(
    ("condition", "is_pair"),
    [
        (f"{DISTANCE} <= {NEARER}", "within"),
        ("geof:sfIntersects(?x, ?y)", "meets"),
        ("geof:ehOverlap(?x, ?y) || geof:sfIntersects(?x, ?y)", "meets"),
    ],
)
def test_optional_and_exists_and_their_negations(
    store: Store,
    distances: dict[tuple[str, str], float],
    condition: str,
    is_pair: str,
) -> None:
    pairs = _within(distances, NEARER) if is_pair == "within" else _meeting()
    with_one = {a for a, _ in pairs}
    assert with_one
    found = f"{{ {OTHER} FILTER({condition}) }}"
    optional = rows(store, f"SELECT ?a ?b {{ {SIDES} OPTIONAL {found} }}")
    assert len(optional) == len(set(optional))
    assert set(optional) == pairs | {(a, None) for a in EVERY_A - with_one}
    exists = rows(store, f"SELECT ?a {{ {SIDES} FILTER EXISTS {found} }}")
    assert sorted(exists) == [(a,) for a in sorted(with_one)]
    without = rows(store, f"SELECT ?a {{ {SIDES} FILTER NOT EXISTS {found} }}")
    assert sorted(without) == [(a,) for a in sorted(EVERY_A - with_one)]
    told = rows(store, f"SELECT ?a ?e {{ {SIDES} BIND(EXISTS {found} AS ?e) }}")
    assert dict(told) == {a: a in with_one for a in EVERY_A}
    within = f"{{ {SIDES} . {OTHER} FILTER({condition}) }}"
    minus = rows(store, f"SELECT ?a {{ ?a a :A MINUS {within} }}")
    assert sorted(minus) == [(a,) for a in sorted({*EVERY_A, "abare"} - with_one)]


def _is_at_south_pole(shape: Any) -> bool:
    """All longitudes are one place there; what is invalid is nowhere."""
    return shape.is_valid and bool((shapely.get_coordinates(shape)[:, 1] == -90).any())


def _meeting() -> Pairs:
    return {
        (a, b)
        for a, x in NEAR.items()
        for b, y in FAR.items()
        if shapely.intersects(x, y) or (_is_at_south_pole(x) and _is_at_south_pole(y))
    }


def test_what_is_unbound_on_the_left_ties_nothing(
    store: Store, distances: dict[tuple[str, str], float]
) -> None:
    found = f"{{ {OTHER} FILTER({DISTANCE} <= {NEARER}) }}"
    text = f"SELECT ?a ?b {{ ?a a :A OPTIONAL {{ ?a geo:asWKT ?x }} OPTIONAL {found} }}"
    pairs = _within(distances, NEARER)
    alone = {*EVERY_A, "abare"} - {a for a, _ in pairs}
    assert set(rows(store, text)) == pairs | {(a, None) for a in alone}


def test_exists_with_its_filter_below_a_join(
    store: Store, distances: dict[tuple[str, str], float]
) -> None:
    inner = f"{{ {OTHER} FILTER({DISTANCE} <= {NEARER}) }} ?b :class ?class"
    text = f"SELECT ?a {{ {SIDES} FILTER EXISTS {{ {inner} }} }}"
    expected = {(a,) for a, _ in _within(distances, NEARER)}
    assert set(rows(store, text)) == expected


def test_a_condition_of_optional_beside_the_one_that_ties(store: Store) -> None:
    classes = dict(rows(store, "SELECT ?a ?c { ?a :class ?c }"))
    pairs = {(a, b) for a, b in _meeting() if classes[a] == classes[b]}
    text = (
        f"SELECT ?a ?b {{ {SIDES} ; :class ?c OPTIONAL {{ {OTHER} ; :class ?d "
        "FILTER(geof:sfIntersects(?x, ?y) && ?c = ?d) } }"
    )
    with_one = {a for a, _ in pairs}
    assert with_one < {a for a, _ in _meeting()}
    alone = {(a, None) for a in EVERY_A - with_one}
    assert set(rows(store, text)) == pairs | alone


def test_three_parts_that_two_filters_tie(
    store: Store, distances: dict[tuple[str, str], float]
) -> None:
    near = _within(distances, NEARER)
    text = (
        f"SELECT ?a ?b ?c {{ {PAIRS} . ?c a :A ; geo:asWKT ?z "
        f"FILTER({DISTANCE} <= {NEARER}) FILTER(geof:sfIntersects(?y, ?z)) }}"
    )
    expected = {(a, b, c) for a, b in near for c, other in _meeting() if b == other}
    answer = rows(store, text)
    assert expected
    assert len(answer) == len(set(answer))
    assert set(answer) == expected


def test_a_relation_beside_a_variable_that_both_sides_share(
    store: Store, distances: dict[tuple[str, str], float]
) -> None:
    classes = dict(rows(store, "SELECT ?a ?c { ?a :class ?c }"))
    text = (
        "SELECT ?a ?b { ?a a :A ; :class ?c ; geo:asWKT ?x . "
        f"?b a :B ; :class ?c ; geo:asWKT ?y FILTER({DISTANCE} <= {NEARER}) }}"
    )
    near = _within(distances, NEARER)
    expected = {(a, b) for a, b in near if classes[a] == classes[b]}
    assert expected < near
    assert set(rows(store, text)) == expected


def test_what_bind_computes_ties_too(
    store: Store, distances: dict[tuple[str, str], float]
) -> None:
    text = (
        f"SELECT ?a ?b {{ {PAIRS} BIND(geof:envelope(?x) AS ?box) "
        f"FILTER(geof:distance(?box, ?y, uom:metre) <= {NEARER}) }}"
    )
    flat = {"equator", "north"}
    found = {pair for pair in rows(store, text) if pair[0][1:-1] in flat}
    points = {
        (a, b)
        for a, b in _within(distances, NEARER)
        if a[1:-1] in flat and NEAR[a].geom_type != "LineString"
    }
    assert points
    assert points <= found
