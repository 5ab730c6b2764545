"""The samples of OGC GeoSPARQL 1.1: which are valid, and which are not."""

from pathlib import Path
from typing import Final

import pytest
import rdflib

from ontologies.namespaces import GEO
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


def test_the_shapes_use_terms_of_geosparql_that_there_are(
    suites: Path, shapes: rdflib.Graph
) -> None:
    ontology = rdflib.Graph().parse(suites / "geosparql-1.1-ogc" / "1.1" / "geo.ttl")
    defined = set(ontology.subjects())
    used = {
        term
        for triple in shapes
        for term in triple
        if isinstance(term, rdflib.URIRef) and term.startswith(GEO)
    }
    assert used
    assert used <= defined


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_judged_as_its_name_says(name: str, shapes: rdflib.Graph) -> None:
    findings = validate(rdflib.Graph().parse(SAMPLES[name]), shapes)
    assert conforms(findings) == name.endswith("-valid"), findings
