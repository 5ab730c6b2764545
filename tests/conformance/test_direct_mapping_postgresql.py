"""The W3C's cases of the Direct Mapping on a PostgreSQL server."""

from pathlib import Path

import pytest

from geotriples.mapping.model import DatabaseAccess
from geotriples.sources.sql_catalog import open_database
from tests.conformance.rdb2rdf_databases import make_postgresql
from tests.conformance.rdb2rdf_suite import read_cases
from tests.database_servers import Server
from tests.expected_failures import assert_all_known, load, parametrize

CASES = read_cases("DirectMapping")
EXPECTED = load(
    Path(__file__).with_name("direct_mapping_postgresql_expected_failures.toml"),
    [pytest.fail.Exception],
)


@pytest.mark.parametrize("case", parametrize(CASES or EXPECTED, EXPECTED))
def test_direct_mapping_on_postgresql(
    case: str, suites: Path, postgresql: Server, tmp_path: Path
) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    make_postgresql(CASES[case].script, postgresql)
    access = DatabaseAccess(postgresql.url)
    CASES[case].check_direct(access, open_database(access, Path), tmp_path)


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert len(CASES) == 26
    assert_all_known(EXPECTED, CASES)
