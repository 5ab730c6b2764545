"""The nearest first, against GeographicLib and against the order of all rows."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic

from strabon_store import explaining
from strabon_store.explaining import ExplainedNode
from strabon_store.store import Store
from tests.geometries import PROLOGUE, degrees_between, rows

FROM: Final = {
    "equator": "POINT (0 0)",
    "antimeridian": "POINT (179.999 -17)",
    "pole": "POINT (12 90)",
    "ice": "POINT (-30 84)",
    "line": "LINESTRING (-179.9 60, -170 62)",
    "area": "POLYGON ((20 40, 21 40, 21 40.5, 20 40))",
}


def _shapes(count: int) -> dict[str, Any]:
    """Points, lines and boxes all over the globe."""
    random = np.random.default_rng(3)
    shapes = {}
    for i in range(count):
        x, y = random.uniform(-180, 180), np.degrees(np.arcsin(random.uniform(-1, 1)))
        w, h = random.exponential(2, 2)
        box = (x, y, min(x + w, 180), min(y + h, 90))
        line = shapely.LineString([box[:2], box[2:]])
        shape = [shapely.Point(x, y), line, shapely.box(*box)][i % 3]
        shapes[f"s{i}"] = shape
    shapes["twin"] = shapes["s0"]
    return shapes


SHAPES: Final = _shapes(180)
WITHOUT: Final = ("ill", "text", "empty", "bare")
"""What has no distance."""


def _turtle(shapes: dict[str, Any]) -> Iterator[str]:
    yield "@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"
    yield "@prefix : <http://g/> .\n"
    for number, (name, shape) in enumerate(shapes.items()):
        yield f':{name} a :S ; :kind {number % 3} ; geo:asWKT "{shape.wkt}"'
        yield "^^geo:wktLiteral .\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("nearest")
    path = folder / "shapes.ttl"
    odd = (
        ':ill a :T ; :kind 0 ; geo:asWKT "POLYGON ((0 0, 1"^^geo:wktLiteral .\n'
        ':text a :T ; :kind 0 ; geo:asWKT "POINT (1 1)" .\n'
        ':empty a :T ; :kind 0 ; geo:asWKT "POINT EMPTY"^^geo:wktLiteral .\n'
        ":bare a :T ; :kind 0 .\n"
    )
    path.write_text("".join(_turtle(SHAPES)) + odd)
    with Store.open(folder / "store") as store:
        store.load([path])
        yield store


def _distance(start: str, unit: str = "uom:metre") -> str:
    return f'geof:distance(?y, "{FROM[start]}"^^geo:wktLiteral, {unit})'


_KNOWN: Final[dict[str, dict[str, float]]] = {}


def _measured(store: Store, start: str) -> dict[str, float]:
    """The distance of everything that has one, without an order."""
    if start not in _KNOWN:
        bound = f"BIND({_distance(start)} AS ?d)"
        text = f"SELECT ?s ?d {{ ?s a :S ; geo:asWKT ?y {bound} }}"
        _KNOWN[start] = dict(rows(store, text))
    return _KNOWN[start]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are counted to the end, however busy the machine is."""
    monkeypatch.setattr(explaining, "_LEAST_S", 60.0)


def _operators(node: ExplainedNode) -> Iterator[ExplainedNode]:
    yield node
    for source in node.sources:
        yield from _operators(source)


@pytest.mark.parametrize("start", FROM)
@pytest.mark.parametrize(("limit", "offset"), [(1, 0), (7, 0), (5, 20), (1000, 0)])
def test_the_nearest_are_the_first_of_all(
    store: Store, start: str, limit: int, offset: int
) -> None:
    measured = _measured(store, start)
    ordered = sorted(measured.values())[offset : offset + limit]
    tail = f"LIMIT {limit} OFFSET {offset}"
    pattern = "?s a :S ; geo:asWKT ?y"
    metric = f'geof:metricDistance("{FROM[start]}"^^geo:wktLiteral, ?y)'
    for text in (
        f"SELECT ?s {{ {pattern} }} ORDER BY {_distance(start)} ?s {tail}",
        f"SELECT ?s {{ {pattern} BIND({_distance(start)} AS ?d) }} ORDER BY ?d {tail}",
        f"SELECT ?s ({_distance(start)} AS ?d) {{ {pattern} }} ORDER BY ?d {tail}",
        f"SELECT ?s {{ {pattern} }} ORDER BY {metric} {tail}",
    ):
        found = [measured[row[0]] for row in rows(store, text)]
        assert found == pytest.approx(ordered, rel=1e-12)


@pytest.mark.parametrize("start", ["equator", "antimeridian", "pole", "ice"])
def test_the_nearest_points_by_geographiclib(store: Store, start: str) -> None:
    ((lon, lat),) = shapely.get_coordinates(shapely.from_wkt(FROM[start]))
    points = {n: s for n, s in SHAPES.items() if s.geom_type == "Point"}
    far = {
        name: Geodesic.WGS84.Inverse(lat, lon, there.y, there.x)["s12"]
        for name, there in points.items()
    }
    text = (
        f"SELECT ?s ?d {{ ?s a :S ; :kind 0 ; geo:asWKT ?y "
        f"BIND({_distance(start)} AS ?d) }} ORDER BY ?d ?s LIMIT 12"
    )
    answer = [row for row in rows(store, text) if row[0] in points]
    expected = sorted(far, key=lambda name: (far[name], name))[: len(answer)]
    assert len(answer) >= 10
    assert [row[1] for row in answer] == pytest.approx(
        [far[name] for name in expected], abs=1e-6
    )


def test_what_has_no_distance_comes_first(store: Store) -> None:
    text = (
        "SELECT ?s { ?s a ?type ; :kind 0 OPTIONAL { ?s geo:asWKT ?y } } "
        f"ORDER BY {_distance('ice')} ?s LIMIT "
    )
    measured = _measured(store, "ice")
    kinds = [f"s{i}" for i in range(0, 180, 3)]
    nearest = min(kinds, key=measured.__getitem__)
    assert [row[0] for row in rows(store, text + "3")] == sorted(WITHOUT)[:3]
    assert [row[0] for row in rows(store, text + "5")] == [*sorted(WITHOUT), nearest]


def test_ties_are_ordered_by_what_comes_next(store: Store) -> None:
    here = SHAPES["twin"]
    text = (
        "SELECT ?s { ?s a :S ; geo:asWKT ?y } ORDER BY "
        f'geof:distance(?y, "{here.wkt}"^^geo:wktLiteral, uom:metre) '
    )
    assert [r[0] for r in rows(store, text + "?s LIMIT 2")] == ["s0", "twin"]
    assert [r[0] for r in rows(store, text + "DESC(?s) LIMIT 1")] == ["twin"]


@pytest.mark.parametrize(
    "order",
    [
        "DESC({})",
        "?kind {}",
        "({} / 1000)",
        "(- {})",
    ],
)
def test_other_orders_are_what_they_were(store: Store, order: str) -> None:
    measured = _measured(store, "area")
    text = (
        "SELECT ?s ?kind { ?s a :S ; :kind ?kind ; geo:asWKT ?y } ORDER BY "
        + order.format(_distance("area"))
    )
    whole = [measured[row[0]] for row in rows(store, text)]
    first = [measured[row[0]] for row in rows(store, f"{text} LIMIT 9")]
    assert first == whole[:9]


@pytest.mark.parametrize("limit", [1, 3, 7, 500])
def test_the_nearest_of_what_differs(store: Store, limit: int) -> None:
    """Every geometry twice, and few kinds: rows are more than what differs."""
    measured = _measured(store, "ice")
    twice = "?s a :S ; :kind ?kind ; geo:asWKT ?y . VALUES ?n { 1 2 }"
    order = f"ORDER BY {_distance('ice')} LIMIT {limit}"
    ordered = sorted(measured.values())
    found = rows(store, f"SELECT DISTINCT ?s {{ {twice} }} {order}")
    assert len(set(found)) == len(found) == min(limit, len(measured))
    assert [measured[s] for (s,) in found] == ordered[:limit]
    bound = f"{twice} BIND({_distance('ice')} AS ?d)"
    text = f"SELECT DISTINCT ?kind ?d {{ {bound} }} ORDER BY ?d LIMIT {limit}"
    whole = sorted({(d, int(s[1:]) % 3) for s, d in measured.items() if s != "twin"})
    assert len({*ordered}) < len(ordered)
    assert [row[1] for row in rows(store, text)] == [d for d, _ in whole][:limit]


def test_the_nearest_of_few_kinds(store: Store) -> None:
    measured = _measured(store, "equator")
    kinds: dict[int, float] = {}
    for name, distance in measured.items():
        kind = len(measured) % 3 if name == "twin" else int(name[1:]) % 3
        kinds[kind] = min(distance, kinds.get(kind, distance))
    text = (
        "SELECT DISTINCT ?kind { ?s a :S ; :kind ?kind ; geo:asWKT ?y } "
        f"ORDER BY {_distance('equator')} LIMIT "
    )
    expected = sorted(kinds, key=kinds.__getitem__)
    for limit in (1, 2, 3, 9):
        assert [k for (k,) in rows(store, f"{text} {limit}")] == expected[:limit]
    explained = str(store.explain(f"{PROLOGUE} {text} 2"))
    assert "Nearest 2 by (kind)" in explained


def test_the_nearest_within_a_subquery(store: Store) -> None:
    measured = _measured(store, "antimeridian")
    order = f"ORDER BY {_distance('antimeridian')} LIMIT 5"
    inner = f"SELECT ?s {{ ?s a :S ; geo:asWKT ?y }} {order}"
    nearest = sorted(measured, key=measured.__getitem__)[:5]
    text = f"SELECT ?s ?kind {{ ?s :kind ?kind {{ {inner} }} }}"
    assert {row[0] for row in rows(store, text)} == set(nearest)
    assert "nearest by bounds" in str(store.explain(PROLOGUE + text))


@pytest.mark.parametrize("start", FROM)
def test_the_nearest_by_an_angle(store: Store, start: str) -> None:
    origin = shapely.from_wkt(FROM[start])
    planar = {n: degrees_between(shape, origin) for n, shape in SHAPES.items()}
    order = f"ORDER BY {_distance(start, 'uom:degree')} LIMIT 12"
    text = f"SELECT ?s {{ ?s a :S ; geo:asWKT ?y }} {order}"
    found = [planar[s] for (s,) in rows(store, text)]
    assert found == pytest.approx(sorted(planar.values())[:12], rel=1e-12)
    # Of a pole boxes tell little.
    assert 12 <= _candidates(store, text) < len(SHAPES) + (start == "pole")


def test_a_filter_on_the_distance_and_an_order_by_it(store: Store) -> None:
    measured = _measured(store, "ice")
    text = (
        f"SELECT ?s ?d {{ ?s a :S ; geo:asWKT ?y BIND({_distance('ice')} AS ?d) "
        "FILTER(?d > 1000000 && ?d < 4000000) } ORDER BY ?d LIMIT 4"
    )
    inside = sorted(d for d in measured.values() if 1e6 < d < 4e6)
    assert [row[1] for row in rows(store, text)] == pytest.approx(inside[:4])


def test_the_nearest_of_each_pair(store: Store) -> None:
    """As in a query that looks for the nearest parcel of a point."""
    pairs = "?a a :S ; geo:asWKT ?x . ?b a :S ; geo:asWKT ?y . FILTER(?a != ?b) "
    limit = "FILTER(?d < 300000) } ORDER BY ?d LIMIT 6"
    near = f"{pairs} BIND(geof:distance(?x, ?y, uom:metre) AS ?d) {limit}"
    found = rows(store, f"SELECT ?a ?b ?d {{ {near}")
    whole = rows(store, f"SELECT ?a ?b ?d {{ {near.partition(' LIMIT')[0]}")
    assert len(whole) > 6
    assert [row[2] for row in found] == [row[2] for row in whole[:6]]


def _candidates(store: Store, text: str) -> int:
    explanation = store.explain(PROLOGUE + text, analyze=True)
    nodes = [n for n in _operators(explanation.nodes) if "Nearest" in n.label]
    assert len(nodes) == 1
    return nodes[0].rows or 0


def test_few_are_measured_of_however_many(tmp_path_factory: Any) -> None:
    text = (
        "SELECT ?s { ?s a :S ; geo:asWKT ?y } ORDER BY "
        'geof:distance(?y, "POINT (10 50)"^^geo:wktLiteral, uom:metre) LIMIT 10'
    )
    for count in (500, 4_000):
        folder = tmp_path_factory.mktemp("many")
        random = np.random.default_rng(8)
        x, y = random.uniform(0, 20, count), random.uniform(40, 60, count)
        points = {f"s{i}": shapely.Point(x[i], y[i]) for i in range(count)}
        (folder / "points.ttl").write_text("".join(_turtle(points)))
        with Store.open(folder / "store") as many:
            many.load([folder / "points.ttl"])
            assert 10 <= _candidates(many, text) <= 15
