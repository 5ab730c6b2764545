"""A real classification of a Belgian Sentinel-1/2 cube, to an answer over HTTP."""

import geopandas as gpd
import pytest
import shapely
from pyproj import CRS, Geod

from api.demo.examples import examples
from ontologies.namespaces import ID
from tests.end_to_end.asking import ask, values
from tests.end_to_end.conftest import Job

AROUND_A_POINT = examples("crop")[0].text
POINT = (5.3251, 50.6336)
RADIUS_M = 300.0
PIXEL_M2 = 100.0


def test_the_map_is_in_the_crs_of_the_product(crop: Job) -> None:
    polygons = crop.polygons
    assert polygons.crs.to_epsg() == 32631
    assert polygons.is_valid.all()


def test_areas_sum_to_pixels_times_pixel_area(crop: Job, crop_endpoint: str) -> None:
    query = """PREFIX geo: <http://www.opengis.net/ont/geosparql#>
    PREFIX eo: <https://w3id.org/pytheas/ontology/eo#>
    SELECT (SUM(?area) AS ?total) (SUM(?pixels) AS ?count) {
      ?o geo:hasMetricArea ?area ; eo:pixelCount ?pixels }"""
    (answer,) = ask(crop_endpoint, query)
    count = int(answer["count"]["value"])
    assert count == crop.polygons.n_pixels.sum()
    assert float(answer["total"]["value"]) == pytest.approx(count * PIXEL_M2, rel=1e-3)


def test_hectares_and_probability_of_each_crop_around_a_point(
    crop: Job, crop_endpoint: str
) -> None:
    lon, lat = POINT
    around = CRS.from_dict(
        {"proj": "aeqd", "lon_0": lon, "lat_0": lat, "datum": "WGS84", "units": "m"}
    )
    polygons = crop.polygons.to_crs(around)
    near = polygons[polygons.distance(shapely.Point(0, 0)) < RADIUS_M]
    table = near.groupby("class_iri").agg(
        area=("area_m2", "sum"), mean=("probability", "mean")
    )
    assert 0 < len(near) < len(polygons)
    assert len(table) > 1
    answer = ask(crop_endpoint, AROUND_A_POINT)
    assert set(values(answer, "crop")) == set(table.index)
    for binding in answer:
        expected = table.loc[binding["crop"]["value"]]
        assert float(binding["hectares"]["value"]) == pytest.approx(expected.area / 1e4)
        assert float(binding["mean_probability"]["value"]) == pytest.approx(
            expected["mean"]
        )


def test_geometries_are_where_pyproj_puts_them(crop: Job, crop_endpoint: str) -> None:
    query = """PREFIX geo: <http://www.opengis.net/ont/geosparql#>
    SELECT ?o ?geometry { ?o geo:hasDefaultGeometry/geo:asWKT ?geometry }"""
    expected = crop.polygons.to_crs("OGC:CRS84").set_index("id").geometry
    geod = Geod(ellps="WGS84")
    answer = ask(crop_endpoint, query)
    assert len(answer) == len(expected)
    for binding in answer:
        polygon = expected[binding["o"]["value"].removeprefix(f"{ID}observation/")]
        wkt = binding["geometry"]["value"].partition("> ")[2]
        (a, b), (c, d) = (
            gpd.GeoSeries([shape]).representative_point().iloc[0].coords[0]
            for shape in (shapely.from_wkt(wkt), polygon)
        )
        assert geod.inv(a, b, c, d)[2] < 0.01
