import duckdb
import numpy as np
import pytest
import shapely

from engines.duckdb import connect
from engines.duckdb.functions import register_functions
from engines.geodesy import area_m2, distance_m, length_m, perimeter_m

SQUARE = shapely.box(10, 80, 11, 81)
POINT = shapely.Point(12, 80)
LINE = shapely.LineString([(0, 0), (1, 1)])
BOWTIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
WKB = {
    "square": shapely.to_wkb(SQUARE),
    "point": shapely.to_wkb(POINT),
    "line": shapely.to_wkb(LINE),
    "bowtie": shapely.to_wkb(BOWTIE),
    "empty": shapely.to_wkb(shapely.Polygon()),
    "garbage": b"\x00\x01",
    "null": None,
}


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = connect()
    register_functions(connection)
    # Once more, as on a connection out of a pool.
    register_functions(connection)
    return connection


def ask(connection: duckdb.DuckDBPyConnection, sql: str, *names: str) -> object:
    found = connection.execute(sql, [WKB.get(name, name) for name in names]).fetchone()
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("function", "name", "expected"),
    [
        ("pytheas_area_m2", "square", area_m2(SQUARE)[0]),
        ("pytheas_perimeter_m", "square", perimeter_m(SQUARE)[0]),
        ("pytheas_length_m", "line", length_m(LINE)[0]),
        ("pytheas_area_m2", "line", 0.0),
        ("pytheas_length_m", "empty", 0.0),
    ],
)
def test_a_measure_is_that_of_geodesy(
    connection: duckdb.DuckDBPyConnection, function: str, name: str, expected: float
) -> None:
    assert ask(connection, f"SELECT {function}(?, NULL)", name) == expected


@pytest.mark.parametrize(
    "function", ["pytheas_area_m2", "pytheas_perimeter_m", "pytheas_length_m"]
)
@pytest.mark.parametrize("name", ["null", "garbage", "bowtie"])
def test_what_has_no_measure_is_null(
    connection: duckdb.DuckDBPyConnection, function: str, name: str
) -> None:
    assert ask(connection, f"SELECT {function}(?, NULL)", name) is None


def test_distance_is_that_of_geodesy(connection: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT pytheas_distance_m(?, ?, NULL)"
    expected = distance_m(SQUARE, POINT)[0]
    assert ask(connection, sql, "square", "point") == expected
    for name in ("null", "garbage", "bowtie", "empty"):
        assert ask(connection, sql, name, "point") is None
        assert ask(connection, sql, "point", name) is None


@pytest.mark.parametrize(
    ("left", "right", "patterns", "expected"),
    [
        ("square", "square", "2FFF1FFF2", True),
        ("square", "point", "T********", False),
        ("square", "point", "T********|FF*FF****", True),
        ("point", "point", "0FFFFFFF2", True),
        ("empty", "point", "FF*FF****", True),
        ("null", "point", "T********", None),
        ("square", "garbage", "T********", None),
        ("bowtie", "point", "T********", None),
        ("square", "point", "T******", None),
        ("square", "point", "", None),
        ("square", "point", "T********|nonsense!", None),
    ],
)
def test_relate_answers_or_is_null(
    connection: duckdb.DuckDBPyConnection,
    left: str,
    right: str,
    patterns: str,
    expected: bool | None,  # noqa: FBT001 - an expectation
) -> None:
    sql = "SELECT pytheas_relate(?, ?, ?, NULL)"
    assert ask(connection, sql, left, right, patterns) is expected


def test_a_column_is_answered_row_by_row(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("CREATE TABLE places (n INTEGER, wkb BLOB, pattern VARCHAR)")
    patterns = ["T********", "FF*FF****", None]
    rows = [
        (
            n,
            None if n % 5 == 4 else shapely.to_wkb(shapely.Point(n % 7, 80)),
            patterns[n % 3],
        )
        for n in range(5000)
    ]
    connection.executemany("INSERT INTO places VALUES (?, ?, ?)", rows[:3000])
    found = connection.execute(
        "SELECT pytheas_relate(wkb, ?, pattern, NULL), pytheas_distance_m(wkb, ?, NULL)"
        " FROM places ORDER BY n",
        [shapely.to_wkb(shapely.Point(3, 80))] * 2,
    ).fetchall()
    for n, (related, distance) in enumerate(found):
        if n % 5 == 4:
            assert related is distance is None
            continue
        same = n % 7 == 3
        assert related is (None, same, not same)[(n % 3 + 1) % 3]
        assert (distance == 0) is same


def test_functions_are_there_on_a_cursor_and_on_a_read_only_store(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("store") / "store.db"
    connect(path).close()
    reader = connect(path, read_only=True)
    register_functions(reader)
    point = shapely.to_wkb(shapely.Point(0, 0))
    for session in (reader, reader.cursor()):
        found = session.execute("SELECT pytheas_distance_m(?, ?, NULL)", [point, point])
        assert found.fetchone() == (0.0,)


def test_a_result_is_a_number_and_never_nan(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    found = ask(connection, "SELECT pytheas_distance_m(?, ?, NULL)", "square", "line")
    assert isinstance(found, float)
    assert np.isfinite(found)
