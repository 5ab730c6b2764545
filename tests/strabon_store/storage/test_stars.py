"""Star tables and loose statements are the default graph, whatever happens to it."""

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from strabon_store.algebra.terms import IRI
from strabon_store.backends.sql import Template, identifier
from strabon_store.relational.encoding import DEFAULT_GRAPH, Tag
from strabon_store.storage.changes import apply_changes, create_quads
from strabon_store.storage.characteristic_sets import CharacteristicSet, choose_tables
from strabon_store.storage.database import Database, open_database, write_meta
from strabon_store.storage.loader import load
from strabon_store.storage.stars import read_stars, rebuild_stars
from strabon_store.storage.transaction import write_transaction
from strabon_store.store import Store
from tests.star_tables import open_with_star_tables

DATA = """
@prefix : <http://example.org/> .
:a :p 1 ; :q 2.5e0 ; :r "x" .
:b :p 2 ; :q 3.5e0 , 4.5e0 ; :r "y" .
:c :p 3 ; :q 1e0 ; :r "z"@en ; :s :a .
:d :k 1 , 2 .
:e :p 7 .
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "data.ttl"
    path.write_text(DATA)
    database = open_database(tmp_path / "store")
    with write_transaction(database) as cursor:
        write_meta(cursor, "star_subjects", "1")
    load(database, [path])
    yield database
    database.close()


def _in_stars(cursor: duckdb.DuckDBPyConnection) -> list[tuple[int, int, int]]:
    found = cursor.execute("FROM loose").fetchall()
    for table in read_stars(cursor).tables:
        rows = cursor.table(table.name)
        for column in table.columns.values():
            pairs = rows.select("subject", column.name).fetchall()
            if not column.is_nullable:
                assert all(object_id is not None for _, object_id in pairs)
            found += [
                (subject, column.predicate, object_id)
                for subject, object_id in pairs
                if object_id is not None
            ]
    return sorted(found)


def _assert_exact(cursor: duckdb.DuckDBPyConnection) -> None:
    quads = cursor.execute(
        "SELECT subject, predicate, object FROM quads WHERE graph = ?", [DEFAULT_GRAPH]
    ).fetchall()
    stars = read_stars(cursor)
    if stars.tables:
        assert _in_stars(cursor) == sorted(quads)
    loose = cursor.execute("SELECT predicate, count(*) FROM loose GROUP BY predicate")
    assert stars.loose == dict(loose.fetchall())
    subjects = [
        row[0]
        for table in stars.tables
        for row in cursor.table(table.name).select("subject").fetchall()
    ]
    assert len(subjects) == len(set(subjects))
    # No subject has a loose statement that its table has a column for.
    for table in stars.tables:
        members = {r[0] for r in cursor.table(table.name).select("subject").fetchall()}
        for subject, predicate, _ in cursor.execute("FROM loose").fetchall():
            assert subject not in members or predicate not in table.columns


def test_alike_sets_share_a_table_and_repeated_predicates_stay_loose(
    database: Database,
) -> None:
    stars = read_stars(database.connection)
    _assert_exact(database.connection)
    assert sorted(len(table.columns) for table in stars.tables) == [2, 4]
    assert set(stars.loose.values()) == {2}
    measured = [
        column
        for table in stars.tables
        for column in table.columns.values()
        if "number" in column.parts
    ]
    assert [column.encoding.tags for column in measured] == [{Tag.NUMBER}]


def test_what_stands_beside_a_column_is_what_the_dictionary_says(
    database: Database,
) -> None:
    parts = set()
    for table in read_stars(database.connection).tables:
        for column in table.columns.values():
            for part, name in column.parts.items():
                rows = database.connection.table(table.name).select(column.name, name)
                terms = database.connection.table("terms").select("id", part)
                assert set(rows.fetchall()) - {(None, None)} <= set(terms.fetchall())
                parts.add(part)
    assert parts == {"number", "lexical"}


def test_long_texts_stay_in_the_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    long = "x" * 60
    path.write_text("".join(f'<urn:{i}> <urn:p> "{long}{i}" .\n' for i in range(9)))
    database = open_database(tmp_path / "store")
    with write_transaction(database) as cursor:
        write_meta(cursor, "star_subjects", "1")
    load(database, [path])
    (table,) = read_stars(database.connection).tables
    assert [column.has_text for column in table.columns.values()] == [False]
    database.close()


def test_rows_of_one_category_stand_together(tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    lines = (
        f"<urn:s{i}> <urn:kind> <urn:k{i % 3}> .\n<urn:s{i}> <urn:is> <urn:o{i}> .\n"
        for i in range(15_000)
    )
    path.write_text("".join(lines))
    database = open_database(tmp_path / "store")
    load(database, [path])
    (table,) = read_stars(database.connection).tables
    kind, other = sorted(table.columns.values(), key=lambda column: column.predicate)
    rows = database.connection.table(table.name).select(kind.name, "subject")
    found = rows.fetchall()
    assert found == sorted(found)
    assert len({key for key, _ in found}) == 3
    assert other.name in database.connection.table(table.name).columns
    database.close()


def _told(store: Store, iri: str) -> tuple[bool, bool]:
    known = store._catalog.snapshot()
    key = known.term_id(IRI(iri))
    assert key is not None
    (table,) = known.stars().having(key)
    return table.columns[key].encoding.may_be_nan, table.is_by_subject


def test_they_tell_of_nan_and_of_their_order(tmp_path: Path) -> None:
    double = "<http://www.w3.org/2001/XMLSchema#double>"
    lines = [
        *(f'<urn:s{i}> <urn:p> "{n}"^^{double} .' for i, n in enumerate((1, "NaN"))),
        *(f'<urn:t{i}> <urn:q> "{i}"^^{double} .' for i in range(9)),
        *(f"<urn:t{i}> <urn:same> <urn:o> ." for i in range(9)),
        *(f"<urn:u{i}> <urn:kind> <urn:k{i % 2}> ." for i in range(10_000)),
    ]
    path = tmp_path / "data.nt"
    path.write_text("\n".join(lines))
    with open_with_star_tables(tmp_path / "store") as store:
        store.load([path])
        assert _told(store, "urn:p") == (True, True)
        assert _told(store, "urn:q") == (False, True)
        assert _told(store, "urn:kind") == (False, False)
        assert store.query("ASK { ?s <urn:p> ?x FILTER(?x > 1) }") is False
        store.update(f'INSERT DATA {{ <urn:new> <urn:q> "NaN"^^{double} }}')
        assert store.query("ASK { ?s <urn:q> ?x FILTER(?x > 8) }") is False


def _changes(cursor: duckdb.DuckDBPyConnection, chance: random.Random) -> None:
    ids = [
        [row[0] for row in cursor.table("quads").select(name).distinct().fetchall()]
        for name in ("graph", "subject", "predicate", "object")
    ]
    for name in ("deleted", "inserted"):
        create_quads(cursor, name)
    old = cursor.table("quads").fetchall()
    new = [[chance.choice(each) for each in ids] for _ in range(chance.randrange(6))]
    for name, rows in (
        ("deleted", chance.sample(old, min(3, len(old)))),
        ("inserted", new),
    ):
        for row in rows:
            cursor.table(name).insert(list(row))
    apply_changes(cursor, deleted="deleted", inserted="inserted")
    for name in ("deleted", "inserted"):
        cursor.execute("DROP TABLE " + name)


@pytest.mark.parametrize("seed", range(2))
def test_whatever_changes_they_are_exact(database: Database, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    for step in range(8):
        with write_transaction(database) as cursor:
            _changes(cursor, chance)
            if step % 4 == 3:
                rebuild_stars(cursor)
        _assert_exact(database.connection)


def _fail(database: Database) -> None:
    with write_transaction(database) as cursor:
        _changes(cursor, random.Random(0))  # noqa: S311 - no secret
        rebuild_stars(cursor)
        raise ZeroDivisionError


def test_a_write_that_fails_leaves_them_as_they_were(database: Database) -> None:
    before = _in_stars(database.connection)
    with pytest.raises(ZeroDivisionError):
        _fail(database)
    assert _in_stars(database.connection) == before
    _assert_exact(database.connection)


def test_rare_sets_make_no_table() -> None:
    assert not choose_tables([CharacteristicSet(0b11, 0, 9)], 10)
    assert not choose_tables([CharacteristicSet(0b1, 0, 90)], 10)
    many = [CharacteristicSet(0b11 << 2 * i, 0, 90) for i in range(60)]
    assert len(choose_tables(many, 10)) == 32


def test_a_repeated_predicate_is_never_a_column() -> None:
    single, repeated = (
        CharacteristicSet(0b111, 0, 90),
        CharacteristicSet(0b011, 0b100, 50),
    )
    tables = choose_tables([single, repeated], 10)
    assert [table.columns for table in tables] == [0b111, 0b011]
    # Too few for a table of their own, and no other can take them.
    assert len(choose_tables([single, repeated._replace(subjects=5)], 10)) == 1


def test_a_large_load_may_be_worth_no_table(tmp_path: Path) -> None:
    path = tmp_path / "flat.nt"
    path.write_text("".join(f"<urn:{i}> <urn:p> <urn:o> .\n" for i in range(1500)))
    database = open_database(tmp_path / "store")
    load(database, [path])
    assert not read_stars(database.connection).tables
    _assert_exact(database.connection)


_WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
_OWN_CRS = "https://w3id.org/pytheas/crs/0123456789abcdef"


def _points(folder: Path, *more: str) -> Store:
    texts = [*(f"POINT ({i} {i / 2})" for i in range(70)), *more]
    lines = (f'<urn:{i}> <urn:at> "{t}"^^<{_WKT}> .\n' for i, t in enumerate(texts))
    (folder / "points.nt").write_text("".join(lines))
    store = Store.open(folder / "store")
    with write_transaction(store._database) as cursor:
        write_meta(cursor, "star_subjects", "70")
    store.load([folder / "points.nt"])
    return store


def test_points_stand_beside_their_ids_in_a_table_of_one_column(tmp_path: Path) -> None:
    with _points(tmp_path, "LINESTRING (0 0, 1 1)", "POINT EMPTY") as store:
        assert store.verify().is_sound
        with write_transaction(store._database) as cursor:
            (table,) = read_stars(cursor).tables
            (column,) = table.columns.values()
            assert column.has_points
            rows = cursor.table(table.name).select(
                "x_{0}, y_{0}".format(*table.columns)
            )
            found = rows.fetchall()
        assert sorted(found, key=str) == sorted(
            [(float(i), i / 2) for i in range(70)] + [(None, None)] * (len(found) - 70),
            key=str,
        )
        with write_transaction(store._database) as cursor:
            names = [identifier(table.name), identifier(column.parts["x"])]
            change = Template("UPDATE :a SET :b = 8 WHERE :b = 7")
            cursor.execute(change.filled(names))
        (problem,) = store.verify().problems
        assert problem.claim.startswith("what star tables hold beside ids")


def test_there_are_no_points_while_one_waits_for_its_crs(tmp_path: Path) -> None:
    with _points(tmp_path, f"<{_OWN_CRS}> POINT (1 2)") as store:
        assert store.verify().is_sound
        with write_transaction(store._database) as cursor:
            assert not read_stars(cursor).tables
