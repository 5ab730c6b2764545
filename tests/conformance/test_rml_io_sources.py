"""The cases of RML-IO and of its registry that are about sources, but for databases."""

import json
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

from geotriples.errors import InvalidMapping
from tests.conformance.rml_suite import read_suite
from tests.expected_failures import assert_all_known, load, parametrize

IO: Final = read_suite("rml-io")
REGISTRY: Final = read_suite("rml-io-registry")
# Of databases: MySQL, PostgreSQL and SQL Server in the registry, D2RQ in RML-IO.
DATABASES: Final = (
    *(f"RMLIOREGTC000{digit}" for digit in "456"),
    "RMLSTC0006a",
)
CASES: Final = {
    case: suite
    for suite in (IO, REGISTRY)
    for case in suite.cases
    if case.startswith(("RMLSTC", "RMLIOREGTC")) and not case.startswith(DATABASES)
}
EXPECTED = load(
    Path(__file__).with_name("rml_io_sources_expected_failures.toml"),
    [InvalidMapping, pytest.fail.Exception],
)
# What stands for hosts that a test cannot ask, by the URL's last name.
HOSTED: Final = {
    "RMLIOREGTC0007a": "http://w3id.org/rml/resources/rml-io/RMLSTC0006a/Friends.json",
    "RMLIOREGTC0008a": "http://w3id.org/rml/resources/rml-io/RMLSTC0006e/Friends.json",
    "RMLIOREGTC0012a": "http://w3id.org/rml/resources/rml-io/RMLSTC0006d/Friends.csv",
}
DBPEDIA: Final = "http://dbpedia.org/sparql/"


@pytest.mark.parametrize("case", parametrize(CASES or EXPECTED, EXPECTED))
def test_rml_io_sources(
    case: str, suites: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    suite = CASES[case]
    monkeypatch.chdir(suite.folder / case)
    sources = {}
    if url := HOSTED.get(case):
        sources[url] = suite.folder / case / url.rpartition("/")[2]
    if case == "RMLIOREGTC0011a":
        sources[DBPEDIA] = _dbpedia(suite.folder / case / "output.nq", tmp_path)
    suite.check(case, tmp_path, sources)


def _dbpedia(expected: Path, folder: Path) -> Path:
    """An endpoint's answer, made of the triples that are expected of it."""
    triples = ox.parse(path=expected, format=ox.RdfFormat.N_QUADS)
    bindings = [
        {
            "actor": {"type": "uri", "value": one.subject.value},
            "name": {"type": "literal", "value": one.object.value},
        }
        for one in triples
    ]
    answer = {"head": {"vars": ["actor", "name"]}, "results": {"bindings": bindings}}
    path = folder / "dbpedia.srj"
    path.write_text(json.dumps(answer), "utf-8")
    return path


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert len(CASES) == 56
    assert_all_known(EXPECTED, CASES)
