"""DuckDB's relations against the DE-9IM patterns, on shapes that tell them apart."""

from itertools import product
from typing import Final

import duckdb
import numpy as np
import pytest
import shapely

from engines.duckdb import connect
from engines.duckdb.dialect import NATIVE, NECESSARY, RELATE
from engines.duckdb.functions import PATTERN_SEPARATOR, register_functions
from engines.duckdb.interrupts import CONNECTION
from ontologies.geosparql.relations import RELATIONS

CHOSEN: Final = [
    "POINT (1 1)",
    "POINT (0 0)",
    "POINT (2 0)",
    "MULTIPOINT ((1 1), (5 5))",
    "MULTIPOINT ((1 1), (0 0))",
    "LINESTRING (0 0, 4 0)",
    "LINESTRING (4 0, 0 0)",
    "LINESTRING (2 -1, 2 5)",
    "LINESTRING (1 0, 6 0)",
    "LINESTRING (0 0, 4 0, 4 4, 0 4, 0 0)",
    "LINESTRING (1 1, 3 3)",
    "MULTILINESTRING ((0 0, 1 1), (1 1, 2 2))",
    "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))",
    "POLYGON ((0 4, 4 4, 4 0, 0 0, 0 4))",
    "POLYGON ((1 1, 3 1, 3 3, 1 3, 1 1))",
    "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))",
    "POLYGON ((2 2, 6 2, 6 6, 2 6, 2 2))",
    "POLYGON ((4 0, 8 0, 8 4, 4 4, 4 0))",
    "POLYGON ((4 4, 8 4, 8 8, 4 8, 4 4))",
    "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 3 1, 3 3, 1 3, 1 1))",
    "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (0.5 0.5, 5 0.5, 5 5, 0.5 5, 0.5 0.5))",
    "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
    "POINT EMPTY",
    "LINESTRING EMPTY",
    "POLYGON EMPTY",
]


def random_shapes() -> list[shapely.Geometry]:
    """Shapes on a coarse grid, so that they touch, share edges and coincide often."""
    rng = np.random.default_rng(20)
    shapes: list[shapely.Geometry] = []
    while len(shapes) < 40:
        corners = rng.integers(0, 5, (rng.integers(1, 6), 2))
        kind = len(shapes) % 3
        if kind == 0:
            shape: shapely.Geometry = shapely.MultiPoint(corners)
        elif kind == 1 and len(np.unique(corners, axis=0)) > 1:
            shape = shapely.LineString(corners)
        elif kind == 2 and len(corners) > 2:
            shape = shapely.Polygon(corners)
        else:
            continue
        if shapely.is_valid(shape) and shapely.is_simple(shape):
            shapes.append(shape)
    return shapes


@pytest.fixture(scope="module")
def shapes() -> list[shapely.Geometry]:
    return [*map(shapely.from_wkt, CHOSEN), *random_shapes()]


@pytest.fixture(scope="module")
def pairs(shapes: list[shapely.Geometry]) -> duckdb.DuckDBPyConnection:
    connection = connect()
    register_functions(connection)
    connection.execute("CREATE TABLE shapes (n INTEGER, wkb BLOB)")
    connection.executemany(
        "INSERT INTO shapes VALUES (?, ?)",
        [(n, shapely.to_wkb(shape)) for n, shape in enumerate(shapes)],
    )
    connection.execute(
        "CREATE TABLE pairs AS SELECT a.n AS i, b.n AS j, a.wkb AS left_wkb,"
        " b.wkb AS right_wkb, ST_GeomFromWKB(a.wkb) AS a, ST_GeomFromWKB(b.wkb) AS b"
        " FROM shapes a, shapes b"
    )
    return connection


def expected(name: str, shapes: list[shapely.Geometry]) -> list[bool]:
    return [
        any(shapely.relate_pattern(a, b, p) for p in RELATIONS[name].patterns)
        for a, b in product(shapes, repeat=2)
    ]


def answers(
    pairs: duckdb.DuckDBPyConnection, *condition: duckdb.Expression
) -> list[bool]:
    ordered = pairs.table("pairs").order("i, j")
    return [row[0] for row in ordered.select(*condition).fetchall()]


def native(function: str) -> duckdb.Expression:
    column = duckdb.ColumnExpression
    return duckdb.FunctionExpression(function, column("a"), column("b"))


def test_the_tables_hold_all_relations() -> None:
    assert set(NATIVE) == set(NECESSARY) == set(RELATIONS)


@pytest.mark.parametrize("name", [name for name in NATIVE if NATIVE[name]])
def test_a_native_function_is_the_relation(
    pairs: duckdb.DuckDBPyConnection, shapes: list[shapely.Geometry], name: str
) -> None:
    function = NATIVE[name]
    assert function is not None
    wanted = expected(name, shapes)
    assert any(wanted)
    assert answers(pairs, native(function)) == wanted


@pytest.mark.parametrize("name", [name for name in NATIVE if not NATIVE[name]])
def test_without_a_native_function_relate_is_the_relation(
    pairs: duckdb.DuckDBPyConnection, shapes: list[shapely.Geometry], name: str
) -> None:
    patterns = PATTERN_SEPARATOR.join(RELATIONS[name].patterns)
    related = duckdb.FunctionExpression(
        RELATE,
        duckdb.ColumnExpression("left_wkb"),
        duckdb.ColumnExpression("right_wkb"),
        duckdb.ConstantExpression(patterns),
        duckdb.SQLExpression(CONNECTION),
    )
    wanted = expected(name, shapes)
    assert any(wanted)
    assert answers(pairs, related) == wanted


@pytest.mark.parametrize("name", NECESSARY)
def test_what_is_necessary_holds_wherever_the_relation_does(
    pairs: duckdb.DuckDBPyConnection, shapes: list[shapely.Geometry], name: str
) -> None:
    function = NECESSARY[name]
    assert function is not None
    candidates = answers(pairs, native(function))
    wanted = expected(name, shapes)
    assert all(found for found, holds in zip(candidates, wanted, strict=True) if holds)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("ehCovers", "ST_Covers"),
        ("ehCoveredBy", "ST_CoveredBy"),
        ("ehInside", "ST_Within"),
        ("ehContains", "ST_Contains"),
        ("ehInside", "ST_WithinProperly"),
        ("ehContains", "ST_ContainsProperly"),
        ("ehOverlap", "ST_Overlaps"),
        ("rcc8po", "ST_Overlaps"),
        ("rcc8ec", "ST_Touches"),
        ("rcc8dc", "ST_Disjoint"),
        ("rcc8eq", "ST_Equals"),
    ],
)
def test_names_that_sound_right_are_not(
    pairs: duckdb.DuckDBPyConnection,
    shapes: list[shapely.Geometry],
    name: str,
    function: str,
) -> None:
    assert answers(pairs, native(function)) != expected(name, shapes)
