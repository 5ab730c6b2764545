"""Logical views, beyond what the suite asks for."""

from pathlib import Path

import pytest

from geotriples.errors import InvalidMapping
from geotriples.run_local import run
from tests.geotriples.rml import PREFIXES

SOURCE = (
    'ex:source rml:source [ a rml:RelativePathSource ; rml:path "d.json" ] ;\n'
    '  rml:referenceFormulation rml:JSONPath ; rml:iterator "$[*]" .\n'
)
ITEMS = (
    '[ rml:fieldName "item" ; rml:iterator "$.items[*]" ; rml:field '
    '[ rml:fieldName "type" ; rml:reference "$.type" ] ]'
)
NAME = '[ rml:fieldName "name" ; rml:reference "$.name" ]'
XPATH = "rml:referenceFormulation rml:XPath"
DATA = (
    '[{"name": "a", "items": [{"type": "x"}, {"type": "x"}]}, '
    '{"name": "b", "items": []}]'
)


def _run(folder: Path, view: str, subject: str, object_map: str) -> list[str]:
    (folder / "d.json").write_text(DATA)
    (folder / "m.ttl").write_text(
        f"{PREFIXES}\n{SOURCE}\n{view}\n"
        f"ex:map rml:logicalSource ex:view ; rml:subjectMap {subject} ;\n"
        f"rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap {object_map} ] ."
    )
    run(folder / "m.ttl", folder / "o.nq")
    return (folder / "o.nq").read_text().splitlines()


def _view(*fields: str, more: str = "") -> str:
    listed = " , ".join(fields)
    return f"ex:view rml:viewOn ex:source ; rml:field {listed} {more} ."


def test_a_field_without_values_leaves_the_others(tmp_path: Path) -> None:
    subject = '[ rml:template "http://x.org/{name}" ]'
    found = _run(tmp_path, _view(NAME, ITEMS), subject, '[ rml:reference "name" ]')
    assert len(found) == 2


def test_each_iteration_of_a_view_has_a_blank_node_of_its_own(tmp_path: Path) -> None:
    subject = "[ rml:termType rml:BlankNode ]"
    types = '[ rml:reference "item.type" ]'
    found = _run(tmp_path, _view(NAME, ITEMS), subject, types)
    assert len({line.split(" ")[0] for line in found}) == 2


def test_indices_of_a_view_on_a_view_count_its_iterations(tmp_path: Path) -> None:
    views = _view(NAME, ITEMS).replace("ex:view", "ex:inner", 1) + (
        "\nex:view rml:viewOn ex:inner ; rml:field "
        '[ rml:fieldName "t" ; rml:reference "item.type" ] .'
    )
    subject = '[ rml:template "http://x.org/{#}" ]'
    found = _run(tmp_path, views, subject, '[ rml:reference "t" ]')
    assert [line.split(" ")[0] for line in found] == [
        "<http://x.org/0>",
        "<http://x.org/1>",
    ]


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (_view(NAME, NAME.replace("$.name", "$.b")), "has two fields 'name'"),
        (
            _view(NAME, more='; rml:structuralAnnotation [ rml:onFields ( "x" ) ]'),
            "there is no field 'x'",
        ),
        ("ex:view rml:viewOn ex:view ; rml:field " + NAME + " .", "defined by itself"),
        (_view('[ rml:fieldName "name" ; rml:reference "$[" ]'), "not JSONPath"),
        (
            _view(NAME, ITEMS.replace(" rml:it", f" {XPATH} ; rml:it")),
            "cannot iterate within <.*XPath>",
        ),
        (_view('[ rml:fieldName "other" ; rml:reference "$.a" ]'), "no field 'name'"),
    ],
)
def test_what_is_wrong_with_a_view_is_told(
    tmp_path: Path, view: str, message: str
) -> None:
    with pytest.raises(InvalidMapping, match=message):
        _run(tmp_path, view, "[ rml:constant ex:s ]", '[ rml:reference "name" ]')
