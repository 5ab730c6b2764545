"""Compaction changes the order on disk, and nothing that can be asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from strabon_store.errors import StoreUnavailable
from strabon_store.relational.layout import QUADS, QUADS_BY_OBJECT, TERM_HASHES, TERMS
from strabon_store.results.solutions import Solutions
from strabon_store.storage.database import open_database, write_meta
from strabon_store.storage.transaction import write_transaction
from strabon_store.store import Store

ORDERS = {
    QUADS.name: ("predicate", "subject", "object", "graph"),
    QUADS_BY_OBJECT.name: ("predicate", "object", "subject", "graph"),
    TERMS.name: ("id",),
    TERM_HASHES.name: ("hash",),
}


def insert(store: Store, first: int, count: int) -> None:
    body = " ".join(
        f'<urn:{n * 7919 % 1000}> <urn:p{n % 5}> {n} , <urn:o{n}> ; <urn:q> "x{n}" .'
        for n in range(first, first + count)
    )
    store.update(f"INSERT DATA {{ {body} GRAPH <urn:g> {{ {body} }} }}")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = open_database(tmp_path / "store")
    with write_transaction(database) as cursor:
        write_meta(cursor, "star_subjects", "1")
    database.close()
    with Store.open(tmp_path / "store") as store:
        for first in range(0, 200, 20):
            insert(store, first, 20)
        store.update("DELETE WHERE { ?s <urn:p3> ?o }")
        yield store


def select(store: Store, text: str) -> list[tuple[str, ...]]:
    found = store.query(text)
    assert isinstance(found, Solutions)
    return sorted(tuple(map(str, row)) for row in found)


def answers(store: Store) -> list[tuple[str, ...]]:
    return select(store, "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }")


def is_sorted(store: Store, table: str) -> bool:
    columns = ORDERS[table]
    with store._database.cursor() as cursor:
        rows = cursor.table(table).select(*columns).fetchall()
    return rows == sorted(rows)


def test_answers_stay_and_tables_are_sorted(store: Store) -> None:
    before = answers(store)
    assert not all(is_sorted(store, table) for table in ORDERS)
    report = store.optimize()
    assert report.triples == len(before) == store.statistics().triples
    assert report.star_tables > 0
    assert all(is_sorted(store, table) for table in ORDERS)
    assert answers(store) == before
    found = store.verify()
    assert found.is_sound, str(found)


def test_the_file_has_no_hole_after_the_first_run(tmp_path: Path) -> None:
    path = tmp_path / "a.nt"
    path.write_text(
        "".join(f'<urn:s{i}> <urn:p{i % 9}> "{i * 7919}" .\n' for i in range(300_000))
    )
    with Store.open(tmp_path / "store") as store:
        store.load([path])
        report = store.optimize()
        with store._database.cursor() as cursor:
            sizes = cursor.execute(
                "SELECT used_blocks, free_blocks FROM pragma_database_size() "
                "WHERE database_name = 'store'"
            )
            used, free = sizes.fetchall()[0]
    assert used > 50
    assert free * 4 < used
    assert report.size < report.size_before * 1.25


def test_writes_go_on_afterwards(store: Store) -> None:
    store.optimize()
    insert(store, 200, 20)
    store.optimize()
    store.update("DELETE WHERE { ?s <urn:p1> ?o }")
    found = store.verify()
    assert found.is_sound, str(found)


def test_a_reader_meanwhile_sees_what_it_began_to_read(store: Store) -> None:
    expected = len(select(store, "SELECT * { ?s ?p ?o }"))
    reading = store.query("SELECT * { ?s ?p ?o }")
    assert isinstance(reading, Solutions)
    rows = iter(reading)
    first = next(rows)
    store.optimize()
    assert len([first, *rows]) == expected
    reading.close()
    assert len(select(store, "SELECT * { ?s ?p ?o }")) == expected


def test_a_store_that_is_open_for_reading(store: Store, tmp_path: Path) -> None:
    store.close()
    with (
        Store.open(tmp_path / "store", read_only=True) as reader,
        pytest.raises(StoreUnavailable, match="open for reading only"),
    ):
        reader.optimize()
