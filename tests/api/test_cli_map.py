"""`pytheas map` as users call it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from tests.geotriples.rml import quads, triples_map

MAPPING = triples_map(
    "data.csv",
    '[ rml:template "http://x.org/{id}" ]',
    '[ rml:reference "v" ]',
    '[ rml:reference "pytheas:day" ]',
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.ttl").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("id,v\n1,x\n2,y\n", encoding="utf-8")
    return tmp_path


def _run(folder: Path, *arguments: str, code: int = 0) -> str:
    options = ["--source", f"data.csv={folder / 'rows.csv'}", "--param", "day=Monday"]
    command = ["map", arguments[0], str(folder / "m.ttl"), *options, *arguments[1:]]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == code, result.output
    return result.output


def test_run_reports_for_programs(folder: Path) -> None:
    text = _run(folder, "run", "-o", str(folder / "o.nq"), "--json", "--quiet")
    report = json.loads(text)
    assert (report["triples"], report["rows"], report["rejected"]) == (4, 2, 0)
    assert len(quads(folder / "o.nq")) == 4


def test_run_without_an_output_says_what_is_missing(folder: Path) -> None:
    assert "have no logical target" in _run(folder, "run", "--quiet", code=1)


def test_explain_shows_sources_columns_and_sql_and_writes_nothing(folder: Path) -> None:
    text = _run(folder, "run", "--explain", "-o", str(folder / "o.nq"))
    assert "source " in text
    assert "rows.csv" in text
    assert "'v', string" in text
    assert "ORDER BY" in text
    assert not (folder / "o.nq").exists()


def test_check_tells_everything_that_is_wrong(folder: Path) -> None:
    assert "nothing is wrong" in _run(folder, "check")
    broken = MAPPING.replace('"v"', '"w"').replace("{id}", "{key}")
    (folder / "m.ttl").write_text(broken, encoding="utf-8")
    text = _run(folder, "check", code=1)
    assert "2 problems" in text
    assert "no column 'w'" in text
    assert "no column 'key'" in text


@pytest.mark.parametrize("given", ["data.csv", "=x", "day=1"])
def test_a_pair_that_is_none_is_wrong_usage(folder: Path, given: str) -> None:
    text = _run(folder, "run", "--param", given, code=2)
    assert "NAME=VALUE" in text or "twice" in text


def test_a_url_is_no_file_for_a_name(folder: Path) -> None:
    text = _run(folder, "check", "--source", "x.csv=s3://maps/x.csv", code=2)
    assert "URL stands in the mapping" in text


def test_generate_then_run_then_ask(tmp_path: Path) -> None:
    source = tmp_path / "towns.csv"
    source.write_text("id,name,lat,lon\n1,Nuuk,64.2,-51.7\n2,Tromsø,69.6,19\n", "utf-8")
    mapping, store = tmp_path / "towns.ttl", tmp_path / "store"
    commands = [
        ["map", "generate", str(source), "-o", str(mapping), "--json"],
        ["map", "run", str(mapping), "--into", str(store), "--quiet", "--json"],
        ["map", "run", str(mapping), "--into", str(store), "--quiet", "--json"],
    ]
    results = [CliRunner().invoke(app, one) for one in commands]
    assert [one.exit_code for one in results] == [0, 0, 0], results[-1].output
    assert json.loads(results[0].output)["entities"] == [{"name": "towns", "rows": 2}]
    assert json.loads(results[1].output)["load"]["triples_added"] == 18
    assert json.loads(results[2].output)["load"]["triples_added"] == 0
    text = (
        "SELECT ?name { ?town ?p ?name ; geo:hasGeometry/geo:asWKT ?wkt "
        "FILTER(?p = <https://w3id.org/pytheas/id/ontology/towns#name> && "
        'geof:sfWithin(?wkt, "POLYGON((0 60, 30 60, 30 80, 0 80, 0 60))"^^'
        "geo:wktLiteral)) }"
    )
    prefixes = (
        "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
        "PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
    )
    asked = ["query", prefixes + text, "-l", str(store), "--format", "csv"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert result.output.split() == ["name", "Tromsø"]


def test_one_run_has_one_place(folder: Path) -> None:
    into = ["--into", str(folder / "s"), "-o", str(folder / "o.nq")]
    assert "one place" in _run(folder, "run", *into, code=2)


def test_since_says_what_changed(folder: Path) -> None:
    output = folder / "o.nq"
    _run(folder, "run", "-o", str(output), "--quiet")
    before = quads(output)
    (folder / "rows.csv").write_text("id,v\n3,z\n2,y\n", encoding="utf-8")
    text = _run(
        *(folder, "run", "-o", str(output), "--since", str(output), "--quiet", "--json")
    )
    difference = json.loads(text)["difference"]
    assert (difference["added"], difference["removed"]) == (2, 2)
    after = quads(output)
    assert quads(folder / "o.added.nq") == after - before
    assert quads(folder / "o.removed.nq") == before - after
    text = _run(
        *(folder, "run", "-o", str(output), "--since", str(output), "--quiet", "--json")
    )
    difference = json.loads(text)["difference"]
    assert (difference["added"], difference["removed"]) == (0, 0)
    names = {one.name for one in folder.iterdir()}
    assert names == {"m.ttl", "rows.csv", "o.nq", "o.added.nq", "o.removed.nq"}


def test_since_compares_only_what_runs_write(folder: Path) -> None:
    (folder / "old.nq").write_text("<urn:b> <urn:p> 1 .\n<urn:a> <urn:p> 1 .\n")
    options = ("--since", str(folder / "old.nq"), "--quiet")
    text = _run(folder, "run", "-o", str(folder / "o.nq"), *options, code=1)
    assert "is not sorted" in text
    text = _run(folder, "run", "-o", str(folder / "o.ttl"), *options, code=1)
    assert "cannot be compared" in text
    assert "--output" in _run(folder, "run", *options, code=2)
