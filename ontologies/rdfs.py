"""RDF Schema as data: its vocabulary and its axiomatic triples.

The triples of RDF 1.1 Semantics sections 8.1 and 9.1, with those that the SPARQL 1.1
Entailment Regimes add from RDF Semantics of 2004 (`rdf:XMLLiteral` is a datatype), and
without those of `rdf:_1`, `rdf:_2`, ...: they are infinitely many, and the regime
counts the ones in the data only.
"""

import re
from enum import StrEnum
from typing import Final

from ontologies.namespaces import RDF, RDFS, XSD


class Entailment(StrEnum):
    """Regimes beyond simple entailment by which a query can be answered."""

    RDFS = "rdfs"


_PREFIXES: Final = {"rdf": RDF, "rdfs": RDFS, "xsd": XSD}

_AXIOMS: Final = """
rdf:type a rdf:Property            rdf:subject a rdf:Property
rdf:predicate a rdf:Property       rdf:object a rdf:Property
rdf:first a rdf:Property           rdf:rest a rdf:Property
rdf:value a rdf:Property           rdf:nil a rdf:List

rdf:type domain rdfs:Resource      rdf:type range rdfs:Class
rdfs:domain domain rdf:Property    rdfs:domain range rdfs:Class
rdfs:range domain rdf:Property     rdfs:range range rdfs:Class
rdfs:subPropertyOf domain rdf:Property
rdfs:subPropertyOf range rdf:Property
rdfs:subClassOf domain rdfs:Class  rdfs:subClassOf range rdfs:Class
rdf:subject domain rdf:Statement   rdf:subject range rdfs:Resource
rdf:predicate domain rdf:Statement rdf:predicate range rdfs:Resource
rdf:object domain rdf:Statement    rdf:object range rdfs:Resource
rdfs:member domain rdfs:Resource   rdfs:member range rdfs:Resource
rdf:first domain rdf:List          rdf:first range rdfs:Resource
rdf:rest domain rdf:List           rdf:rest range rdf:List
rdfs:seeAlso domain rdfs:Resource  rdfs:seeAlso range rdfs:Resource
rdfs:isDefinedBy domain rdfs:Resource
rdfs:isDefinedBy range rdfs:Resource
rdfs:comment domain rdfs:Resource  rdfs:comment range rdfs:Literal
rdfs:label domain rdfs:Resource    rdfs:label range rdfs:Literal
rdf:value domain rdfs:Resource     rdf:value range rdfs:Resource

rdf:Alt subClassOf rdfs:Container  rdf:Bag subClassOf rdfs:Container
rdf:Seq subClassOf rdfs:Container
rdfs:ContainerMembershipProperty subClassOf rdf:Property
rdfs:isDefinedBy subPropertyOf rdfs:seeAlso
rdfs:Datatype subClassOf rdfs:Class
rdf:XMLLiteral a rdfs:Datatype     rdf:XMLLiteral subClassOf rdfs:Literal
"""
_SHORT: Final = {
    "a": RDF.term("type"),
    **{
        name: RDFS.term(name)
        for name in ("domain", "range", "subClassOf", "subPropertyOf")
    },
}

MEMBERSHIP: Final = re.compile(re.escape(RDF) + "_[1-9][0-9]*")
"""IRIs of container membership properties (RDF Schema 1.1 section 5.1.6)."""


def _iri(text: str) -> str:
    if text in _SHORT:
        return _SHORT[text]
    prefix, _, name = text.partition(":")
    return _PREFIXES[prefix].term(name)


def _triples() -> tuple[tuple[str, str, str], ...]:
    words = [_iri(word) for word in _AXIOMS.split()]
    return tuple(zip(words[::3], words[1::3], words[2::3], strict=True))


AXIOMS: Final = _triples()
"""Subject, predicate and object of each axiomatic triple."""

VOCABULARY: Final = tuple(sorted({term for triple in AXIOMS for term in triple}))
"""The IRIs in them."""
