"""The service says all that it does of GeoSPARQL 1.1, by OGC's own lists."""

from pathlib import Path

import pytest
import rdflib

from ontologies.namespaces import DCTERMS, GEOF, SD
from ontologies.rdfs import Entailment
from tests.api.conftest import Connect

SPEC = "http://www.opengis.net/spec/geosparql/1.1/conf/"
ALWAYS = {
    "core",
    "topology-vocab-extension",
    "geometry-extension",
    "geometry-extension-dggs",
    "geometry-topology-extension",
}
BRANCHES = {"common", "eh", "nonTopo", "rcc", "sa", "sf", ""}
"""IRIs of the vocabulary of functions that group them."""


def _values(connect: Connect, predicate: str, **settings: object) -> set[str]:
    answer = connect(**settings).get("/sparql", headers={"Accept": "text/turtle"})
    graph = rdflib.Graph().parse(data=answer.text, format="turtle")
    return {str(value) for value in graph.objects(None, rdflib.URIRef(predicate))}


def _objects(path: Path, name: str) -> set[str]:
    graph = rdflib.Graph().parse(path)
    return {str(each) for each in graph.objects(None, rdflib.URIRef(SD.term(name)))}


def test_every_function_of_ogc_is_described(suites: Path, connect: Connect) -> None:
    folder = suites / "geosparql-1.1-ogc"
    listed = folder / "servicedescription" / "servicedescription_all_functions.ttl"
    functions = _values(connect, SD.term("extensionFunction"))
    aggregates = _values(connect, SD.term("extensionAggregate"))
    assert _objects(listed, "extensionFunction") <= functions
    assert _objects(listed, "extensionAggregate") <= aggregates
    known = {str(each) for each in _functions(folder / "1.1")}
    assert len(known) > 60
    assert known <= functions | aggregates


def _functions(folder: Path) -> set[rdflib.URIRef]:
    return {
        subject
        for name in ("funcsrules.ttl", "sa_functions.ttl")
        for subject in rdflib.Graph().parse(folder / name).subjects()
        if isinstance(subject, rdflib.URIRef)
        and subject.startswith(GEOF)
        and subject.removeprefix(GEOF) not in BRANCHES
    }


@pytest.mark.parametrize(
    ("settings", "classes"),
    [
        ({}, ALWAYS | {"query-rewrite-extension"}),
        ({"rewrite_relations": False}, ALWAYS),
        (
            {"entailment": Entailment.RDFS},
            ALWAYS | {"query-rewrite-extension", "rdfs-entailment-extension"},
        ),
        (
            {"entailment": Entailment.RDFS, "geosparql_axioms": False},
            ALWAYS | {"query-rewrite-extension"},
        ),
    ],
)
def test_the_conformance_classes_are_those_of_the_settings(
    connect: Connect, settings: dict[str, object], classes: set[str]
) -> None:
    found = _values(connect, DCTERMS.term("conformsTo"), **settings)
    assert found == {SPEC + each for each in classes}
    features = _values(connect, SD.term("feature"), **settings)
    assert features == {f"{SPEC}{each}/" for each in classes}


def test_all_classes_of_ogc_are_known(suites: Path, connect: Connect) -> None:
    folder = suites / "geosparql-1.1-ogc" / "servicedescription"
    listed = _objects(folder / "servicedescription_extensions.ttl", "feature")
    assert _values(connect, SD.term("feature"), entailment=Entailment.RDFS) == listed


def test_federated_queries_are_a_feature_where_they_are_allowed(
    connect: Connect,
) -> None:
    feature = SD.term("BasicFederatedQuery")
    assert feature not in _values(connect, SD.term("feature"))
    allowed = {"allow_service": ("http://example.org/",)}
    assert feature in _values(connect, SD.term("feature"), **allowed)
