"""The page as files: nothing from elsewhere, nothing changed, nothing missing."""

import hashlib
import re
from pathlib import Path

import pytest

from api.demo.examples import examples
from api.web.headers import CONTENT_SECURITY_POLICY
from api.web.routes import STATIC
from ontologies.vocabulary import concept_scheme
from strabon_store.frontend import parse_query
from tests.api.conftest import Connect

VENDOR = STATIC / "vendor"
OURS = sorted(
    path for path in STATIC.rglob("*") if path.is_file() and VENDOR not in path.parents
)
# Addresses that are names, never asked: namespaces, and links to a licence.
NAMES = re.compile(r"https?://www\.(w3\.org|opengis\.net)/")
ADDRESS = re.compile(r"""(?:https?:)?//[\w.-]+\.\w+[^\s"'`)]*""")


@pytest.mark.parametrize("path", OURS, ids=lambda p: p.name)
def test_our_files_name_no_other_host(path: Path) -> None:
    text = path.read_text("utf-8")
    code = "\n".join(re.sub(r"^\s*//.*", "", line) for line in text.splitlines())
    assert [a for a in ADDRESS.findall(code) if not NAMES.match(a)] == []


def test_vendored_files_are_those_of_the_packages() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    listed = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    present = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert present == listed


def test_every_vendored_package_brings_its_licence() -> None:
    packages = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert packages
    assert [p.name for p in packages if not list(p.glob("LICENSE*"))] == []


@pytest.mark.parametrize("path", [p for p in OURS if p.suffix in {".html", ".js"}])
def test_every_file_that_is_asked_for_is_there(path: Path, connect: Connect) -> None:
    client = connect()
    asked = re.findall(r'"(/static/[^"]+)"', path.read_text("utf-8"))
    relative = re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8"))
    assert [url for url in asked if client.get(url).status_code != 200] == []
    assert [name for name in relative if not (path.parent / name).is_file()] == []


def test_every_control_has_a_label() -> None:
    html = (STATIC / "index.html").read_text()
    controls = re.findall(r'<(?:select|textarea|input)[^>]* id="([^"]+)"', html)
    assert controls
    assert [name for name in controls if f'for="{name}"' not in html] == []


def test_every_response_says_that_nothing_comes_from_elsewhere(
    connect: Connect,
) -> None:
    client = connect()
    for path in ("/", "/static/page.css", "/sparql?query=ASK{}", "/nothing"):
        policy = client.get(path).headers["content-security-policy"]
        assert policy == CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def test_modules_have_the_type_that_browsers_ask_of_modules(connect: Connect) -> None:
    client = connect()
    for path in (STATIC / "js/main.js", *VENDOR.rglob("*.mjs")):
        answer = client.get(f"/static/{path.relative_to(STATIC).as_posix()}")
        assert "javascript" in answer.headers["content-type"]


def test_static_files_need_not_be_sent_twice(connect: Connect) -> None:
    client = connect()
    first = client.get("/static/page.css")
    again = client.get(
        "/static/page.css", headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304


def test_the_page_learns_the_colours_of_the_classes(connect: Connect) -> None:
    document = connect().get("/concepts").json()
    for concept in concept_scheme("icetype").concepts:
        assert document[concept.iri]["label"] == concept.label
        assert document[concept.iri]["colour"] == concept.colour


def test_the_examples_are_the_demo_s(connect: Connect) -> None:
    served = connect().get("/examples").json()
    expected = [*examples("seaice"), *examples("crop")]
    assert [e["text"] for e in served] == [e.text for e in expected]
    assert all(e["title"] for e in served)


@pytest.mark.parametrize(
    "text", [e.text for kind in ("seaice", "crop") for e in examples(kind)]
)
def test_examples_are_sparql(text: str) -> None:
    parse_query(text)
