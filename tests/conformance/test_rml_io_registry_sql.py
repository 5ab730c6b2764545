"""RML IO-Registry's cases of databases, on real servers: MariaDB for MySQL, PostgreSQL.

The 25 cases of SQL Server are not run: there is no such server to be had.  Literals of
xsd:double are compared by value: the suite writes 80.25, which is not canonical.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest

from geotriples.errors import InvalidMapping, MappingError
from geotriples.run_local import run
from tests.conformance.rml_suite import BASE, read_suite
from tests.database_servers import (
    PASSWORD,
    Server,
    mariadb_script,
    postgresql_script,
    statements,
)
from tests.expected_failures import assert_all_known, load, parametrize

SUITE = read_suite("rml-io-registry")
DOUBLE = ox.NamedNode("http://www.w3.org/2001/XMLSchema#double")


def _cases(number: str) -> Mapping[str, Mapping[str, str]]:
    prefix = f"RMLIOREGTC{number}"
    return {key: row for key, row in SUITE.cases.items() if key.startswith(prefix)}


MYSQL, POSTGRESQL, SQL_SERVER = _cases("0004"), _cases("0005"), _cases("0006")
CASES = {**MYSQL, **POSTGRESQL}
EXPECTED = load(
    Path(__file__).with_name("rml_io_registry_sql_expected_failures.toml"),
    [InvalidMapping, pytest.fail.Exception],
)


@pytest.mark.parametrize("case", parametrize(CASES or EXPECTED, EXPECTED))
def test_rml_io_registry_sql(
    case: str, suites: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    name = "mariadb" if case in MYSQL else "postgresql"
    server: Server = request.getfixturevalue(name)
    script = (SUITE.folder / case / "resource.sql").read_text(encoding="utf-8")
    if case in MYSQL:
        start = ["DROP DATABASE IF EXISTS test", "CREATE DATABASE test"]
        script = re.sub(r"--.*", "", script)
        mariadb_script(server.port, [*start, *statements(script)], database="mysql")
    else:
        make_postgresql(script, server)
    Case(SUITE.folder / case, CASES[case], server).check(tmp_path)


def make_postgresql(script: str, server: Server) -> None:
    """The tables of a script, in a schema of their own."""
    # One script is MySQL's.
    text = script.replace("USE test;", "").replace("test.", "")
    postgresql_script(
        server.port,
        "DROP SCHEMA IF EXISTS cases CASCADE;\nCREATE SCHEMA cases;\n"
        "GRANT USAGE ON SCHEMA cases TO me;\n"
        "ALTER ROLE me SET search_path = cases, public;\nSET search_path = cases;\n"
        f"{text};\nGRANT SELECT ON ALL TABLES IN SCHEMA cases TO me",
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A case whose database is there."""

    folder: Path
    row: Mapping[str, str]
    server: Server

    def check(self, folder: Path) -> None:
        """Run the mapping with the address of the server in it."""
        mapping, output = folder / "mapping.ttl", folder / "output.nq"
        text = (self.folder / self.row["mapping"]).read_text(encoding="utf-8")
        text = text.replace("CONNECTIONDSN", f"jdbc:{self.server.dsn}")
        text = re.sub(r'(d2rq:username) "[^"]*"', r'\1 "me"', text)
        text = re.sub(r'(d2rq:password) "[^"]*"', rf'\1 "{PASSWORD}"', text)
        mapping.write_text(text, encoding="utf-8")
        if self.row["error"] == "true":
            with pytest.raises(MappingError):
                run(mapping, output, base=BASE)
            assert not output.exists()
            return
        run(mapping, output, base=BASE)
        assert _by_value(output) == _by_value(self.folder / self.row["output1"])


def _by_value(path: Path) -> ox.Dataset:
    dataset = ox.Dataset()
    for quad in ox.parse(path=path, format=ox.RdfFormat.N_QUADS):
        term = quad.object
        if isinstance(term, ox.Literal) and term.datatype == DOUBLE:
            term = ox.Literal(repr(float(term.value)), datatype=DOUBLE)
        dataset.add(ox.Quad(quad.subject, quad.predicate, term, quad.graph_name))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert [len(MYSQL), len(POSTGRESQL), len(SQL_SERVER)] == [26, 26, 25]
    assert_all_known(EXPECTED, CASES)
