"""The README says what the manifests and the lists of expected failures say."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.conformance.report import (
    README,
    ROOT,
    Outcomes,
    read_suites,
    rewrite,
    write_earl,
    write_table,
)


def test_the_readme_is_counted(suites: Path) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    text = README.read_text("utf-8")
    counted = rewrite(text, write_table(read_suites()))
    assert text == counted, "run python -m tests.conformance.report --count"


@pytest.mark.usefixtures("suites")
def test_every_list_of_failures_is_linked() -> None:
    linked = {suite._list for suite in read_suites() if suite.failures}
    written = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").rglob("*_expected_failures.toml")
        if "[[case]]" in path.read_text("utf-8")
    }
    assert linked == written


@pytest.mark.usefixtures("suites")
def test_earl_has_an_assertion_for_each_case() -> None:
    suites = read_suites()
    first = suites[0]
    path = Path(str(first.module.__file__)).relative_to(ROOT).as_posix()
    outcomes = Outcomes({(path, first.cases[0]): "passed"})
    triples = list(ox.parse(write_earl(suites, outcomes), ox.RdfFormat.TURTLE))
    found = [t.object.value for t in triples if t.predicate.value.endswith("#outcome")]
    assert len(found) == sum(len(suite.cases) for suite in suites)
    assert min(found).endswith("#passed")
