"""`pytheas map run --engine spark`, by itself and under spark-submit, with S3."""

import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from engines.spark.java import find_java, home_for_spark
from engines.spark.session import SparkSettings, spark_session
from tests.geotriples.spark_cases import graphs, natural_types, strings
from tests.object_server import KEY, SECRET, ObjectServer, object_server

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# pyspark leaves its sockets to the garbage collector.
pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with object_server() as running:
        yield running


@pytest.fixture(scope="module")
def session(server: ObjectServer) -> "Iterator[SparkSession]":
    del server  # its environment is that of the tasks
    java = {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1"}
    with spark_session(SparkSettings("local[2]", heap_gib=1, conf=java)) as session:
        yield session
    gc.collect()


def _map(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["map", "run", *arguments, "--quiet"])
    assert result.exit_code == code, result.output
    assert SECRET not in result.output
    return result.output


def _lines(server: ObjectServer, folder: str) -> list[str]:
    names = [one for one in server.keys(folder) if not one.endswith("_SUCCESS")]
    assert server.keys(folder) == sorted([f"{folder}_SUCCESS", *names])
    text = b"".join(map(server.get, names)).decode()
    return sorted(f"{line}\n" for line in text.split("\n") if line)


def _from_objects(server: ObjectServer, mapping: Path, name: str) -> None:
    """Let a mapping read its source from the object store."""
    server.put(f"in/{name}", mapping.with_name(name))
    text = mapping.read_text()
    moved = text.replace(f'"{name}"', f'"s3://maps/in/{name}"')
    assert moved != text
    mapping.write_text(moved)
    mapping.with_name(name).unlink()


def test_a_session_of_its_own_writes_what_the_local_engine_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is compiled only once is not worth a good compiler.
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
    mapping = graphs(tmp_path)
    local, spark = tmp_path / "local.nq", tmp_path / "spark.nq"
    _map(str(mapping), "-o", str(local))
    engine = ["--engine", "spark", "--master", "local[1]", "--partitions", "2"]
    report = json.loads(_map(str(mapping), "-o", str(spark), *engine, "--json"))
    assert spark.read_bytes() == local.read_bytes()
    assert report["triples"] == spark.read_bytes().count(b"\n")
    gc.collect()


@pytest.mark.parametrize("option", ["--into", "--quarantine"])
def test_what_only_the_local_engine_can_is_told(tmp_path: Path, option: str) -> None:
    arguments = [str(strings(tmp_path)), option, str(tmp_path / "x")]
    if option != "--into":
        arguments += ["-o", str(tmp_path / "o.nq")]
    told = _map(*arguments, "--engine", "spark", code=2)
    assert f"{option} is for the local engine only" in " ".join(told.split())
    assert not (tmp_path / "x").exists()


@pytest.mark.usefixtures("session")
def test_tasks_read_objects_and_put_objects(
    server: ObjectServer, tmp_path: Path
) -> None:
    mapping = graphs(tmp_path)
    _map(str(mapping), "-o", str(tmp_path / "local.nq"))
    expected = (tmp_path / "local.nq").read_text().splitlines(keepends=True)
    _from_objects(server, mapping, "d.csv")
    run = [str(mapping), "--allow-bucket", "maps", "--engine", "spark"]
    for partitions in ("3", "2"):
        _map(*run, "-o", "s3://maps/folder", "--partitions", partitions)
        assert _lines(server, "folder/") == expected
    _map(*run, "-o", "s3://maps/one/o.nq")
    assert server.get("one/o.nq").decode() == "".join(expected)


@pytest.mark.usefixtures("session")
def test_objects_that_no_run_has_completed_are_left_alone(
    server: ObjectServer, tmp_path: Path
) -> None:
    server.put("mine/thesis.txt", b"precious")
    run = [str(graphs(tmp_path)), "--engine", "spark"]
    told = _map(*run, "-o", "s3://maps/mine", code=1)
    assert "is a folder that no run has completed" in told
    assert server.keys("mine/") == ["mine/thesis.txt"]
    told = _map(*run, "-o", "s3://none/folder", code=1)
    assert "is in a bucket that does not exist" in told


@pytest.mark.usefixtures("session")
def test_a_run_that_fails_leaves_the_objects_of_the_one_before(
    server: ObjectServer, tmp_path: Path
) -> None:
    mapping = graphs(tmp_path)
    run = [str(mapping), "--engine", "spark", "-o", "s3://maps/kept"]
    _map(*run)
    before = {key: server.get(key) for key in server.keys("kept/")}
    with (tmp_path / "d.csv").open("a", encoding="utf-8") as file:
        file.write("1,2,3\n")
    _map(*run, code=1)
    assert {key: server.get(key) for key in server.keys("kept/")} == before


def test_spark_submit_runs_a_mapping(server: ObjectServer, tmp_path: Path) -> None:
    mapping = natural_types(tmp_path)
    _map(str(mapping), "-o", str(tmp_path / "local.nq"))
    expected = (tmp_path / "local.nq").read_text().splitlines(keepends=True)
    _from_objects(server, mapping, "d.parquet")
    own = {
        "JAVA_HOME": str(home_for_spark(find_java(), tmp_path / "java")),
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1",
        # What is said without a zone must not depend on where it is read.
        "TZ": "Asia/Tokyo",
    }
    job = [sys.executable, "-m", "api.spark_job", "--where"]
    where = subprocess.check_output(job, text=True, cwd=ROOT).split()
    submit = shutil.which("spark-submit")
    assert submit is not None
    sparks = ["--master", "local[2]", "--driver-memory", "1g", *where]
    ours = [str(mapping), "-o", "s3://maps/submitted", "--allow-bucket", "maps"]
    done = subprocess.run(
        [submit, *sparks, *ours],
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert SECRET not in done.stdout + done.stderr
    assert KEY not in done.stdout
    assert f"{len(expected)} triples from 4 rows" in done.stdout
    assert _lines(server, "submitted/") == expected
