"""Explanations over HTTP and on the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.main import app
from api.main import create_app
from api.settings import Settings
from strabon_store.store import Store
from tests.api.conftest import Connect

QUERY = "SELECT * { ?s <urn:p> ?o }"


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    (folder / "data.nt").write_text("<urn:s> <urn:p> <urn:o> .\n")
    with Store.open(folder / "store") as store:
        store.load([folder / "data.nt"])
    return folder / "store"


@pytest.fixture
def client(location: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(location=location))) as connected:
        yield connected


def test_an_explanation_comes_as_json_or_text(client: TestClient) -> None:
    document = client.post("/explain?analyze=true", data={"query": QUERY}).json()
    assert document["rows"] == document["nodes"]["rows"] == 1
    headers = {"Accept": "text/plain"}
    text = client.post("/explain", data={"query": QUERY}, headers=headers).text
    assert text.startswith("-- algebra")


def test_what_is_not_explained_is_a_problem(
    client: TestClient, connect: Connect
) -> None:
    assert client.post("/explain", data={"query": "SELECT"}).status_code == 400
    update = {"update": "DROP ALL"}
    assert client.post("/explain", data=update).status_code == 400
    elsewhere = connect().post("/explain", data={"query": QUERY})
    assert elsewhere.status_code == 501


def test_the_command_line_explains(location: Path) -> None:
    options = ["explain", QUERY, "-l", str(location)]
    text = CliRunner().invoke(app, options).stdout
    assert "-- operators" in text
    analyzed = CliRunner().invoke(app, [*options, "--analyze", "--json"]).stdout
    assert json.loads(analyzed)["rows"] == 1
