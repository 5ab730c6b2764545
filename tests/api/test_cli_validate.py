"""`pytheas validate`."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from api.cli.main import app

GEO = "@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"


def validated(tmp_path: Path, text: str, *options: str) -> Result:
    path = tmp_path / "data.ttl"
    path.write_text(f"{GEO}{text}")
    return CliRunner().invoke(app, ["validate", str(path), *options])


def test_what_conforms(tmp_path: Path) -> None:
    text = '<urn:f> geo:hasGeometry [ geo:asWKT "POINT (1 2)"^^geo:wktLiteral ] .'
    result = validated(tmp_path, text)
    assert (result.exit_code, result.stdout) == (0, "2 triples, 0 violations\n")


def test_each_finding_is_a_line_with_node_property_and_reason(tmp_path: Path) -> None:
    text = '<urn:g> geo:asWKT "POINT (1 x)"^^geo:wktLiteral , "POINT (1 2)" .'
    result = validated(tmp_path, text)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert all(line.startswith("violation: <urn:g>") for line in lines[:-1][1:])
    assert "at character 10" in result.stdout
    assert "one geo:asWKT at most" in result.stdout
    assert "is a geo:wktLiteral" in result.stdout
    assert lines[-1] == "2 triples, 3 violations"


def test_a_warning_is_shown_and_does_not_count(tmp_path: Path) -> None:
    result = validated(tmp_path, "<urn:f> geo:hasGeometry <urn:g> .", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["conforms"]) == (0, True)
    (finding,) = report["findings"]
    assert (finding["node"], finding["severity"]) == ("<urn:g>", "Warning")


def test_shapes_of_ones_own(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:s> a sh:NodeShape ; "
        "sh:targetSubjectsOf <urn:p> ; sh:property [ sh:path <urn:p> ; sh:maxCount 1 ]."
    )
    result = validated(tmp_path, "<urn:f> <urn:p> 1, 2 .", "--shapes", str(shapes))
    assert result.exit_code == 1
    assert "<urn:f> <urn:p>" in result.stdout


def test_observations_refer_to_our_vocabulary(tmp_path: Path) -> None:
    text = (
        Path(__file__).parent.parent / "ontologies/vocab/observations.ttl"
    ).read_text("utf-8")
    options = ("--shapes", "observations", "--shapes", "geosparql")
    result = validated(tmp_path, text, *options)
    assert result.exit_code == 0, result.stdout
    broken = validated(tmp_path, text.replace("eo:pixelCount 771", ""), *options)
    assert broken.exit_code == 1
    assert "one pixel count" in broken.stdout


def test_what_is_no_rdf_is_named_with_its_place(tmp_path: Path) -> None:
    result = validated(tmp_path, "<urn:f> <urn:p> 1 ;; ]")
    assert result.exit_code == 1
    assert "data.ttl:2" in result.output
