"""A store is opened, loaded, closed; locked, absent, damaged, killed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from threading import Thread

import duckdb
import pytest

from strabon_store.errors import QueryCancelled, QuerySyntaxError, StoreUnavailable
from strabon_store.results.graphs import Graph
from strabon_store.results.solutions import Solutions
from strabon_store.storage.database import FILE_NAME
from strabon_store.store import Store

GOOD = "<urn:s> <urn:p> <urn:o> .\n"


@pytest.fixture
def rdf(tmp_path: Path) -> Path:
    path = tmp_path / "a.nt"
    path.write_text(GOOD + '<urn:s> <urn:q> "x" .\n<urn:t> <urn:q> "y" .\n')
    return path


@pytest.fixture
def location(tmp_path: Path, rdf: Path) -> Path:
    """A store that holds a little, closed."""
    place = tmp_path / "some" / "store"
    with Store.open(place) as store:
        store.load([rdf])
    return place


@pytest.fixture
def holder(location: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the store open."""
    program = f"""
        import sys
        from pathlib import Path
        from strabon_store.store import Store
        with Store.open(Path({str(location)!r})):
            print("open", flush=True)
            sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def test_what_was_loaded_is_there_again(location: Path) -> None:
    with Store.open(location, read_only=True) as store:
        statistics = store.statistics()
        assert store.location == location
    assert statistics.triples == 3
    assert list(statistics.predicates.items()) == [("urn:q", 2), ("urn:p", 1)]
    assert (statistics.terms, statistics.geometries) == (7, 0)


def test_a_new_store_is_empty(tmp_path: Path) -> None:
    with Store.open(tmp_path / "new") as store:
        assert store.statistics().triples == 0


def test_closing_twice_is_harmless(location: Path) -> None:
    store = Store.open(location)
    store.close()
    store.close()


@pytest.mark.parametrize(
    "query",
    ["SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }", "CONSTRUCT {} {}"],
)
def test_an_answer_that_nobody_reads_keeps_no_store(location: Path, query: str) -> None:
    with Store.open(location, read_only=True) as store:
        unread = store.query(query)
        assert [each.text for each in store.queries()] == [query]
    assert store.queries() == ()
    with Store.open(location) as again:
        assert again.query("ASK { ?s ?p ?o }") is True
    assert isinstance(unread, Solutions | Graph)
    with pytest.raises(QueryCancelled):
        list(unread)


def test_two_may_read(location: Path) -> None:
    with (
        Store.open(location, read_only=True) as one,
        Store.open(location, read_only=True) as two,
    ):
        assert one.statistics() == two.statistics()


def test_loads_from_two_threads(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.nt" for n in range(4)]
    for n, path in enumerate(paths):
        path.write_text(GOOD + f"<urn:s> <urn:p> <urn:{n}> .\n")
    with Store.open(tmp_path / "store") as store:
        threads = [Thread(target=store.load, args=([path],)) for path in paths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.statistics().triples == 5


def test_absent(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"no store at .*nowhere.*pytheas load"):
        Store.open(tmp_path / "nowhere", read_only=True)
    assert not (tmp_path / "nowhere").exists()


def test_a_directory_that_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"is no store.*pytheas load"):
        Store.open(tmp_path, read_only=True)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_is_no_store(rdf: Path, *, read_only: bool) -> None:
    with pytest.raises(StoreUnavailable, match=r"a\.nt is a file"):
        Store.open(rdf, read_only=read_only)


@pytest.mark.slow
@pytest.mark.parametrize("read_only", [True, False])
def test_in_use_elsewhere(
    location: Path, holder: subprocess.Popen[str], *, read_only: bool
) -> None:
    with pytest.raises(StoreUnavailable, match=rf"in use by .*{holder.pid}.*stop"):
        Store.open(location, read_only=read_only)


def test_open_here_in_another_mode(location: Path) -> None:
    with (
        Store.open(location),
        pytest.raises(StoreUnavailable, match="this process has the store"),
    ):
        Store.open(location, read_only=True)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of several blocks."""
    place = tmp_path_factory.mktemp("large")
    lines = (
        f'<urn:{n}> <urn:p> "{n * 7919 % 30_011:x}" .\n<urn:p> <urn:{n}> "POINT ({n}'
        ' 5)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .\n'
        for n in range(10_000)
    )
    (place / "large.nt").write_text("".join(lines))
    with Store.open(place / "store") as store:
        store.load([place / "large.nt"])
    return place / "store"


@pytest.mark.parametrize("kept", [0.0, 0.00001, 0.001, 0.01, 0.3, 0.6, 0.9, 0.99999])
def test_truncated(large: Path, tmp_path: Path, kept: float) -> None:
    data = (large / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(StoreUnavailable, match=r"cannot be read: .*restore a backup"):
        Store.open(tmp_path, read_only=True)


def test_no_database(location: Path) -> None:
    (location / FILE_NAME).write_text("nothing of the kind" * 1000)
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        Store.open(location)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE meta SET value = '0' WHERE key = 'format'", "has format 0"),
        ("DELETE FROM meta", "has format unknown"),
        ("ALTER TABLE meta RENAME value TO worth", "has format unknown"),
        ("DROP TABLE meta", "is a database, but no store"),
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_foreign(
    location: Path, statement: str, message: str, *, read_only: bool
) -> None:
    with duckdb.connect(str(location / FILE_NAME)) as connection:
        connection.execute(statement)
    with pytest.raises(StoreUnavailable, match=message):
        Store.open(location, read_only=read_only)


@pytest.mark.slow
@pytest.mark.parametrize("is_first", [True, False])
def test_a_killed_load_leaves_the_old_contents(
    tmp_path: Path, rdf: Path, *, is_first: bool
) -> None:
    location = tmp_path / "store"
    if not is_first:
        with Store.open(location) as store:
            store.load([rdf])
    many = tmp_path / "many.nt"
    many.write_text("".join(f"<urn:s> <urn:p> <urn:{n}> .\n" for n in range(20_000)))
    program = f"""
        from pathlib import Path
        from strabon_store.storage import reader
        from strabon_store.store import Store
        reader.BLOCK_BYTES = 100_000
        def progress(stage, fraction):
            print("half" if fraction > 0.5 else "", flush=True)
            while fraction > 0.5:
                pass
        store = Store.open(Path({str(location)!r}))
        store.load([Path({str(many)!r})], progress=progress)
    """
    command = [sys.executable, "-c", dedent(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "half\n" in iter(process.stdout.readline, "")
        process.kill()
    assert process.returncode == -signal.SIGKILL
    for read_only in (True, False):
        with Store.open(location, read_only=read_only) as store:
            assert store.statistics().triples == (0 if is_first else 3)
    with Store.open(location) as store:
        assert store.load([many]).triples_added == 20_000


def test_relative_iris_of_a_query_have_the_base_they_are_given(tmp_path: Path) -> None:
    ask = "ASK { <#s> ?p ?o }"
    with Store.open(tmp_path / "store") as store:
        store.update("INSERT DATA { <http://a.org/b#s> <urn:p> 1 }")
        with pytest.raises(QuerySyntaxError, match="relative"):
            store.query(ask)
        assert store.query(ask, base="http://a.org/b") is True
        assert store.query(ask, base="http://a.org/c") is False
        assert store.query(f"BASE <http://a.org/b> {ask}", base="urn:c") is True
        assert "a.org/b#s" in store.explain(ask, base="http://a.org/b").algebra
