"""Documents from the web: from allowed hosts only, whole, and no others."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from api.errors import FetchFailed, FetchForbidden
from api.fetch import Fetcher

TURTLE = b"<a> <b> <c> ."


ANSWERS = {
    "/login.ttl": (b"<html></html>", "text/html"),
    "/picture": (b"GIF89a", "image/gif"),
    "/%C3%BC?q=%C3%BC": (TURTLE, "text/turtle"),
    "/not-named-so.nt": (TURTLE, "text/turtle"),
    "/typed": (TURTLE, "text/turtle; charset=utf-8"),
}
REDIRECTS = {
    "/redirect": "/data.ttl",
    "/away": "http://elsewhere.invalid/data.ttl",
    "/named": "http://localhost:{port}/data.ttl",
    "/again": "/again",
    "/file": "file:///etc/passwd",
}
RAW = {
    "/hangs-up": b"",
    "/nowhere": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "/banner": b"SSH-2.0-Server\r\n",
    "/chunk.nt": b"HTTP/1.1 200 OK\r\nContent-Type: application/n-triples\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nd\r\n" + TURTLE + b"\r\n9\r\n<urn",
    "/brotli.nt": b"HTTP/1.1 200 OK\r\nContent-Type: application/n-triples\r\n"
    b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\n?",
    "/zstd": b"HTTP/1.1 200 OK\r\nContent-Type: application/n-triples\r\n"
    b"Content-Encoding: zstd\r\nContent-Length: 13\r\n\r\n" + TURTLE,
}
"""What is sent as it stands."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        port = self.headers["Host"].rpartition(":")[2]
        if place := REDIRECTS.get(self.path):
            self._redirect(place.format(port=port))
            return
        match self.path:
            case "/gone":
                self.send_error(410)
            case "/short.nt":
                self._answer(TURTLE, "application/n-triples", length=1000)
            case "/silent":
                self.server.stopping.wait(20)  # type: ignore[attr-defined]
            case "/drip":
                self._drip()
            case raw if raw in RAW:
                self.wfile.write(RAW[raw])
            case path:
                self._answer(*ANSWERS.get(path, (TURTLE, "text/plain")))

    def _drip(self) -> None:
        """A byte now and then, for as long as somebody takes them."""
        self._answer(b"", "text/turtle", length=1000)
        stopping = self.server.stopping  # type: ignore[attr-defined]
        with suppress(BrokenPipeError, ConnectionResetError):
            while not stopping.wait(0.05):
                self.wfile.write(b"#")

    def _redirect(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, body: bytes, media_type: str, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        served.stopping = threading.Event()  # type: ignore[attr-defined]
        served.daemon_threads = True
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{served.server_address[1]}"
        served.stopping.set()  # type: ignore[attr-defined]
        served.shutdown()
        thread.join()


LOCAL = Fetcher(frozenset({"127.0.0.1"}), timeout_s=0.5)


@pytest.mark.parametrize(
    ("path", "ending"),
    [
        ("/data.ttl", ".ttl"),
        ("/typed", ".ttl"),
        ("/x.nt.gz", ".nt.gz"),
        ("/zstd", ".nt.zst"),
    ],
)
def test_a_document_is_fetched(
    server: str, tmp_path: Path, path: str, ending: str
) -> None:
    found = LOCAL.fetch(server + path, tmp_path)
    assert found.path.read_bytes() == TURTLE
    assert (found.name, found.base, found.ending) == (
        server + path,
        server + path,
        ending,
    )


def test_what_the_server_says_counts_more_than_the_name(
    server: str, tmp_path: Path
) -> None:
    assert LOCAL.fetch(f"{server}/not-named-so.nt", tmp_path).ending == ".ttl"
    told = LOCAL.fetch(f"{server}/picture", tmp_path, ending=".nt")
    assert told.ending == ".nt"


def test_an_iri_is_asked_for_as_a_uri(server: str, tmp_path: Path) -> None:
    found = LOCAL.fetch(f"{server}/ü?q=ü#part", tmp_path)
    assert found.path.read_bytes() == TURTLE


def test_a_server_that_drips_does_not_outlive_the_deadline(
    server: str, tmp_path: Path
) -> None:
    patient = Fetcher(frozenset({"127.0.0.1"}), timeout_s=5, deadline_s=0.3)
    with pytest.raises(FetchFailed, match=r"not here after 0\.3 s"):
        patient.fetch(f"{server}/drip", tmp_path)


def test_a_redirect_moves_the_base(server: str, tmp_path: Path) -> None:
    found = LOCAL.fetch(f"{server}/redirect", tmp_path)
    assert found.base == f"{server}/data.ttl"
    assert found.name == f"{server}/redirect"


@pytest.mark.parametrize("path", ["/away", "/named"])
def test_redirects_are_held_to_the_list(server: str, tmp_path: Path, path: str) -> None:
    with pytest.raises(FetchForbidden, match=r"elsewhere\.invalid|localhost"):
        LOCAL.fetch(server + path, tmp_path)


def test_no_host_is_allowed_that_nobody_listed(server: str, tmp_path: Path) -> None:
    with pytest.raises(FetchForbidden, match=r"127\.0\.0\.1.*--allow-host"):
        Fetcher().fetch(f"{server}/data.ttl", tmp_path)
    port = server.rpartition(":")[2]
    listed = Fetcher(frozenset({f"127.0.0.1:{port}"}))
    assert listed.fetch(f"{server}/data.ttl", tmp_path).path.exists()


def test_a_name_does_not_open_a_private_network(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.rpartition(":")[2])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    url = f"http://data.example.org:{port}/data.ttl"
    with pytest.raises(FetchForbidden, match=r"127\.0\.0\.1"):
        Fetcher(frozenset({"data.example.org"})).fetch(url, tmp_path)
    both = Fetcher(frozenset({"data.example.org", "127.0.0.1"}))
    assert both.fetch(url, tmp_path).path.read_bytes() == TURTLE


def test_a_host_may_have_an_address_at_which_nobody_listens(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.rpartition(":")[2])
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
        for address in ("127.0.0.2", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    fetcher = Fetcher(frozenset({"localhost"}))
    fetched = fetcher.fetch(f"http://localhost:{port}/data.ttl", tmp_path)
    assert fetched.path.read_bytes() == TURTLE


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/gone", "410"),
        ("/again", "more than 5 redirects"),
        ("/file", "no URL of http"),
        ("/short.nt", "cut short after 13 of 1,000"),
        ("/silent", "timed out"),
        ("/login.ttl", "calls it text/html, which is none of text/turtle"),
        ("/picture", "calls it image/gif"),
        ("/nowhere", "a redirect that says no place"),
        ("/chunk.nt", "cut short after 17 bytes"),
        ("/banner", "speaks no HTTP: 'SSH-2.0-Server'"),
        ("/brotli.nt", "sent as 'br'"),
        ("/hangs-up", "closed connection without response"),
    ],
)
def test_what_cannot_be_had(
    server: str, tmp_path: Path, path: str, message: str
) -> None:
    with pytest.raises(FetchFailed, match=message):
        LOCAL.fetch(server + path, tmp_path)


def test_too_long(server: str, tmp_path: Path) -> None:
    small = Fetcher(frozenset({"127.0.0.1"}), max_bytes=5)
    with pytest.raises(FetchFailed, match="longer than 5 bytes"):
        small.fetch(f"{server}/data.ttl", tmp_path)


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/a.ttl"
        with pytest.raises(FetchFailed, match="refused"):
            LOCAL.fetch(url, tmp_path)
