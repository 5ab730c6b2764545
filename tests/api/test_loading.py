"""LOAD of documents of the web, from a real server, where somebody allowed it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.loading import WebDocuments
from strabon_store.errors import (
    DocumentUnavailable,
    LoadForbidden,
    QueryTimeout,
    StoreError,
)
from strabon_store.store import Store
from tests.api.conftest import Connect
from tests.api.test_cli import assert_failed, pytheas
from tests.api.test_fetch import server

__all__ = ["server"]


@pytest.fixture
def store(server: str, tmp_path: Path) -> Iterator[Store]:
    with _open(tmp_path, [f"{server}/"]) as opened:
        yield opened


def _open(folder: Path, allowed: list[str], **options: Any) -> Store:
    web = WebDocuments(allowed, **({"max_bytes": 1000, "timeout_s": 0.5} | options))
    return Store.open(folder / "store", allow_load=allowed, web=web)


def test_a_document_is_loaded_with_its_base(server: str, store: Store) -> None:
    report = store.update(f"LOAD <{server}/redirect> INTO GRAPH <urn:g>")
    assert report.inserted == 1
    assert store.query(f"ASK {{ GRAPH <urn:g> {{ <{server}/a> ?p ?o }} }}") is True


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("/away", LoadForbidden, "elsewhere.invalid/data.ttl.*--allow-load"),
        ("/named", LoadForbidden, "localhost"),
        ("/file", LoadForbidden, "etc/passwd"),
        ("/../data.ttl", LoadForbidden, r"\.\./data"),
        ("/gone", DocumentUnavailable, "410"),
        ("/again", DocumentUnavailable, "5 redirects"),
        ("/short.nt", DocumentUnavailable, "cut short"),
        ("/silent", DocumentUnavailable, "timed out"),
        ("/login.ttl", DocumentUnavailable, "text/html"),
        ("/picture", DocumentUnavailable, "image/gif"),
        ("/typed.nt.gz", StoreError, "typed.nt.gz"),
    ],
)
def test_what_cannot_be_loaded_says_why_and_changes_nothing(
    server: str, store: Store, path: str, kind: type[StoreError], message: str
) -> None:
    insert = "INSERT DATA { <urn:s> <urn:p> 1 }"
    with pytest.raises(kind, match=message):
        store.update(f"{insert}; LOAD <{server}{path}>")
    assert store.query("ASK { ?s ?p ?o }") is False
    report = store.update(f"{insert}; LOAD SILENT <{server}{path}>")
    assert [each.inserted for each in report.operations] == [1, 0]


def test_a_document_that_is_too_long(server: str, tmp_path: Path) -> None:
    with (
        _open(tmp_path, [f"{server}/"], max_bytes=5) as store,
        pytest.raises(DocumentUnavailable, match="longer than 5 bytes"),
    ):
        store.update(f"LOAD <{server}/data.ttl>")


def test_a_name_must_not_lead_into_a_private_network(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.rpartition(":")[2])
    found = [(0, 0, 0, "", ("127.0.0.1", port))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    named = f"http://data.example.org:{port}/"
    with (
        _open(tmp_path, [named]) as store,
        pytest.raises(LoadForbidden, match=r"it is at 127\.0\.0\.1"),
    ):
        store.update(f"LOAD <{named}data.ttl>")


@pytest.mark.parametrize("path", ["/silent", "/drip"])
def test_an_update_ends_in_time_whatever_a_server_does(
    server: str, tmp_path: Path, path: str
) -> None:
    begun = time.monotonic()
    with (
        _open(tmp_path, [f"{server}/"], timeout_s=20.0) as store,
        pytest.raises(QueryTimeout),
    ):
        store.update(f"LOAD SILENT <{server}{path}>", timeout_s=0.3)
    assert time.monotonic() - begun < 10


def test_over_http(server: str, connect: Connect, tmp_path: Path) -> None:
    with _open(tmp_path, [f"{server}/data.ttl", f"{server}/gone"]) as store:
        client = connect(store, allow_update=True)
        for path, status in (("data.ttl", 200), ("gone", 502), ("typed", 403)):
            answer = client.post("/update", data={"update": f"LOAD <{server}/{path}>"})
            assert answer.status_code == status, answer.text


def test_by_the_command_line(server: str, tmp_path: Path) -> None:
    location = tmp_path / "store"
    load = f"LOAD <{server}/data.ttl>"
    assert_failed(pytheas("update", load, "-l", location), "--allow-load")
    done = pytheas("update", load, "-l", location, "--allow-load", f"{server}/")
    assert "1 inserted" in done.stdout
    again = pytheas(
        "load", f"{server}/data.ttl", "-l", location, "--allow-host", "127.0.0.1"
    )
    assert again.exit_code == 0
