"""Mappings in RML's first vocabulary, as users of other tools have them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from geotriples.errors import InvalidMapping
from geotriples.mapping.read import read_mapping
from geotriples.run_local import run
from tests.geotriples.rml import quads

PREFIXES = """
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix fnml: <http://semweb.mmlab.be/ns/fnml#> .
@prefix fno: <https://w3id.org/function/ontology#> .
@prefix grel: <http://users.ugent.be/~bjdmeest/function/grel.ttl#> .
@prefix csvw: <http://www.w3.org/ns/csvw#> .
@prefix d2rq: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .
@prefix ex: <http://example.com/> .
"""

CSV = "id,name,in\n1,Tromsø,NO\n2,Nuuk,GL\n"


def convert(text: str, folder: Path) -> set[str]:
    """Run a mapping beside the files that lie in a folder."""
    (folder / "mapping.ttl").write_text(PREFIXES + text, encoding="utf-8")
    run(folder / "mapping.ttl", folder / "output.nq")
    return quads(folder / "output.nq")


def name(place: int, text: str) -> str:
    return f'<http://example.com/{place}> <http://example.com/name> "{text}"'


NAMES = """
  rr:subjectMap [ rr:template "http://example.com/{id}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:name ;
    rr:objectMap [ rml:reference "name" ] ] .
"""


def test_a_source_is_a_string(tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text(CSV, encoding="utf-8")
    text = 'ex:m rml:logicalSource [ rml:source "places.csv" ;'
    text += f" rml:referenceFormulation ql:CSV ] ; {NAMES}"
    assert convert(text, tmp_path) == {name(1, "Tromsø"), name(2, "Nuuk")}


def test_paths_in_json_need_no_dollar(tmp_path: Path) -> None:
    (tmp_path / "places.json").write_text('{"in": [{"id": 1, "name": "Tromsø"}]}')
    text = 'ex:m rml:logicalSource [ rml:source "places.json" ;'
    text += ' rml:iterator "$.in[*]" ; rml:referenceFormulation ql:JSONPath ] ;'
    assert convert(text + NAMES, tmp_path) == {name(1, "Tromsø")}


def test_functions_are_predicate_object_maps(tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text(CSV, encoding="utf-8")
    text = """
ex:m rml:logicalSource ex:s ;
  rr:subjectMap [ rr:template "http://example.com/{id}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:name ; rr:objectMap [
    fnml:functionValue [ rml:logicalSource ex:s ;
      rr:predicateObjectMap [ rr:predicate fno:executes ;
        rr:objectMap [ rr:constant grel:toUpperCase ] ] ,
      [ rr:predicate grel:valueParameter ; rr:objectMap [ rml:reference "name" ] ]
    ] ] ] .
ex:s rml:source "places.csv" ; rml:referenceFormulation ql:CSV .
"""
    assert convert(text, tmp_path) == {name(1, "TROMSØ"), name(2, "NUUK")}


def test_joins(tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "lands.csv").write_text("code\nNO\nGL\n", encoding="utf-8")
    text = """
ex:m rml:logicalSource [ rml:source "places.csv" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "http://example.com/{id}" ] ;
  rr:predicateObjectMap [ rr:predicate ex:in ; rr:objectMap [
    rr:parentTriplesMap ex:lands ;
    rr:joinCondition [ rr:child "in" ; rr:parent "code" ] ] ] .
ex:lands rml:logicalSource [ rml:source "lands.csv" ;
    rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "http://example.com/{code}" ] .
"""
    base = "http://example.com/"
    assert convert(text, tmp_path) == {
        f"<{base}1> <{base}in> <{base}NO>",
        f"<{base}2> <{base}in> <{base}GL>",
    }


@pytest.mark.parametrize(
    "rows",
    [
        'rr:tableName "places"',
        'rml:query "SELECT id, name FROM places"',
        'rr:sqlQuery "SELECT id, name FROM places" ; rr:sqlVersion rr:SQL2008',
        'rml:query "SELECT * FROM places" ; rml:referenceFormulation ql:CSV',
    ],
)
def test_a_database_described_by_d2rq(rows: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "places.db")) as connection:
        connection.executescript(
            "CREATE TABLE places (id INTEGER PRIMARY KEY, name TEXT);"
            "INSERT INTO places VALUES (1, 'Tromsø');"
        )
    text = f"ex:m rml:logicalSource [ rml:source ex:db ; {rows} ] ; {NAMES}"
    text += 'ex:db a d2rq:Database ; d2rq:jdbcDSN "jdbc:sqlite:places.db" .'
    assert convert(text, tmp_path) == {name(1, "Tromsø")}


WRONG = {
    "rml:foo of 2014 is not supported": "ex:m rml:foo 1 .",
    "needs a rml:source that is a d2rq:Database": (
        'ex:m rml:logicalSource [ rml:source "a.csv" ; rml:query "SELECT 1" ;'
        f" rml:referenceFormulation ql:CSV ] ; {NAMES}"
    ),
    "fnml:functionValue needs a fno:executes": (
        'ex:m rml:logicalSource [ rml:source "a.csv" ;'
        " rml:referenceFormulation ql:CSV ] ; rr:subjectMap"
        " [ rr:termType rr:BlankNode ] ; rr:predicateObjectMap [ rr:predicate ex:p ;"
        " rr:objectMap [ fnml:functionValue [ rr:predicateObjectMap ["
        " rr:predicate grel:valueParameter ; rr:object 1 ] ] ] ] ."
    ),
    "rr:foo is not a property of R2RML": "ex:m rr:foo 1 .",
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_told(message: str) -> None:
    parsed = read_mapping((PREFIXES + WRONG[message]).encode())
    assert any(message in str(one) for one in parsed.problems), parsed.problems


def test_problems_are_told_in_the_words_of_the_mapping(tmp_path: Path) -> None:
    text = 'ex:m rml:logicalSource [ rml:source "a.csv" ] ; rr:subjectMap [] .'
    with pytest.raises(InvalidMapping) as raised:
        convert(text, tmp_path)
    messages = [one.message for one in raised.value.problems]
    assert any("rml:reference or rr:column" in one for one in messages)
