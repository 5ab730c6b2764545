"""Mappings that read from an S3 service and write to it: a process of its own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from typer.testing import CliRunner

from api.cli.main import app
from engines.errors import ObjectFailed
from engines.objects import ObjectUrl, put_file
from tests.geotriples.rml import PREFIXES, quads
from tests.object_server import KEY, SECRET, ObjectServer, environment, object_server

HALF = "http://x.org/1"


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with object_server() as running:
        yield running


def _mapping(
    folder: Path,
    source: str,
    formulation: str = "rml:CSV",
    value: str = "v",
    iterator: str = "",
) -> str:
    path = folder / "m.ttl"
    path.write_text(
        f"""{PREFIXES}
@prefix pyrml: <https://w3id.org/pytheas/rml#> .
ex:map rml:logicalSource [
    rml:source [ a rml:FilePath ; rml:path "{source}" ] ; {iterator}
    rml:referenceFormulation {formulation} ] ;
  rml:subjectMap [ rml:template "http://x.org/{{id}}" ] ;
  rml:predicateObjectMap [ rml:predicate ex:p ;
    rml:objectMap [ rml:reference "{value}" ] ] .
""",
        encoding="utf-8",
    )
    return str(path)


def _map(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["map", *arguments])
    assert result.exit_code == code, result.output
    assert KEY not in result.output
    assert SECRET not in result.output
    return " ".join(result.output.split())


TABLE = pa.table({"id": [1, 2], "v": ["x", "y"]})
FILES = {
    "t.csv": ("rml:CSV", "", b"id,v\n1,x\n2,y\n"),
    "deep/t.json": (
        "rml:JSONPath",
        'rml:iterator "$[*]" ;',
        json.dumps(TABLE.to_pylist()).encode(),
    ),
    "t.xml": (
        "rml:XPath",
        'rml:iterator "/r/i" ;',
        b"<r><i><id>1</id><v>x</v></i><i><id>2</id><v>y</v></i></r>",
    ),
}


def _check_rows(folder: Path, mapping: str) -> None:
    output = folder / "o.nq"
    _map("run", mapping, "-o", str(output), "--allow-bucket", "maps", "--quiet")
    expected = {f'<http://x.org/{i}> <http://example.com/p> "{v}"' for i, v in ROWS}
    assert quads(output) == expected


ROWS = ((1, "x"), (2, "y"))


@pytest.mark.parametrize("key", FILES)
def test_text_is_read(server: ObjectServer, tmp_path: Path, key: str) -> None:
    formulation, iterator, content = FILES[key]
    server.put(key, content)
    source = f"s3://maps/{key}"
    _check_rows(tmp_path, _mapping(tmp_path, source, formulation, iterator=iterator))


def test_parquet_is_read(server: ObjectServer, tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "t.parquet")
    server.put("t.parquet", tmp_path / "t.parquet")
    mapping = _mapping(tmp_path, "s3://maps/t.parquet", "pyrml:Parquet")
    _check_rows(tmp_path, mapping)


@pytest.mark.parametrize(
    ("name", "formulation"),
    [("ice.shp", "pyrml:Shapefile"), ("ice.parquet", "pyrml:GeoParquet")],
)
def test_geometries_come_with_their_crs(
    server: ObjectServer, tmp_path: Path, name: str, formulation: str
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    points = [shapely.Point(10, 20), shapely.Point(30, 40)]
    frame = gpd.GeoDataFrame({"id": [1, 2]}, geometry=points, crs=3413)
    if name.endswith(".shp"):
        frame.to_file(folder / name)
        (folder / "icefield.shp").write_bytes(b"another file")
    else:
        frame.to_parquet(folder / name)
    for file in folder.iterdir():
        server.put(f"ice/{file.name}", file)
    mapping = _mapping(tmp_path, f"s3://maps/ice/{name}", formulation, "geometry")
    output = tmp_path / "o.nq"
    _map("run", mapping, "-o", str(output), "--allow-bucket", "maps", "--quiet")
    found = "\n".join(sorted(quads(output)))
    assert found.count("EPSG/0/3413> POINT") == len(points)


def test_an_output_is_an_object_with_its_difference_beside_it(
    server: ObjectServer, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("id,v\n1,x\n2,y\n")
    mapping = _mapping(tmp_path, "t.csv")
    place = "s3://maps/out/o.nq"
    text = _map("run", mapping, "-o", place, "--json", "--quiet")
    assert json.loads(text)["triples"] == len(ROWS)
    assert server.keys("out/") == ["out/o.nq"]
    (tmp_path / "t.csv").write_text("id,v\n1,x\n3,z\n")
    _map("run", mapping, "-o", place, "--since", place, "--quiet")
    wanted = ["out/o.added.nq", "out/o.nq", "out/o.removed.nq"]
    assert server.keys("out/") == wanted
    assert server.get(wanted[0]).startswith(b"<http://x.org/3>")
    assert server.get(wanted[2]).startswith(b"<http://x.org/2>")
    assert server.get(wanted[1]).count(b"\n") == len(ROWS)


def test_a_run_that_fails_leaves_the_object_as_it_was(
    server: ObjectServer, tmp_path: Path
) -> None:
    server.put("kept.nq", b"as before")
    (tmp_path / "t.csv").write_text("id,v\n1,x\n2\n")
    mapping = _mapping(tmp_path, "t.csv")
    _map("run", mapping, "-o", "s3://maps/kept.nq", "--quiet", code=1)
    assert server.get("kept.nq") == b"as before"
    assert server.keys("kept") == ["kept.nq"]


def test_a_lake_is_replaced_whole(server: ObjectServer, tmp_path: Path) -> None:
    mapping, place = _mapping(tmp_path, "t.csv"), "s3://maps/o.lake"
    for predicate in ("p", "q"):
        (tmp_path / "t.csv").write_text("id,v\n1,x\n2,y\n")
        text = Path(mapping).read_text().replace("ex:p ", f"ex:{predicate} ")
        Path(mapping).write_text(text)
        _map("run", mapping, "-o", place, "--quiet")
        last, part = server.keys("o.lake/")
        assert last == "o.lake/_SUCCESS"
        assert part.startswith(f"o.lake/predicate_key={predicate}-")


def test_targets_go_beside_the_output_unless_they_append(
    server: ObjectServer, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("id,v\n1,x\n2,y\n")
    path = Path(_mapping(tmp_path, "t.csv"))
    target = (
        'rml:logicalTarget [ rml:target [ rml:path "sub.nt" ] ; '
        "rml:serialization <http://www.w3.org/ns/formats/N-Triples> MODE ]"
    )
    text = path.read_text().replace(
        'rml:reference "v"', f'rml:reference "v" ; {target}'
    )
    path.write_text(text.replace("MODE", ""))
    _map("run", str(path), "-o", "s3://maps/split/o.nq", "--quiet")
    assert server.keys("split/") == ["split/o.nq", "split/sub.nt"]
    assert server.get("split/sub.nt").count(b"\n") == len(ROWS)
    path.write_text(text.replace("MODE", "; rml:mode rml:Append"))
    told = _map("run", str(path), "-o", "s3://maps/more/o.nq", "--quiet", code=1)
    assert "sub.nt appends, which an object cannot" in told
    assert server.keys("more/") == []


def test_what_nobody_allowed_is_not_read(server: ObjectServer, tmp_path: Path) -> None:
    server.put("t.csv", FILES["t.csv"][2])
    mapping = _mapping(tmp_path, "s3://maps/t.csv")
    for allowed, reason in (
        ([], "is not fetched"),
        (["--allow-bucket", "other"], "in maps, which nobody allowed (--allow-bucket)"),
    ):
        assert reason in _map("check", mapping, *allowed, code=1)
    assert "nothing is wrong" in _map("check", mapping, "--allow-bucket", "maps")
    plan = _map("run", mapping, "--explain", "--allow-bucket", "maps")
    assert "'v', string" in plan


@pytest.mark.parametrize("command", ["query", "explain"])
def test_a_mapping_of_objects_is_asked_in_place(
    server: ObjectServer, tmp_path: Path, command: str
) -> None:
    server.put("t.csv", FILES["t.csv"][2])
    mapping = _mapping(tmp_path, "s3://maps/t.csv")
    asked = [command, "--mapping", mapping, "SELECT ?v { ?s ?p ?v }", "--json"]
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 1
    assert "is not fetched" in refused.output
    answer = CliRunner().invoke(app, [*asked, "--allow-bucket", "maps"])
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.output)
    if command == "query":
        found = [row["v"]["value"] for row in document["results"]["bindings"]]
        assert sorted(found) == ["x", "y"]
    else:
        assert "t.csv" in str(document)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("s3://maps/none.csv", "does not exist"),
        ("s3://none/t.csv", "is in a bucket that does not exist"),
        ("s3://maps/", "is not s3://bucket/key"),
        (f"s3://{KEY}:{SECRET}@maps/t.csv", "set AWS_ACCESS_KEY_ID instead"),
    ],
)
@pytest.mark.usefixtures("server")
def test_what_is_not_there_is_told(tmp_path: Path, url: str, reason: str) -> None:
    allow = ["--allow-bucket", "maps", "--allow-bucket", "none"]
    mapping = _mapping(tmp_path, url)
    assert reason in _map("check", mapping, *allow, code=1)


def test_a_place_that_cannot_be_written_is_told_before_the_work(
    server: ObjectServer, tmp_path: Path
) -> None:
    server.put("full/part", b"x")
    mapping = _mapping(tmp_path, "absent.csv")
    for place, reason in (
        ("s3://none/o.nq", "a bucket that does not exist"),
        ("s3://maps/full", "is a folder that no run has completed"),
    ):
        assert reason in _map("run", mapping, "-o", place, "--quiet", code=1)


class _Refusing(BaseHTTPRequestHandler):
    """Takes the first part of an upload, refuses all else, and talks too much."""

    asked: ClassVar[list[str]] = []

    def _answer(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = f"<Error><Code>AccessDenied</Code><Id>{KEY}</Id>{SECRET}</Error>"
        status = 403
        if self.path.endswith("?uploads="):
            body = "<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
            body, status = f"{body}</InitiateMultipartUploadResult>", 200
        elif "partNumber=1" in self.path:
            body, status = "", 200
        elif self.command == "DELETE":
            body, status = "", 204
        self.send_response(status)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815 - the library's

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        for name, value in environment(
            f"http://127.0.0.1:{running.server_port}"
        ).items():
            monkeypatch.setenv(name, value)
        _Refusing.asked.clear()
        yield _Refusing.asked
        running.shutdown()


def test_an_upload_that_breaks_is_taken_back(
    refusing: list[str], tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(bytes(11 << 20))
    with pytest.raises(ObjectFailed, match="is refused") as caught:
        put_file(tmp_path / "large", ObjectUrl("maps", "large"))
    assert SECRET not in str(caught.value)
    assert refusing[0] == "POST /maps/large?uploads="
    assert refusing[-1] == "DELETE /maps/large?uploadId=u1"


@pytest.mark.usefixtures("refusing")
def test_who_is_refused_is_told_without_secrets(tmp_path: Path) -> None:
    mapping = _mapping(tmp_path, "s3://maps/t.csv")
    text = _map("check", mapping, "--allow-bucket", "maps", code=1)
    assert "is refused" in text
    assert "AWS_SKIP_SIGNATURE=true" in text


def test_a_service_that_is_away_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    mapping = _mapping(tmp_path, "s3://maps/t.csv")
    text = _map("check", mapping, "--allow-bucket", "maps", code=1)
    assert "cannot be asked: see AWS_ENDPOINT_URL" in text
