"""The samples of OGC GeoSPARQL 1.1: which are valid, and which are not."""

from pathlib import Path
from typing import Final

import pytest
import rdflib

from ontologies.validation import conforms, geosparql_shapes, validate
from tests.conformance.manifests import SUITES

SUITE: Final = "geosparql-1.1-ogc/examples/shacl"
SAMPLES: Final = {path.stem: path for path in sorted((SUITES / SUITE).glob("*.ttl"))}
"""By their names, which say what they are."""


@pytest.fixture(scope="module")
def shapes() -> rdflib.Graph:
    return geosparql_shapes()


def test_all_samples_are_there(suites: Path) -> None:
    assert (suites / SUITE).is_dir()
    assert len(SAMPLES) == 48


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_judged_as_its_name_says(name: str, shapes: rdflib.Graph) -> None:
    findings = validate(rdflib.Graph().parse(SAMPLES[name]), shapes)
    assert conforms(findings) == name.endswith("-valid"), findings
