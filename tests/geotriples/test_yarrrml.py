"""Mappings in YARRRML, run: shortcuts, functions, conditions, joins; what is wrong."""

from pathlib import Path

import pytest

from geotriples.errors import InvalidMapping
from geotriples.mapping.read import read_mapping
from geotriples.run_local import run
from tests.geotriples.rml import quads

EX = "http://example.com/"
PREFIXES = "prefixes:\n  ex: http://example.com/\n"
CSV = "id,name,in\n1,Tromsø,NO\n2,Nuuk,GL\n"


def convert(text: str, folder: Path) -> set[str]:
    """Run a mapping beside a table of places and one of lands."""
    (folder / "places.csv").write_text(CSV, encoding="utf-8")
    (folder / "lands.csv").write_text("code,label\nNO,Norge\n", encoding="utf-8")
    mapping = folder / "mapping.yml"
    mapping.write_text(PREFIXES + text, encoding="utf-8")
    run(mapping, folder / "output.nq")
    return quads(folder / "output.nq")


def test_shortcuts_types_and_graphs(tmp_path: Path) -> None:
    text = """
mappings:
  places:
    sources: [[places.csv~csv]]
    s: ex:$(id)
    graphs: ex:g
    po:
      - [a, ex:Place]
      - [ex:name, $(name), en~lang]
      - [ex:id, $(id), xsd:integer]
      - [ex:in, ex:$(in)~iri]
      - {p: ex:text, o: "1: $(name)\\\\: {x}"}
"""
    here = f"<{EX}1>"
    assert {one for one in convert(text, tmp_path) if one.startswith(here)} == {
        f"{here} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{EX}Place> <{EX}g>",
        f'{here} <{EX}name> "Tromsø"@en <{EX}g>',
        f'{here} <{EX}id> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <{EX}g>',
        f"{here} <{EX}in> <{EX}NO> <{EX}g>",
        f'{here} <{EX}text> "1: Tromsø: {{x}}" <{EX}g>',
    }


def test_functions_and_conditions(tmp_path: Path) -> None:
    text = """
sources:
  places: [places.csv~csv]
mappings:
  places:
    sources: places
    s: ex:$(id)
    po:
      - p: ex:name
        o:
          function: grel:toUpperCase(valueParameter = $(name))
        condition:
          function: idlab-fn:equal
          parameters:
            - [grel:valueParameter, $(in)]
            - [grel:valueParameter2, GL]
"""
    assert convert(text, tmp_path) == {f'<{EX}2> <{EX}name> "NUUK"'}


def test_a_condition_on_blank_nodes(tmp_path: Path) -> None:
    text = """
mappings:
  places:
    sources: [[places.csv~csv]]
    condition: {function: equal, parameters: [[str1, $(id)], [str2, "1"]]}
    po: [[ex:name, $(name)]]
"""
    (quad,) = convert(text, tmp_path)
    assert quad.startswith("_:")
    assert quad.endswith('"Tromsø"')


def test_joins_and_inverse_predicates(tmp_path: Path) -> None:
    text = """
mappings:
  places:
    sources: [[places.csv~csv]]
    s: ex:$(id)
    po:
      - p: ex:land
        o:
          mapping: lands
          condition: {function: equal, parameters: [[str1, $(in)], [str2, $(code)]]}
      - p: ex:in
        o: ex:code/$(in)~iri
        inversepredicates: ex:has
  lands:
    sources: [[lands.csv~csv]]
    s: ex:$(code)
    po: [[ex:label, $(label)]]
"""
    assert convert(text, tmp_path) == {
        f"<{EX}1> <{EX}land> <{EX}NO>",
        f'<{EX}NO> <{EX}label> "Norge"',
        f"<{EX}1> <{EX}in> <{EX}code/NO>",
        f"<{EX}2> <{EX}in> <{EX}code/GL>",
        f"<{EX}code/NO> <{EX}has> <{EX}1>",
        f"<{EX}code/GL> <{EX}has> <{EX}2>",
    }


WRONG = {
    "line 3, column 1: not YAML": "mappings:\n  a: [\n",
    "document: the key 'maps' is not supported": "maps: {}\nmappings: {}\n",
    "a: the key 'foo' is not supported": "mappings: {}\nmapping:\n  a: {foo: 1}\n",
    "a: sources: unknown referenceFormulation 'xls'": "mappings:\n  a:\n"
    "    sources: [[b.xls]]\n    s: http://e.org/$(id)\n",
    "a: predicateobjects: ['ex:p'] has no predicate and object": "mappings:\n  a:\n"
    "    po: [[ex:p]]\n",
    "<mapping:a>: needs exactly one sources": "mappings:\n  a: {s: http://e.org/a}\n",
    "a: a join needs the function equal": "mappings:\n  a:\n    po:\n"
    "      - {p: a, o: {mapping: a, condition: {function: grel:trim}}}\n",
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_told(message: str) -> None:
    text = WRONG[message].replace("mappings: {}\nmapping:", "mapping:")
    parsed = read_mapping(text.encode())
    assert any(message in str(one) for one in parsed.problems), parsed.problems


def test_a_missing_column_is_told_with_its_mapping(tmp_path: Path) -> None:
    text = "mappings:\n  a:\n    sources: [[places.csv~csv]]\n    s: ex:$(absent)\n"
    text += "    po: [[a, ex:A]]\n"
    with pytest.raises(InvalidMapping, match=r"<mapping:a> subjectMap.*'absent'"):
        convert(text, tmp_path)
