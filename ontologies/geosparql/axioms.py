"""What RDFS can use of the ontologies of GeoSPARQL 1.1: classes and properties.

The RDFS entailment extension (section 10 of OGC 22-047r1) asks for what follows from
the ontology of GeoSPARQL and from the class hierarchies of Simple Features and of GML,
whether or not somebody loaded them. They are read from `vocab/geosparql-axioms.ttl`.
"""

from functools import cache
from typing import Final

import pyoxigraph as ox

from ontologies.namespaces import GEO, GML, SF
from ontologies.vocabulary import vocabulary_file

AXIOMS_FILE: Final = "geosparql-axioms.ttl"
"""Among the vocabulary files."""

_OURS: Final = (GEO, SF, GML)


@cache
def geosparql_axioms() -> tuple[tuple[str, str, str], ...]:
    """Subject, predicate and object of each axiom, as IRIs.

    Examples:
        >>> POLYGON = "http://www.opengis.net/ont/sf#Polygon"
        >>> sorted(o for s, p, o in geosparql_axioms() if s == POLYGON)[0]
        'http://www.opengis.net/ont/sf#Surface'
    """
    text = vocabulary_file(AXIOMS_FILE).read_bytes()
    graph = ox.parse(input=text, format=ox.RdfFormat.TURTLE)
    return tuple(
        (quad.subject.value, quad.predicate.value, quad.object.value)
        for quad in graph
        if isinstance(quad.subject, ox.NamedNode)
        and isinstance(quad.object, ox.NamedNode)
        and quad.subject.value.startswith(_OURS)
    )


def geosparql_terms() -> frozenset[str]:
    """The IRIs of the classes, properties and datatypes that the axioms define."""
    return frozenset(subject for subject, _, _ in geosparql_axioms())
