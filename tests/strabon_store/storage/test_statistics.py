"""What is known of predicates is what a count of the quads would find."""

from pathlib import Path

import pytest

from ontologies.namespaces import XSD
from strabon_store.algebra.terms import IRI
from strabon_store.relational.encoding import Tag
from strabon_store.relational.layout import PredicateStatistics
from strabon_store.storage import catalog
from strabon_store.storage.catalog import Catalog
from strabon_store.storage.changes import apply_changes, create_quads
from strabon_store.storage.database import Database, open_database
from strabon_store.storage.loader import load
from strabon_store.storage.transaction import write_transaction

DATA = """
@prefix : <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:a :size 1, 2 ; :area 1e0 ; :name "a"@en ; :mixed 1 ; :near :b .
:b :size 042 ; :area 2.5e0 ; :name "b" ; :mixed 1.5 ; :near _:c ;
    :when "2026"^^xsd:gYear .
"""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    path = tmp_path / "data.ttl"
    path.write_text(DATA)
    database = open_database(tmp_path / "store")
    load(database, [path])
    return database


def _known(database: Database, name: str) -> PredicateStatistics:
    known_terms = Catalog(database)
    key = known_terms.term_id(IRI(f"http://example.org/{name}"))
    assert key is not None
    found = known_terms.snapshot().predicate(key)
    assert found is not None
    return found


def test_counts_tags_and_datatypes_are_those_of_the_quads(database: Database) -> None:
    size = _known(database, "size")
    assert (size.statements, size.subjects, size.objects) == (3, 2, 3)
    assert size.encoding.tags == {Tag.INTEGER, Tag.EXACT}
    assert size.encoding.datatype == XSD.term("integer")
    assert size.encoding.kind == Tag.INTEGER
    area = _known(database, "area")
    assert area.encoding.tags == {Tag.NUMBER}
    assert area.encoding.datatype == XSD.term("double")
    assert _known(database, "mixed").encoding.datatype is None
    assert _known(database, "name").encoding.datatype is None
    assert _known(database, "name").encoding.kind is None
    assert _known(database, "near").encoding.tags == {Tag.IRI, Tag.BLANK}
    assert _known(database, "when").encoding.datatype == XSD.term("gYear")


_MOVED = "SELECT graph, subject, ?, object FROM quads WHERE predicate = ?"
_GONE = "FROM quads WHERE predicate IN (?, ?)"


def _change(
    database: Database, table: str, chosen: str, parameters: list[int | None]
) -> None:
    with write_transaction(database) as cursor:
        for name in ("deleted", "inserted"):
            create_quads(cursor, name)
        cursor.execute("INSERT INTO " + table + " " + chosen, parameters)
        apply_changes(cursor, deleted="deleted", inserted="inserted")


def test_changes_are_noted(database: Database) -> None:
    known_terms = Catalog(database)
    size, area = (
        known_terms.term_id(IRI(f"http://example.org/{name}"))
        for name in ("size", "area")
    )
    _change(database, "inserted", _MOVED, [size, area])
    known = _known(database, "size")
    assert known.statements == 5
    assert known.encoding.tags == {Tag.INTEGER, Tag.EXACT, Tag.NUMBER}
    assert known.encoding.datatype is None
    _change(database, "deleted", _GONE, [size, area])
    assert size is not None
    assert known_terms.snapshot().predicate(size) is None


def test_geometries_in_a_window_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "points.ttl"
    points = (f'"POINT ({i} {-i})"^^geo:wktLiteral' for i in range(10))
    path.write_text(
        "@prefix geo: <http://www.opengis.net/ont/geosparql#> .\n"
        f"<urn:a> geo:asWKT {', '.join(points)} ."
    )
    database = open_database(tmp_path / "points")
    load(database, [path])
    known = Catalog(database).snapshot()
    assert known.count_geometries((2.0, -9.0, 5.0, -2.5)) == 3
    assert known.count_geometries((2.0, 0.5, 5.0, 9.0)) == 0
    # Very many are not counted to the end.
    monkeypatch.setattr(catalog, "_MOST_COUNTED", 4)
    assert known.count_geometries((0.0, -90.0, 180.0, 90.0)) is None
