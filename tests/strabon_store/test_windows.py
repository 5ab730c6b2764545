"""Patterns that begin with what lies in a window, against shapely."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import shapely

from strabon_store.algebra.terms import IRI
from strabon_store.relational import lower_triples
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.star_tables import open_with_star_tables

PROLOGUE: Final = (
    "PREFIX : <http://w/> PREFIX geo: <http://www.opengis.net/ont/geosparql#>\n"
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"
)
HEADER: Final = (
    "@prefix : <http://w/> .\n@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"
)
FEATURES: Final = 1_200
WINDOWS: Final = (
    "POLYGON ((1 1, 2 1, 2 2, 1 2, 1 1))",
    "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))",
    "POLYGON ((3 3, 6 4, 4 6, 3 3))",
    "POINT (5 5)",
    "POLYGON ((50 50, 51 50, 51 51, 50 50))",
)
PATTERN: Final = (
    '?a a :Kind{} ; :tag ?t ; geo:hasGeometry ?g . ?t :key "{}" . ?g geo:asWKT ?w '
)


@dataclass(frozen=True)
class Feature:
    """What has a place: every second one has several tags, which are loose."""

    number: int
    shape: shapely.Geometry

    @property
    def kind(self) -> int:
        return self.number % 3

    @property
    def tags(self) -> list[int]:
        return [tag for tag in (1, 2, 4, 64) if self.number % tag == 0]

    def lines(self) -> Iterator[str]:
        name = f":f{self.number}"
        yield f"{name} a :Kind{self.kind} ; geo:hasGeometry {name}g .\n"
        wkt = shapely.to_wkt(self.shape, -1)
        yield f'{name}g geo:asWKT "{wkt}"^^geo:wktLiteral .\n'
        for tag in self.tags:
            yield f'{name} :tag {name}t{tag} . {name}t{tag} :key "{tag}" .\n'


@pytest.fixture(scope="module")
def features() -> list[Feature]:
    places = np.random.default_rng(7).uniform(0, 10, (FEATURES, 2)).round(3)
    made = [shapely.Point(x, y) for x, y in places]
    shapes = [each if i % 2 else each.buffer(0.1) for i, each in enumerate(made)]
    shapes[7:9] = [shapely.Point(5, 5), shapely.Point(1, 1)]
    return [Feature(number, shape) for number, shape in enumerate(shapes, 1)]


@pytest.fixture(scope="module", params=[True, False], ids=["stars", "quads"])
def store(
    request: pytest.FixtureRequest,
    features: list[Feature],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("windows")
    lines = [line for each in features for line in each.lines()]
    (folder / "data.ttl").write_text(HEADER + "".join(lines))
    opened = (open_with_star_tables if request.param else Store.open)(folder / "store")
    opened.load([folder / "data.ttl"])
    yield opened
    opened.close()


def _names(store: Store, text: str) -> list[str]:
    answer = store.query(PROLOGUE + text)
    assert isinstance(answer, Solutions)
    names = (iri.value for (iri,) in answer if isinstance(iri, IRI))
    return sorted(name.removeprefix("http://w/f") for name in names)


@pytest.fixture(autouse=True, params=[100, 1_000_000], ids=["often", "seldom"])
def often(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lower_triples, "_OFTEN", request.param)


@pytest.mark.parametrize("tag", [1, 2, 64])
@pytest.mark.parametrize("relation", ["Intersects", "Within", "Touches"])
def test_features_in_a_window(
    store: Store, features: list[Feature], relation: str, tag: int
) -> None:
    for wkt in WINDOWS:
        window = shapely.from_wkt(wkt)
        holds = getattr(shapely, relation.lower())
        expected = [
            str(each.number)
            for each in features
            if each.kind == 1 and tag in each.tags and holds(each.shape, window)
        ]
        test = f'FILTER(geof:sf{relation}(?w, "{wkt}"^^geo:wktLiteral))'
        text = f"SELECT ?a {{ {PATTERN.format(1, tag)} {test} }}"
        assert _names(store, text) == sorted(expected), wkt


@pytest.mark.parametrize(("tag", "count"), [(1, FEATURES), (64, FEATURES // 64)])
def test_an_object_of_many_statements_is_compared_as_a_range(
    store: Store, monkeypatch: pytest.MonkeyPatch, tag: int, count: int
) -> None:
    """Of an equality DuckDB expects five rows, and would join it first (ADR 24)."""
    monkeypatch.setattr(store, "reads_star_tables", False)
    # A comment: another text, so that no plan is kept.
    comment = f"# {lower_triples._OFTEN}"
    text = f'{PROLOGUE} SELECT ?t {{ ?t :key "{tag}" }} {comment}'
    is_range = "BETWEEN" in store.compile(text).generated.sql
    assert is_range == (count >= lower_triples._OFTEN)


MORE: Final = {
    "two windows": "FILTER(geof:sfIntersects(?w, {0})) FILTER(geof:sfWithin(?w, {1}))",
    "another test": 'FILTER(geof:sfIntersects(?w, {0}) && CONTAINS(STR(?a), "1"))',
    "optional": "OPTIONAL {{ ?a :nothing ?n }} FILTER(geof:sfIntersects(?w, {0}))",
    "exists": "FILTER EXISTS {{ ?a :tag ?u FILTER(geof:sfIntersects(?w, {0})) }}",
    "minus": "FILTER(geof:sfIntersects(?w, {0})) MINUS {{ ?a :nothing ?n }}",
    "union": "{{ FILTER(geof:sfIntersects(?w, {0})) }} UNION {{ ?a :nothing ?n }}",
}


@pytest.mark.parametrize("more", MORE)
def test_windows_beside_other_operators(
    store: Store, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answers as where nobody can count what is in a window."""
    literals = (f'"{wkt}"^^geo:wktLiteral' for wkt in WINDOWS[:2])
    text = f"SELECT ?a {{ {PATTERN.format(1, 1)} {MORE[more].format(*literals)} }}"
    found = _names(store, text)
    assert found or more == "union"
    monkeypatch.setattr("strabon_store.storage.catalog._MOST_COUNTED", 0)
    # A comment: another text, so that no plan is kept.
    assert _names(store, f"{text} # {more}") == found


GRAPHS: Final = {
    "GRAPH ?h {{ {0} }}": 2,
    "GRAPH :h1 {{ {0} }}": 1,
    "GRAPH ?h {{ ?a a :Kind1 FILTER EXISTS {{ {0} }} }}": 2,
    "{0} FILTER EXISTS {{ GRAPH ?h {{ ?a a :Kind1 }} }}": 1,
}
"""Patterns, and in how many graphs each feature matches."""


def test_windows_in_graphs(features: list[Feature], tmp_path: Path) -> None:
    some = features[:400]
    lines = "".join(line for each in some for line in each.lines())
    graphs = f"{HEADER} {lines} :h1 {{ {lines} }} :h2 {{ {lines} }}"
    (tmp_path / "data.trig").write_text(graphs)
    window = shapely.from_wkt(WINDOWS[0])
    expected = [
        str(each.number)
        for each in some
        if each.kind == 1 and 2 in each.tags and shapely.intersects(each.shape, window)
    ]
    assert expected
    test = f'FILTER(geof:sfIntersects(?w, "{WINDOWS[0]}"^^geo:wktLiteral))'
    pattern = f"{PATTERN.format(1, 2)} {test}"
    with open_with_star_tables(tmp_path / "store") as store:
        store.load([tmp_path / "data.trig"])
        for text, times in GRAPHS.items():
            found = _names(store, f"SELECT ?a {{ {text.format(pattern)} }}")
            assert found == sorted(expected * times), text
        merged = f"SELECT ?a FROM :h1 FROM :h2 {{ {pattern} }}"  # noqa: S608 - no SQL
        assert _names(store, merged) == sorted(expected)


EDGES: Final = (
    "POINT (1 1.5)",
    "POINT (1.5 1.5)",
    "POINT (2 2)",
    "POINT EMPTY",
    "LINESTRING (1 1, 1 2)",
    "LINESTRING (1 1, 1.5 1.5)",
    "LINESTRING (0 0, 3 3)",
    "POLYGON ((1 1, 2 1, 2 2, 1 2, 1 1))",
    "POLYGON ((2 1, 3 1, 3 2, 2 2, 2 1))",
    "POLYGON ((1 1, 1.5 1, 1.5 1.5, 1 1))",
    "POLYGON ((1.1 1.1, 1.5 1.1, 1.5 1.5, 1.1 1.1))",
    "GEOMETRYCOLLECTION (POINT (1.2 1.2), LINESTRING (1.2 1.2, 1.4 1.4))",
    "MULTIPOINT ((1 1), (1.5 1.5))",
    "POLYGON ((1.1 1.1, 1.5 1.5, 1.5 1.1, 1.1 1.5, 1.1 1.1))",
)


@pytest.fixture(scope="module")
def edges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Few things at the border of a window, among many that are not asked for."""
    with open_with_star_tables(tmp_path_factory.mktemp("edges") / "store") as store:
        rare = (
            f':f{i} :rank 1 ; geo:asWKT "{wkt}"^^geo:wktLiteral .'
            for i, wkt in enumerate(EDGES)
        )
        many = (
            f':o{i} :rank {i % 50 + 2} ; geo:asWKT "POINT ({i} 1.5)"^^geo:wktLiteral .'
            for i in range(-179, 180)
        )
        store.update(f"{PROLOGUE} INSERT DATA {{ {' '.join([*rare, *many])} }}")
        store.optimize()
        yield store


@pytest.mark.parametrize(
    ("relation", "is_first"),
    [
        ("intersects", True),
        ("intersects", False),
        ("within", True),
        ("contains", False),
        ("within", False),
        ("touches", True),
    ],
)
@pytest.mark.parametrize("wkt", [WINDOWS[0], WINDOWS[2]])
def test_what_lies_at_the_border(
    edges: Store,
    relation: str,
    wkt: str,
    is_first: bool,  # noqa: FBT001 - of a table
) -> None:
    window, literal = shapely.from_wkt(wkt), f'"{wkt}"^^geo:wktLiteral'
    expected = []
    for i, edge in enumerate(map(shapely.from_wkt, EDGES)):
        sides = (edge, window) if is_first else (window, edge)
        if edge.is_valid and getattr(shapely, relation)(*sides):
            expected.append(str(i))
    pair = f"?w, {literal}" if is_first else f"{literal}, ?w"
    test = f"geof:sf{relation.capitalize()}({pair})"
    text = f"SELECT ?a {{ ?a :rank 1 ; geo:asWKT ?w FILTER({test}) }}"
    assert _names(edges, text) == sorted(expected)
    every = f"SELECT ?a {{ ?a geo:asWKT ?w FILTER({test}) }}"
    found = [name for name in _names(edges, every) if name.isdigit()]
    assert found == sorted(expected)
    denied = f"SELECT ?a {{ ?a :rank 1 ; geo:asWKT ?w FILTER(!{test}) }}"
    valid = {str(i) for i, edge in enumerate(EDGES) if shapely.from_wkt(edge).is_valid}
    assert set(_names(edges, denied)) == valid - set(expected)
    sql = edges.compile(PROLOGUE + text).generated.sql
    is_rectangle = wkt == WINDOWS[0] and relation != "touches"
    is_sure = is_rectangle and (relation, is_first) != ("within", False)
    assert (".inside" in sql) == is_sure


def test_a_plan_that_was_kept_finds_what_comes_later(
    features: list[Feature], tmp_path: Path
) -> None:
    """What is counted in a window is for estimates only."""
    with open_with_star_tables(tmp_path / "store") as store:
        lines = "".join(line for each in features[:99] for line in each.lines())
        store.update(f"{PROLOGUE} INSERT DATA {{ {lines} }}")
        store.optimize()
        place = '"POINT (5 5)"^^geo:wktLiteral'
        test = f"FILTER(geof:sfIntersects(?w, {place}))"
        text = f"SELECT ?a {{ {PATTERN.format(2, 1)} {test} }}"
        assert _names(store, text) == ["8"]
        more = [Feature(number, shapely.Point(5, 5)) for number in range(902, 980)]
        added = "".join(line for each in more for line in each.lines())
        store.update(f"{PROLOGUE} INSERT DATA {{ {added} }}")
        expected = [str(each.number) for each in more if each.kind == 2]
        assert _names(store, text) == sorted([*expected, "8"])
