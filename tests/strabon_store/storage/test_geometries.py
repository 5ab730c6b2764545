"""What the engine reads of a WKT literal is what shapely reads of it."""

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.duckdb import connect
from ontologies.geosparql.crs import CRS84_IRI
from ontologies.geosparql.datatypes import WKT_LITERAL
from ontologies.namespaces import GEO
from strabon_store.relational.layout import GEOMETRIES, PLANES
from strabon_store.storage.database import create_statement
from strabon_store.storage.geometries import insert_geometries, parse_geometries
from strabon_store.storage.plain_geometries import (
    WAITING,
    PendingGeometries,
    read_plain,
)

PLAIN = (
    "POINT (1 2)",
    "POINT(-1.50 2e1)",
    f"<{CRS84_IRI}> POINT (0.1 0.2)",
    "LINESTRING (0 0, 0.30000000000000004 1,2 2)",
    "POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))",
    "MULTIPOINT (0 0, 1 1)",
    "MULTILINESTRING ((0 0, 1 1), (179 2, 3 3))",
    "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
)
OTHERS = (
    "",
    "POINT EMPTY",
    "POINT Z (1 2 3)",
    "POINT (1 2) x",
    "POINT (1 2",
    "POINT (181 0)",
    "POINT (0 90)",
    "POINT (180 2)",
    "LINESTRING (-180 2, 3 3)",
    " POINT (1 2)",
    "LINESTRING (1 1)",
    "LINESTRING (1 1, 1 1)",
    "LINESTRING (-170 0, 170 0)",
    "POLYGON ((0 0, 1 1, 1 0))",
    "POLYGON ((0 0, 1 1, 0 0))",
    "POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))",
    "POLYGON (0 0, 1 1, 1 0, 0 0)",
    "MULTILINESTRING ((0 0, 1 1), (1 1))",
    "GEOMETRYCOLLECTION (POINT (1 2))",
    "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (1 2)",
    "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>POINT (1 2)",
)

_READ = "SELECT * REPLACE (ST_AsWKB(geometry) AS geometry) FROM query_table($table)"


@pytest.fixture(scope="module")
def cursor() -> duckdb.DuckDBPyConnection:
    connection = connect()
    connection.execute(create_statement(PLANES))
    return connection


def stored(
    cursor: duckdb.DuckDBPyConnection, texts: list[str], datatype: str = WKT_LITERAL
) -> list[tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]]:
    """The row of each literal by the engine, and by shapely; None: it has none."""
    ids = np.arange(len(texts))
    for name in ("by_engine", "by_shapely"):
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        made = create_statement(GEOMETRIES).replace("geometries", name)
        cursor.execute(made)
    columns = {
        "lexical": pa.array(texts, pa.large_string()),
        "datatype": pa.array([datatype] * len(texts), pa.large_string()),
    }
    plain = read_plain(cursor, ids, pa.table(columns))
    cursor.execute(f"CREATE OR REPLACE TEMPORARY TABLE {WAITING} AS FROM by_engine")
    PendingGeometries(cursor, in_memory=False).add(plain.rows, plain)
    cursor.execute(f"INSERT INTO by_engine FROM {WAITING}")
    parsed = parse_geometries(texts, [datatype] * len(texts))
    insert_geometries(cursor, ids, parsed, "by_shapely")
    found = []
    for name in ("by_engine", "by_shapely"):
        rows = cursor.execute(_READ, {"table": name}).fetchall()
        found.append({row[0]: row for row in rows})
    assert sorted(found[0]) == plain.rows.tolist()
    return [(found[0].get(n), found[1].get(n)) for n in ids.tolist()]


def test_usual_spellings_are_read_by_the_engine(
    cursor: duckdb.DuckDBPyConnection,
) -> None:
    for by_engine, by_shapely in stored(cursor, list(PLAIN)):
        assert by_engine == by_shapely is not None


def test_all_others_are_left_to_shapely(cursor: duckdb.DuckDBPyConnection) -> None:
    assert {row for row, _ in stored(cursor, list(OTHERS))} == {None}
    document = '{"type": "Point", "coordinates": [1, 2]}'
    ((row, _),) = stored(cursor, [document], GEO.term("geoJSONLiteral"))
    assert row is None


# Far from the antimeridian, so that no degenerate part is to be cut there.
numbers = st.one_of(
    st.floats(-80, 80).map(repr),
    st.integers(-2, 2).map(str),
    st.sampled_from(["1.", ".5", "-0", "1e-3", "1E1", "+1", "00.10"]),
)
points = st.builds("{} {}".format, numbers, numbers)
lines = st.lists(points, min_size=1, max_size=5).map(", ".join).map("({})".format)
rings = st.builds(
    "({0}, {1}, {0})".format, points, st.lists(points, min_size=1).map(",".join)
)
areas = st.lists(rings | lines, min_size=1, max_size=2).map(", ".join)
texts = st.one_of(
    points.map("POINT ({})".format),
    lines.map("LINESTRING {}".format),
    lines.map("MULTIPOINT{}".format),
    areas.map("POLYGON ({})".format),
    areas.map("MULTILINESTRING ({})".format),
    areas.map("MULTIPOLYGON (({}))".format),
)


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(texts, min_size=1, max_size=10))
def test_what_the_engine_reads_is_what_shapely_reads(
    cursor: duckdb.DuckDBPyConnection, texts: list[str]
) -> None:
    for by_engine, by_shapely in stored(cursor, texts):
        assert by_engine is None or by_engine == by_shapely
