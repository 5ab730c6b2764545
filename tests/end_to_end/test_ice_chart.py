"""An ice chart, a shapefile in a polar CRS without a code, is right on the globe.

`.prj` files know ESRI's WKT and no authority. The chart is read, mapped in its own CRS,
loaded, and asked: every position is where pyproj puts it.
"""

from collections.abc import Iterator

import geopandas
import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod, Transformer

from geotriples.run_local import run
from ontologies.geosparql.crs import CRS84_IRI, OWN_CRS_BASE
from ontologies.geosparql.literals import parse_wkt_literal
from strabon_store.algebra.terms import Literal
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store
from tests.geotriples.rml import triples_map

CHART = CRS("+proj=stere +lat_0=90 +lon_0=0 +k=1 +datum=WGS84 +units=m")
TO_GLOBE = Transformer.from_crs(CHART, "OGC:CRS84", always_xy=True)
PREFIXES = (
    "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
    "PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/> "
    "PREFIX ex: <http://example.com/> "
)
PLACES = {
    # Off Danmarkshavn, in the first chart of the ExtremeEarth ground truth.
    "greenland": shapely.box(-489524, -1426091, -480000, -1410000),
    "pole": shapely.segmentize(shapely.box(-30_000.5, -20_000.25, 40_000, 10_000), 500),
    # The antimeridian runs along x = 0, y > 0.
    "antimeridian": shapely.box(-50_000, 900_000, 70_000, 1_000_000),
    "hole": shapely.box(1e6, 1e6, 1.1e6, 1.1e6).difference(
        shapely.box(1.02e6, 1.02e6, 1.03e6, 1.03e6)
    ),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("chart")
    chart = geopandas.GeoDataFrame(
        {"id": list(PLACES)}, geometry=list(PLACES.values()), crs=CHART
    )
    chart.to_file(folder / "chart.shp", engine="pyogrio")
    assert 'PROJECTION["Stereographic' in (folder / "chart.prj").read_text()
    geopandas.read_file(folder / "chart.shp").to_parquet(folder / "chart.parquet")
    mapping = folder / "chart.ttl"
    mapping.write_text(
        triples_map(
            "chart.parquet",
            '[ rml:template "http://example.com/{id}" ]',
            '[ rml:reference "geometry" ]',
            formulation="pyrml:GeoParquet",
        )
    )
    run(mapping, folder / "chart.nq")
    with Store.open(folder / "store") as opened:
        assert opened.load([folder / "chart.nq"]).ill_formed_geometries == ()
        yield opened
        assert opened.verify().is_sound


def _rows(store: Store, query: str) -> list[tuple[str, ...]]:
    result = store.query(PREFIXES + query)
    assert isinstance(result, Solutions)
    return [
        tuple(term.lexical if isinstance(term, Literal) else "" for term in row)
        for row in result
    ]


def _one(store: Store, expression: str, name: str) -> str:
    query = f"SELECT ({expression} AS ?x) {{ ex:{name} ex:p0 ?g }}"
    ((text,),) = _rows(store, query)
    return text


@pytest.mark.parametrize("name", PLACES)
def test_every_vertex_is_where_pyproj_puts_it(store: Store, name: str) -> None:
    moved = _one(store, f"geof:asWKT(geof:transform(?g, <{CRS84_IRI}>))", name)
    found = shapely.get_coordinates(parse_wkt_literal(moved).shapely)
    places = shapely.get_coordinates(PLACES[name])
    expected = np.column_stack(TO_GLOBE.transform(*places.T))
    for place in expected:
        assert np.abs(found - place).max(axis=1).min() < 1e-9


@pytest.mark.parametrize("name", PLACES)
def test_coordinates_come_out_as_they_went_in(store: Store, name: str) -> None:
    literal = _one(store, "?g", name)
    assert literal.startswith(f"<{OWN_CRS_BASE}")
    parsed = parse_wkt_literal(literal)
    assert parsed.shapely.equals(PLACES[name])
    same = _one(store, "geof:transform(?g, geof:getSRID(?g))", name)
    assert parse_wkt_literal(same).shapely.equals_exact(parsed.shapely)


def test_there_and_back_again(store: Store) -> None:
    expression = f"geof:transform(geof:transform(?g, <{CRS84_IRI}>), geof:getSRID(?g))"
    back = parse_wkt_literal(_one(store, expression, "greenland"))
    assert back.shapely.normalize().equals_exact(
        PLACES["greenland"].normalize(), tolerance=1e-6
    )


@pytest.mark.parametrize("name", PLACES)
def test_areas_are_those_of_the_ellipsoid(store: Store, name: str) -> None:
    # Edges of a few kilometres are geodesics and straight lines of the chart alike.
    whole = shapely.segmentize(PLACES[name], 500)
    onto = shapely.transform(
        whole, lambda xy: np.column_stack(TO_GLOBE.transform(*xy.T))
    )
    area = abs(Geod(ellps="WGS84").geometry_area_perimeter(onto)[0])
    assert float(_one(store, "geof:metricArea(?g)", name)) == pytest.approx(
        area, rel=2e-3
    )


@pytest.mark.parametrize(
    ("wkt", "expected"),
    [
        ("POINT (0 90)", {"pole"}),
        ("POINT (180 81.5)", {"antimeridian"}),
        ("POINT (-180 81.5)", {"antimeridian"}),
        ("POINT (-18.9 76.6)", {"greenland"}),
        ("POINT (-18.9 -76.6)", set()),
    ],
)
def test_relations_find_what_is_there(
    store: Store, wkt: str, expected: set[str]
) -> None:
    rows = _rows(
        store,
        "SELECT (STRAFTER(STR(?s), 'com/') AS ?name) { ?s ex:p0 ?g FILTER "
        f"(geof:sfIntersects(?g, '{wkt}'^^geo:wktLiteral)) }}",
    )
    assert {name for (name,) in rows} == expected


def test_constants_in_the_crs_of_the_chart(store: Store) -> None:
    iri = _one(store, "STR(geof:getSRID(?g))", "pole")
    point = f"'<{iri}> POINT (1050000 1050000)'^^geo:wktLiteral"
    inside = _rows(
        store,
        "SELECT (STRAFTER(STR(?s), 'com/') AS ?name) { ?s ex:p0 ?g FILTER "
        f"(geof:sfContains(?g, {point})) }}",
    )
    assert inside == [("hole",)]
    distance = float(_one(store, f"geof:distance(?g, {point}, uom:metre)", "pole"))
    near, far = np.array([1.05e6, 1.05e6]), np.array([40_000, 10_000])
    places = TO_GLOBE.transform(*np.column_stack([near, far]))
    (lon_1, lon_2), (lat_1, lat_2) = places
    _, _, expected = Geod(ellps="WGS84").inv(lon_1, lat_1, lon_2, lat_2)
    assert distance == pytest.approx(expected, rel=1e-6)
