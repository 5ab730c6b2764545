"""The relation table against GEOS and against what OGC's vocabulary prints."""

from itertools import product
from pathlib import Path

import pytest
import rdflib
import shapely

from ontologies.geosparql.relations import RELATIONS, matches
from ontologies.namespaces import GEO

# What the printed table says and ours says otherwise, and why, is in relations.py.
DEPARTURES = {"sfEquals", "ehEquals", "sfCrosses", "sfOverlaps"}
SHAPES = [
    shapely.from_wkt(text)
    for text in (
        "POINT (1 1)",
        "POINT (0 0)",
        "MULTIPOINT ((1 1), (5 5))",
        "MULTIPOINT ((1 1), (0 0))",
        "LINESTRING (0 0, 4 0)",
        "LINESTRING (2 -1, 2 5)",
        "LINESTRING (1 0, 6 0)",
        "LINESTRING (0 0, 4 0, 4 4, 0 0)",
        "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))",
        "POLYGON ((1 1, 3 1, 3 3, 1 3, 1 1))",
        "POLYGON ((2 2, 6 2, 6 6, 2 6, 2 2))",
        "POLYGON ((4 0, 8 0, 8 4, 4 4, 4 0))",
        "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 3 1, 3 3, 1 3, 1 1))",
        "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))",
        "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "POINT EMPTY",
        "POLYGON EMPTY",
    )
]
GEOS = {
    "sfEquals": shapely.equals,
    "sfDisjoint": shapely.disjoint,
    "sfIntersects": shapely.intersects,
    "sfTouches": shapely.touches,
    "sfCrosses": shapely.crosses,
    "sfWithin": shapely.within,
    "sfContains": shapely.contains,
    "sfOverlaps": shapely.overlaps,
}


def holds(name: str, a: shapely.Geometry, b: shapely.Geometry) -> bool:
    return any(shapely.relate_pattern(a, b, p) for p in RELATIONS[name].patterns)


def test_there_are_eight_relations_in_each_of_three_families() -> None:
    families = [relation.family for relation in RELATIONS.values()]
    assert sorted(families.count(family) for family in set(families)) == [8, 8, 8]


@pytest.mark.parametrize("name", GEOS)
def test_a_simple_features_relation_is_that_of_geos(name: str) -> None:
    for a, b in product(SHAPES, repeat=2):
        assert holds(name, a, b) == GEOS[name](a, b), (a.wkt, b.wkt)


def test_patterns_without_dimensions_say_what_patterns_with_them_say() -> None:
    for relation, a, b in product(RELATIONS.values(), SHAPES, SHAPES):
        if a.is_empty or b.is_empty:
            continue
        keyed = relation.patterns_for(
            int(shapely.get_dimensions(a)), int(shapely.get_dimensions(b))
        )
        matrix = shapely.relate(a, b)
        assert holds(relation.name, a, b) == any(matches(matrix, p) for p in keyed), (
            relation.name,
            a.wkt,
            b.wkt,
        )


def test_a_point_equals_itself_in_both_families_that_apply_to_points() -> None:
    point = shapely.Point(1, 1)
    assert holds("sfEquals", point, point)
    assert holds("ehEquals", point, point)
    assert not holds("rcc8eq", point, point)


def test_overlaps_is_not_within_and_equals_is_not_disjoint() -> None:
    square, inner, shifted = SHAPES[8], SHAPES[9], SHAPES[10]
    assert holds("sfOverlaps", square, shifted)
    assert not holds("sfOverlaps", inner, square)
    assert holds("ehEquals", square, square)
    assert not holds("ehEquals", square, shapely.box(90, 90, 91, 91))


@pytest.mark.parametrize("name", sorted(set(RELATIONS) - DEPARTURES))
def test_patterns_are_those_of_the_published_vocabulary(
    suites: Path, name: str
) -> None:
    graph = rdflib.Graph().parse(suites / "geosparql-1.1-ogc/1.1/geo.ttl")
    text = str(graph.value(rdflib.URIRef(GEO + name), rdflib.SKOS.definition))
    printed = text.rpartition("DE-9IM: ")[2].replace("^", " ")
    assert set(printed.split()) == {
        pattern for case in RELATIONS[name].cases for pattern in case.patterns
    }
