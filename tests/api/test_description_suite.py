"""The W3C's tests of the SPARQL 1.1 Service Description: three sentences, no data."""

from collections.abc import Callable
from typing import Final

import pyoxigraph as ox
import pytest

from ontologies.namespaces import DCTERMS, ENT, RDF, SD
from ontologies.rdfs import Entailment
from tests.api.conftest import Connect
from tests.conformance.manifests import SUITES
from tests.conformance.query_cases import read_graph

MANIFEST: Final = SUITES / "w3c-rdf-tests/sparql/sparql11/service-description"
PROPERTIES: Final = {
    "endpoint",
    "feature",
    "defaultEntailmentRegime",
    "entailmentRegime",
    "defaultSupportedEntailmentProfile",
    "supportedEntailmentProfile",
    "extensionFunction",
    "extensionAggregate",
    "languageExtension",
    "supportedLanguage",
    "propertyFeature",
    "defaultDataset",
    "availableGraphs",
    "resultFormat",
    "inputFormat",
    "defaultGraph",
    "namedGraph",
    "name",
    "graph",
}
CLASSES: Final = {
    "Service",
    "Feature",
    "Language",
    "Function",
    "Aggregate",
    "EntailmentRegime",
    "EntailmentProfile",
    "GraphCollection",
    "Dataset",
    "Graph",
    "NamedGraph",
}


def _describe(connect: Connect, **settings: object) -> set[ox.Triple]:
    answer = connect(**settings).get("/sparql", headers={"Accept": "text/turtle"})
    assert answer.status_code == 200
    parsed = ox.parse(input=answer.content, format=ox.RdfFormat.TURTLE)
    return {quad.triple for quad in parsed}


def _node(iri: str) -> ox.NamedNode:
    return ox.NamedNode(iri)


def _returns_rdf(triples: set[ox.Triple]) -> None:
    assert triples


def _has_endpoint(triples: set[ox.Triple]) -> None:
    endpoints = {t.object for t in triples if t.predicate == _node(SD.term("endpoint"))}
    assert endpoints == {_node("http://testserver/sparql")}


def _conforms(triples: set[ox.Triple]) -> None:
    """Only terms of the vocabulary, and only IRIs as values (section 3)."""
    for triple in triples:
        predicate = triple.predicate.value
        if predicate.startswith(SD):
            assert SD.local(predicate) in PROPERTIES
            assert isinstance(triple.object, ox.NamedNode)
        else:
            assert isinstance(triple.object, ox.NamedNode)
            if predicate != DCTERMS.term("conformsTo"):
                assert predicate == RDF.term("type")
                assert SD.local(triple.object.value) in CLASSES


CHECKS: Final[dict[str, Callable[[set[ox.Triple]], None]]] = {
    "returns-rdf": _returns_rdf,
    "has-endpoint-triple": _has_endpoint,
    "conforms-to-schema": _conforms,
}


@pytest.mark.parametrize("case", CHECKS)
def test_service_description(case: str, connect: Connect) -> None:
    CHECKS[case](_describe(connect))


@pytest.mark.usefixtures("suites")
def test_the_suite_has_no_other_case() -> None:
    graph = read_graph(MANIFEST / "manifest.ttl")
    tests = graph.quads_for_predicate(_node(RDF.term("type")))
    names = {str(q.subject).rpartition("#")[2].rstrip(">") for q in tests}
    assert {name for name in names if name in CHECKS} == set(CHECKS)
    assert len(names) == len(CHECKS) + 1  # the manifest itself


@pytest.mark.parametrize(
    ("entailment", "regime"), [(None, "Simple"), (Entailment.RDFS, "RDFS")]
)
def test_the_regime_is_described(
    connect: Connect, entailment: Entailment | None, regime: str
) -> None:
    triples = _describe(connect, entailment=entailment)
    predicate = _node(SD.term("defaultEntailmentRegime"))
    regimes = {t.object for t in triples if t.predicate == predicate}
    assert regimes == {_node(ENT.term(regime))}
