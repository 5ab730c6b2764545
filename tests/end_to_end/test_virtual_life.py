"""Virtual graphs from the command line, sources that change, and what goes wrong."""

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api.cli.main import app
from api.main import create_app
from api.settings import Settings
from api.virtual import VirtualEngines, open_mapping
from geotriples.errors import InvalidMapping, SourceError
from strabon_store.errors import (
    QueryCancelled,
    QueryMemoryExceeded,
    QueryTimeout,
    ResultTooLarge,
)
from strabon_store.results.solutions import Solutions
from strabon_store.virtual.store import VirtualStore
from tests.geotriples.rml import triples_map

MAPPING = triples_map(
    "data.csv",
    '[ rml:template "http://x.org/{id}" ]',
    '[ rml:reference "v" ]',
    '[ rml:template "{v}" ]',
)
ALL = "SELECT * { ?s ?p ?o }"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.ttl").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "data.csv").write_text("id,v\n1,x\n2,y\n2,y\n", encoding="utf-8")
    return tmp_path


def _rows(virtual: VirtualStore, query: str = ALL) -> int:
    answer = virtual.query(query)
    assert isinstance(answer, Solutions)
    return len(list(answer))


def _run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.output


def test_commands_ask_a_mapping(folder: Path) -> None:
    before = set(folder.iterdir())
    mapping = ("--mapping", str(folder / "m.ttl"))
    query = "SELECT ?o { <http://x.org/2> <http://example.com/p0> ?o }"
    answer = json.loads(_run("query", *mapping, "--format", "json", query))
    assert [one["o"]["value"] for one in answer["results"]["bindings"]] == ["y"]
    told = _run("explain", *mapping, query)
    assert told.startswith("-- sources\ndata.csv: 1 statement, one of http://x.org/2")
    assert set(folder.iterdir()) == before
    assert "--mapping" in _run("query", query, code=2)


def test_the_service_serves_a_mapping(
    folder: Path, virtual_engines: VirtualEngines
) -> None:
    with (
        open_mapping(folder / "m.ttl", engines=virtual_engines) as virtual,
        TestClient(create_app(Settings(), virtual)) as client,
    ):
        assert client.get("/health").status_code == 200
        answer = client.get("/sparql", params={"query": ALL})
        assert len(answer.json()["results"]["bindings"]) == 4
        told = client.post("/explain", data={"query": ALL})
        assert told.json()["reads"] == ["data.csv: 2 statements, all rows   (rows 3)"]
        (folder / "data.csv").unlink()
        gone = client.get("/sparql", params={"query": ALL})
        assert gone.status_code >= 400
        assert "data.csv" in gone.text


def test_sources_are_read_as_they_are_now(
    folder: Path, virtual_engines: VirtualEngines
) -> None:
    with open_mapping(folder / "m.ttl", engines=virtual_engines) as virtual:
        assert _rows(virtual) == 4
        with (folder / "data.csv").open("a", encoding="utf-8") as file:
            file.write("3,z\n")
        assert _rows(virtual) == 6
        (folder / "data.csv").write_text("id,w\n1,x\n", encoding="utf-8")
        with pytest.raises(InvalidMapping, match="no column 'v'"):
            virtual.query(ALL)
        (folder / "data.csv").unlink()
        with pytest.raises((InvalidMapping, SourceError), match=r"data\.csv"):
            virtual.query(ALL)
        (folder / "data.csv").write_text("id,v\n1,x\n", encoding="utf-8")
        assert _rows(virtual) == 2


def test_a_mapping_that_is_wrong_is_told_at_once(
    folder: Path, virtual_engines: VirtualEngines
) -> None:
    (folder / "m.ttl").write_text(MAPPING.replace('"v"', '"w"'), encoding="utf-8")
    with pytest.raises(InvalidMapping, match="no column 'w'"):
        open_mapping(folder / "m.ttl", engines=virtual_engines)
    told = _run("query", "--mapping", str(folder / "none.ttl"), ALL, code=1)
    assert "none.ttl" in told


def test_what_is_not_asked_for_is_not_read(
    folder: Path, virtual_engines: VirtualEngines
) -> None:
    # Every statement comes twice, before the next one comes.
    rows = "\n".join(f"{i // 2},{i // 2}" for i in range(1_000))
    (folder / "data.csv").write_text(f"id,v\n{rows}\n", encoding="utf-8")
    with open_mapping(folder / "m.ttl", engines=virtual_engines) as virtual:
        few = f"{ALL} OFFSET 3 LIMIT 7"
        assert _rows(virtual, few) == 7
        assert virtual.explain(few).reads == (
            "data.csv: 2 statements, all rows   (rows 10)",
        )
        assert _rows(virtual, f"{ALL} LIMIT 0") == 0
        assert _rows(virtual, f"{ALL} LIMIT 2000") == 1_000
        assert _rows(virtual, f"SELECT DISTINCT ?p {ALL[9:]} LIMIT 3") == 2
        assert virtual.query("ASK { ?s ?p ?o }") is True
        assert virtual.explain("ASK { ?s ?p ?o }").reads[0].endswith("(rows 1)")


def test_what_does_not_fit_in_memory_is_told(folder: Path) -> None:
    rows = "\n".join(f"{i},{i}" for i in range(100_000))
    (folder / "data.csv").write_text(f"id,v\n{rows}\n", encoding="utf-8")
    with (
        closing(VirtualEngines(40 << 20)) as engines,
        open_mapping(folder / "m.ttl", engines=engines) as virtual,
    ):
        with pytest.raises(QueryMemoryExceeded):
            virtual.query(ALL)
        assert _rows(virtual, "SELECT * { <http://x.org/7> ?p ?o }") == 2


def test_limits_and_other_queries(
    folder: Path, virtual_engines: VirtualEngines
) -> None:
    rows = "\n".join(f"{i},{i}" for i in range(5_000))
    (folder / "data.csv").write_text(f"id,v\n{rows}\n", encoding="utf-8")
    with open_mapping(folder / "m.ttl", engines=virtual_engines) as virtual:
        with pytest.raises(QueryTimeout):
            virtual.query(ALL, 1e-4)
        with pytest.raises(ResultTooLarge):
            list(virtual.query(ALL, max_rows=3))  # type: ignore[arg-type]
        answer = virtual.query(ALL, query_id="mine")
        assert isinstance(answer, Solutions)
        assert [one.id for one in virtual.queries()] == ["mine"]
        assert virtual.cancel("mine")
        with pytest.raises(QueryCancelled):
            list(answer)
        assert virtual.queries() == ()
        assert not virtual.cancel("mine")
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda: found.append(_rows(virtual)))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [10_000] * 3
