"""Which documents LOAD may read: by the beginnings of their IRIs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from strabon_store.errors import LoadError, LoadForbidden
from strabon_store.storage.documents import Documents
from strabon_store.storage.sources import Input


class Web:
    """Gives the same document for every IRI, by way of another."""

    def __init__(self, by_way_of: str) -> None:
        self.by_way_of = by_way_of
        self.asked: list[str] = []

    def fetch(
        self,
        iri: str,
        folder: Path,
        *,
        permit: Callable[[str], None],
        tick: Callable[[], None],
    ) -> Input:
        tick()
        permit(self.by_way_of)
        self.asked.append(iri)
        path = folder / "one"
        path.write_text("<urn:s> <urn:p> <urn:o> .")
        return Input(path, name=iri, base=iri, ending=".ttl")


def still() -> None:
    """Nobody wants to stop."""


@pytest.mark.parametrize(
    ("allowed", "iri"),
    [
        ("http://a.org/x/", "http://a.org/x/y.ttl"),
        ("http://a.org/x/", "HTTP://A.org:80/x/y.ttl"),
        ("http://a.org/x/", "http://a.org/x/y?z=/../#here"),
        ("http://a.org/", "http://a.org"),
        ("http://a.org", "http://a.org/"),
        ("https://a.org:8443/x?y", "https://a.org:8443/x?y#z"),
    ],
)
def test_what_is_below_is_allowed(allowed: str, iri: str) -> None:
    web = Web(iri)
    with Documents((allowed,), web).open(iri, still) as source:
        assert source.path.exists()
        assert source.name == iri
    assert not source.path.exists()


@pytest.mark.parametrize(
    ("allowed", "iri"),
    [
        ("http://a.org/x/", "http://a.org/xy/z.ttl"),
        ("http://a.org/x/", "http://a.org/x/../z.ttl"),
        ("http://a.org/x/", "http://a.org/x/%2E%2e/z.ttl"),
        ("http://a.org/x/", "http://a.org/x/..%2Fz.ttl"),
        ("http://a.org/x/", "https://a.org/x/z.ttl"),
        ("http://a.org/x/", "http://a.org:8080/x/z.ttl"),
        ("http://a.org/x/", "http://me@a.org/x/z.ttl"),
        ("http://a.org/x/", "http://a.org.evil.org/x/z.ttl"),
        ("http://a.org/x/", "http://a.org:port/x/z.ttl"),
        ("http://a.org/x.ttl", "http://a.org/x.ttl?y"),
        ("http://a.org/x?y", "http://a.org/x"),
        ("http://a.org", "http://a.org/x.ttl"),
        ("file:///", "http://a.org/x.ttl"),
        ("http://a.org/", "file:///etc/passwd"),
        ("http://a.org/", "file://a.org/x.ttl"),
    ],
)
def test_what_is_elsewhere_is_not(allowed: str, iri: str) -> None:
    web = Web(iri)
    with (
        pytest.raises(LoadForbidden, match="--allow-load"),
        Documents((allowed,), web).open(iri, still),
    ):
        raise AssertionError("it was opened")
    assert not web.asked


def test_redirects_are_held_to_the_same_list() -> None:
    web = Web("http://b.org/")
    documents = Documents(("http://a.org/",), web)
    with (
        pytest.raises(LoadForbidden, match=r"b\.org"),
        documents.open("http://a.org/x", still),
    ):
        raise AssertionError("it was opened")


def test_a_store_without_a_client_reads_files_alone() -> None:
    documents = Documents(("http://a.org/", "ftp://a.org/"))
    for iri in ("http://a.org/x.ttl", "ftp://a.org/x.ttl"):
        with pytest.raises(LoadError, match="only file:"), documents.open(iri, still):
            raise AssertionError("it was opened")
