"""The demo: one command from nothing to three answers."""

import json
from pathlib import Path

from api.demo.examples import examples
from tests.end_to_end.conftest import files, pytheas


def test_the_demo_answers_three_questions_and_says_where_things_are(
    tmp_path: Path,
) -> None:
    workdir = tmp_path / "demo"
    result = pytheas("demo", "--no-serve", "--workdir", workdir, "--json", "--quiet")
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert [a["query"] for a in report["answers"]] == [
        example.text for example in examples("seaice")
    ]
    assert all(answer["result"]["results"]["bindings"] for answer in report["answers"])
    assert Path(report["scene"]).is_dir()
    assert Path(report["location"]).is_dir()
    assert (Path(report["product"]["folder"]) / "polygons.parquet").is_file()

    before = files(workdir / "scene"), files(workdir / "store" / "products")
    again = pytheas("demo", "--no-serve", "--workdir", workdir)
    assert again.exit_code == 0, again.stderr
    assert "already there, unchanged" in again.stdout
    assert all(example.title in again.stdout for example in examples("seaice"))
    assert (files(workdir / "scene"), files(workdir / "store" / "products")) == before
