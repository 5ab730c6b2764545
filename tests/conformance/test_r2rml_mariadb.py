"""The W3C's R2RML test cases on a MariaDB server."""

from pathlib import Path

import pytest

from geotriples.mapping.model import DatabaseAccess
from tests.conformance.rdb2rdf_databases import make_mariadb
from tests.conformance.rdb2rdf_suite import read_cases
from tests.database_servers import Server
from tests.expected_failures import assert_all_known, load, parametrize

CASES = read_cases("R2RML")
EXPECTED = load(
    Path(__file__).with_name("r2rml_mariadb_expected_failures.toml"),
    [pytest.fail.Exception],
)


@pytest.mark.parametrize("case", parametrize(CASES or EXPECTED, EXPECTED))
def test_r2rml_on_mariadb(
    case: str, suites: Path, mariadb: Server, tmp_path: Path
) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    make_mariadb(CASES[case].script, mariadb)
    CASES[case].check(DatabaseAccess(mariadb.url), tmp_path)


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert len(CASES) == 69
    assert_all_known(EXPECTED, CASES)
