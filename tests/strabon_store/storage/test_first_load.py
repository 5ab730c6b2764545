"""A first load finds in memory what others find in the engine: the same tables."""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pytest

from strabon_store.storage.arrivals import MOST_IN_MEMORY
from strabon_store.storage.database import Database, open_database, write_meta
from strabon_store.storage.loader import load
from strabon_store.storage.pending_terms import PendingTerms
from strabon_store.storage.transaction import write_transaction
from strabon_store.storage.verify import verify

_XSD = "http://www.w3.org/2001/XMLSchema#"
_WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
_VALUES = (
    "<urn:o1>",
    "_:o2",
    '"short"',
    '"shorter"@en',
    f'"{"long " * 20}"',
    f'"7"^^<{_XSD}integer>',
    f'"007"^^<{_XSD}integer>',
    f'"1.5"^^<{_XSD}decimal>',
    f'"2.5"^^<{_XSD}double>',
    f'"NaN"^^<{_XSD}double>',
    f'"2.5"^^<{_XSD}float>',
    f'"true"^^<{_XSD}boolean>',
    f'"2020-01-02"^^<{_XSD}date>',
    f'"2020-01-02T03:04:05.5+01:00"^^<{_XSD}dateTime>',
    f'"300000-01-02T03:04:05Z"^^<{_XSD}dateTime>',
    f'"P1D"^^<{_XSD}dayTimeDuration>',
    f'"no number"^^<{_XSD}double>',
    '"a"^^<urn:datatype>',
    f'"POINT (1 2)"^^<{_WKT}>',
    f'"POINT (1 2"^^<{_WKT}>',
)


def _quads(seed: int) -> str:
    """Regular subjects, of which some repeat a predicate and others lack it."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    of_predicate = {n: chance.sample(_VALUES, 1 + n % 4) for n in range(6)}
    lines = []
    for number in range(120):
        subject = f"_:s{number}" if number % 7 == 0 else f"<urn:s{number}>"
        for predicate, values in of_predicate.items():
            for _ in range(chance.choice((0, 1, 1, 1, 1, 1, 2))):
                graph = chance.choice(("", "", "", "<urn:g> "))
                value = chance.choice(values)
                lines.append(f"{subject} <urn:p{predicate}> {value} {graph}.\n")
        place = "EMPTY" if number % 9 == 0 else f"({number % 40} 2.5)"
        lines.append(f'{subject} <urn:at> "POINT {place}"^^<{_WKT}> .\n')
    chance.shuffle(lines)
    return "".join(lines[: chance.randrange(len(lines))])


def _open(location: Path, star_subjects: int) -> Database:
    database = open_database(location)
    with write_transaction(database) as cursor:
        write_meta(cursor, "star_subjects", str(star_subjects))
    return database


def _tables(database: Database) -> Mapping[str, list[object]]:
    with database.cursor() as cursor:
        rows = cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        return {name: list(_rows(cursor, name)) for (name,) in sorted(rows)}


def _rows(cursor: duckdb.DuckDBPyConnection, table: str) -> Iterator[str]:
    """As they stand; those of small tables, which have no order, in one."""
    query = f'FROM "{table}"'
    if table == "predicate_statistics":
        # Of estimates there is nothing to compare.
        query = "SELECT * EXCLUDE (subjects, objects) FROM predicate_statistics"
    # As texts, NaN is equal to itself.
    rows = list(map(str, cursor.execute(query).fetchall()))
    is_sorted = table in {"terms", "quads", "quads_by_object", "geometries", "loose"}
    yield from rows if is_sorted or table.startswith("star_") else sorted(rows)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [0, 300])
def test_it_makes_the_tables_that_the_engine_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, most: int
) -> None:
    text = _quads(seed)
    paths = [tmp_path / "one.nq", tmp_path / "two.nq"]
    paths[0].write_text(text)
    paths[1].write_text(text[text.index("\n", len(text) // 2) + 1 :])
    found = []
    for name, limit in (("memory", MOST_IN_MEMORY), ("engine", most)):
        monkeypatch.setattr(f"{load.__module__}.MOST_IN_MEMORY", limit)
        most_bytes = 1 << 29 if name == "memory" else 10 * most
        monkeypatch.setattr(f"{PendingTerms.__module__}._MOST_BYTES", most_bytes)
        database = _open(tmp_path / name, 1 + seed * 5)
        load(database, paths)
        assert verify(database).is_sound
        found.append(_tables(database))
        database.close()
    one, other = found
    assert one == other
    # Those of some seeds have subjects enough.
    assert seed or any(str(row).endswith("True)") for row in one["star_columns"])
    assert len(one["quads"]) > 0


def test_its_statistics_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "data.nq"
    path.write_text(_quads(3))
    database = _open(tmp_path / "store", 1000)
    load(database, [path])
    with database.cursor() as cursor:
        counted = cursor.execute("""
            SELECT predicate, count(*), count(DISTINCT subject), count(DISTINCT object)
            FROM quads GROUP BY predicate ORDER BY predicate
        """).fetchall()
        known = cursor.execute("""
            SELECT predicate, statements, subjects, objects FROM predicate_statistics
            ORDER BY predicate
        """).fetchall()
    database.close()
    assert known == counted


def test_more_predicates_than_a_number_has_bits(tmp_path: Path) -> None:
    path = tmp_path / "data.nt"
    lines = (
        f"<urn:s{s}> <urn:p{p}> <urn:o{s % 3}> .\n"
        for s in range(40)
        for p in range(70 if s % 2 else 66)
    )
    path.write_text("".join(lines))
    database = _open(tmp_path / "store", 2)
    load(database, [path])
    assert verify(database).is_sound
    with database.cursor() as cursor:
        tables = cursor.execute("SELECT subjects FROM star_tables").fetchall()
        columns = cursor.execute("SELECT count(*) FROM star_columns").fetchall()
    database.close()
    assert (tables, columns) == ([(40,)], [(70,)])
