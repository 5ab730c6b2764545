"""`/backups`: made while the store is served, where whoever runs it allows that."""

from pathlib import Path

import pytest

from strabon_store.store import Store
from tests.api.conftest import Connect


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "data.nt").write_text("<urn:a> <urn:p> <urn:b> .\n")
    with Store.open(tmp_path / "store") as store:
        store.load([tmp_path / "data.nt"])
    return tmp_path / "store"


@pytest.mark.parametrize("allow_update", [True, False])
def test_a_backup_of_a_store_that_is_served(
    store: Path, tmp_path: Path, connect: Connect, *, allow_update: bool
) -> None:
    settings = {"allow_update": allow_update, "backups": tmp_path / "backups"}
    with Store.open(store, read_only=not allow_update) as source:
        client = connect(source, **settings)
        assert client.get("/backups").json() == {"backups": []}
        answer = client.post("/backups")
        assert answer.status_code == 201
        assert answer.json()["triples"] == 1
        if allow_update:
            client.post("/update", data={"update": "CLEAR ALL"})
        name = answer.json()["name"]
        assert client.get("/backups").json() == {"backups": [name]}
    with Store.open(tmp_path / "backups" / name) as backup:
        assert backup.verify().is_sound
        assert backup.statistics().triples == 1


def test_none_are_made_without_a_folder(store: Path, connect: Connect) -> None:
    with Store.open(store, read_only=True) as source:
        client = connect(source)
        for answer in (client.post("/backups"), client.get("/backups")):
            assert answer.status_code == 403
            assert "--backups FOLDER" in answer.json()["detail"]


def test_nor_of_what_is_elsewhere(tmp_path: Path, connect: Connect) -> None:
    assert connect(backups=tmp_path / "backups").post("/backups").status_code == 403


def test_nor_for_pages_of_other_sites(
    store: Path, tmp_path: Path, connect: Connect
) -> None:
    with Store.open(store, read_only=True) as source:
        client = connect(source, backups=tmp_path / "backups")
        refused = client.post("/backups", headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert not (tmp_path / "backups").exists()
