"""A misspelled function is the same problem over HTTP and on the command line."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.cli.main import app
from api.main import create_app
from api.settings import Settings
from strabon_store.store import Store

QUERY = "ASK {\n  FILTER(geof:sfWithn(1, 2)) }"
SAID = "line 3, column 10: there is no function"
PREFIX = "PREFIX geof: <http://www.opengis.net/def/function/geosparql/>\n"


@pytest.fixture
def location(tmp_path: Path) -> Path:
    with Store.open(tmp_path / "store"):
        return tmp_path / "store"


def test_over_http(location: Path) -> None:
    with TestClient(create_app(Settings(location=location))) as client:
        answer = client.get("/sparql", params={"query": PREFIX + QUERY})
    assert answer.status_code == 400
    problem = answer.json()
    assert (problem["line"], problem["column"]) == (3, 10)
    assert problem["function"].endswith("geosparql/sfWithn")
    assert problem["detail"].startswith(SAID)
    assert problem["detail"].endswith("did you mean geof:sfWithin?")


def test_on_the_command_line(location: Path) -> None:
    result = CliRunner().invoke(app, ["query", PREFIX + QUERY, "-l", str(location)])
    assert result.exit_code != 0
    assert SAID in " ".join(result.stderr.split())
