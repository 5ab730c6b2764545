"""Queries that are cut off, over sockets: never a short answer that looks whole."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from pydantic import ByteSize
from SPARQLWrapper import JSON, SPARQLWrapper
from typer.testing import CliRunner

from api.cli.main import app
from api.main import create_app
from api.settings import Settings
from strabon_store.store import Store
from tests.api.serving import serving

CROSS = "{ ?a ?p ?b . ?c ?q ?d . ?e ?r ?f }"
ALL = f"SELECT * {CROSS}"
COUNT = f"SELECT (COUNT(DISTINCT ?b) AS ?n) {CROSS}"
MEMORY = (
    "SELECT (GROUP_CONCAT(?x) AS ?all) { ?a ?p ?b . ?c ?q ?d "
    f'BIND (CONCAT(?b, ?d, "{"-" * 120}") AS ?x) }}'
)
PROMPTLY_S = 3.0


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    lines = (f'<urn:s{i}> <urn:p> "{i}" .\n' for i in range(1500))
    (folder / "data.nt").write_text("".join(lines))
    with Store.open(folder / "store") as store:
        store.load([folder / "data.nt"])
    return folder / "store"


@pytest.fixture(scope="module")
def url(location: Path) -> Iterator[str]:
    with (
        Store.open(location, read_only=True) as store,
        serving(create_app(Settings(query_timeout_s=20), store)) as base,
    ):
        fetched(f"{base}/health")
        yield base


def query_url(url: str, text: str, **parameters: object) -> str:
    return f"{url}/sparql?{urlencode({'query': text, **parameters})}"


def running(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(fetched(f"{url}/queries"))
    return found


def fetched(request: str | Request) -> bytes:
    with urlopen(request) as answer:
        body: bytes = answer.read()
        return body


def eventually(url: str, number: int) -> list[dict[str, Any]]:
    """The running queries when there are so many, which must be soon."""
    until = time.monotonic() + PROMPTLY_S
    while len(found := running(url)) != number and time.monotonic() < until:
        time.sleep(0.02)
    assert len(found) == number
    return found


def refused(request: str | Request) -> dict[str, Any]:
    with pytest.raises(HTTPError) as error:
        urlopen(request)
    with error.value as answer:
        problem: dict[str, Any] = json.load(answer)
    return problem


def test_a_count_that_takes_too_long_is_a_problem(url: str) -> None:
    started = time.monotonic()
    problem = refused(query_url(url, COUNT, timeout=0.5))
    assert time.monotonic() - started < 0.5 + PROMPTLY_S
    assert problem["status"] == 503
    assert problem["type"].endswith("QueryTimeout")
    assert running(url) == []


def test_a_timeout_is_a_number_and_no_more_than_the_service_allows(url: str) -> None:
    assert refused(query_url(url, COUNT, timeout="soon"))["status"] == 400
    assert refused(query_url(url, COUNT, timeout=-1))["status"] == 400
    with urlopen(query_url(url, "ASK {}", timeout=10_000)) as answer:
        assert json.load(answer)["boolean"] is True


@pytest.mark.parametrize("name", ["json", "csv", "arrow"])
def test_a_stream_that_takes_too_long_has_no_end(url: str, name: str) -> None:
    with urlopen(query_url(url, ALL, timeout=2, format=name)) as answer:
        assert answer.status == 200
        with pytest.raises(IncompleteRead):
            answer.read()
    eventually(url, 0)


def test_a_stream_is_listed_cancelled_and_has_no_end(url: str) -> None:
    request = Request(
        query_url(url, ALL, format="tsv"), headers={"X-Query-Id": "mine-1"}
    )
    with urlopen(request) as answer:
        assert answer.headers["x-query-id"] == "mine-1"
        answer.read(100_000)
        (found,) = eventually(url, 1)
        assert (found["id"], found["text"], found["state"]) == (
            "mine-1",
            ALL,
            "reading",
        )
        assert found["rows"] > 0
        assert refused(request)["status"] == 409
        cancel = Request(f"{url}/queries/mine-1", method="DELETE")
        assert fetched(cancel) == b""
        with pytest.raises(IncompleteRead):
            answer.read()
    assert refused(cancel)["status"] == 404
    eventually(url, 0)


def test_ids_that_fit_into_no_url_are_refused(url: str) -> None:
    request = Request(query_url(url, "ASK {}"), headers={"X-Query-Id": "a/b"})
    assert refused(request)["status"] == 400


def test_other_sites_may_not_cancel(url: str) -> None:
    headers = {"Origin": "https://example.org"}
    request = Request(f"{url}/queries/x", method="DELETE", headers=headers)
    assert refused(request)["status"] == 403


def test_sparqlwrapper_gets_an_error_when_somebody_cancels(url: str) -> None:
    wrapper = SPARQLWrapper(f"{url}/sparql")
    wrapper.setReturnFormat(JSON)
    wrapper.addCustomHttpHeader("X-Query-Id", "wrapped")
    wrapper.setQuery(COUNT)
    failed: list[Exception] = []

    def ask() -> None:
        try:
            wrapper.queryAndConvert()
        except Exception as error:  # noqa: BLE001 - whatever it raises
            failed.append(error)
            if isinstance(error, HTTPError):
                error.close()

    asking = threading.Thread(target=ask)
    asking.start()
    eventually(url, 1)
    location = ("--location", f"{url}/sparql")
    listed = CliRunner().invoke(app, ["queries", "list", *location])
    assert "wrapped" in listed.stdout
    cancelled = CliRunner().invoke(app, ["queries", "cancel", "wrapped", *location])
    assert cancelled.exit_code == 0, cancelled.stderr
    asking.join(PROMPTLY_S)
    assert "503" in str(failed[0])
    again = CliRunner().invoke(app, ["queries", "cancel", "wrapped", *location])
    assert (again.exit_code, "no query wrapped" in again.stderr) == (1, True)


def test_a_query_that_needs_too_much_memory_is_a_problem(
    location: Path, tmp_path: Path
) -> None:
    limit = ByteSize(64 * 2**20)
    settings = Settings(
        location=shutil.copytree(location, tmp_path / "copy"),
        memory_limit=limit,
        spill_limit=limit,
    )
    with serving(create_app(settings)) as base:
        problem = refused(query_url(base, MEMORY))
        with urlopen(query_url(base, "ASK {}")) as answer:
            assert json.load(answer)["boolean"] is True
    assert problem["status"] == 503
    assert problem["type"].endswith("QueryMemoryExceeded")


def test_a_client_that_leaves_before_the_first_row_stops_its_query(url: str) -> None:
    parts = urlsplit(url)
    leaving = socket.create_connection((parts.hostname or "", parts.port or 0))
    target = f"/sparql?query={quote(COUNT)}"
    leaving.sendall(f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    eventually(url, 1)
    leaving.close()
    eventually(url, 0)


def test_a_client_that_leaves_in_the_middle_stops_its_query(url: str) -> None:
    leaving = HTTPConnection(url.removeprefix("http://"), timeout=10)
    leaving.request("GET", f"/sparql?format=csv&query={quote(ALL)}")
    leaving.getresponse().read(1000)
    eventually(url, 1)
    leaving.close()
    eventually(url, 0)
