"""Points in areas, joined by cells, beside shapely."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import shapely

from ontologies.geosparql.crs import PLANE_IRI
from ontologies.geosparql.relations import RELATIONS, matches
from strabon_store.algebra.terms import IRI
from strabon_store.relational import cover_joins
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.geometries import EPSG
from tests.star_tables import open_with_star_tables

_GEO: Final = "http://www.opengis.net/ont/geosparql#"
_PREFIXES: Final = (
    f"PREFIX : <http://example.org/> PREFIX geo: <{_GEO}> "
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
)
_BLOB: Final = shapely.Point(4, 4).buffer(2.5, quad_segs=16)
_EXACT: Final = [
    _BLOB.difference(shapely.Point(4, 4).buffer(1, quad_segs=8)),
    shapely.union_all([shapely.Point(9, 1).buffer(1.5), shapely.box(11, 0, 12, 3)]),
    shapely.box(0, 0, 6, 2).segmentize(0.5),
    # A cap around a pole, and what is cut at the antimeridian.
    shapely.box(-180, 85, 180, 90).segmentize(20),
    shapely.MultiPolygon(
        [shapely.box(178, -3, 180, 3), shapely.box(-180, -3, -179, 3)]
    ).segmentize(0.5),
]
_CAP: Final = 3
_OVER_ANTIMERIDIAN: Final = 4
# As WKT has them, which shapely does not write to the last digit.
_AREAS: Final = [shapely.transform(each, lambda xy: xy.round(6)) for each in _EXACT]


def _places() -> list[tuple[float, float]]:
    """Vertices and middles of edges, whole numbers, and random places."""
    rng = np.random.default_rng(5)
    corners = np.concatenate([shapely.get_coordinates(area) for area in _AREAS])
    middles = (corners[1:] + corners[:-1]) / 2
    grid = np.stack(np.meshgrid(np.arange(13.0), np.arange(7.0)), -1).reshape(-1, 2)
    spread = rng.uniform((-1, -1), (13, 7), (300, 2))
    far = [(179.5, 0), (-179.5, 0), (180, 1), (-180, 1), (7, 89), (7, 90), (50, 50)]
    places = np.concatenate([corners, middles, grid, spread, far])
    return [(x, y) for x, y in np.unique(places, axis=0).tolist()]


_PLACES: Final = _places()


def _data() -> str:
    lines = [f"@prefix : <http://example.org/> . @prefix geo: <{_GEO}> ."]
    for i, (x, y) in enumerate(_PLACES):
        lines.append(f':p{i} :position "POINT ({x!r} {y!r})"^^geo:wktLiteral .')
    for i, area in enumerate(_AREAS):
        wkt = shapely.to_wkt(area, rounding_precision=-1)
        lines.append(f':a{i} :outline "{wkt}"^^geo:wktLiteral .')
    return "\n".join(lines)


@pytest.fixture(params=[Store.open, open_with_star_tables])
def store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Store]:
    monkeypatch.setattr(cover_joins, "_LEAST_POINTS", 10)
    path = tmp_path / "data.ttl"
    path.write_text(_data())
    with request.param(tmp_path / "store") as opened:
        opened.load([path])
        yield opened


def _query(relation: str, *names: str) -> str:
    one, other = names
    return (
        f"{_PREFIXES} SELECT ?a ?b {{ ?a :position ?p . ?b :outline ?o "
        f"FILTER(geof:{relation}(?{one}, ?{other})) }}"
    )


def _pairs(store: Store, text: str) -> list[tuple[str, str]]:
    answer = store.query(text)
    assert isinstance(answer, Solutions)
    return sorted((_name(a), _name(b)) for a, b in answer)


def _name(term: Any) -> str:
    assert isinstance(term, IRI)
    return term.value.removeprefix("http://example.org/")


def _from_0_to_360(shape: Any) -> Any:
    is_west = shape.bounds[0] < 0
    return shapely.transform(shape, lambda xy: xy + np.array([360 * is_west, 0]))


def _in_one_piece(number: int, shape: Any) -> Any:
    """An area, or a point beside it, where nothing of the area is on an edge."""
    if number == _CAP and shape.geom_type != "Point":
        return shapely.box(-540, 85, 540, 95)
    if number == _OVER_ANTIMERIDIAN:
        parts = shapely.get_parts(shape).tolist()
        return shapely.union_all([_from_0_to_360(part) for part in parts])
    return shape


def _expected(relation: str, *, is_swapped: bool) -> list[tuple[str, str]]:
    found = []
    for i, place in enumerate(_PLACES):
        for j, area in enumerate(_AREAS):
            drawn = (shapely.Point(place), area)
            sides = [_in_one_piece(j, each) for each in drawn]
            matrix = shapely.relate(*(sides[::-1] if is_swapped else sides))
            if any(matches(matrix, p) for p in RELATIONS[relation].patterns):
                found.append((f"p{i}", f"a{j}"))
    return sorted(found)


def _is_covered(store: Store, text: str) -> bool:
    return "pytheas_cover" in str(store.explain(text)).lower()


@pytest.mark.parametrize("relation", ["sfIntersects", "sfWithin", "ehInside"])
def test_points_in_areas_are_those_of_geos(store: Store, relation: str) -> None:
    text = _query(relation, "p", "o")
    assert _is_covered(store, text)
    assert _pairs(store, text) == _expected(relation, is_swapped=False)


@pytest.mark.parametrize("relation", ["sfIntersects", "sfContains", "ehContains"])
def test_areas_around_points_are_those_of_geos(store: Store, relation: str) -> None:
    text = _query(relation, "o", "p")
    assert _is_covered(store, text)
    assert _pairs(store, text) == _expected(relation, is_swapped=True)


@pytest.mark.parametrize("relation", ["sfTouches", "sfDisjoint", "sfOverlaps"])
def test_what_does_not_hold_inside_is_joined_as_before(
    store: Store, relation: str
) -> None:
    text = _query(relation, "p", "o")
    assert not _is_covered(store, text)
    assert _pairs(store, text) == _expected(relation, is_swapped=False)


@pytest.mark.parametrize(
    ("name", "predicate", "wkt"),
    [
        ("p-line", "position", "LINESTRING (4 1, 4 7)"),
        ("a-line", "outline", "LINESTRING (0 0, 6 2)"),
    ],
)
def test_a_plan_goes_when_something_else_comes(
    store: Store, name: str, predicate: str, wkt: str
) -> None:
    text = _query("sfIntersects", "p", "o")
    before = _pairs(store, text)
    store.update(
        f'{_PREFIXES} INSERT DATA {{ :{name} :{predicate} "{wkt}"^^geo:wktLiteral }}'
    )
    assert not _is_covered(store, text)
    line = shapely.from_wkt(wkt)
    others = (
        {(name, f"a{j}") for j, each in enumerate(_AREAS) if each.intersects(line)}
        if predicate == "position"
        else {
            (f"p{i}", name)
            for i, each in enumerate(_PLACES)
            if shapely.Point(each).intersects(line)
        }
    )
    assert others
    assert set(_pairs(store, text)) == set(before) | others


def test_empty_and_invalid_geometries_are_in_nothing(store: Store) -> None:
    text = _query("sfIntersects", "p", "o")
    before = _pairs(store, text)
    bow = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"
    store.update(
        f'{_PREFIXES} INSERT DATA {{ :none :position "POINT EMPTY"^^geo:wktLiteral . '
        f':nothing :outline "POLYGON EMPTY"^^geo:wktLiteral . '
        f':bow :outline "{bow}"^^geo:wktLiteral . '
        ':text :position "not WKT"^^geo:wktLiteral , "plain" , 5 }'
    )
    assert _is_covered(store, text)
    assert _pairs(store, text) == before


def test_few_points_are_joined_as_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cover_joins, "_LEAST_POINTS", 50_000)
    assert not _is_covered(store, _query("sfIntersects", "p", "o"))


@pytest.mark.parametrize(
    ("crs", "x", "y"), [(PLANE_IRI, 4, 2), (f"{EPSG}32631", 500_000, 200_000)]
)
def test_points_with_a_plane_are_related_where_they_are(
    store: Store, crs: str, x: float, y: float
) -> None:
    text = _query("sfIntersects", "p", "o")
    before = _pairs(store, text)
    where = f"<{crs}> POINT ({x} {y})"
    store.update(
        f'{_PREFIXES} INSERT DATA {{ :other :position "{where}"^^geo:wktLiteral }}'
    )
    assert not _is_covered(store, text)
    # One is nowhere on Earth, the other about there.
    place = shapely.Point(3, 1.809)
    around = [] if crs == PLANE_IRI else range(len(_AREAS))
    found = {("other", f"a{j}") for j in around if place.intersects(_AREAS[j])}
    assert bool(found) == (crs != PLANE_IRI)
    assert set(_pairs(store, text)) == set(before) | found


def test_points_beside_ids_and_loose_ones_are_joined_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cover_joins, "_LEAST_POINTS", 10)
    path = tmp_path / "data.ttl"
    kinds = (f"\n:p{i} :kind {i % 3} ." for i in range(len(_PLACES)))
    path.write_text(_data() + "".join(kinds))
    text = (
        f"{_PREFIXES} SELECT ?a ?b {{ ?a :position ?p ; :kind ?k . ?b :outline ?o "
        "FILTER(geof:sfIntersects(?p, ?o)) }"
    )
    add = '{} INSERT DATA {{ :new :kind 7 ; :position "{}"^^geo:wktLiteral }}'
    with open_with_star_tables(tmp_path / "store") as store:
        store.load([path])
        before = _pairs(store, text)
        assert before == _expected("sfIntersects", is_swapped=False)
        store.update(add.format(_PREFIXES, "POINT (4 2)"))
        assert _is_covered(store, text)
        explained = str(store.explain(text))
        assert "star_" in explained
        assert "loose" in explained
        assert set(_pairs(store, text)) == {*before, ("new", "a0"), ("new", "a2")}
        line = shapely.LineString([(0, 1), (12, 1)])
        store.update(f"{_PREFIXES} DELETE WHERE {{ :new ?p ?o }}")
        store.update(add.format(_PREFIXES, line.wkt))
        met = {("new", f"a{j}") for j, a in enumerate(_AREAS) if a.intersects(line)}
        assert not _is_covered(store, text)
        assert set(_pairs(store, text)) == {*before, *met}


_WAYS: Final = [
    shapely.LineString(each)
    for each in (
        [(0, 0), (12, 6), (0, 0.5), (0.3, 0.7), (0.4, 0.7), (0.5, 0.9)],
        [(0, 1), (11, 1), (11, 5), (2, 5), (2, 0)],
        [(1, 1), (5, 2), (3, 6), (1, 1)],
        [(-60, 0), (100, 0)],
    )
]


def _on_ways(relation: str, *, is_swapped: bool) -> list[tuple[str, str]]:
    found = []
    for i, place in enumerate(_PLACES):
        for j, way in enumerate(_WAYS):
            sides = (shapely.Point(place), way)
            matrix = shapely.relate(*(sides[::-1] if is_swapped else sides))
            if any(matches(matrix, p) for p in RELATIONS[relation].patterns):
                found.append((f"p{i}", f"l{j}"))
    return sorted(found)


@pytest.mark.parametrize("opened", [Store.open, open_with_star_tables])
def test_points_on_lines_are_those_of_geos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[[Path], Store]
) -> None:
    monkeypatch.setattr(cover_joins, "_MOST_TRIED", 0)
    path = tmp_path / "data.ttl"
    lines = (f':l{i} :outline "{w.wkt}"^^geo:wktLiteral .' for i, w in enumerate(_WAYS))
    points = (line for line in _data().splitlines() if not line.startswith(":a"))
    path.write_text("\n".join([*points, *lines]))
    with opened(tmp_path / "store") as store:
        store.load([path])
        for relation, *names in (("sfIntersects", "p", "o"), ("ehCovers", "o", "p")):
            text = _query(relation, *names)
            is_swapped = names[0] == "o"
            expected = _on_ways(relation, is_swapped=is_swapped)
            assert _is_covered(store, text) == (relation == "sfIntersects")
            assert _pairs(store, text) == expected
        # An end is no interior.
        text = _query("sfWithin", "p", "o")
        assert not _is_covered(store, text)
        assert _pairs(store, text) == _on_ways("sfWithin", is_swapped=False)
        store.update(
            f"{_PREFIXES} INSERT DATA {{ "
            ':area :outline "POLYGON ((0 0, 6 0, 6 2, 0 0))"^^geo:wktLiteral }'
        )
        assert not _is_covered(store, _query("sfIntersects", "p", "o"))
