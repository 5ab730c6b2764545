"""A store that was made for nothing goes again; one that somebody has stays."""

from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.stores import opened_store
from strabon_store.errors import StoreInUse
from strabon_store.store import Store

COMMANDS = (
    ("load", "absent.nt"),
    ("load", "bad.nt"),
    ("load", "http://127.0.0.1:9/a.nt"),
    ("update", "INSERT DATA { <urn:a> <urn:b> 1 } ; LOAD <urn:absent>"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bad.nt").write_text("<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> bad")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("before", ["nothing", "folder", "store"])
def test_what_fails_leaves_what_was_there(
    folder: Path, command: tuple[str, ...], before: str
) -> None:
    location = folder / "s"
    if before != "nothing":
        location.mkdir()
        (location / "mine").touch()
    if before == "store":
        with Store.open(location) as store:
            store.update("INSERT DATA { <urn:s> <urn:p> 7 }")
    files = set(folder.rglob("*"))
    assert CliRunner().invoke(app, [*command, "-l", str(location)]).exit_code == 1
    assert set(folder.rglob("*")) == files
    if before == "store":
        with Store.open(location) as store:
            assert store.query("ASK { <urn:s> <urn:p> 7 }") is True


def test_a_store_that_somebody_else_makes_meanwhile_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = folder / "s"

    def taken(*_: object, **__: object) -> NoReturn:
        location.mkdir()
        (location / "store.duckdb").touch()
        raise StoreInUse("somebody has it")

    monkeypatch.setattr(Store, "open", taken)
    with pytest.raises(StoreInUse), opened_store(location):
        pass
    assert [path.name for path in location.iterdir()] == ["store.duckdb"]
