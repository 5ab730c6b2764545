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
