"""A query that is cut off, for whatever reason, is an error and ends promptly."""

import gc
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from strabon_store.errors import (
    QueryCancelled,
    QueryIdTaken,
    QueryMemoryExceeded,
    QueryTimeout,
    ResultTooLarge,
)
from strabon_store.results.solutions import Solutions
from strabon_store.running import QueryState
from strabon_store.store import Store

TRIPLES: Final = 2000
CROSS: Final = "{ ?a ?p ?b . ?c ?q ?d . ?e ?r ?f }"
"""8 * 10^9 solutions."""

COUNT: Final = f"SELECT (COUNT(DISTINCT ?b) AS ?n) {CROSS}"
ALL: Final = f"SELECT * {CROSS}"
SLOW: Final = f"SELECT ?a {CROSS} ORDER BY ?a ?c ?e"
PROMPTLY_S: Final = 2.0
"""A second, and what a busy machine adds."""


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    lines = (f'<urn:s{i}> <urn:p> "{i}" .\n' for i in range(TRIPLES))
    (folder / "data.nt").write_text("".join(lines))
    with Store.open(folder / "store") as store:
        store.load([folder / "data.nt"])
    return folder / "store"


@pytest.fixture(scope="module")
def store(location: Path) -> Iterator[Store]:
    with Store.open(location, read_only=True) as opened:
        opened.query("ASK {}")  # reads the grammar
        yield opened


def solutions(store: Store, text: str, **limits: float | str) -> Solutions:
    result = store.query(text, **limits)  # type: ignore[arg-type]
    assert isinstance(result, Solutions)
    return result


def seconds(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


@pytest.mark.parametrize("text", [COUNT, SLOW, f"ASK {CROSS[:-1]} FILTER(?b > ?a) }}"])
def test_the_deadline_stops_what_has_no_row_yet(store: Store, text: str) -> None:
    def ask() -> None:
        with pytest.raises(QueryTimeout, match=r"after 0\.3 s"):
            list(solutions(store, text, timeout_s=0.3))

    assert seconds(ask) < 0.3 + PROMPTLY_S
    assert store.queries() == ()
    assert store.query("ASK {}") is True


def test_the_deadline_stops_a_stream(store: Store) -> None:
    stream = solutions(store, ALL, timeout_s=1)
    next(stream.rows)
    with pytest.raises(QueryTimeout):
        list(stream)
    assert store.queries() == ()


def test_the_deadline_frees_what_nobody_reads(store: Store) -> None:
    stream = solutions(store, ALL, timeout_s=1)
    next(stream.rows)
    time.sleep(1 + PROMPTLY_S / 2)
    assert store.queries() == ()
    with pytest.raises(QueryTimeout):
        list(stream)


def test_a_running_query_is_listed_and_cancelled(store: Store) -> None:
    stream = solutions(store, ALL, query_id="mine", timeout_s=60)
    next(stream.rows)
    (found,) = store.queries()
    assert (found.id, found.text, found.timeout_s) == ("mine", ALL, 60)
    assert found.state is QueryState.READING
    assert found.rows > 0
    with pytest.raises(QueryIdTaken, match="mine"):
        store.query("ASK {}", query_id="mine")
    assert store.cancel("mine")
    with pytest.raises(QueryCancelled, match="mine"):
        list(stream)
    assert store.queries() == ()
    assert not store.cancel("mine")


def test_a_query_without_rows_is_cancelled_from_another_thread(store: Store) -> None:
    def cancel() -> None:
        while not any(q.state is QueryState.EXECUTING for q in store.queries()):
            time.sleep(0.01)
        time.sleep(0.1)
        assert store.cancel("count")

    canceller = threading.Thread(target=cancel)
    canceller.start()

    def ask() -> None:
        with pytest.raises(QueryCancelled):
            list(solutions(store, COUNT, query_id="count"))

    assert seconds(ask) < PROMPTLY_S
    canceller.join()


def test_an_answer_that_is_let_go_runs_no_more(store: Store) -> None:
    stream = solutions(store, ALL)
    next(stream.rows)
    stream.close()
    assert store.queries() == ()
    forgotten = solutions(store, ALL)
    del forgotten
    gc.collect()
    assert store.queries() == ()


def test_an_answer_with_too_many_rows_is_an_error(store: Store) -> None:
    assert list(solutions(store, "SELECT * { ?s ?p ?o }", max_rows=TRIPLES))
    with pytest.raises(ResultTooLarge, match="1999 rows"):
        list(solutions(store, "SELECT * { ?s ?p ?o }", max_rows=TRIPLES - 1))


def test_a_query_that_needs_too_much_memory_is_an_error(
    location: Path, tmp_path: Path
) -> None:
    location = shutil.copytree(location, tmp_path / "copy")
    # 4 * 10^6 texts of 130 characters.
    text = (
        "SELECT (GROUP_CONCAT(?x) AS ?all) { ?a ?p ?b . ?c ?q ?d "
        f'BIND (CONCAT(?b, ?d, "{"-" * 120}") AS ?x) }}'
    )
    limit = 64 * 2**20
    with Store.open(
        location, read_only=True, memory_limit=limit, spill_limit=limit
    ) as store:
        with pytest.raises(QueryMemoryExceeded, match="higher limit"):
            list(solutions(store, text, timeout_s=60))
        assert store.query("ASK { ?s ?p ?o }") is True
    assert list(location.glob("spill-*")) == []


def test_what_a_killed_process_spilled_is_removed(tmp_path: Path) -> None:
    location = tmp_path / "store"
    Store.open(location).close()
    left = location / "spill-1"
    left.mkdir()
    (left / "duckdb_temp_storage-0.tmp").write_bytes(b"x")
    Store.open(location, read_only=True).close()
    assert left.exists()
    Store.open(location).close()
    assert not left.exists()
