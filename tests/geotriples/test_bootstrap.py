"""A generated mapping runs as it is, and says what its source says."""

import json
import sqlite3
from pathlib import Path

import geopandas as gpd
import pyoxigraph as ox
import pytest
import rdflib
import shapely
from rdflib.namespace import OWL, RDF, RDFS, XSD

from geotriples.bootstrap.survey import Survey, survey
from geotriples.bootstrap.write import Names, mapping_text, ontology_text
from geotriples.errors import SourceError
from geotriples.run_local import run

BASE = "https://example.org/id/"
ROOT = Path(__file__).resolve().parent.parent.parent


def _generated(source: Path) -> tuple[Survey, ox.Store]:
    """The survey of a source, and what its mapping makes."""
    found = survey(str(source))
    mapping = source.with_name("generated.ttl")
    path = str(source) if found.path is None else source.name
    text = mapping_text(Names(BASE, found), path)
    mapping.write_text(text, encoding="utf-8")
    run(
        mapping,
        source.with_name("generated.nq"),
        sources={source.name: source},
        base=BASE,
    )
    store = ox.Store()
    store.load(path=source.with_name("generated.nq"), format=ox.RdfFormat.N_QUADS)
    return found, store


def _ask(store: ox.Store, found: Survey, pattern: str) -> bool:
    prefixes = (
        f"PREFIX o: <{Names(BASE, found).ontology}> PREFIX xsd: <{XSD}> "
        "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
    )
    return bool(store.query(f"{prefixes} BASE <{BASE}> ASK {{ {pattern} }}"))


def test_types_of_text_are_found_without_loss(tmp_path: Path) -> None:
    (tmp_path / "Towns 1.csv").write_text(
        "code,count,Area (km2),big,day,at,plz,mixed,empty,plus,page\n"
        "a,12,1.50,true,2026-01-02,2026-01-02T03:04:05Z,01234,1,,+1,https://x.org/a\n"
        'b,-3,2,false,2024-02-29,2026-01-02T03:04:05.5Z,99999,"x ""y""",,2,http://y.z\n',
        encoding="utf-8",
    )
    found, store = _generated(tmp_path / "Towns 1.csv")
    (entity,) = found.entities
    assert entity.key == ("code",)
    types = {one.name: (one.datatype or "").partition("#")[2] for one in entity.fields}
    assert types == {
        "code": "string",
        "count": "integer",
        "Area (km2)": "decimal",
        "big": "boolean",
        "day": "date",
        "at": "dateTime",
        "plz": "string",
        "mixed": "string",
        "empty": "string",
        "plus": "string",
        "page": "anyURI",
    }
    assert _ask(
        store,
        found,
        '<Towns-1/a> a o:Towns1 ; o:count 12 ; o:areaKm2 1.50 ; o:plz "01234" ; '
        'o:plus "+1" ; o:day "2026-01-02"^^xsd:date .'
        '<Towns-1/b> o:mixed "x \\"y\\"" ; o:big false . '
        "FILTER NOT EXISTS { ?any o:empty ?value }",
    )
    assert len(store) == 2 * 11


def test_a_date_that_is_none_is_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,day,n\n1,2026-02-30,007\n2,2026-02-01,8\n")
    found, _ = _generated(tmp_path / "t.csv")
    types = [one.datatype for one in found.entities[0].fields]
    assert types == [str(XSD.integer), str(XSD.string), str(XSD.string)]


def test_two_columns_may_be_the_key_and_names_stay_apart(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a b,a_b,v\n1,1,x\n1,2,x\n2,1,x\n")
    found, store = _generated(tmp_path / "t.csv")
    assert found.entities[0].key == ("a b", "a_b")
    assert _ask(store, found, "<t/1/2> o:aB 1 ; o:aB2 2")


def test_rows_that_nothing_tells_apart_are_blank_nodes(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,1\n1,1\n")
    found, store = _generated(tmp_path / "t.csv")
    assert found.entities[0].key == ()
    assert len({str(one.subject) for one in store}) == 2


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3413"])
def test_a_geometry_column_becomes_a_feature_s_geometry(
    tmp_path: Path, crs: str
) -> None:
    points = [shapely.Point(10 + i, 80 - i) for i in range(3)]
    frame = gpd.GeoDataFrame(
        {"fid": [1, 2, 3], "label": ["a", "b", None]}, geometry=points, crs="EPSG:4326"
    )
    frame.to_crs(crs).to_parquet(tmp_path / "ice.parquet")
    found, store = _generated(tmp_path / "ice.parquet")
    geometry = found.entities[0].geometry
    assert geometry is not None
    assert crs in geometry.crs
    code = crs.removeprefix("EPSG:")
    assert _ask(
        store,
        found,
        '<ice/2> a o:Ice ; o:label "b" ; geo:hasGeometry <ice/geometry/2> . '
        "<ice/geometry/2> a geo:Geometry ; geo:asWKT ?wkt . "
        f"FILTER(datatype(?wkt) = geo:wktLiteral && CONTAINS(STR(?wkt), '{code}')) "
        "FILTER NOT EXISTS { <ice/3> o:label ?any }",
    )


def test_wkt_and_coordinates_in_text_are_geometries(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(
        'id,shape\n1,"LINESTRING(1 2, 3 4)"\n2,POINT(1 2)\n'
    )
    found, store = _generated(tmp_path / "w.csv")
    wkt = '"LINESTRING(1 2, 3 4)"^^geo:wktLiteral'
    assert _ask(store, found, f"<w/1> geo:hasGeometry [ geo:asWKT {wkt} ]")
    (tmp_path / "p.csv").write_text("id,lat,lon\n1,80.5,10\n2,81,11.25\n")
    found, store = _generated(tmp_path / "p.csv")
    wkt = '"POINT(11.25 81)"^^geo:wktLiteral'
    assert _ask(
        store,
        found,
        f'<p/2> o:lat "81"^^xsd:decimal ; geo:hasGeometry [ geo:asWKT {wkt} ]',
    )


def test_what_is_nested_becomes_things_of_its_own(tmp_path: Path) -> None:
    document = {
        "ships": [
            {
                "id": "s1",
                "owner": {"name": "A", "full name": "A B"},
                "tags": ["x", "y"],
                "trips": [{"no": 7, "to": "Nuuk"}, {"no": 8, "to": "Tromsø"}],
            },
            {"id": "s2", "speed": 1.5, "trips": [{"no": 9, "to": "Nuuk"}]},
        ]
    }
    (tmp_path / "fleet.json").write_text(json.dumps(document), encoding="utf-8")
    found, store = _generated(tmp_path / "fleet.json")
    assert [one.name for one in found.entities] == ["fleet", "trips"]
    assert _ask(
        store,
        found,
        '<fleet/s1> o:ownerName "A" ; o:ownerFullName "A B" ; o:tags "x" , "y" ; '
        "o:trips <trips/7> , <trips/8> . <fleet/s2> o:speed 1.5e0 . "
        '<trips/8> a o:Trips ; o:no 8 ; o:to "Tromsø" . '
        "FILTER NOT EXISTS { <fleet/s1> o:trips <trips/9> }",
    )


def test_what_is_nested_without_a_key_is_told_apart_by_its_place(
    tmp_path: Path,
) -> None:
    document = [
        {"id": "s1", "stops": [{"to": "Nuuk", "at": {"h": 7}}, {"to": "Nuuk"}]},
        {"id": "s2", "stops": [{"to": "Nuuk", "tags": ["x", "y"]}]},
        {"id": "s3", "stops": []},
    ]
    (tmp_path / "fleet.json").write_text(json.dumps(document), encoding="utf-8")
    found, store = _generated(tmp_path / "fleet.json")
    assert _ask(
        store,
        found,
        '<fleet/s1> o:stops <stops/s1/0> , <stops/s1/1> . <stops/s1/0> o:to "Nuuk" ; '
        "o:atH 7 . <fleet/s2> o:stops <stops/s2/0> . "
        '<stops/s2/0> a o:Stops ; o:tags "x" , "y" . '
        "FILTER NOT EXISTS { <fleet/s3> o:stops ?any } "
        "FILTER NOT EXISTS { <fleet/s1> o:stops <stops/s2/0> }",
    )
    graph = rdflib.Graph().parse(data=ontology_text(Names(BASE, found)))
    stops = rdflib.URIRef(f"{Names(BASE, found).ontology}stops")
    assert (stops, RDF.type, OWL.ObjectProperty) in graph


def test_foreign_keys_of_a_database_become_joins(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "d.sqlite") as connection:
        connection.executescript(
            "CREATE TABLE port (code TEXT PRIMARY KEY, name TEXT);"
            "CREATE TABLE ship (id INTEGER PRIMARY KEY, length REAL,"
            "  home TEXT REFERENCES port(code));"
            "INSERT INTO port VALUES ('NU', 'Nuuk'), ('TO', 'Tromsø');"
            "INSERT INTO ship VALUES (1, 12.5, 'TO'), (2, NULL, NULL);"
        )
    connection.close()
    found, store = _generated(tmp_path / "d.sqlite")
    assert _ask(
        store,
        found,
        '<ship/1> o:homePort <port/TO> ; o:home "TO" ; o:length 12.5e0 . '
        "<port/TO> a o:Port . FILTER NOT EXISTS { <ship/2> o:home ?any }",
    )


def test_the_ontology_declares_every_property(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,n,shape\na,1,POINT(1 2)\nb,2,"POINT(1 3)"\n')
    found, store = _generated(tmp_path / "t.csv")
    names = Names(BASE, found)
    graph = rdflib.Graph().parse(data=ontology_text(names))
    used = {
        rdflib.URIRef(one.predicate.value)
        for one in store
        if one.predicate.value.startswith(names.ontology)
    }
    assert used == set(graph.subjects(RDF.type, OWL.DatatypeProperty))
    for each in used:
        assert list(graph.objects(each, RDFS.domain)) == [
            rdflib.URIRef(f"{names.ontology}T")
        ]
        assert len(list(graph.objects(each, RDFS.range))) == 1
        assert len(list(graph.objects(each, RDFS.label))) == 1
    assert not list(graph.subjects(RDF.type, OWL.AnnotationProperty))
    feature = rdflib.URIRef("http://www.opengis.net/ont/geosparql#Feature")
    assert list(graph.subjects(RDFS.subClassOf, feature))


@pytest.mark.parametrize("name", ["absent.csv", "t.docx", "broken.json"])
def test_a_source_that_cannot_be_surveyed_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.docx").write_text("x")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(SourceError, match=name):
        survey(str(tmp_path / name))


@pytest.mark.parametrize(
    ("file", "subjects"),
    [
        ("hcat/hcat_core/HCAT3.csv", 384),
        ("hcat/csvs/country_mappings/nl_2020.csv", 326),
        ("worldcereal/data_0.parquet", 1600),
    ],
)
def test_real_data_come_out_whole(
    data: Path, tmp_path: Path, file: str, subjects: int
) -> None:
    source = tmp_path / Path(file).name
    source.symlink_to(data / file)
    found, store = _generated(source)
    assert found.entities[0].rows == subjects
    geometry = "http://www.opengis.net/ont/geosparql#Geometry"
    found_types = store.quads_for_pattern(None, ox.NamedNode(str(RDF.type)), None)
    features = {
        str(one.subject) for one in found_types if one.object != ox.NamedNode(geometry)
    }
    assert len(features) == subjects
