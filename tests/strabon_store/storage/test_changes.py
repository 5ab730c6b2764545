"""The one way in which statements change, and the turns that writers take."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strabon_store.errors import StoreBusy, StoreUnavailable
from strabon_store.storage.changes import Changes, apply_changes, create_quads
from strabon_store.storage.database import Database, open_database, read_meta
from strabon_store.storage.transaction import exclusive, write_transaction

Quad = tuple[int, int, int, int]

QUADS = st.lists(st.tuples(*[st.integers(0, 2)] * 4))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = open_database(tmp_path_factory.mktemp("changes"))
    yield database
    database.close()


def _stage(
    cursor: duckdb.DuckDBPyConnection, name: str, quads: Iterable[Quad] | None
) -> str | None:
    if quads is None:
        return None
    create_quads(cursor, name)
    table = cursor.table(name)
    for quad in quads:
        table.insert(list(quad))
    return name


def _apply(
    cursor: duckdb.DuckDBPyConnection,
    deleted: Iterable[Quad] | None,
    inserted: Iterable[Quad] | None,
) -> Changes:
    changes = apply_changes(
        cursor,
        deleted=_stage(cursor, "gone", deleted),
        inserted=_stage(cursor, "come", inserted),
    )
    cursor.execute("DROP TABLE IF EXISTS gone; DROP TABLE IF EXISTS come")
    return changes


def _stored(cursor: duckdb.DuckDBPyConnection, table: str = "quads") -> list[Quad]:
    return cursor.execute(
        "SELECT graph, subject, predicate, object FROM query_table(?) ORDER BY ALL",
        [table],
    ).fetchall()


@settings(max_examples=25, deadline=None)
@given(before=QUADS, deleted=st.none() | QUADS, inserted=st.none() | QUADS)
def test_a_step_deletes_then_inserts_and_counts_what_it_changed(
    database: Database,
    before: list[Quad],
    deleted: list[Quad] | None,
    inserted: list[Quad] | None,
) -> None:
    with database.cursor() as cursor:
        cursor.begin()
        _apply(cursor, None, before)
        generation = int(read_meta(cursor, "generation"))
        changes = _apply(cursor, deleted, inserted)
        wanted = set(before) - set(deleted or ()) | set(inserted or ())
        assert _stored(cursor) == sorted(wanted)
        assert _stored(cursor, "quads_by_object") == sorted(wanted)
        assert changes == Changes(
            deleted=len(set(before) - wanted), inserted=len(wanted - set(before))
        )
        bumped = int(read_meta(cursor, "generation")) != generation
        assert bumped == bool(changes)
        cursor.rollback()


def test_writers_take_turns_and_a_bounded_wait_says_so(database: Database) -> None:
    with (
        write_transaction(database),
        pytest.raises(StoreBusy, match=r"within 0\.01 s"),
        write_transaction(database, wait_s=0.01),
    ):
        pass
    with exclusive(database, wait_s=0):
        pass


def test_a_writer_waits_for_the_one_before(database: Database) -> None:
    began = threading.Event()
    wrote = []

    def write() -> None:
        began.set()
        with write_transaction(database):
            wrote.append("second")

    with exclusive(database):
        thread = threading.Thread(target=write)
        thread.start()
        began.wait()
        wrote.append("first")
    thread.join()
    assert wrote == ["first", "second"]


def test_an_error_undoes_a_transaction_and_frees_the_turn(database: Database) -> None:
    def fail() -> None:
        with write_transaction(database) as cursor:
            _apply(cursor, None, [(9, 9, 9, 9)])
            raise ValueError("oops")

    with pytest.raises(ValueError, match="oops"):
        fail()
    with write_transaction(database, wait_s=0) as cursor:
        assert (9, 9, 9, 9) not in _stored(cursor)


def test_a_store_open_for_reading_lets_nobody_write(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    database = open_database(tmp_path, read_only=True)
    with pytest.raises(StoreUnavailable, match="reading only"), exclusive(database):
        pass
    database.close()
