"""RML LV's own test cases, read from their metadata where they lie."""

from pathlib import Path

import pytest

from geotriples.errors import InvalidMapping
from tests.conformance.rml_suite import read_suite
from tests.expected_failures import assert_all_known, load, parametrize

SUITE = read_suite("rml-lv")
EXPECTED = load(
    Path(__file__).with_name("rml_lv_expected_failures.toml"), [InvalidMapping]
)


@pytest.mark.parametrize("case", parametrize(SUITE.cases or EXPECTED, EXPECTED))
def test_rml_lv(case: str, suites: Path, tmp_path: Path) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    SUITE.check(case, tmp_path)


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert len(SUITE.cases) == 41
    assert_all_known(EXPECTED, SUITE.cases)
