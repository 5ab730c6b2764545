"""Sources of mappings over HTTP, asked of a server that the test starts."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest

from api.mapping_sources import permissions
from geotriples.errors import InvalidMapping
from geotriples.run_local import run
from tests.geotriples.rml import PREFIXES, quads

ANSWER: Final = (
    b'{"head": {"vars": ["s"]}, "results": {"bindings": '
    b'[{"s": {"type": "uri", "value": "http://x.org/asked"}}]}}'
)
FILES: Final = {
    "/t.csv": b"id,name\n1,x\n",
    "/t.csv.gz": gzip.compress(b"id,name\n2,y\n"),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query).get("query", [""])[0]
        is_query = parts.path == "/sparql" and asked.startswith("SELECT ?s")
        wants = self.headers["Accept"] == "application/sparql-results+json"
        body = ANSWER if is_query and wants else FILES.get(parts.path)
        if parts.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://elsewhere.example/t.csv")
            self.end_headers()
            return
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def _mapping(folder: Path, source: str, formulation: str, subject: str) -> Path:
    text = f"""{PREFIXES}
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
@prefix formats: <http://www.w3.org/ns/formats/> .
ex:m rml:logicalSource [ rml:source [ {source} ] ; {formulation} ] ;
  rml:subjectMap [ {subject} ; rml:class ex:Thing ] ."""
    (folder / "m.ttl").write_text(text)
    return folder / "m.ttl"


def _subjects(folder: Path, mapping: Path) -> set[str]:
    allowed = permissions(["127.0.0.1"], [])
    run(mapping, folder / "o.nq", permissions=allowed)
    return {one.split()[0] for one in quads(folder / "o.nq")}


@pytest.mark.parametrize(("name", "number"), [("t.csv", 1), ("t.csv.gz", 2)])
def test_a_table_is_fetched(
    server: str, tmp_path: Path, name: str, number: int
) -> None:
    mapping = _mapping(
        tmp_path,
        f"dcat:downloadURL <{server}/{name}>",
        "rml:referenceFormulation rml:CSV",
        'rml:template "http://x.org/{id}"',
    )
    assert _subjects(tmp_path, mapping) == {f"<http://x.org/{number}>"}
    assert {one.name for one in tmp_path.iterdir()} == {"m.ttl", "o.nq"}


def test_an_endpoint_is_asked(server: str, tmp_path: Path) -> None:
    mapping = _mapping(
        tmp_path,
        f"sd:endpoint <{server}/sparql>",
        "rml:referenceFormulation formats:SPARQL_Results_JSON ;"
        ' rml:iterator "SELECT ?s { ?s ?p ?o }"',
        'rml:reference "s"',
    )
    assert _subjects(tmp_path, mapping) == {"<http://x.org/asked>"}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/absent.csv", "404"),
        ("/away", r"elsewhere\.example, which nobody allowed"),
    ],
)
def test_what_cannot_be_had_is_told(
    server: str, tmp_path: Path, path: str, message: str
) -> None:
    mapping = _mapping(
        tmp_path,
        f"dcat:downloadURL <{server}{path}>",
        "rml:referenceFormulation rml:CSV",
        'rml:template "http://x.org/{id}"',
    )
    with pytest.raises(InvalidMapping, match=message):
        _subjects(tmp_path, mapping)
    with pytest.raises(InvalidMapping, match="is not fetched"):
        run(mapping, tmp_path / "o.nq")
    assert not (tmp_path / "o.nq").exists()
