import subprocess
import sys
from pathlib import Path

import duckdb
import pyproj
import pytest

from engines.duckdb import connect
from engines.errors import (
    DatabaseCorrupt,
    DatabaseLocked,
    DatabaseMissing,
    EngineError,
)

HOLD = """
import sys, pathlib
from engines.duckdb import connect
connection = connect(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_spatial_is_loaded_and_nothing_is_fetched() -> None:
    connection = connect()
    assert connection.sql(
        "SELECT value FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions'"
    ).fetchall() == [("false",), ("false",)]
    with pytest.raises(duckdb.Error):
        connection.execute("SELECT * FROM read_xlsx('nothing.xlsx')")


def test_coordinates_are_east_then_north_for_every_crs(tmp_path: Path) -> None:
    utm = pyproj.Proj("EPSG:32631")(5, 51)
    connection = connect(tmp_path / "store.db")
    for session in (connection, connection.cursor()):
        found = session.sql(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform("
            "ST_Point(5, 51), 'EPSG:4326', 'EPSG:32631') AS p)"
        ).fetchone()
        assert found == pytest.approx(utm, abs=1e-3)


def test_limits_are_set(tmp_path: Path) -> None:
    connection = connect(tmp_path / "store.db", memory_limit=200_000_000, threads=1)
    settings = dict(
        connection.sql("SELECT name, value FROM duckdb_settings()").fetchall()
    )
    assert settings["threads"] == "1"
    assert settings["memory_limit"] == "190.7 MiB"


def test_what_is_written_is_read_again_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with connect(path) as writer:
        writer.execute("CREATE TABLE t AS SELECT ST_Point(1, 2) AS p")
    with connect(path, read_only=True) as reader:
        assert reader.sql("SELECT ST_AsText(p) FROM t").fetchone() == ("POINT (1 2)",)
        with pytest.raises(duckdb.Error, match="read-only"):
            reader.execute("DROP TABLE t")


def test_a_database_held_by_another_process_names_file_and_process(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[3],
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(DatabaseLocked) as caught:
            connect(path)
        assert caught.value.path == path
        assert str(holder.pid) in (caught.value.holder or "")
        holder.terminate()


@pytest.mark.parametrize(
    "content", [b"not a database", b"x" * 20_000], ids=["short", "long"]
)
def test_a_file_that_is_no_database_is_said_to_be_none(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    with pytest.raises(DatabaseCorrupt, match=r"store\.db is not a readable"):
        connect(path)
    assert path.read_bytes() == content


def test_a_database_that_is_cut_short_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with connect(path) as writer:
        writer.execute("CREATE TABLE t AS SELECT range AS n FROM range(300000)")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DatabaseCorrupt):
        connect(path)


def test_nothing_is_read_where_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing, match="load some data first"):
        connect(tmp_path / "absent.db", read_only=True)


def test_a_folder_that_does_not_exist_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        connect(tmp_path / "absent" / "store.db")
