"""Every claim about the tables is checked: what breaks it is found, and named."""

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from strabon_store.storage.database import FILE_NAME, open_database, write_meta
from strabon_store.storage.loader import load
from strabon_store.storage.stars import read_stars
from strabon_store.storage.transaction import write_transaction
from strabon_store.storage.verify import CHECKS, verify
from strabon_store.store import Store

DATA = """
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
<urn:a> <urn:p> 1 , 042 , "x" , "is"@da , true , <urn:b> , _:b .
<urn:g> geo:asWKT "POINT (1 2)"^^geo:wktLiteral , "POINT EMPTY"^^geo:wktLiteral ,
  "POINT (180 1)"^^geo:wktLiteral ,
  "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"^^geo:wktLiteral , "no"^^geo:wktLiteral ,
  "<http://www.opengis.net/def/crs/EPSG/0/32631> POINT (5e5 9e5)"^^geo:wktLiteral .
"""


@pytest.fixture
def location(tmp_path: Path) -> Path:
    (tmp_path / "data.ttl").write_text(DATA)
    with Store.open(tmp_path / "store") as store:
        store.load([tmp_path / "data.ttl"])
        found = store.verify()
    assert found.is_sound, str(found)
    assert len(found.claims) == len(CHECKS) + 2
    return tmp_path / "store"


# The hash is that of `x`.
TWICE = """
INSERT INTO crs_definitions
SELECT 'https://w3id.org/pytheas/crs/2d711642b726b044', 'x' FROM range(2)
"""

DAMAGES = {
    "a graph is": (
        "UPDATE quads SET graph = (SELECT id FROM terms WHERE lexical = 'x')",
        "UPDATE quads SET graph = 12345",
    ),
    "a subject is": (
        "UPDATE quads SET subject = 12345",
        "UPDATE quads SET subject = (SELECT id FROM terms WHERE lexical = 'x')",
        "DELETE FROM terms WHERE lexical = 'urn:a'",
    ),
    "a predicate is": (
        "UPDATE quads SET predicate = (SELECT id FROM terms WHERE lexical = 'x')",
        "DELETE FROM terms WHERE lexical = 'urn:p'",
    ),
    "an object is": ("DELETE FROM terms WHERE lexical = 'is'",),
    "no statement stands twice": ("INSERT INTO quads FROM quads LIMIT 1",),
    "both orders": (
        "DELETE FROM quads_by_object WHERE object = (SELECT max(object) FROM quads)",
        "DELETE FROM quads WHERE object = (SELECT max(object) FROM quads)",
    ),
    "the statistics count": (
        "UPDATE predicate_statistics SET statements = statements + 1",
        "DELETE FROM predicate_statistics",
    ),
    "the statistics tell": ("UPDATE predicate_statistics SET tags = 1",),
    "the statistics claim": ("UPDATE predicate_statistics SET datatype = 'urn:no'",),
    "a term is found": (
        "DELETE FROM term_hashes WHERE id = (SELECT id FROM terms WHERE lexical = 'x')",
        "UPDATE term_hashes SET hash = 1",
    ),
    "an id is that of one term": (
        "UPDATE terms SET id = (SELECT min(id) FROM terms) WHERE lexical = 'urn:b'",
    ),
    "a term has one id": (
        "UPDATE terms SET lexical = 'urn:a' WHERE lexical = 'urn:b'",
    ),
    "the dictionary has": (
        "UPDATE terms SET id = 6::BIGINT << 59 WHERE lexical = 'x'",
    ),
    "IRIs and blank nodes": (
        "UPDATE terms SET datatype = 'urn:t' WHERE lexical = 'urn:a'",
        "UPDATE terms SET datatype = NULL WHERE lexical = 'x'",
    ),
    "language-tagged": (
        "UPDATE terms SET language = NULL WHERE lexical = 'is'",
        "UPDATE terms SET language = 'en' WHERE lexical = 'x'",
    ),
    "numbers have": (
        "UPDATE terms SET number = NULL WHERE lexical = '042'",
        "UPDATE terms SET number = 7 WHERE lexical = 'x'",
    ),
    "the next key": ("UPDATE meta SET value = '3' WHERE key = 'next_key'",),
    "every well-formed": (
        "DELETE FROM geometries WHERE minx = 1",
        "INSERT INTO geometries SELECT * REPLACE (12345 AS id) FROM geometries LIMIT 1",
    ),
    "a geometry in a CRS": (
        "UPDATE geometries SET crs = 'https://w3id.org/pytheas/crs/0123456789abcdef'",
    ),
    "a definition of": (
        "INSERT INTO crs_definitions VALUES ('https://w3id.org/pytheas/crs/0', 'no')",
        TWICE,
    ),
    "a geometry's bounds": (
        "UPDATE geometries SET maxy = 7 WHERE maxy = 2",
        "UPDATE geometries SET minx = 7 WHERE minx IS NULL",
    ),
    "what is on the antimeridian": (
        "UPDATE geometries SET maxx = -180 WHERE minx = -180",
        "DELETE FROM planes WHERE crs LIKE '%CRS84'",
    ),
    "the box of a geometry that is in a plane": (
        "UPDATE geometries SET minx = 7 WHERE native IS NOT NULL",
    ),
    "a geometry is on Earth": (
        "DELETE FROM planes",
        "UPDATE geometries SET geometry = NULL WHERE native IS NULL AND minx = 1",
    ),
    "a geometry says": ("UPDATE geometries SET is_valid = NOT is_valid",),
}


def _damages() -> Iterator[tuple[str, str]]:
    for claim, statements in DAMAGES.items():
        for statement in statements:
            yield claim, statement


@pytest.mark.parametrize(("claim", "statement"), list(_damages()))
def test_damage_is_found(location: Path, claim: str, statement: str) -> None:
    with duckdb.connect(str(location / FILE_NAME)) as connection:
        connection.execute(statement)
    with Store.open(location, read_only=True) as store:
        found = store.verify()
    assert any(problem.claim.startswith(claim) for problem in found.problems)
    assert "broken: " in str(found)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM loose",
        "INSERT INTO loose VALUES (1, 1, 1)",
        "UPDATE star_{} SET subject = 12345",
        "DELETE FROM star_{}",
    ],
)
def test_damaged_star_tables_are_found(tmp_path: Path, statement: str) -> None:
    database = open_database(tmp_path / "store")
    with write_transaction(database) as cursor:
        write_meta(cursor, "star_subjects", "1")
    (tmp_path / "data.ttl").write_text(
        "<urn:a> <urn:p> 1 ; <urn:q> 2 , 3 ; <urn:r> 4 ."
    )
    load(database, [tmp_path / "data.ttl"])
    assert verify(database).is_sound
    with write_transaction(database) as cursor:
        (table,) = read_stars(cursor).tables
        cursor.execute(statement.format(table.number))
    (problem,) = verify(database).problems
    database.close()
    assert problem.claim.startswith("the star tables and the loose")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE star_{0} SET number_{1} = 7 WHERE number_{1} = 2.5",
        "UPDATE star_{0} SET number_{1} = 'nan' WHERE number_{1} = 2.5",
        "UPDATE star_columns SET may_be_nan = NOT may_be_nan",
    ],
)
def test_damaged_numbers_of_star_tables_are_found(
    tmp_path: Path, statement: str
) -> None:
    database = open_database(tmp_path / "store")
    with write_transaction(database) as cursor:
        write_meta(cursor, "star_subjects", "1")
    (tmp_path / "data.ttl").write_text(
        "<urn:a> <urn:p> 2.5e0 ; <urn:q> 2 .\n"
        '<urn:b> <urn:p> "NaN"^^<http://www.w3.org/2001/XMLSchema#double> ; <urn:q> 3 .'
    )
    load(database, [tmp_path / "data.ttl"])
    assert verify(database).is_sound
    with write_transaction(database) as cursor:
        (table,) = read_stars(cursor).tables
        key = next(k for k, c in table.columns.items() if c.encoding.may_be_nan)
        cursor.execute(statement.format(table.number, key))
    (problem,) = verify(database).problems
    database.close()
    assert problem.claim.startswith("what star tables hold beside ids")


def test_every_claim_has_its_damage() -> None:
    for check in CHECKS:
        assert any(check.claim.startswith(start) for start in DAMAGES), check.claim


def test_a_block_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    lines = (f'<urn:{n * 7919:x}> <urn:p> "{n * 104_729:x}" .\n' for n in range(50_000))
    (tmp_path / "many.nt").write_text("".join(lines))
    with Store.open(tmp_path / "store") as store:
        store.load([tmp_path / "many.nt"])
    # Damaged while it is open: damage to what opening reads is found by that.
    with Store.open(tmp_path / "store", read_only=True) as store:
        with (tmp_path / "store" / FILE_NAME).open("r+b") as file:
            for place in range(20_000, file.seek(0, os.SEEK_END), 50_000):
                file.seek(place)
                file.write(b"damage")
        found = store.verify()
    assert not found.is_sound
    assert "not to be read: " in str(found)
