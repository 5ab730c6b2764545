"""JSON sources: values keep the type that each row gives them."""

from pathlib import Path

import pytest

from geotriples.errors import InvalidMapping, SourceError
from geotriples.run_local import run
from geotriples.sources.jsonpath import parse_jsonpath
from tests.geotriples.rml import quads, triples_map

XSD = "http://www.w3.org/2001/XMLSchema#"
VALUE = triples_map(
    "d.json",
    '[ rml:template "http://x.org/{$.id}" ]',
    '[ rml:reference "$.v" ]',
    formulation='rml:JSONPath ; rml:iterator "$[*]"',
)


def _run(folder: Path, document: str, mapping: str = VALUE) -> set[str]:
    (folder / "d.json").write_text(document)
    (folder / "m.ttl").write_text(mapping)
    run(folder / "m.ttl", folder / "o.nq")
    return quads(folder / "o.nq")


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("7", f'"7"^^<{XSD}integer>'),
        ("12345678901234567890", f'"12345678901234567890"^^<{XSD}integer>'),
        ("7.0", f'"7.0E0"^^<{XSD}double>'),
        ("-0.00012", f'"-1.2E-4"^^<{XSD}double>'),
        ("0.0", f'"0.0E0"^^<{XSD}double>'),
        ("1e999", f'"INF"^^<{XSD}double>'),
        ("true", f'"true"^^<{XSD}boolean>'),
        ('"7"', '"7"'),
    ],
)
def test_a_value_keeps_its_type(tmp_path: Path, value: str, literal: str) -> None:
    found = _run(tmp_path, f'[{{"id": 1, "v": {value}}}]')
    assert found == {f"<http://x.org/1> <http://example.com/p0> {literal}"}


@pytest.mark.parametrize("row", ['{"id": 1, "v": null}', '{"id": 1}', "3"])
def test_no_value_makes_no_triple(tmp_path: Path, row: str) -> None:
    assert len(_run(tmp_path, f'[{row}, {{"id": 2, "v": 1}}]')) == 1


def test_a_reference_that_leads_nowhere_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidMapping, match="leads nowhere in any row"):
        _run(tmp_path, '[{"id": 1}, {"id": 2}]')


@pytest.mark.parametrize("value", ["[1]", '{"a": 1}', r'"\ud800"'])
def test_what_is_no_value_names_its_row(tmp_path: Path, value: str) -> None:
    with pytest.raises(SourceError, match="row 2"):
        _run(tmp_path, f'[{{"id": 1, "v": 1}}, {{"id": 2, "v": {value}}}]')


@pytest.mark.parametrize("document", ["", "[", '[{"v": NaN}]'])
def test_broken_json_is_refused(tmp_path: Path, document: str) -> None:
    with pytest.raises(InvalidMapping, match="is not JSON"):
        _run(tmp_path, document)


def test_lists_make_every_combination(tmp_path: Path) -> None:
    mapping = VALUE.replace("$.id", "$.id[*]").replace("$.v", "$.v[*].n")
    found = _run(tmp_path, '[{"id": ["a","b"], "v": [{"n": 1}, {"n": 2}]}]', mapping)
    assert len(found) == 4


@pytest.mark.parametrize("path", ["$.", "$..", "$[?@.a", "1", "a;b", "$[0", ""])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is not JSONPath"):
        parse_jsonpath(path)
