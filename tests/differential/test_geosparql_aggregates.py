"""Spatial aggregates of groups against shapely."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import shapely

from strabon_store.errors import QuerySyntaxError
from strabon_store.store import Store
from tests.geometries import EPSG, rows, same, shape, store_of

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "a": ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))", "POLYGON ((2 2, 6 2, 6 6, 2 2))"),
    "b": ("POINT (1 1)", "POINT (5 1)", "POINT (3 7)", "POINT (3 3)"),
    "c": ("LINESTRING (0 0, 1 1)", "LINESTRING (1 1, 2 0)", "LINESTRING (5 5, 6 6)"),
    "d": ("POINT (1 1)", "LINESTRING (0 0, 3 0)", "POLYGON ((0 0, 1 0, 1 2, 0 0))"),
}
LITERALS: Final = {
    f"{group}{number}": text
    for group, texts in GROUPS.items()
    for number, text in enumerate(texts)
}
GROUPED: Final = "{ ?a g:has ?x BIND (SUBSTR(STR(?a), 10, 1) AS ?k) } GROUP BY ?k"


def _all(group: str) -> Any:
    return shapely.GeometryCollection([shape(text) for text in GROUPS[group]])


EXPECTED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "aggBoundingBox": shapely.envelope,
    "aggCentroid": shapely.centroid,
    "aggConvexHull": shapely.convex_hull,
    "aggUnion": lambda all_of: shapely.union_all(list(all_of.geoms)),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = store_of(tmp_path_factory.mktemp("aggregates"), LITERALS)
    yield store
    store.close()


@pytest.mark.parametrize("name", EXPECTED)
def test_an_aggregate_of_each_group(store: Store, name: str) -> None:
    found = dict(rows(store, f"SELECT ?k (geof:{name}(?x) AS ?v) {GROUPED}"))
    assert set(found) == set(GROUPS)
    for group, text in found.items():
        assert same(shape(text), EXPECTED[name](_all(group))), group


@pytest.mark.parametrize("name", ["aggBoundingCircle", "aggConcaveHull"])
def test_an_aggregate_that_holds_its_group(store: Store, name: str) -> None:
    found = dict(rows(store, f"SELECT ?k (geof:{name}(?x) AS ?v) {GROUPED}"))
    for group, text in found.items():
        assert shape(text).buffer(1e-9).covers(_all(group)), group


def test_lines_are_joined_end_to_end(store: Store) -> None:
    found = dict(rows(store, f"SELECT ?k (geof:aggConcatLines(?x) AS ?v) {GROUPED}"))
    assert found["a"] is found["b"] is None
    joined = shapely.from_wkt("MULTILINESTRING ((0 0, 1 1, 2 0), (5 5, 6 6))")
    assert same(shape(found["c"]), joined)


def test_aggregates_stand_among_functions_and_conditions(store: Store) -> None:
    text = (
        "SELECT ?k (geof:dimension(geof:aggUnion(?x)) AS ?v) (COUNT(?x) AS ?n) "
        f"{GROUPED} HAVING (geof:area(geof:aggUnion(?x), uom:metre) > 0) "
        "ORDER BY geof:maxY(geof:aggUnion(?x))"
    )
    assert rows(store, text) == [("d", 2.0, 3.0), ("a", 2.0, 2.0)]


def test_an_aggregate_of_distinct_terms(store: Store) -> None:
    text = (
        "SELECT (geof:numGeometries(geof:aggUnion(DISTINCT geof:centroid(?x))) AS ?v) "
        '{ ?a g:has ?x FILTER (STRSTARTS(STR(?a), "http://g/b")) }'
    )
    assert rows(store, text) == [(4.0,)]


def test_of_nothing_and_of_an_error_there_is_no_aggregate(store: Store) -> None:
    none = "SELECT (geof:aggUnion(?x) AS ?v) { ?a g:nothing ?x }"
    wrong = (
        "SELECT (geof:aggUnion(?y) AS ?v) { { g:a0 g:has ?y } UNION "
        '{ BIND ("text" AS ?y) } }'
    )
    assert rows(store, none) == rows(store, wrong) == [(None,)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?x { ?a g:has ?x FILTER (geof:isEmpty(geof:aggUnion(?x))) }",
        "SELECT (geof:aggUnion(?x, ?x) AS ?v) { ?a g:has ?x }",
        "SELECT (geof:aggUnion(geof:aggUnion(?x)) AS ?v) { ?a g:has ?x }",
        "SELECT ?x (geof:aggUnion(?x) AS ?v) { ?a g:has ?x }",
    ],
)
def test_an_aggregate_in_the_wrong_place(store: Store, text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        rows(store, text)


def test_a_group_in_one_crs_keeps_it_and_others_are_in_crs84(tmp_path: Path) -> None:
    squares = [shapely.box(x, 0, x + 1e5, 1e5) for x in (0, 1e5)]
    texts = {f"p{i}": f"<{EPSG}3413> {square}" for i, square in enumerate(squares)}
    with store_of(tmp_path, texts | {"q": "POINT (-45 80)"}) as store:
        text = (
            "SELECT (geof:aggUnion(?x) AS ?v) "
            '{ ?a g:has ?x FILTER (STRSTARTS(STR(?a), "http://g/p")) }'
        )
        ((found,),) = rows(store, text)
        assert found.startswith(f"<{EPSG}3413> POLYGON")
        assert same(shape(found), shapely.union_all(squares))
        ((mixed,),) = rows(store, "SELECT (geof:aggUnion(?x) AS ?v) { ?a g:has ?x }")
        assert mixed.startswith("GEOMETRYCOLLECTION")
