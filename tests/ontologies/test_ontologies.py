"""Our OWL files: every term described, every foreign term declared, nothing fetched."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from ontologies.namespaces import (
    CODE,
    CROP,
    CRS,
    DCTERMS,
    EO,
    GEO,
    ICE,
    OWL,
    RDF,
    RDFS,
    SH,
    SKOS,
    XSD,
)
from ontologies.validation import GEOSPARQL_SHAPES_FILE
from ontologies.vocabulary import (
    IMPORTED_FILE,
    ONTOLOGIES,
    SHAPES_FILE,
    closure,
    ontology_files,
    vocabulary_file,
)

OURS = (EO, ICE, CROP, CRS)
# Their terms are built into RDF, OWL and SHACL tools.
BUILT_IN = (RDF, RDFS, OWL, XSD, SH)
LICENCES = (
    "https://www.apache.org/",
    "https://creativecommons.org/",
    "https://spdx.org/",
)


def _store(*names: str) -> ox.Store:
    store = ox.Store()
    for name in names:
        store.bulk_load(
            input=vocabulary_file(name).read_bytes(), format=ox.RdfFormat.TURTLE
        )
    return store


@pytest.fixture(scope="module")
def everything() -> ox.Store:
    store = ox.Store()
    for file in closure():
        store.bulk_load(input=file.read_bytes(), format=ox.RdfFormat.TURTLE)
    return store


def _defined(store: ox.Store) -> set[str]:
    is_a = ox.NamedNode(RDF.term("type"))
    return {
        quad.subject.value
        for quad in store.quads_for_pattern(None, is_a, None)
        if isinstance(quad.subject, ox.NamedNode)
    }


def _english(store: ox.Store, iri: str, predicate: str) -> list[str]:
    quads = store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(predicate), None)
    literals = [quad.object for quad in quads if isinstance(quad.object, ox.Literal)]
    return [literal.value for literal in literals if literal.language == "en"]


@pytest.mark.parametrize("name", ONTOLOGIES)
def test_every_term_has_one_label_and_one_definition(name: str) -> None:
    store = _store(name)
    terms = [iri for iri in _defined(store) if iri.startswith(OURS)]
    assert terms
    for iri in terms:
        assert len(_english(store, iri, RDFS.term("label"))) == 1, iri
        (definition,) = _english(store, iri, SKOS.term("definition"))
        assert definition.endswith("."), iri
        defined_by = ox.NamedNode(RDFS.term("isDefinedBy"))
        (home,) = store.quads_for_pattern(ox.NamedNode(iri), defined_by, None)
        assert home.object == ox.NamedNode(iri.partition("#")[0])


@pytest.mark.parametrize(
    "file",
    [f.name for f in ontology_files()] + [SHAPES_FILE, GEOSPARQL_SHAPES_FILE],
)
def test_every_file_is_one_versioned_licensed_ontology(file: str) -> None:
    store = _store(file)
    is_a = ox.NamedNode(RDF.term("type"))
    (ontology,) = store.quads_for_pattern(
        None, is_a, ox.NamedNode(OWL.term("Ontology"))
    )
    about = {
        quad.predicate.value: quad.object
        for quad in store.quads_for_pattern(ontology.subject, None, None)
    }
    version = about[OWL.term("versionInfo")]
    version_iri = about[OWL.term("versionIRI")]
    assert isinstance(version, ox.Literal)
    assert isinstance(version_iri, ox.NamedNode)
    assert version_iri.value.endswith(f"/{version.value}")
    licence = about[DCTERMS.term("license")]
    assert isinstance(licence, ox.NamedNode)
    assert licence.value.startswith(LICENCES)
    assert DCTERMS.term("title") in about


def _used_iris(store: ox.Store) -> Iterator[str]:
    for quad in store:
        for term in (quad.subject, quad.predicate, quad.object):
            if isinstance(term, ox.NamedNode):
                yield term.value
            elif isinstance(term, ox.Literal):
                yield term.datatype.value


def test_no_file_uses_a_term_that_none_defines(everything: ox.Store) -> None:
    everything.bulk_load(
        input=vocabulary_file(SHAPES_FILE).read_bytes(), format=ox.RdfFormat.TURTLE
    )
    about_files = {
        quad.object.value
        for name in ("versionIRI", "imports")
        for quad in everything.quads_for_pattern(
            None, ox.NamedNode(OWL.term(name)), None
        )
        if isinstance(quad.object, ox.NamedNode)
    }
    known = _defined(everything) | about_files
    unknown = {
        iri
        for iri in _used_iris(everything)
        if iri not in known and not iri.startswith((*BUILT_IN, *LICENCES))
    }
    assert unknown == set()


def test_every_import_is_a_file_of_ours_or_declared_here(everything: ox.Store) -> None:
    is_a = ox.NamedNode(RDF.term("type"))
    ontology = ox.NamedNode(OWL.term("Ontology"))
    here = {q.subject for q in everything.quads_for_pattern(None, is_a, ontology)}
    imports = everything.quads_for_pattern(
        None, ox.NamedNode(OWL.term("imports")), None
    )
    imported = {quad.object for quad in imports}
    assert imported
    assert imported <= here


def test_no_code_of_a_concept_is_written_into_an_ontology_that_does_not_exist(
    everything: ox.Store,
) -> None:
    codes = {iri for iri in _used_iris(_store(*ONTOLOGIES)) if iri.startswith(CODE)}
    assert codes
    assert codes <= _defined(everything)


def test_what_we_say_of_geosparql_is_what_its_publisher_says(suites: Path) -> None:
    published = ox.Store()
    folder = suites / "geosparql-1.1-ogc" / "1.1"
    for name in ("geo.ttl", "sf_geometries.ttl"):
        published.bulk_load(path=folder / name, format=ox.RdfFormat.TURTLE)
    of_geosparql = (GEO, "http://www.opengis.net/ont/sf#")
    ours = [
        quad
        for quad in _store(IMPORTED_FILE)
        if isinstance(quad.subject, ox.NamedNode)
        and quad.subject.value.startswith(of_geosparql)
    ]
    assert len(ours) > 20
    assert [quad for quad in ours if quad not in published] == []
