"""SPARQL 1.1 Protocol section 2.2: updates over HTTP, where they are allowed."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.errors import UpdatesForbidden
from api.sparql.updates import check_origin
from ontologies.namespaces import SD
from strabon_store.algebra.queries import Dataset
from strabon_store.errors import QueryTimeout
from strabon_store.results.graphs import Result
from strabon_store.store import Store
from strabon_store.updating import UpdateReport
from tests.api.conftest import Connect

INSERT = "INSERT DATA { <urn:s> <urn:p> <urn:o> }"
DIRECT = {"Content-Type": "application/sparql-update"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("updates") / "store") as store:
        yield store


@pytest.fixture
def store(opened: Store) -> Store:
    opened.update("DROP ALL")
    return opened


@dataclass(slots=True)
class Slow:
    """Changes nothing, and takes its time for it."""

    started: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    released: threading.Event = field(default_factory=threading.Event)

    def query(
        self, text: str, timeout_s: float | None = None, *, dataset: Any = None
    ) -> Result:
        raise NotImplementedError

    def update(
        self,
        text: str,
        timeout_s: float | None = None,
        *,
        base: str | None = None,
        dataset: Dataset | None = None,
        query_id: str | None = None,
    ) -> UpdateReport:
        del text, base, dataset, query_id
        self.started.release()
        if not self.released.wait(timeout_s):
            raise QueryTimeout(timeout_s)
        return UpdateReport((), (), 0.0)


@pytest.mark.parametrize("path", ["/sparql", "/update"])
@pytest.mark.parametrize("is_direct", [True, False])
def test_an_update_is_done_and_reported(
    connect: Connect, store: Store, path: str, *, is_direct: bool
) -> None:
    client = connect(store, allow_update=True)
    answer = (
        client.post(path, content=INSERT, headers=DIRECT)
        if is_direct
        else client.post(path, data={"update": INSERT})
    )
    assert answer.status_code == 200
    assert answer.headers["x-query-id"]
    report = answer.json()
    assert (report["deleted"], report["inserted"]) == (0, 1)
    assert report["operations"][0]["name"] == "INSERT DATA"
    ask = client.get("/sparql", params={"query": "ASK { <urn:s> ?p ?o }"})
    assert ask.json()["boolean"] is True


@pytest.mark.parametrize("path", ["/sparql", "/update"])
def test_a_service_takes_no_updates_unless_told_to(
    connect: Connect, store: Store, path: str
) -> None:
    answer = connect(store).post(path, data={"update": INSERT})
    assert answer.status_code == 403
    assert "--allow-update" in answer.json()["detail"]
    assert store.query("ASK { ?s ?p ?o }") is False


def test_a_source_that_cannot_change_takes_no_updates(connect: Connect) -> None:
    client = connect(allow_update=True)
    assert client.post("/update", data={"update": INSERT}).status_code == 403


def test_a_page_of_another_site_cannot_send_updates(
    connect: Connect, store: Store
) -> None:
    client = connect(store, allow_update=True, cors_origins=("https://friend.org", "*"))
    update = {"update": INSERT}
    for origin, status in (
        ("https://evil.org", 403),
        ("null", 403),
        ("https://friend.org", 200),
        ("http://testserver", 200),
    ):
        answer = client.post("/update", data=update, headers={"Origin": origin})
        assert answer.status_code == status, origin
    with pytest.raises(UpdatesForbidden, match="evil"):
        check_origin("http://evil.org", "http://localhost/update", ())


def test_a_mistake_has_a_position_and_changes_nothing(
    connect: Connect, store: Store
) -> None:
    client = connect(store, allow_update=True)
    answer = client.post("/update", data={"update": f"{INSERT} ;\nCREATE NAMED"})
    assert answer.status_code == 400
    assert (answer.json()["line"], answer.json()["column"]) == (2, 8)
    assert store.query("ASK { ?s ?p ?o }") is False


@pytest.mark.parametrize(
    ("update", "status", "word"),
    [
        ("DROP GRAPH <urn:nothing>", 409, "urn:nothing"),
        (f"{INSERT}; COPY <urn:nothing> TO <urn:g>", 409, "urn:nothing"),
        ("LOAD <file:///etc/passwd>", 403, "--allow-load"),
        ("LOAD <http://localhost/x.ttl>", 403, "--allow-load"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(
    connect: Connect, store: Store, update: str, status: int, word: str
) -> None:
    answer = connect(store, allow_update=True).post("/update", data={"update": update})
    assert answer.status_code == status
    assert word in answer.json()["detail"]
    assert store.query("ASK { ?s ?p ?o }") is False


def test_queries_and_updates_do_not_mix(connect: Connect, store: Store) -> None:
    client = connect(store, allow_update=True)
    both = {"update": INSERT, "query": "ASK {}"}
    assert client.post("/sparql", data=both).status_code == 400
    assert client.post("/update", data={"query": "ASK {}"}).status_code == 400
    assert client.get("/sparql", params={"update": INSERT}).status_code == 400
    assert client.get("/update", params={"update": INSERT}).status_code == 405


def test_long_updates_and_long_queries_have_limits_of_their_own(
    connect: Connect, store: Store
) -> None:
    client = connect(
        store, allow_update=True, max_query_bytes=100, max_update_bytes=200
    )
    for size, update_status, query_status in ((90, 200, 200), (150, 200, 413)):
        update, query = INSERT.ljust(size), "ASK {}".ljust(size)
        posted = client.post("/update", content=update, headers=DIRECT)
        assert posted.status_code == update_status
        headers = {"Content-Type": "application/sparql-query"}
        asked = client.post("/sparql", content=query, headers=headers)
        assert asked.status_code == query_status
    long = client.post("/update", content=INSERT.ljust(201), headers=DIRECT)
    assert long.status_code == 413


def test_updates_wait_for_their_turn_and_no_longer(connect: Connect) -> None:
    target = Slow()
    client = connect(target, allow_update=True, queue_timeout_s=0.1)
    answers: list[int] = []

    def first() -> None:
        answers.append(client.post("/update", data={"update": INSERT}).status_code)

    thread = threading.Thread(target=first)
    thread.start()
    assert target.started.acquire(timeout=5)
    refused = client.post("/update", data={"update": INSERT})
    target.released.set()
    thread.join()
    assert refused.status_code == 503
    assert "retry-after" in refused.headers
    assert answers == [200]
    assert client.post("/update", data={"update": INSERT}).status_code == 200


def test_an_update_that_takes_too_long_is_told(connect: Connect) -> None:
    client = connect(Slow(), allow_update=True, update_timeout_s=0.05)
    assert client.post("/update", data={"update": INSERT}).status_code == 503


def test_the_service_describes_what_it_takes(connect: Connect, store: Store) -> None:
    language = SD.term("SPARQL11Update")
    for allowed in (True, False):
        client = connect(store, allow_update=allowed)
        description = client.get("/sparql", params={"format": "ntriples"}).text
        assert (language in description) is allowed


def test_load_reads_what_is_allowed(connect: Connect, tmp_path: Path) -> None:
    file = tmp_path / "data" / "one.ttl"
    file.parent.mkdir()
    file.write_text("<urn:s> <urn:p> <urn:o> .")
    allowed = (f"{file.parent.as_uri()}/",)
    with Store.open(tmp_path / "store", allow_load=allowed) as store:
        client = connect(store, allow_update=True)
        load = {"update": f"LOAD <{file.as_uri()}> INTO GRAPH <urn:g>"}
        assert client.post("/update", data=load).json()["inserted"] == 1
