"""Ill-formed geometry literals are reported with the file and the line of each."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from strabon_store.results.solutions import Solutions
from strabon_store.store import Store

WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
GML = "http://www.opengis.net/ont/geosparql#gmlLiteral"
GOOD = f'<urn:a> <urn:p> "POINT (1 1)"^^<{WKT}> .\n'
BAD = f'<urn:b> <urn:p> "POINT (1"^^<{WKT}> .\n'

TURTLE = f"""@prefix geo: <http://www.opengis.net/ont/geosparql#> . # it's "quoted
<urn:a#b> geo:asWKT 'POINT (1 1)'^^geo:wktLiteral ;
  geo:asGML \"\"\"<Point>
  <pos>1 "1"</pos>
</Point>\"\"\"^^<{GML}> .
<urn:c> geo:asWKT "PO\\u0049NT (1"^^geo:wktLiteral .
"""
XML = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
xmlns:u="urn:">
  <rdf:Description rdf:about="urn:a">
    <u:p rdf:datatype="{WKT}">POINT &lt;1</u:p>
  </rdf:Description>
</rdf:RDF>
"""
JSON = json.dumps(
    {"@id": "urn:a", "urn:p": {"@type": WKT, "@value": 'POINT "1"'}}, indent=1
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("a.nt", GOOD * 3 + BAD + GOOD + BAD, [4]),
        ("a.nt.gz", GOOD * 100_000 + BAD, [100_001]),
        ("a.ttl", TURTLE, [3, 6]),
        ("a.rdf", XML, [4]),
        ("a.jsonld", JSON, [5]),
    ],
)
def test_the_line_is_that_of_the_literal(
    store: Store, tmp_path: Path, name: str, text: str, places: list[int]
) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(text.encode()) if ".gz" in name else text.encode())
    report = store.load([file])
    found = sorted(str(each.place) for each in report.ill_formed_geometries)
    assert found == sorted(f"{file}, line {line}" for line in places)
    assert f"{file}, line {places[0]}: " in str(report)


def test_the_second_file_is_named(store: Store, tmp_path: Path) -> None:
    one, two = tmp_path / "one.nt", tmp_path / "two.nt"
    one.write_text(GOOD)
    two.write_text("\n" + BAD)
    (found,) = store.load([one, two]).ill_formed_geometries
    assert found.place == f"{two}, line 2"


def test_a_latitude_that_is_none_is_reported_and_answers_nothing(
    store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "swapped.nt"
    file.write_text(GOOD + BAD.replace("POINT (1", "POINT (5 95)"))
    (found,) = store.load([file]).ill_formed_geometries
    assert found.place == f"{file}, line 2"
    assert "the latitude 95 is beyond 90" in found.reason
    world = '"POLYGON ((-180 -90, 180 -90, 180 90, -180 90, -180 -90))"^^geo:wktLiteral'
    text = f"""
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
SELECT ?within ?apart {{ ?s ?p ?x FILTER(STR(?x) = "POINT (5 95)")
  BIND(geof:sfWithin(?x, {world}) AS ?within)
  BIND(geof:sfDisjoint("POINT (5 95)"^^geo:wktLiteral, {world}) AS ?apart) }}"""
    answer = store.query(text)
    assert isinstance(answer, Solutions)
    assert [tuple(row) for row in answer] == [(None, None)]
