"""`pytheas update`: of a store here and of an endpoint elsewhere."""

import json
from pathlib import Path

import pytest

from api.main import create_app
from api.settings import Settings
from strabon_store.store import Store
from tests.api.serving import serving
from tests.api.test_cli import assert_failed, pytheas

INSERT = "INSERT DATA { <urn:s> <urn:p> 1, 2 }"


@pytest.fixture
def location(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_an_update_makes_the_store_and_changes_it(location: Path) -> None:
    done = pytheas("update", INSERT, "-l", location)
    assert done.exit_code == 0
    assert "2 inserted by 1 operation" in done.stdout
    asked = pytheas("query", "ASK { <urn:s> <urn:p> 2 }", "-l", location, "--json")
    assert json.loads(asked.stdout)["boolean"] is True


def test_the_text_comes_from_a_file_or_from_stdin(
    location: Path, tmp_path: Path
) -> None:
    file = tmp_path / "insert.ru"
    file.write_text(INSERT)
    by_file = pytheas("update", "--file", file, "-l", location, "--json")
    assert json.loads(by_file.stdout)["inserted"] == 2
    delete = "DELETE WHERE { ?s ?p 1 }; DELETE WHERE { ?s ?p 2 }"
    by_stdin = pytheas("update", "-", "-l", location, "--json", stdin=delete)
    report = json.loads(by_stdin.stdout)
    assert [each["deleted"] for each in report["operations"]] == [1, 1]
    assert pytheas("update", "-l", location).exit_code == 2


def test_what_is_wrong_is_told_and_undone(location: Path) -> None:
    # That of a first update: see `test_stores`.
    Store.open(location).close()
    assert_failed(pytheas("update", "INSERT { ?s }", "-l", location), "line 1")
    wrong = f"{INSERT}; DROP GRAPH <urn:g>"
    assert_failed(pytheas("update", wrong, "-l", location), "urn:g", "SILENT")
    asked = pytheas("query", "ASK { ?s ?p ?o }", "-l", location, "--json")
    assert json.loads(asked.stdout)["boolean"] is False


def test_load_reads_what_the_command_line_allows(
    location: Path, tmp_path: Path
) -> None:
    file = tmp_path / "one.ttl"
    file.write_text("<urn:s> <urn:p> <urn:o> .")
    load = f"LOAD <{file.as_uri()}>"
    assert_failed(pytheas("update", load, "-l", location), "--allow-load")
    done = pytheas("update", load, "-l", location, "--allow-load", file.as_uri())
    assert "1 inserted" in done.stdout


def test_an_endpoint_elsewhere_is_changed(location: Path) -> None:
    settings = Settings(location=location, allow_update=True)
    assert pytheas("update", INSERT, "-l", location).exit_code == 0
    with serving(create_app(settings)) as url:
        done = pytheas("update", "DELETE WHERE { ?s ?p 1 }", "-l", f"{url}/update")
        assert (done.exit_code, done.stdout) == (0, "1 deleted, 0 inserted\n")
    with serving(create_app(Settings(location=location))) as url:
        refused = pytheas("update", INSERT, "-l", f"{url}/sparql")
    assert_failed(refused, "403", "--allow-update")
