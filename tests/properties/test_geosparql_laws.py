"""Laws of GeoSPARQL's relations, literals and measures, over random geometries."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from engines.geodesy import distance_m, wrap
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.literals import (
    Geometry,
    parse_geojson_literal,
    parse_wkt_literal,
    parse_wkt_literals,
    render_geojson_literal,
    render_wkt_literal,
)
from ontologies.geosparql.relations import RELATIONS, Family, matches

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
RCC8 = [name for name, relation in RELATIONS.items() if relation.family is Family.RCC8]

corners = st.tuples(st.integers(0, 4), st.integers(0, 4))
points = st.lists(corners, min_size=1, max_size=4).map(shapely.MultiPoint)
lines = (
    st.lists(corners, min_size=2, max_size=5, unique=True)
    .map(shapely.LineString)
    .filter(lambda line: bool(line.is_simple))
)
boxes = st.tuples(corners, st.integers(1, 3), st.integers(1, 3)).map(
    lambda it: shapely.box(*it[0], it[0][0] + it[1], it[0][1] + it[2])
)
polygons = (
    st.lists(corners, min_size=3, max_size=6, unique=True)
    .map(shapely.Polygon)
    .filter(lambda polygon: bool(polygon.is_valid))
)
regions = boxes | polygons
geometries: st.SearchStrategy[BaseGeometry] = points | lines | regions

doubles = st.floats(-1e9, 1e9, allow_nan=False)
longitudes, latitudes = st.floats(-540, 540), st.floats(-90, 90)
exact = st.one_of(
    st.builds(shapely.Point, longitudes, latitudes),
    st.builds(shapely.Point, longitudes, latitudes, doubles),
    st.lists(st.tuples(longitudes, latitudes), min_size=2, max_size=5).map(
        shapely.LineString
    ),
    st.sampled_from([shapely.Polygon(), shapely.GeometryCollection()]),
    regions,
)


def holds(name: str, a: BaseGeometry, b: BaseGeometry) -> bool:
    return any(shapely.relate_pattern(a, b, p) for p in RELATIONS[name].patterns)


@given(geometries, geometries)
def test_a_relation_and_its_converse_say_the_same(
    a: BaseGeometry, b: BaseGeometry
) -> None:
    for name, relation in RELATIONS.items():
        assert holds(name, a, b) == holds(relation.converse, b, a), name


def test_the_converse_of_the_converse_is_the_relation() -> None:
    for name, relation in RELATIONS.items():
        assert RELATIONS[relation.converse].converse == name
        assert RELATIONS[relation.converse].family == relation.family


@given(boxes, boxes)
def test_rcc8_is_a_partition_of_regions(a: BaseGeometry, b: BaseGeometry) -> None:
    assert sum(holds(name, a, b) for name in RCC8) == 1


def test_a_ring_and_a_disc_over_its_hole_match_no_rcc8_pattern() -> None:
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    disc = shapely.box(3, 3, 7, 7)
    assert not any(holds(name, ring, disc) for name in RCC8)


@given(geometries, geometries)
def test_equivalent_relations_of_two_families_agree(
    a: BaseGeometry, b: BaseGeometry
) -> None:
    assert holds("sfEquals", a, b) == holds("ehEquals", a, b)
    assert holds("sfDisjoint", a, b) == holds("ehDisjoint", a, b)
    assert holds("sfTouches", a, b) == holds("ehMeet", a, b)
    assert holds("sfDisjoint", a, b) != holds("sfIntersects", a, b)


@given(regions, regions)
def test_equivalent_relations_of_regions_agree(
    a: BaseGeometry, b: BaseGeometry
) -> None:
    assert holds("rcc8eq", a, b) == holds("sfEquals", a, b)
    assert holds("rcc8dc", a, b) == holds("sfDisjoint", a, b)
    assert holds("rcc8ec", a, b) == holds("sfTouches", a, b)
    assert holds("ehInside", a, b) == holds("rcc8ntpp", a, b)
    assert holds("ehContains", a, b) == holds("rcc8ntppi", a, b)


@given(geometries, geometries)
def test_our_matching_is_that_of_geos(a: BaseGeometry, b: BaseGeometry) -> None:
    matrix = shapely.relate(a, b)
    for relation in RELATIONS.values():
        for pattern in relation.patterns:
            assert matches(matrix, pattern) == shapely.relate_pattern(a, b, pattern)


@pytest.mark.parametrize(
    "iri", [CRS84_IRI, EPSG + "4326", EPSG + "3413", EPSG + "3035", EPSG + "4979"]
)
@given(shape=exact)
def test_a_geometry_comes_back_from_its_literal(iri: str, shape: BaseGeometry) -> None:
    text = render_wkt_literal(Geometry(iri, shape))
    again = parse_wkt_literal(text)
    assert again.crs_iri == iri
    assert shapely.equals_identical(again.shapely, shape)
    assert render_wkt_literal(again) == text
    column = parse_wkt_literals([text])
    assert shapely.equals_identical(column.geometries[0], shape)


@given(exact.filter(lambda shape: not shape.is_empty))
def test_a_geometry_comes_back_from_geojson(shape: BaseGeometry) -> None:
    geometry = Geometry(CRS84_IRI, shape)
    again = parse_geojson_literal(render_geojson_literal(geometry))
    assert shapely.equals_identical(again.shapely, shape)


def near(lon: float, lat: float) -> st.SearchStrategy[BaseGeometry]:
    """Points and short lines about a place, over the antimeridian where it is near."""
    steps = st.tuples(st.floats(-1, 1), st.floats(-1, 1))
    lonlats = steps.map(lambda step: ((lon + step[0] + 180) % 360 - 180, lat + step[1]))
    lines = st.lists(lonlats, min_size=2, max_size=4).map(shapely.LineString)
    return st.builds(shapely.Point, lonlats) | lines


places = st.sampled_from([(0.0, 0.0), (179.5, 60.0), (-90.0, 88.0), (10.0, -80.0)])
pairs = places.flatmap(lambda at: st.tuples(near(*at), near(*at)))
triples = places.flatmap(lambda at: st.tuples(near(*at), near(*at), near(*at)))


@settings(deadline=None, max_examples=60)
@given(pairs)
def test_distance_is_symmetric(pair: tuple[BaseGeometry, BaseGeometry]) -> None:
    a, b = pair
    there, back = distance_m(a, b)[0], distance_m(b, a)[0]
    assert there >= 0
    assert np.isclose(there, back, rtol=1e-5, atol=1e-3)


@settings(deadline=None, max_examples=60)
@given(triples)
def test_distance_to_a_whole_is_that_to_its_nearest_part(
    triple: tuple[BaseGeometry, BaseGeometry, BaseGeometry],
) -> None:
    a, b, c = triple
    whole = distance_m(a, shapely.GeometryCollection([b, c]))[0]
    parts = min(distance_m(a, b)[0], distance_m(a, c)[0])
    assert np.isclose(whole, parts, rtol=1e-5, atol=1e-3)


@given(places.flatmap(lambda at: near(*at)))
def test_wrapping_twice_is_wrapping_once(place: BaseGeometry) -> None:
    once = wrap(place).geometries
    assert shapely.equals_identical(wrap(once).geometries, once).all()
