"""Topological properties that follow from geometries (GeoSPARQL 1.1, section 11)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
import shapely

from ontologies.geosparql.relations import RELATIONS, matches
from strabon_store.store import Store
from tests.geometries import rows

BOXES: Final[Mapping[str, Any]] = {
    "a": shapely.box(0, 0, 4, 4),
    "b": shapely.box(1, 1, 3, 3),
    "c": shapely.box(4, 0, 6, 4),
    "d": shapely.box(3, 3, 5, 5),
    "e": shapely.box(0, 0, 4, 4),
    "f": shapely.box(0, 0, 2, 4),
}
TURTLE: Final = """
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix g: <http://g/> .
g:far geo:sfWithin g:away .
g:b geo:sfWithin g:a .
g:b a g:Field . g:f a g:Field .
g:other geo:hasGeometry g:dot . g:dot geo:asWKT "POINT (0.5 0.5)"^^geo:wktLiteral .
"""


def _graph() -> Iterator[str]:
    yield TURTLE
    for name, box in BOXES.items():
        gml = " ".join(f"{x:g} {y:g}" for x, y in box.exterior.coords)
        yield (
            f'g:{name} geo:hasDefaultGeometry g:{name}G . g:{name}G geo:asWKT "{box}"'
            "^^geo:wktLiteral ; geo:asGML '<Polygon xmlns="
            '"http://www.opengis.net/gml/3.2"><exterior><LinearRing><posList>'
            f"{gml}</posList></LinearRing></exterior></Polygon>'^^geo:gmlLiteral .\n"
        )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("relations")
    (folder / "relations.ttl").write_text("".join(_graph()))
    named = "\n".join(
        f'<http://g/{s}> <http://g/p> "{s}" <http://g/named> .' for s in "xy"
    )
    (folder / "named.nq").write_text(
        named
        + '\n<http://g/x> <http://www.opengis.net/ont/geosparql#asWKT> "POINT (1 1)"'
        "^^<http://www.opengis.net/ont/geosparql#wktLiteral> <http://g/named> .\n"
    )
    store = Store.open(folder / "store")
    store.load([folder / "relations.ttl", folder / "named.nq"])
    yield store
    store.close()


def _holds(relation: str, one: Any, other: Any) -> bool:
    matrix = str(shapely.relate(one, other))
    return any(matches(matrix, pattern) for pattern in RELATIONS[relation].patterns)


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_of_features_and_geometries(store: Store, relation: str) -> None:
    found = rows(store, f"SELECT ?a ?b {{ ?a geo:{relation} ?b }}")
    expected = {
        (a + one, b + other)
        for a, x in BOXES.items()
        for b, y in BOXES.items()
        if _holds(relation, x, y)
        for one in ("", "G")
        for other in ("", "G")
    }
    inside = {
        pair for pair in found if all(name.removesuffix("G") in BOXES for name in pair)
    }
    assert len(found) == len(set(found))
    assert inside == expected


def test_what_is_asserted_is_there_once(store: Store) -> None:
    found = rows(store, "SELECT ?a { ?a geo:sfWithin ?b VALUES ?b { g:a g:away } }")
    assert sorted(found) == [
        (name,) for name in ("a", "aG", "b", "bG", "dot", "e", "eG", "f", "fG", "far")
    ]


def test_an_end_may_be_a_constant(store: Store) -> None:
    assert rows(store, "SELECT (1 AS ?one) { g:b geo:ehInside g:a }") == [(1.0,)]
    assert rows(store, "SELECT (1 AS ?one) { g:a geo:ehInside g:b }") == []
    assert store.query(
        "ASK { <http://g/c> <http://www.opengis.net/ont/geosparql#sfTouches> "
        "<http://g/aG> }"
    )


def test_other_patterns_narrow_an_end(store: Store) -> None:
    text = (
        "SELECT ?a ?b { ?a a g:Field ; geo:sfWithin ?b . ?b geo:hasDefaultGeometry ?g }"
    )
    fields = [("b", "a"), ("b", "b"), ("b", "e"), ("f", "a"), ("f", "e"), ("f", "f")]
    assert sorted(rows(store, text)) == fields


def test_a_relation_is_denied_and_counted(store: Store) -> None:
    lonely = (
        "SELECT ?a { ?a geo:hasDefaultGeometry ?g "
        "FILTER NOT EXISTS { ?a geo:sfTouches ?b } }"
    )
    touching = {a for a, x in BOXES.items() for y in BOXES.values() if x.touches(y)}
    assert {row[0] for row in rows(store, lonely)} == set(BOXES) - touching
    counted = "SELECT ?a (COUNT(?b) AS ?n) { ?a geo:sfEquals ?b } GROUP BY ?a"
    assert dict(rows(store, counted))["a"] == 4


def test_a_relation_within_a_named_graph_reads_that_graph(store: Store) -> None:
    text = "SELECT ?g ?a ?b { GRAPH ?g { ?a geo:sfEquals ?b } }"
    assert rows(store, text) == [("named", "x", "x")]


def test_it_can_be_turned_off(store: Store) -> None:
    store.rewrites_relations = False
    try:
        found = rows(store, "SELECT ?a ?b { ?a geo:sfWithin ?b }")
    finally:
        store.rewrites_relations = True
    assert sorted(found) == [("b", "a"), ("far", "away")]


def test_other_queries_do_not_pay_for_it(store: Store) -> None:
    text = "SELECT ?a ?g { ?a <http://www.opengis.net/ont/geosparql#asWKT> ?g }"
    with_it = store.explain(text).sql
    store.rewrites_relations = False
    try:
        assert store.explain(text).sql == with_it
    finally:
        store.rewrites_relations = True
