"""Generated mappings of geographical files and XML run as they are, on real files."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyoxigraph as ox
import pytest
import rdflib
import shapely
from adbc_driver_postgresql import dbapi
from typer.testing import CliRunner

from api.cli.main import app
from tests.database_servers import Server

EXAMPLES = "geosparql-1.1-ogc/1.1/examples"
COUNTRIES = "cql2-ats/data/ne110m4cql2.gpkg"
ICE = "S1A_EW_GRDM_1SDH_20221130T014342_20221130T014446_046117_058549_BB15"
GEO = "http://www.opengis.net/ont/geosparql#"


def _call(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["map", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def _made(source: Path, folder: Path, *more: str) -> ox.Store:
    """What the mapping of a source makes, as it was generated."""
    mapping, output = folder / "m.ttl", folder / "o.nq"
    _call("generate", str(source), "-o", str(mapping), *more)
    named = ("--source", f"{source.name}={source}")
    _call("run", str(mapping), "-o", str(output), "--quiet", *named)
    store = ox.Store()
    store.load(path=output, format=ox.RdfFormat.N_QUADS)
    return store


def _values(store: ox.Store, query: str) -> list[list[str]]:
    found: Any = store.query(f"PREFIX geo: <{GEO}> {query}")
    return sorted([str(one.value) for one in row] for row in found)


def _points(store: ox.Store) -> list[shapely.Geometry]:
    rows = _values(store, "SELECT ?wkt { ?any geo:asWKT ?wkt }")
    return [shapely.from_wkt(wkt.partition("> ")[2]) for (wkt,) in rows]


def _classes(store: ox.Store) -> dict[str, int]:
    query = "SELECT ?type (COUNT(?one) AS ?n) { ?one a ?type } GROUP BY ?type"
    rows = _values(store, query)
    return {one.rpartition("#")[2].rpartition("/")[2]: int(n) for one, n in rows}


def test_layers_of_a_geopackage_are_classes(suites: Path, tmp_path: Path) -> None:
    store = _made(suites / COUNTRIES, tmp_path)
    found = _classes(store)
    for layer, name in (
        ("ne_110m_admin_0_countries", "Ne110mAdmin0Countries"),
        ("ne_110m_populated_places_simple", "Ne110mPopulatedPlacesSimple"),
        ("ne_110m_rivers_lake_centerlines", "Ne110mRiversLakeCenterlines"),
    ):
        frame = gpd.read_file(suites / COUNTRIES, layer=layer)
        assert found[name] == len(frame)
    assert found["Geometry"] == sum(found.values()) - found["Geometry"]


@pytest.mark.parametrize("ending", ["geojson", "kml", "gml"])
def test_a_feature_of_text_has_its_geometry(
    suites: Path, tmp_path: Path, ending: str
) -> None:
    source = tmp_path / f"island.{ending}"
    shutil.copyfile(suites / EXAMPLES / f"moreton-island.{ending}", source)
    store = _made(source, tmp_path)
    (found,) = _points(store)
    (expected,) = gpd.read_file(source).geometry
    assert shapely.equals_exact(shapely.force_2d(found), shapely.force_2d(expected))


def test_a_shapefile_keeps_its_geometries(data: Path, tmp_path: Path) -> None:
    source = data / "crops_brazil/LEM_dataset.shp"
    frame = gpd.read_file(source)
    points = _points(_made(source, tmp_path))
    assert len(points) == len({one.wkb for one in frame.geometry})
    assert shapely.union_all(points).bounds == tuple(frame.total_bounds)


def test_a_shapefile_without_a_crs_says_what_to_do(data: Path, tmp_path: Path) -> None:
    source = data / "crops_mali/field_boundaries_with_crops_cleaned.shp"
    store = _made(source, tmp_path)
    assert _classes(store) == {"FieldBoundariesWithCropsCleaned": 74}
    assert "names no CRS" in (tmp_path / "m.ttl").read_text()


def test_the_row_number_is_the_key_of_a_geopackage(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"v": [1.5, 1.5]}, geometry=[shapely.Point(1, 2)] * 2, crs=4326
    )
    frame.to_file(tmp_path / "g.gpkg")
    store = _made(tmp_path / "g.gpkg", tmp_path)
    names = [
        one.rpartition("/")[2] for (one,) in _values(store, "SELECT ?s { ?s a [] }")
    ]
    assert sorted(names) == ["1", "1", "2", "2"]


def test_tables_of_postgis_are_classes(postgresql: Server, tmp_path: Path) -> None:
    with dbapi.connect(postgresql.url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE ice (code TEXT PRIMARY KEY, shape geometry(Point, 3413))"
        )
        cursor.execute(
            "INSERT INTO ice VALUES ('a', ST_SetSRID(ST_MakePoint(1000, 2000), 3413))"
        )
        connection.commit()
    mapping = tmp_path / "m.ttl"
    _call("generate", postgresql.url, "-o", str(mapping))
    _call("run", str(mapping), "-o", str(tmp_path / "o.nt"), "--quiet")
    text = (tmp_path / "o.nt").read_text()
    assert '"<http://www.opengis.net/def/crs/EPSG/0/3413> POINT (1000 2000)"' in text


def test_what_repeats_in_xml_becomes_things(data: Path, tmp_path: Path) -> None:
    folder = data / "sentinel1_safe" / ICE / "annotation" / "calibration"
    source = folder / "calibration-ew-hh.xml"
    store = _made(source, tmp_path)
    assert _classes(store) == {"Calibration": 1, "CalibrationVector": 67}
    query = (
        "SELECT ?line { ?all a ?c ; ?leads ?one . ?one ?p ?line "
        'FILTER (STRENDS(STR(?c), "#Calibration") && STRENDS(STR(?p), "#line")) }'
    )
    assert len(_values(store, query)) == 67


def test_namespaces_of_xml_are_declared(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text(
        '<r xmlns="urn:d" xmlns:p="urn:p"><!-- c --><p:list>'
        '<i p:id="1"><t>eins</t><k>a</k><k>b</k></i>'
        '<i p:id="2"><t>zwei</t></i></p:list></r>',
        encoding="utf-8",
    )
    store = _made(tmp_path / "x.xml", tmp_path, "--language", "de")
    rows = _values(store, 'SELECT ?t { ?s ?p ?t FILTER (LANG(?t) = "de") }')
    assert rows == [["a"], ["b"], ["eins"], ["zwei"]]
    assert _classes(store) == {"I": 2}


def test_a_language_is_that_of_texts_and_labels(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,name,count\na,Nuuk,1\nb,Tasiilaq,2\n")
    ontology = tmp_path / "t.owl.ttl"
    more = ("--language", "da", "--ontology", str(ontology))
    store = _made(tmp_path / "t.csv", tmp_path, *more)
    rows = _values(store, 'SELECT ?t { ?s ?p ?t FILTER (LANG(?t) = "da") }')
    assert rows == [["Nuuk"], ["Tasiilaq"]]
    graph = rdflib.Graph().parse(ontology)
    labels = set(graph.objects(None, rdflib.RDFS.label))
    assert rdflib.Literal("name", lang="da") in labels
    ranges = set(graph.objects(None, rdflib.RDFS.range))
    assert rdflib.RDF.langString in ranges
    told = _call("generate", str(tmp_path / "t.csv"), "--language", "danish", code=2)
    assert "is not a language tag" in " ".join(told.split())


def test_the_direct_mapping_of_a_database_is_written(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "d.sqlite") as connection:
        connection.executescript(
            "CREATE TABLE port (code TEXT PRIMARY KEY, name TEXT);"
            "CREATE TABLE ship (id INTEGER PRIMARY KEY,"
            "  home TEXT REFERENCES port(code));"
            "INSERT INTO port VALUES ('NU', 'Nuuk'); INSERT INTO ship VALUES (1, 'NU');"
        )
    connection.close()
    database, base = str(tmp_path / "d.sqlite"), "http://x.org/"
    mapping, output = str(tmp_path / "m.ttl"), tmp_path / "o.nt"
    told = _call("generate", database, "--direct", "-o", mapping, "--base", base)
    assert "run it: pytheas map run" in " ".join(told.split())
    options = ("--database", database, "--base", base, "--quiet")
    _call("run", mapping, "-o", str(output), *options)
    # Direct Mapping, section 2.
    kind = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    one = '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
    port, ship = "<http://x.org/port/code=NU>", "<http://x.org/ship/id=1>"
    assert set(output.read_text().splitlines()) == {
        f'{port} <http://x.org/port#code> "NU" .',
        f'{port} <http://x.org/port#name> "Nuuk" .',
        f"{port} <{kind}> <http://x.org/port> .",
        f'{ship} <http://x.org/ship#home> "NU" .',
        f"{ship} <http://x.org/ship#id> {one} .",
        f"{ship} <http://x.org/ship#ref-home> {port} .",
        f"{ship} <{kind}> <http://x.org/ship> .",
    }
    refused = _call("generate", database, "--direct", "--language", "en", code=2)
    assert "what the W3C says" in " ".join(refused.split())
