"""RML Core's own test cases, read from their metadata where they lie."""

import csv
import os
from pathlib import Path

import pyoxigraph as ox
import pytest

from geotriples.errors import InvalidData, MappingError
from geotriples.run_local import run
from tests.expected_failures import assert_all_known, load, parametrize

ROOT = Path(__file__).resolve().parent.parent.parent
SUITE = (
    Path(os.environ.get("PYTHEAS_SUITES", ROOT.parent / "shared" / "suites"))
    / "rml-modules/rml-core/test-cases"
)
EXPECTED = load(
    Path(__file__).with_name("rml_core_expected_failures.toml"), [InvalidData]
)


def _cases() -> dict[str, dict[str, str]]:
    metadata = SUITE / "metadata.csv"
    if not metadata.is_file():
        return {}
    with metadata.open(encoding="utf-8") as file:
        return {row["ID"]: row for row in csv.DictReader(file)}


CASES = _cases()


@pytest.mark.parametrize("case", parametrize(CASES or EXPECTED, EXPECTED))
def test_rml_core(case: str, suites: Path, tmp_path: Path) -> None:
    del suites  # skips, or fails in CI, where the suites are absent
    row = CASES[case]
    mapping = SUITE / case / row["mapping"]
    output = tmp_path / "output.nq"
    if row["error"] == "true":
        with pytest.raises(MappingError):
            run(mapping, output, base=row["base_iri"])
        assert not output.exists()
        return
    run(mapping, output, base=row["base_iri"])
    assert _canonical(output) == _canonical(SUITE / case / row["output1"])


def _canonical(path: Path) -> ox.Dataset:
    dataset = ox.Dataset(ox.parse(path=path, format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def test_every_expected_failure_names_a_case(suites: Path) -> None:
    del suites
    assert len(CASES) == 76
    assert_all_known(EXPECTED, CASES)
