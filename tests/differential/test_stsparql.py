"""stSPARQL says what GeoSPARQL says under other names."""

from collections.abc import Iterator

import pytest

from ontologies.geosparql.strabon import SAME_FUNCTIONS, parse_strdf_wkt
from strabon_store.algebra.terms import IRI, Literal
from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
DATA = f'''
@prefix strdf: <http://strdf.di.uoa.gr/ontology#> .
<urn:athens> <urn:shape> "POINT (23.7 38);{EPSG}4326"^^strdf:WKT .
<urn:attica> <urn:shape> "POLYGON ((23 37, 24 37, 24 39, 23 39, 23 37))"^^strdf:WKT .
<urn:grid> <urn:shape> "POINT (470000 4200000);{EPSG}2100"^^strdf:WKT .
<urn:isle> <urn:shape> """<Point xmlns="http://www.opengis.net/gml"
srsName="{EPSG}4326"><pos>38 25</pos></Point>"""^^strdf:GML .
'''
PROLOGUE = (
    "PREFIX strdf: <http://strdf.di.uoa.gr/ontology#>\n"
    "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"
    "PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>\n"
)
PAIRS = "?a <urn:shape> ?x . ?b <urn:shape> ?y FILTER(?a != ?b)"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("stsparql")
    (folder / "data.ttl").write_text(DATA)
    with Store.open(folder / "store") as opened:
        assert not opened.load([folder / "data.ttl"]).ill_formed_geometries
        yield opened


def rows(store: Store, text: str) -> list[tuple[str, ...]]:
    answer = store.query(PROLOGUE + text)
    assert isinstance(answer, Solutions)
    return sorted(
        tuple(
            t.value.removeprefix("urn:") if isinstance(t, IRI) else t.lexical
            for t in row
            if isinstance(t, IRI | Literal)
        )
        for row in answer
    )


@pytest.mark.parametrize("name", ["within", "contains", "intersects", "disjoint"])
def test_a_relation_is_that_of_geosparql(store: Store, name: str) -> None:
    ours = rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER(strdf:{name}(?x, ?y)) }}")
    same = SAME_FUNCTIONS[f"http://strdf.di.uoa.gr/ontology#{name}"]
    assert ours == rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER(<{same}>(?x, ?y)) }}")
    assert ours


def test_directions_are_of_places_on_the_globe(store: Store) -> None:
    left = rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER(strdf:left(?x, ?y)) }}")
    assert left == [
        ("athens", "isle"),
        ("attica", "isle"),
        ("grid", "athens"),
        ("grid", "isle"),
    ]
    right = rows(store, f"SELECT ?b ?a {{ {PAIRS} FILTER(strdf:right(?x, ?y)) }}")
    assert right == left
    above = rows(store, f"SELECT ?a ?b {{ {PAIRS} FILTER(strdf:above(?x, ?y)) }}")
    below = rows(store, f"SELECT ?b ?a {{ {PAIRS} FILTER(strdf:below(?x, ?y)) }}")
    assert above == below == [("athens", "grid"), ("isle", "grid")]


def test_bounding_boxes(store: Store) -> None:
    text = f"SELECT ?a ?b {{ {PAIRS} FILTER(strdf:mbbContains(?x, ?y)) }}"
    assert rows(store, text) == [("attica", "athens"), ("attica", "grid")]


def test_of_one_argument_union_is_a_set_function(store: Store) -> None:
    one = "SELECT (strdf:union(?x) AS ?u) { <urn:athens> <urn:shape> ?x }"
    assert rows(store, one) == [("POINT (23.7 38)",)]
    two = (
        "SELECT (strdf:union(?x, ?y) AS ?u) "
        "{ <urn:athens> <urn:shape> ?x . <urn:isle> <urn:shape> ?y }"
    )
    (found,) = rows(store, two)
    assert found[0].startswith("MULTIPOINT")
    box = (
        "SELECT (strdf:extent(?x) AS ?e) { ?a <urn:shape> ?x FILTER(?a != <urn:grid>) }"
    )
    assert rows(store, box) == [("POLYGON ((23 37, 25 37, 25 39, 23 39, 23 37))",)]


def test_an_area_is_in_square_metres(store: Store) -> None:
    both = (
        "SELECT (strdf:area(?x) - geof:area(?x, uom:metre) AS ?zero) "
        "{ <urn:attica> <urn:shape> ?x }"
    )
    assert rows(store, both) == [("0.0E0",)]


def test_a_literal_names_the_place_of_its_fault() -> None:
    with pytest.raises(Exception, match="at character 8") as caught:
        parse_strdf_wkt("POINT (x)")
    assert "POINT (x)" in str(caught.value)
