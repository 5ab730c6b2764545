"""Scene -> map -> RDF -> GeoSPARQL over HTTP, checked by those who had no part in it.

Counts come from pyoxigraph, areas and distances from pyproj, relations from shapely.
"""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyoxigraph as ox
import pytest
import shapely
from pyproj import CRS, Geod
from rdflib import Graph

from api.demo.examples import examples
from ml.sim.ice import write_scene
from ontologies.namespaces import GEO, ICE, ID
from tests.end_to_end.asking import ask, values
from tests.end_to_end.conftest import Job, dump, files, pytheas, run_job

SHIP = (-10.0, 81.0)
CLASSES, NEAR_A_SHIP, CORRIDOR = (example.text for example in examples("seaice"))
SCHEMES = ("icetype", "stage", "concentration", "form")


def crs84(polygons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return polygons.to_crs("OGC:CRS84")


def observation(polygon_id: str) -> str:
    return f"{ID}observation/{polygon_id}"


def test_counts_areas_and_probabilities_per_class(ice: Job, ice_endpoint: str) -> None:
    answer = ask(ice_endpoint, CLASSES)
    table = ice.polygons.groupby("class_iri").agg(
        area=("area_m2", "sum"), polygons=("id", "size"), mean=("probability", "mean")
    )
    assert len(answer) == len(table)
    for binding in answer:
        expected = table.loc[binding["ice"]["value"]]
        assert int(binding["polygons"]["value"]) == expected.polygons
        assert float(binding["area_km2"]["value"]) == pytest.approx(expected.area / 1e6)
        assert float(binding["mean_probability"]["value"]) == pytest.approx(
            expected["mean"]
        )
    areas = [float(value) for value in values(answer, "area_km2")]
    assert areas == sorted(areas, reverse=True)


def test_another_engine_gives_the_same_answer(ice: Job, ice_endpoint: str) -> None:
    expected = ice.oracle(*SCHEMES).query(CLASSES)
    assert isinstance(expected, ox.QuerySolutions)
    theirs = {
        (row["ice"].value, row["name"].value, int(row["polygons"].value)): (
            float(row["area_km2"].value),
            float(row["mean_probability"].value),
        )
        for row in expected
    }
    ours = {
        (b["ice"]["value"], b["name"]["value"], int(b["polygons"]["value"])): (
            float(b["area_km2"]["value"]),
            float(b["mean_probability"]["value"]),
        )
        for b in ask(ice_endpoint, CLASSES)
    }
    assert set(ours) == set(theirs)
    assert all(ours[key] == pytest.approx(theirs[key]) for key in ours)


def test_every_triple_is_there_and_no_other(ice: Job) -> None:
    triples = {
        (quad.subject, quad.predicate, quad.object)
        for quad in ice.oracle(*SCHEMES).quads_for_pattern(None, None, None)
    }
    assert len(dump(ice.location)) == len(triples)


def test_areas_are_geodesic(ice: Job, ice_endpoint: str) -> None:
    query = f"""PREFIX geo: <{GEO}>
    SELECT ?area ?geometry {{
      ?o geo:hasMetricArea ?area ; geo:hasDefaultGeometry/geo:asWKT ?geometry }}"""
    geod = Geod(ellps="WGS84")
    answer = ask(ice_endpoint, query)
    assert len(answer) == len(ice.polygons)
    for binding in answer:
        wkt = binding["geometry"]["value"].partition("> ")[2]
        area, _ = geod.geometry_area_perimeter(shapely.from_wkt(wkt))
        assert float(binding["area"]["value"]) == pytest.approx(abs(area), rel=1e-6)


def test_distances_are_geodesic(ice: Job, ice_endpoint: str) -> None:
    # In this projection distances from its centre are geodesic, so a polygon's distance
    # from the ship is a planar one.
    lon, lat = SHIP
    around = CRS.from_dict(
        {"proj": "aeqd", "lon_0": lon, "lat_0": lat, "datum": "WGS84", "units": "m"}
    )
    polygons = ice.polygons
    level = polygons[polygons.class_code == "level"].to_crs(around)
    distances = level.distance(shapely.Point(0, 0))
    near = distances[distances < 25_000].sort_values()
    expected = dict(zip(map(observation, level.loc[near.index].id), near, strict=True))
    assert expected
    answer = ask(ice_endpoint, NEAR_A_SHIP)
    assert len(answer) == min(len(expected), 20)
    found = [float(value) for value in values(answer, "distance_m")]
    assert found == sorted(found)
    for name, distance in zip(values(answer, "observation"), found, strict=True):
        assert distance == pytest.approx(expected[name], abs=0.5)


def test_relations_are_those_of_shapely(ice: Job, ice_endpoint: str) -> None:
    wkt = CORRIDOR.partition('"')[2].partition('"')[0]
    polygons = crs84(ice.polygons)
    crossed = polygons[polygons.intersects(shapely.from_wkt(wkt))]
    assert 0 < len(crossed) < len(polygons)
    answer = ask(ice_endpoint, CORRIDOR)
    assert set(values(answer, "observation")) == set(map(observation, crossed.id))


def test_every_polygon_leads_back_to_scene_and_model(
    ice: Job, ice_endpoint: str
) -> None:
    answer = ask(ice_endpoint, CORRIDOR)
    row = ice.polygons.iloc[0]
    assert set(values(answer, "scene")) == {f"{ID}scene/{row.scene_id}"}
    assert set(values(answer, "model_version")) == {row.model_version}
    item = json.loads((ice.folder / "item.json").read_text())
    assert item["bbox"][1] > 80


@pytest.mark.parametrize("query", [CLASSES, NEAR_A_SHIP, CORRIDOR])
def test_the_command_line_answers_as_the_endpoint(
    ice: Job, ice_endpoint: str, query: str
) -> None:
    here = pytheas("query", query, "-l", ice.location, "--json")
    there = pytheas("query", query, "-l", ice_endpoint, "--json")
    by_wrapper = ask(ice_endpoint, query)
    assert json.loads(here.stdout)["results"]["bindings"] == by_wrapper
    assert json.loads(there.stdout)["results"]["bindings"] == by_wrapper


def test_running_twice_changes_nothing(ice: Job, tmp_path: Path) -> None:
    job = ice.copied(tmp_path)
    result = pytheas("run", "seaice", job.product, "-l", job.location)
    assert result.exit_code == 0, result.stderr
    assert "already there, unchanged" in result.stdout
    assert files(job.folder) == files(ice.folder)
    assert dump(job.location) == dump(ice.location)
    assert [p.name for p in job.folder.parent.iterdir()] == [job.folder.name]


def test_the_same_scene_gives_the_same_names_elsewhere(
    ice: Job, tmp_path: Path
) -> None:
    again = run_job("seaice", ice.product, tmp_path / "store")
    assert (again.folder / "graph.nq").read_bytes() == (
        ice.folder / "graph.nq"
    ).read_bytes()
    assert dump(again.location) == dump(ice.location)


def test_another_map_of_the_scene_is_refused(ice: Job, tmp_path: Path) -> None:
    job = ice.copied(tmp_path)
    base = ("--base", "https://example.org/id/")
    result = pytheas("run", "seaice", job.product, "-l", job.location, *base)
    assert result.exit_code == 1
    assert "another map of scene" in result.stderr
    assert files(job.folder.parent) == files(ice.folder.parent)
    assert dump(job.location) == dump(ice.location)


def test_the_base_of_the_data_is_the_user_s(ice: Job, tmp_path: Path) -> None:
    base = "https://example.org/id/"
    job = run_job("seaice", ice.product, tmp_path / "store", "--base", base)
    text = (job.folder / "graph.nq").read_text()
    assert f"<{base}observation/" in text
    assert f"<{ID}" not in text


def test_two_scenes_share_a_store(ice: Job, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = run_job("seaice", ice.product, store)
    write_scene(
        tmp_path / "other", seed=8, shape=(128, 128), centre_lonlat=(20.0, 80.0)
    )
    second = run_job("seaice", tmp_path / "other", store)
    count = f"SELECT (COUNT(*) AS ?n) {{ ?o <{ICE.term('iceType')}> ?t }}"
    result = pytheas("query", count, "-l", store, "--format", "csv")
    expected = len(first.polygons) + len(second.polygons)
    assert result.stdout.splitlines()[1] == str(expected)


def test_polygons_cover_the_seen_scene_once(ice: Job) -> None:
    polygons = ice.polygons
    union = polygons.union_all()
    assert polygons.area.sum() == pytest.approx(union.area, rel=1e-9)
    assert np.isfinite(polygons.area_m2).all()


def test_the_graph_is_rdf_that_others_read(ice: Job) -> None:
    graph = Graph().parse(ice.folder / "graph.nq", format="nt")
    assert len(graph) == len((ice.folder / "graph.nq").read_text().splitlines())
