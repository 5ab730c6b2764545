"""The commands around the life of a store."""

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from strabon_store.storage.database import FILE_NAME

TRIPLES = "<urn:a> <urn:p> <urn:b> .\n<urn:a> <urn:q> <urn:c> <urn:g> .\n"


def pytheas(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def location(tmp_path: Path) -> Path:
    (tmp_path / "data.nq").write_text(TRIPLES)
    pytheas("load", tmp_path / "data.nq", "-l", tmp_path / "store")
    return tmp_path / "store"


def test_dump_to_standard_output(location: Path) -> None:
    result = pytheas("dump", "-", "-l", location)
    assert sorted(result.stdout.splitlines()) == sorted(TRIPLES.splitlines())
    assert "2 triples" in result.stderr


def test_dump_to_a_file(location: Path, tmp_path: Path) -> None:
    path = tmp_path / "dump"
    options = ("--format", "nt", "--graph", "urn:g", "--json")
    result = pytheas("dump", path, "-l", location, *options)
    report = json.loads(result.stdout)
    assert (report["path"], report["triples"]) == (str(path), 1)
    assert path.read_text() == "<urn:a> <urn:q> <urn:c> .\n"
    assert pytheas("dump", path, "-l", location, "--format", "doc").exit_code == 2


def test_backup_and_restore(location: Path, tmp_path: Path) -> None:
    backup = pytheas("backup", tmp_path / "backup", "-l", location, "--json")
    assert json.loads(backup.stdout)["triples"] == 2
    refused = pytheas("restore", tmp_path / "backup", "-l", location)
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    done = pytheas("restore", tmp_path / "backup", "-l", location, "--replace")
    assert done.exit_code == 0
    assert "2 triples" in done.stdout


def test_verify(location: Path) -> None:
    sound = pytheas("verify", "-l", location, "--json", "-q")
    assert sound.exit_code == 0
    assert json.loads(sound.stdout)["is_sound"]
    with duckdb.connect(str(location / FILE_NAME)) as connection:
        connection.execute("DELETE FROM terms WHERE lexical = 'urn:a'")
    broken = pytheas("verify", "-l", location, "-q")
    assert broken.exit_code == 1
    assert "broken: a subject is an IRI" in broken.stdout


def test_optimize(location: Path, tmp_path: Path) -> None:
    report = json.loads(pytheas("optimize", "-l", location, "--json").stdout)
    assert report["triples"] == 2
    assert pytheas("optimize", "-l", tmp_path / "nowhere").exit_code == 1
    assert not (tmp_path / "nowhere").exists()


def test_stats(location: Path) -> None:
    text = pytheas("stats", "-l", location, "--top", "1").stdout
    assert "named graphs" in text
    assert "and 1 predicates" in text
    document = json.loads(pytheas("stats", "-l", location, "--json").stdout)
    assert (document["triples"], document["graphs"]) == (2, 1)
    assert document["size"] == sum(f.stat().st_size for f in location.iterdir())


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    for command in ("stats", "verify", "dump -", f"backup {tmp_path / 'b'}"):
        result = pytheas(*command.split(), "-l", tmp_path / "nowhere")
        assert result.exit_code == 1
        assert "there is no store" in result.stderr
