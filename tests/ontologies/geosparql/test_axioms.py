"""What RDFS knows of GeoSPARQL is what its ontologies say."""

from pathlib import Path

import rdflib
from rdflib import RDF, RDFS

from ontologies.geosparql.axioms import geosparql_axioms, geosparql_terms
from ontologies.namespaces import GEO, GML, SF

_KINDS = {RDFS.Class, RDFS.Datatype, RDF.Property}
_BETWEEN = {RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range}


def _said(path: Path) -> set[tuple[str, str, str]]:
    graph = rdflib.Graph().parse(path)
    return {
        (str(s), str(p), str(o))
        for s, p, o in graph
        if isinstance(s, rdflib.URIRef)
        and isinstance(o, rdflib.URIRef)
        and (p in _BETWEEN or (p == RDF.type and o in _KINDS))
    }


def test_the_axioms_are_those_of_the_ontologies(suites: Path) -> None:
    folder = suites / "geosparql-1.1-ogc" / "1.1"
    said = _said(folder / "geo.ttl") | _said(folder / "sf_geometries.ttl")
    known = {each for each in geosparql_axioms() if not each[0].startswith(GML)}
    # sf:minimum and sf:maximum are properties by OWL's word only.
    extra = {(SF + name, str(RDF.type), str(RDF.Property)) for name in _CORNERS}
    assert known == said | extra


_CORNERS = ("minimum", "maximum")


def test_gml_has_a_hierarchy_below_geometry() -> None:
    above: dict[str, set[str]] = {}
    for s, p, o in geosparql_axioms():
        if p == str(RDFS.subClassOf):
            above.setdefault(s, set()).add(o)
    classes = {term for term in geosparql_terms() if term.startswith(GML)}
    assert len(classes) == 53
    for each in classes:
        reached, frontier = set(), {each}
        while frontier:
            reached |= frontier
            frontier = {o for s in frontier for o in above.get(s, ())} - reached
        assert GEO.term("Geometry") in reached, each
