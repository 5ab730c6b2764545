"""A store of an older format is brought up to date, and holds what it held."""

from pathlib import Path

import duckdb
import pytest
import shapely

from engines.duckdb import connect
from strabon_store.errors import StoreUnavailable
from strabon_store.relational.layout import TABLES
from strabon_store.storage.database import (
    FILE_NAME,
    FORMAT_VERSION,
    open_database,
    read_meta,
)
from strabon_store.storage.migrations import MIGRATIONS
from strabon_store.storage.transaction import write_transaction
from strabon_store.store import Store

QUERY = 'ASK { <urn:s> <urn:p> "x"@en }'
LATER = {table.name for table in TABLES} - {"terms", "quads", "geometries", "meta"}
TO_1 = (
    *(f"DROP TABLE {name}" for name in sorted(LATER)),
    "DELETE FROM meta WHERE key NOT IN ('format', 'generation', 'next_key')",
    "UPDATE meta SET value = '1' WHERE key = 'format'",
)
TO_4 = (
    "ALTER TABLE star_columns DROP COLUMN has_points",
    "DROP TABLE crs_definitions",
    "DROP TABLE planes",
    "ALTER TABLE geometries DROP COLUMN native",
    "UPDATE meta SET value = '4' WHERE key = 'format'",
)

TO_7 = (
    "UPDATE geometries SET minx = ST_XMin(geometry), maxx = ST_XMax(geometry)",
    "DELETE FROM planes",
    "UPDATE meta SET value = '7' WHERE key = 'format'",
)


@pytest.fixture
def location(tmp_path: Path) -> Path:
    path = tmp_path / "a.nt"
    path.write_text('<urn:s> <urn:p> "x"@en .\n<urn:s> <urn:p> <urn:o> .\n')
    with Store.open(tmp_path / "store") as store:
        store.load([path])
    return tmp_path / "store"


def _change(location: Path, *statements: str) -> None:
    with duckdb.connect(str(location / FILE_NAME)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_every_older_format_leads_to_this_one() -> None:
    for number in range(1, int(FORMAT_VERSION)):
        assert int(MIGRATIONS[str(number)].to) == number + 1


def test_an_old_store_is_brought_up_to_date_when_it_is_opened(location: Path) -> None:
    _change(location, *TO_1)
    with pytest.raises(StoreUnavailable, match=r"older program \(format 1\); open it"):
        Store.open(location, read_only=True)
    with Store.open(location) as store:
        assert store.query(QUERY) is True
    with duckdb.connect(str(location / FILE_NAME), read_only=True) as connection:
        assert read_meta(connection, "format") == FORMAT_VERSION
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM quads_by_object), "
            "(SELECT count(*) FROM term_hashes) - (SELECT count(*) FROM terms), "
            "(SELECT sum(statements) FROM predicate_statistics)"
        )
        assert counts.fetchall() == [(2, 0, 2)]


def test_star_tables_of_format_2_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.nt"
    lines = (
        f'<urn:s{i}> <urn:p> "x{i}" .\n<urn:s{i}> <urn:q> <urn:o{i % 3}> .\n'
        for i in range(1500)
    )
    path.write_text("".join(lines))
    with Store.open(tmp_path / "store") as store:
        store.load([path])
    _change(
        tmp_path / "store",
        *TO_4,
        "ALTER TABLE star_columns DROP COLUMN may_be_nan",
        "ALTER TABLE star_columns DROP COLUMN has_text",
        "ALTER TABLE star_tables DROP COLUMN is_by_subject",
        "UPDATE meta SET value = '2' WHERE key = 'format'",
    )
    with Store.open(tmp_path / "store") as store:
        assert store.verify().is_sound
        text = "ASK { ?s <urn:p> ?x ; <urn:q> <urn:o1> FILTER (CONTAINS(?x, '99')) }"
        assert store.query(text) is True
        assert "star_" in str(store.explain(text))


WKT = (
    "<http://www.opengis.net/def/crs/EPSG/0/5800> POINT ({0} 1)",
    "<http://www.opengis.net/def/crs/EPSG/0/32631> LINESTRING (5{0:05} 99, 500000 0)",
    "POINT ({0} 2)",
)
# As format 4 had it: of a plane nobody knew, and what is nowhere on Earth was no
# geometry.
LOWERED = (
    """
CREATE TEMP TABLE old AS
SELECT id, (4::BIGINT << 59) | (id & ((1::BIGINT << 59) - 1)) AS old_id
FROM geometries WHERE geometry IS NULL
""",
    "UPDATE terms SET id = old_id FROM old WHERE terms.id = old.id",
    "UPDATE term_hashes SET id = old_id FROM old WHERE term_hashes.id = old.id",
    "UPDATE quads SET object = old_id FROM old WHERE object = id",
    "UPDATE quads_by_object SET object = old_id FROM old WHERE object = id",
    "UPDATE loose SET object = old_id FROM old WHERE object = id",
    "DELETE FROM geometries WHERE geometry IS NULL",
    "UPDATE geometries SET minx = 0, maxx = 0 WHERE crs LIKE '%/32631'",
    *TO_4,
)
STAR = "UPDATE star_{0} SET object_{1} = old_id FROM old WHERE object_{1} = id"
PLACED = """
SELECT * REPLACE (ST_AsWKB(geometry) AS geometry, ST_AsWKB(native) AS native)
FROM geometries
"""


def _rows(location: Path, *queries: str) -> list[list[tuple[object, ...]]]:
    with connect(location / FILE_NAME, read_only=True) as connection:
        return [sorted(connection.execute(q).fetchall(), key=str) for q in queries]


@pytest.mark.parametrize("subjects", [50, 1200])
def test_format_4_gets_planes_and_what_is_nowhere_on_earth(
    tmp_path: Path, subjects: int
) -> None:
    path, location = tmp_path / "a.ttl", tmp_path / "store"
    datatype = "http://www.opengis.net/ont/geosparql#wktLiteral"
    lines = (
        f'<urn:s{i}> <urn:p> "{WKT[i % 3].format(i)}"^^<{datatype}> ; <urn:q> {i} .\n'
        for i in range(subjects)
    )
    path.write_text("".join(lines))
    with Store.open(location) as store:
        store.load([path])
    tables = (PLACED, "FROM planes", "FROM terms", "FROM quads", "FROM quads_by_object")
    before = _rows(location, *tables)
    (columns,) = _rows(location, "SELECT star, predicate FROM star_columns")
    assert bool(columns) == (subjects > 1000)
    stars = [STAR.format(*column) for column in columns]
    _change(location, *LOWERED[:1], *stars, *LOWERED[1:])
    assert _rows(location, "SELECT count(*) FROM geometries") < [[(subjects,)]]
    with Store.open(location) as store:
        found = store.verify()
        assert found.is_sound, str(found)
        assert store.query(f'ASK {{ ?s ?p "{WKT[0].format(0)}"^^<{datatype}> }}')
    assert _rows(location, *tables) == before


def test_format_4_loses_holes_without_a_vertex(tmp_path: Path) -> None:
    path, location = tmp_path / "a.ttl", tmp_path / "store"
    text = '{"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 0]], []]}'
    datatype = "http://www.opengis.net/ont/geosparql#geoJSONLiteral"
    path.write_text(f"<urn:s> <urn:p> '{text}'^^<{datatype}> .\n")
    with Store.open(location) as store:
        store.load([path])
    holed = shapely.from_geojson(text)
    assert isinstance(holed, shapely.Polygon)
    assert len(holed.interiors) == 1
    database = open_database(location)
    with write_transaction(database) as cursor:
        placed = "UPDATE geometries SET geometry = ST_GeomFromWKB($wkb)"
        cursor.execute(placed, {"wkb": shapely.to_wkb(holed)})
    database.close()
    _change(location, *TO_4)
    with Store.open(location) as store:
        assert store.verify().is_sound
    ((wkt,),) = _rows(location, "SELECT CAST(geometry AS VARCHAR) FROM geometries")[0]
    assert wkt == "POLYGON ((0 0, 4 0, 4 4, 0 0))"


def test_format_7_gets_boxes_that_reach_around_the_world(tmp_path: Path) -> None:
    path, location = tmp_path / "a.ttl", tmp_path / "store"
    datatype = "http://www.opengis.net/ont/geosparql#wktLiteral"
    places = ("-180 3", "180 3", "7 -90", "1 2")
    literals = ", ".join(f'"POINT({at})"^^<{datatype}>' for at in places)
    path.write_text(f"<urn:s> <urn:p> {literals} .")
    with Store.open(location) as store:
        store.load([path])
    tables = (PLACED, "FROM planes")
    before = _rows(location, *tables)
    with connect(location / FILE_NAME) as connection:
        for statement in TO_7:
            connection.execute(statement)
    assert _rows(location, *tables) != before
    with Store.open(location) as store:
        found = store.verify()
        assert found.is_sound, str(found)
    assert _rows(location, *tables) == before


def test_literals_get_the_kinds_of_today(tmp_path: Path) -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    known = (
        "042^^integer",
        "1e0^^double",
        "P1D^^duration",
        "2026^^gYear",
        "no^^integer",
    )
    terms = [
        '"{}"^^<{}{}>'.format(each.split("^^")[0], xsd, each.split("^^")[1])
        for each in known
    ]
    path = tmp_path / "a.nt"
    path.write_text("".join(f"<urn:s> <urn:p> {term} .\n" for term in terms))
    with Store.open(tmp_path / "store") as store:
        store.load([path])
    # As format 1 had it: numbers are numbers, and of durations nobody knew.
    tags = (
        "CREATE TEMP TABLE old AS SELECT id, CASE id >> 59 WHEN 13 THEN 11 "
        "WHEN 14 THEN 4 WHEN 12 THEN 4 ELSE id >> 59 END << 59 "
        "| (id & ((1::BIGINT << 59) - 1)) AS old_id FROM terms"
    )
    older = (
        tags,
        "UPDATE quads SET object = old_id FROM old WHERE object = old.id",
        "UPDATE terms SET id = old_id FROM old WHERE terms.id = old.id",
    )
    _change(tmp_path / "store", *older, *TO_1)
    with Store.open(tmp_path / "store") as store:
        found = store.verify()
        assert found.is_sound, str(found)
        for term in terms:
            assert store.query(f"ASK {{ <urn:s> <urn:p> {term} }}") is True
        assert store.query("ASK { ?s ?p ?o FILTER(?o = 42) }") is True


def test_a_step_that_fails_changes_nothing(location: Path) -> None:
    _change(location, *TO_1, "CREATE TABLE quads_by_object (a INTEGER)")
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        Store.open(location)
    with duckdb.connect(str(location / FILE_NAME), read_only=True) as connection:
        assert read_meta(connection, "format") == "1"
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert ("term_hashes",) not in tables


def test_terms_are_hashed_anew_when_the_engine_hashes_otherwise(location: Path) -> None:
    _change(
        location,
        "UPDATE term_hashes SET hash = 7",
        "UPDATE meta SET value = '7' WHERE key = 'hash_probe'",
    )
    with pytest.raises(StoreUnavailable, match="older program"):
        Store.open(location, read_only=True)
    with Store.open(location) as store:
        assert store.query(QUERY) is True
