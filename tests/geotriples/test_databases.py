"""Mappings over real databases: types, geometries, streams, and what goes wrong."""

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import pyoxigraph as ox
import pytest

from geotriples.errors import InvalidMapping, SourceError
from geotriples.mapping.model import DatabaseAccess, LogicalSource
from geotriples.mapping.r2rml import SQL_VIEW
from geotriples.run_local import run
from geotriples.sources.sql_catalog import open_database_source
from tests.database_servers import (
    PASSWORD,
    Server,
    mariadb_script,
    postgresql_script,
)
from tests.geotriples.rml import objects, quads

R2RML = """
@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://w3id.org/rml/> .
@prefix d2rq: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
@prefix geof: <http://www.opengis.net/def/function/geosparql/> .
@prefix pyrml: <https://w3id.org/pytheas/rml#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <http://example.com/> .
"""


def r2rml(query: str, *columns: str) -> str:
    """A mapping of a query whose objects are columns, under their names."""
    maps = "".join(
        f"rr:predicateObjectMap [ rr:predicate ex:{one} ;"
        f' rr:objectMap [ rr:column "\\"{one}\\"" ] ] ;\n'
        for one in columns
    )
    return (
        f'{R2RML}\nex:map rr:logicalTable [ rr:sqlQuery """{query} """ ] ;\n'
        f'{maps} rr:subjectMap [ rr:template "http://example.com/{{\\"id\\"}}" ] .\n'
    )


def convert(text: str, folder: Path, database: str) -> Path:
    """Run a mapping over a database; the output's path."""
    mapping, output = folder / "mapping.ttl", folder / "output.nq"
    mapping.write_text(text, encoding="utf-8")
    run(mapping, output, database=DatabaseAccess(database))
    return output


def literals(path: Path) -> dict[str, tuple[str, str]]:
    """Predicate to lexical form and local name of the datatype."""
    found = {}
    for name, term in objects(path).items():
        assert isinstance(term, ox.Literal)
        found[name] = (term.value, term.datatype.value.rpartition("#")[2])
    return found


# -- types ---------------------------------------------------------------------------

POSTGRESQL_TYPES = {
    "n": (
        "12345678901234567890.50::numeric(30, 2)",
        "12345678901234567890.5",
        "decimal",
    ),
    "whole": ("10.00::numeric", "10", "decimal"),
    "i": ("9223372036854775807::bigint", "9223372036854775807", "integer"),
    "r": ("1.5::real", "1.5E0", "double"),
    "f": ("-0.1::double precision", "-1.0E-1", "double"),
    "b": ("false", "false", "boolean"),
    "d": ("date '2020-02-29'", "2020-02-29", "date"),
    "t": ("time '10:30:00'", "10:30:00", "time"),
    "tz": ("timetz '10:30:00+02'", "10:30:00+02:00", "time"),
    "ts": ("timestamp '2020-01-01 10:30:00.25'", "2020-01-01T10:30:00.25", "dateTime"),
    "tstz": ("timestamptz '2020-01-01 12:00+02'", "2020-01-01T10:00:00Z", "dateTime"),
    "by": (r"'\x00ff'::bytea", "00FF", "hexBinary"),
    "c": ("'x'::char(3)", "x  ", "string"),
    "u": (
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "string",
    ),
    "j": ("""'{"a": 1}'::jsonb""", '{"a": 1}', "string"),
    "a": ("array[1, 2]", "{1,2}", "string"),
    "iv": ("interval '1 day'", "1 day", "string"),
}


def test_types_of_postgresql(postgresql: Server, tmp_path: Path) -> None:
    columns = ", ".join(f'{sql} AS "{k}"' for k, (sql, *_) in POSTGRESQL_TYPES.items())
    query = f"SELECT 1 AS id, {columns}".replace("\\", "\\\\")
    output = convert(r2rml(query, *POSTGRESQL_TYPES), tmp_path, postgresql.url)
    assert literals(output) == {k: tuple(v[1:]) for k, v in POSTGRESQL_TYPES.items()}


MARIADB_COLUMNS = {
    "n": (
        "DECIMAL(30,2)",
        "12345678901234567890.50",
        "12345678901234567890.5",
        "decimal",
    ),
    "i": ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615", "integer"),
    "f": ("DOUBLE", "-0.1", "-1.0E-1", "double"),
    "b": ("BOOLEAN", "1", "true", "boolean"),
    "d": ("DATE", "'2020-02-29'", "2020-02-29", "date"),
    "t": ("TIME", "'10:30:00'", "10:30:00", "time"),
    "dt": (
        "DATETIME(3)",
        "'2020-01-01 10:30:00.25'",
        "2020-01-01T10:30:00.25",
        "dateTime",
    ),
    "bin": ("VARBINARY(9)", "X'00FF'", "00FF", "hexBinary"),
    "e": ("ENUM('ice','sea')", "'ice'", "ice", "string"),
    "s": ("TEXT", "'Tromsø'", "Tromsø", "string"),
}


def test_types_of_mariadb(mariadb: Server, tmp_path: Path) -> None:
    columns = ", ".join(f"`{k}` {v[0]}" for k, v in MARIADB_COLUMNS.items())
    values = ", ".join(v[1] for v in MARIADB_COLUMNS.values())
    script = [
        "DROP TABLE IF EXISTS kinds",
        f"CREATE TABLE kinds (id INT, {columns}) CHARSET utf8mb4",
        f"INSERT INTO kinds VALUES (1, {values})",  # noqa: S608 - ours
    ]
    mariadb_script(mariadb.port, script)
    text = r2rml("SELECT * FROM kinds", *MARIADB_COLUMNS)
    output = convert(text, tmp_path, mariadb.url)
    assert literals(output) == {k: v[2:] for k, v in MARIADB_COLUMNS.items()}


def test_types_of_sqlite_are_those_of_values(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ice.db")) as connection:
        connection.executescript(
            "CREATE TABLE t (id INTEGER, d DATE, bad DATE, b BOOLEAN, n DECIMAL(9,2),"
            " ts TIMESTAMP, f REAL, x);"
            "INSERT INTO t VALUES (1, '2020-02-29', '2020-02-30', 1, 10.50,"
            " '2020-01-01 10:30:00.250', 2, x'00ff');"
        )
    columns = ("id", "d", "bad", "b", "n", "ts", "f", "x")
    output = convert(
        r2rml("SELECT * FROM t", *columns), tmp_path, str(tmp_path / "ice.db")
    )
    assert literals(output) == {
        "id": ("1", "integer"),
        "d": ("2020-02-29", "date"),
        "bad": ("2020-02-30", "string"),
        "b": ("true", "boolean"),
        "n": ("10.5", "decimal"),
        "ts": ("2020-01-01T10:30:00.25", "dateTime"),
        "f": ("2.0E0", "double"),
        "x": ("00FF", "hexBinary"),
    }


def test_null_makes_no_triple(postgresql: Server, tmp_path: Path) -> None:
    query = "SELECT * FROM (VALUES (1, NULL), (NULL, 'a'), (2, 'b')) AS t (id, v)"
    output = convert(r2rml(query, "v"), tmp_path, postgresql.url)
    assert quads(output) == {
        '<http://example.com/2> <http://example.com/v> "b"',
    }


@pytest.mark.parametrize("value", ["date 'infinity'", "timestamp '0044-03-15 BC'"])
def test_dates_that_rdf_cannot_say(
    value: str, postgresql: Server, tmp_path: Path
) -> None:
    text = r2rml(f"SELECT 1 AS id, {value} AS d", "d")
    with pytest.raises(SourceError, match="infinite, before year 1 or after"):
        convert(text, tmp_path, postgresql.url)
    assert not (tmp_path / "output.nq").exists()


# -- geometries ----------------------------------------------------------------------

POLAR = "ST_SetSRID(ST_MakePoint(-489524, -1426091), 3413)"


@pytest.mark.parametrize("type_name", ["geometry(Point, 3413)", "geometry"])
def test_postgis_geometry_keeps_its_crs(
    type_name: str, postgresql: Server, tmp_path: Path
) -> None:
    text = r2rml(f"SELECT 1 AS id, {POLAR}::{type_name} AS g", "g")
    output = convert(text, tmp_path, postgresql.url)
    assert quads(output) >= {
        (
            "<http://example.com/1> <http://example.com/g> "
            '"<http://www.opengis.net/def/crs/EPSG/0/3413> POINT (-489524 -1426091)"'
            "^^<http://www.opengis.net/ont/geosparql#wktLiteral>"
        )
    }


def test_axes_of_epsg_4326_are_those_of_the_authority(
    postgresql: Server, mariadb: Server, tmp_path: Path
) -> None:
    point = "ST_GeomFromText('POINT(18.9 69.6)', 4326)"
    text = r2rml(f"SELECT 1 AS id, {point} AS g", "g")
    expected = "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (69.6 18.9)"
    for server in (postgresql, mariadb):
        (term,) = objects(convert(text, tmp_path, server.url)).values()
        assert term.value == expected, server.kind


def test_geometries_in_several_crss_are_refused(
    postgresql: Server, tmp_path: Path
) -> None:
    query = (
        f"SELECT 1 AS id, {POLAR} AS g UNION ALL "
        "SELECT 2, ST_SetSRID(ST_MakePoint(1, 2), 4326)"
    )
    with pytest.raises(InvalidMapping, match="SRID 3413, 4326"):
        convert(r2rml(query, "g"), tmp_path, postgresql.url)


def test_a_geometry_without_a_crs_is_refused(
    postgresql: Server, tmp_path: Path
) -> None:
    with pytest.raises(InvalidMapping, match="no known CRS"):
        convert(
            r2rml("SELECT 1 AS id, ST_MakePoint(1, 2) AS g", "g"),
            tmp_path,
            postgresql.url,
        )


# -- streams -------------------------------------------------------------------------


def _source(server: Server, query: str) -> LogicalSource:
    return LogicalSource("node", SQL_VIEW, DatabaseAccess(server.url), query)


ENDLESS = {
    "postgresql": "SELECT generate_series(1, 1000000000000) AS id",
    "mysql": "SELECT seq AS id FROM seq_1_to_1000000000000",
}


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_rows_are_streamed(name: str, request: pytest.FixtureRequest) -> None:
    """The first batches come although the last never would; then the query ends."""
    server: Server = request.getfixturevalue(name)
    logical = _source(server, ENDLESS[server.kind])
    source = open_database_source(DatabaseAccess(server.url), logical, Path)
    reader = source.stream({"id": "id"})
    batches = list(itertools.islice(reader, 3))
    reader.close()
    values = [value for one in batches for value in one.column(0).to_pylist()]
    assert values == list(range(1, len(values) + 1))
    assert all(one.num_rows for one in batches)


def test_a_database_that_goes_away_half_way(postgresql: Server, tmp_path: Path) -> None:
    """One row ends the connection of the others' reader."""
    query = (
        "SELECT g AS id, CASE WHEN g = 200000 THEN"
        " pg_terminate_backend(pg_backend_pid())::text ELSE 'a' END AS v"
        " FROM generate_series(1, 300000) AS g"
    )
    with pytest.raises(SourceError, match=r"postgresql://127.0.0.1:\d+/test"):
        convert(r2rml(query, "v"), tmp_path, postgresql.url)
    assert list(tmp_path.iterdir()) == [tmp_path / "mapping.ttl"]


def test_a_query_cannot_write(postgresql: Server, tmp_path: Path) -> None:
    postgresql_script(
        postgresql.port,
        "CREATE OR REPLACE FUNCTION write_something() RETURNS int LANGUAGE plpgsql AS"
        " 'BEGIN CREATE TABLE written (id int);RETURN 1;END'",
    )
    text = r2rml("SELECT 1 AS id, write_something() AS v", "v")
    with pytest.raises(SourceError, match="read-only transaction"):
        convert(text, tmp_path, postgresql.url)


# -- what goes wrong -----------------------------------------------------------------

WRONG = {
    "unknown table": (r2rml("SELECT * FROM absent", "v"), "absent"),
    "syntax": (r2rml("SELEC 1", "v"), "SELEC|SQL syntax"),
    "unknown column": (r2rml("SELECT 1 AS id", "v"), "the query has no column"),
    "two names": (
        r2rml("SELECT 1 AS id, 2 AS v, 3 AS v", "v"),
        r"several columns named \['v'\]|Duplicate column name 'v'",
    ),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("name", ["sqlite", "postgresql", "mariadb"])
def test_what_is_wrong_is_told_with_its_node(
    what: str, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if name == "sqlite":
        database = str(tmp_path / "empty.db")
        sqlite3.connect(database).close()
        Path(database).touch()
    else:
        database = request.getfixturevalue(name).url
    text, message = WRONG[what]
    with pytest.raises(InvalidMapping, match=message) as raised:
        convert(text, tmp_path, database)
    nodes = {problem.node for problem in raised.value.problems}
    assert all(node.startswith("<http://example.com/map>") for node in nodes)
    assert PASSWORD not in str(raised.value)


def test_a_mapping_of_r2rml_needs_a_database(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.ttl"
    mapping.write_text(r2rml("SELECT 1 AS id", "id"), encoding="utf-8")
    with pytest.raises(InvalidMapping, match="names no database"):
        run(mapping, tmp_path / "output.nq")


D2RQ_MAPPING = """
ex:map rml:logicalSource [ rml:source ex:db ; rml:iterator "t" ;
    rml:referenceFormulation rml:SQL2008Table ] ;
  rml:subjectMap [ rml:template "http://example.com/{id}" ] .
ex:db a d2rq:Database ; d2rq:jdbcDSN "%s" ; d2rq:username "me" ;
  d2rq:password "%s" .
"""

UNREACHABLE = {
    "wrong password": "jdbc:{0.kind}://127.0.0.1:{0.port}/test",
    "nobody there": "jdbc:{0.kind}://127.0.0.1:1/test",
    "no port": "jdbc:{0.kind}://me:wr0ng-pass@127.0.0.1:port/test",
    "no such database": "jdbc:{0.kind}://127.0.0.1:{0.port}/absent",
    "another kind": "jdbc:sqlserver://127.0.0.1;password=wr0ng-pass",
    "in the URL": "jdbc:{0.kind}://127.0.0.1:{0.port}/test?password=wr0ng-pass",
}


@pytest.mark.parametrize("what", UNREACHABLE)
@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_passwords_are_in_no_message(
    what: str, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: Server = request.getfixturevalue(name)
    dsn = UNREACHABLE[what].format(server)
    mapping = tmp_path / "mapping.ttl"
    mapping.write_text(R2RML + D2RQ_MAPPING % (dsn, "wr0ng-pass"), encoding="utf-8")
    with pytest.raises(InvalidMapping) as raised:
        run(mapping, tmp_path / "output.nq")
    problem = raised.value.problems[0]
    assert problem.node.startswith("<http://example.com/map> logicalSource")
    chain: BaseException | None = raised.value
    while chain is not None:
        assert "wr0ng-pass" not in str(chain)
        chain = chain.__cause__


def test_a_password_is_in_no_repr() -> None:
    access = DatabaseAccess("postgresql://h/d", "me", "wr0ng-pass")
    assert "wr0ng-pass" not in repr(access)
    assert "wr0ng-pass" not in repr(LogicalSource("node", SQL_VIEW, access, "q"))


def test_a_database_described_in_the_mapping(
    postgresql: Server, tmp_path: Path
) -> None:
    postgresql_script(
        postgresql.port,
        "DROP TABLE IF EXISTS t;\nCREATE TABLE t (id int, name text);\n"
        "INSERT INTO t VALUES (1, 'Tromsø');\nGRANT SELECT ON t TO me",
    )
    text = R2RML + D2RQ_MAPPING % (f"jdbc:{postgresql.dsn}", PASSWORD)
    text += (
        "ex:map rml:predicateObjectMap [ rml:predicate ex:name ;"
        ' rml:objectMap [ rml:reference "name" ] ] .'
    )
    mapping, output = tmp_path / "mapping.ttl", tmp_path / "output.nq"
    mapping.write_text(text, encoding="utf-8")
    run(mapping, output)
    assert quads(output) == {
        '<http://example.com/1> <http://example.com/name> "Tromsø"'
    }


def test_a_sqlite_file_of_a_mapping_lies_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    mapping = folder / "mapping.ttl"
    text = R2RML + D2RQ_MAPPING % ("jdbc:sqlite:../secret.db", "")
    mapping.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidMapping, match="leads out of the mapping's folder"):
        run(mapping, folder / "output.nq")
