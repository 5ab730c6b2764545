"""Stores of older programs keep literals without geometry: `optimize` reads them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from ontologies.namespaces import GEO, STRDF
from strabon_store.relational.encoding import PAYLOAD_BITS, PAYLOAD_MASK, Tag
from strabon_store.storage.transaction import write_transaction
from strabon_store.store import Store
from tests.geometries import rows
from tests.star_tables import open_with_star_tables

_POINT: Final = '<Point xmlns="http://www.opengis.net/gml"><pos>1 2</pos></Point>'
_PLACE: Final = "<Point><coordinates>1,2</coordinates></Point>"
_CELL: Final = "<https://w3id.org/pytheas/dggs/h3> CELL (851fa477fffffff)"
DATA: Final = f"""
@prefix g: <http://g/> .
g:wkt g:has "POINT (1 2)"^^<{GEO}wktLiteral> .
g:gml g:has '{_POINT}'^^<{GEO}gmlLiteral> .
g:kml g:has '{_PLACE}'^^<{GEO}kmlLiteral> .
g:dggs g:has "{_CELL}"^^<{GEO}dggsLiteral> .
g:strdf g:has "POINT (1 2);http://www.opengis.net/def/crs/EPSG/0/4326"^^<{STRDF}WKT> .
g:bad g:has "POINT (1"^^<{GEO}wktLiteral> .
g:text g:has "POINT (1 2)" .
"""
EVERYTHING: Final = (
    "SELECT ?s ?crs { ?s g:has ?x OPTIONAL { BIND (geof:getSRID(?x) AS ?crs) } }"
)
NEAR: Final = """
SELECT ?s { ?s g:has ?x FILTER(geof:sfWithin(?x,
  "POLYGON ((0 0, 3 0, 3 3, 0 3, 0 0))"^^geo:wktLiteral)) }
"""
SAME: Final = f"SELECT ?s {{ ?s g:has '{_PLACE}'^^geo:kmlLiteral }}"
FOUND: Final = {("wkt",), ("gml",), ("kml",), ("strdf",)}

_RENAME: Final = (
    (
        "CREATE TEMPORARY TABLE renamed AS "
        "SELECT id, ($tag::BIGINT << $bits) | (id & $payload) AS was "
        "FROM terms WHERE datatype LIKE '%Literal' OR datatype LIKE '%WKT'"
    ),
    "DELETE FROM renamed WHERE id NOT IN (SELECT id FROM terms WHERE $condition)",
    "DELETE FROM geometries WHERE id IN (SELECT id FROM renamed)",
    "UPDATE terms SET id = was FROM renamed WHERE terms.id = renamed.id",
    "UPDATE term_hashes SET id = was FROM renamed WHERE term_hashes.id = renamed.id",
    "UPDATE quads SET object = was FROM renamed WHERE object = renamed.id",
    "UPDATE quads_by_object SET object = was FROM renamed WHERE object = renamed.id",
    "DROP TABLE renamed",
)


def _renamed(tag: Tag, condition: str) -> list[str]:
    """Give literals the kind that an older program would have given them."""
    values = {
        "$tag": str(int(tag)),
        "$bits": str(PAYLOAD_BITS),
        "$payload": str(PAYLOAD_MASK),
        "$condition": condition,
    }
    statements = list(_RENAME)
    for name, value in values.items():
        statements = [each.replace(name, value) for each in statements]
    return statements


DAMAGES: Final = {
    "rows are missing": ["DELETE FROM geometries"],
    "serializations were unknown": _renamed(
        Tag.OTHER, "datatype NOT LIKE '%wktLiteral' AND lexical <> 'POINT (1'"
    ),
    "the ill-formed was a geometry": [
        *_renamed(Tag.GEOMETRY, "lexical = 'POINT (1'"),
        "DELETE FROM geometries",
    ],
}
"""What is wrong with a store, and how it comes to be so."""


@pytest.fixture(params=[False, True], ids=["quads", "star tables"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    (tmp_path / "data.ttl").write_text(DATA)
    location = tmp_path / "store"
    with (
        open_with_star_tables(location) if request.param else Store.open(location) as s
    ):
        s.load([tmp_path / "data.ttl"])
        yield s


@pytest.mark.parametrize("damage", DAMAGES)
def test_optimize_reads_literals_without_geometry(store: Store, damage: str) -> None:
    before = sorted(rows(store, EVERYTHING), key=str)
    assert set(rows(store, NEAR)) == FOUND
    assert rows(store, SAME) == [("kml",)]
    with write_transaction(store._database) as cursor:
        for statement in DAMAGES[damage]:
            cursor.execute(statement)
        cursor.execute(
            "UPDATE meta SET value = value::BIGINT + 1 WHERE key = 'generation'"
        )
    store.reads_star_tables = False
    assert set(rows(store, NEAR)) < FOUND
    store.reads_star_tables = True
    report = store.optimize()
    assert report.geometries == (4 if damage == "serializations were unknown" else 5)
    assert "geometries read anew" in str(report)
    assert set(rows(store, NEAR)) == FOUND
    assert rows(store, SAME) == [("kml",)]
    assert sorted(rows(store, EVERYTHING), key=str) == before
    found = store.verify()
    assert found.is_sound, str(found)


def test_a_sound_store_has_nothing_to_read(store: Store) -> None:
    report = store.optimize()
    assert report.geometries == 0
    assert "anew" not in str(report)
    assert set(rows(store, NEAR)) == FOUND
