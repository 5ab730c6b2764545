"""A run that was killed goes on where it was; what did not change is not made again."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from typer.testing import CliRunner

from api.cli.main import app
from geotriples.errors import InvalidData
from geotriples.run_local import run
from tests.geotriples.rml import PREFIXES

FORMULATIONS = {"csv": "rml:CSV", "shp": "pyrml:Shapefile"}


def _mapping(folder: Path, *sources: str) -> Path:
    maps = "".join(
        f"""
ex:m{number} rml:logicalSource [
    rml:source [ a rml:FilePath ; rml:path "{source}" ] ;
    rml:referenceFormulation {FORMULATIONS[source.rpartition(".")[2]]} ] ;
  rml:subjectMap [ rml:template "http://x.org/{number}/{{id}}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ rml:template
    "http://x.org/o/{{v}}" ; rml:termType rml:UnsafeIRI ] ] .
"""
        for number, source in enumerate(sources)
    )
    prefix = "@prefix pyrml: <https://w3id.org/pytheas/rml#> ."
    (folder / "m.ttl").write_text(f"{PREFIXES}\n{prefix}{maps}", encoding="utf-8")
    return folder / "m.ttl"


def _table(path: Path, count: int, text: str = "v") -> None:
    rows = "".join(f"{number},{text}{number}\n" for number in range(count))
    path.write_text(f"id,v\n{rows}")


def _call(folder: Path, *more: str) -> dict[str, Any]:
    command = ["map", "run", str(folder / "m.ttl"), "-o", str(folder / "o.nq")]
    result = CliRunner().invoke(app, [*command, "--json", "--quiet", *more])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    _mapping(tmp_path, "a.csv", "b.csv")
    _table(tmp_path / "a.csv", 10)
    _table(tmp_path / "b.csv", 150_000)
    folder = tmp_path / "o.nq.partitions"
    arguments = ("map", "run", "m.ttl", "-o", "o.nq", "--resume", "--quiet")
    script = "from api.cli.main import main; main()"
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        until = time.monotonic() + 120
        while not list(folder.glob("*.parquet")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "o.nq").exists()
    _table(tmp_path / "b.csv", 20)
    assert _call(tmp_path, "--resume")["reused"] == 1
    found = (tmp_path / "o.nq").read_bytes()
    _call(tmp_path)
    assert (tmp_path / "o.nq").read_bytes() == found
    assert found.count(b"\n") == 30


@pytest.mark.parametrize("ending", ["nq", "trig"])
def test_what_did_not_change_is_not_made_again(tmp_path: Path, ending: str) -> None:
    mapping = _mapping(tmp_path, "a.csv", "b.csv")
    _table(tmp_path / "a.csv", 10)
    _table(tmp_path / "b.csv", 20)
    output = tmp_path / f"o.{ending}"
    whole = run(mapping, tmp_path / f"whole.{ending}")
    first = run(mapping, output, resume=True)
    again = run(mapping, output, resume=True)
    assert (first.reused, again.reused) == (0, 2)
    assert first.sha256 == again.sha256 == whole.sha256
    assert again.triples == whole.triples
    assert again.rows == 0
    _table(tmp_path / "b.csv", 20, "w")
    changed = run(mapping, output, resume=True)
    assert changed.reused == 1
    assert changed.sha256 == run(mapping, tmp_path / f"whole.{ending}").sha256
    # Lines and rejected values of two partitions, and nothing of before.
    assert len(list((tmp_path / f"o.{ending}.partitions").iterdir())) == 4


def test_what_lies_beside_a_file_counts(tmp_path: Path) -> None:
    mapping = _mapping(tmp_path, "a.shp")
    for text in ("x", "y"):
        data = {"id": [1], "v": [text]}
        points = [shapely.Point(1, 2)]
        gpd.GeoDataFrame(data, geometry=points, crs=4326).to_file(tmp_path / "a.shp")
        assert run(mapping, tmp_path / "o.nq", resume=True).reused == 0
        assert f"/o/{text}>" in (tmp_path / "o.nq").read_text()


def test_what_was_rejected_is_kept_as_well(tmp_path: Path) -> None:
    mapping = _mapping(tmp_path, "a.csv", "b.csv")
    (tmp_path / "a.csv").write_text("id,v\n1,x\n2,has space\n")
    _table(tmp_path / "b.csv", 5)
    for _ in range(2):
        with pytest.raises(InvalidData, match="has space"):
            run(mapping, tmp_path / "o.nq", resume=True)
        assert not (tmp_path / "o.nq").exists()
    for number, reused in enumerate((0, 2)):
        aside = tmp_path / f"bad{number}.ndjson"
        report = run(mapping, tmp_path / "o.nq", resume=True, quarantine=aside)
        assert (report.reused, report.rejected) == (reused, 1)
    first, second = ((tmp_path / f"bad{n}.ndjson").read_text() for n in range(2))
    assert first == second
    assert json.loads(first)["row"] == 2


def test_resume_goes_with_a_file(tmp_path: Path) -> None:
    mapping = str(_mapping(tmp_path, "a.csv"))
    for place in (
        ("--into", "x"),
        ("-o", "s3://maps/o.nq"),
        ("-o", "o.lake"),
        ("-o", "o"),
    ):
        command = ["map", "run", mapping, *place, "--resume"]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 2
        assert "goes with a file" in " ".join(result.output.split())
