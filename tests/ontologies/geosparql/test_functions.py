"""The function table against the lists that OGC publishes."""

import re
from pathlib import Path

import pytest
import rdflib

from ontologies.geosparql.functions import FUNCTIONS, FUNCTIONS_BY_IRI
from ontologies.namespaces import GEOF

VOCABULARIES = (
    "1.1/funcsrules.ttl",
    "1.1/sa_functions.ttl",
    "servicedescription/servicedescription_all_functions.ttl",
)
# Annex B writes the names of these two links with a doubled c; the vocabularies do not.
MISPRINTS = {"rcc8dcc": "rcc8dc", "rcc8ecc": "rcc8ec"}


@pytest.fixture(scope="module")
def ogc(suites: Path) -> Path:
    return suites / "geosparql-1.1-ogc"


def listed_functions(file: Path) -> set[str]:
    graph = rdflib.Graph().parse(file)
    return {
        str(term)
        for triple in graph
        for term in triple
        if str(term).startswith(GEOF)
        and (term, rdflib.RDF.type, rdflib.SKOS.Collection) not in graph
    }


def annex_functions(ogc: Path) -> set[str]:
    text = (ogc / "spec/sections/ab-functions_summary.adoc").read_text()
    names = re.findall(r"\| <<[^,]*(?:Functions)?, (\w+)>> \|", text)
    return {GEOF + MISPRINTS.get(name, name) for name in names}


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_every_function_of_a_vocabulary_is_in_the_table(
    ogc: Path, vocabulary: str
) -> None:
    listed = listed_functions(ogc / vocabulary)
    assert len(listed) >= 7
    assert listed <= set(FUNCTIONS_BY_IRI)


def test_every_function_of_annex_b_is_in_the_table(ogc: Path) -> None:
    listed = annex_functions(ogc)
    assert len(listed) > 60
    assert listed <= set(FUNCTIONS_BY_IRI)


def test_no_function_of_the_table_is_invented(ogc: Path) -> None:
    listed = annex_functions(ogc).union(
        *(listed_functions(ogc / vocabulary) for vocabulary in VOCABULARIES)
    )
    assert {function.iri for function in FUNCTIONS.values()} <= listed


def test_each_requirement_names_its_function(ogc: Path) -> None:
    graph = rdflib.Graph().parse(ogc / "1.1/reqs.ttl")
    for function in FUNCTIONS.values():
        if function.requirement is None:
            continue
        text = graph.value(rdflib.URIRef(function.requirement), rdflib.SKOS.definition)
        plain = function.name.removeprefix("agg")
        names = (function.name, *function.aliases, plain[:1].lower() + plain[1:])
        assert any(f"geof:{name}" in str(text) for name in names), function.name
