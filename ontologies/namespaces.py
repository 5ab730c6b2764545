"""Every IRI prefix that Pytheas uses, written once.

A namespace belongs here as soon as one module needs it; single terms are made from it
with `Namespace.term`.  Lists of what a namespace holds (functions, relations, concepts)
live elsewhere.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class Namespace(str):
    """An IRI to which local names are appended.

    Examples:
        >>> GEO.term("asWKT")
        'http://www.opengis.net/ont/geosparql#asWKT'
        >>> STAGE.local("https://w3id.org/pytheas/code/stage/95")
        '95'
    """

    __slots__ = ()

    def term(self, local_name: str) -> str:
        """The IRI of `local_name` in this namespace."""
        return f"{self}{local_name}"

    def local(self, iri: str) -> str:
        """The local name of `iri`; the inverse of `term`.

        Raises:
            ValueError: `iri` is not in this namespace.
        """
        if not iri.startswith(self):
            raise ValueError(f"<{iri}> is not in the namespace <{self}>")
        return iri[len(self) :]


RDF: Final = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS: Final = Namespace("http://www.w3.org/2000/01/rdf-schema#")
OWL: Final = Namespace("http://www.w3.org/2002/07/owl#")
XSD: Final = Namespace("http://www.w3.org/2001/XMLSchema#")
SKOS: Final = Namespace("http://www.w3.org/2004/02/skos/core#")
SH: Final = Namespace("http://www.w3.org/ns/shacl#")

DCTERMS: Final = Namespace("http://purl.org/dc/terms/")
DCAT: Final = Namespace("http://www.w3.org/ns/dcat#")
PROV: Final = Namespace("http://www.w3.org/ns/prov#")
SOSA: Final = Namespace("http://www.w3.org/ns/sosa/")
TIME: Final = Namespace("http://www.w3.org/2006/time#")
QUDT: Final = Namespace("http://qudt.org/schema/qudt/")
UNIT: Final = Namespace("http://qudt.org/vocab/unit/")
SCHEMA: Final = Namespace("https://schema.org/")
FOAF: Final = Namespace("http://xmlns.com/foaf/0.1/")
VANN: Final = Namespace("http://purl.org/vocab/vann/")
VOID: Final = Namespace("http://rdfs.org/ns/void#")
SD: Final = Namespace("http://www.w3.org/ns/sparql-service-description#")
ENT: Final = Namespace("http://www.w3.org/ns/entailment/")

GEO: Final = Namespace("http://www.opengis.net/ont/geosparql#")
GEOF: Final = Namespace("http://www.opengis.net/def/function/geosparql/")
SF: Final = Namespace("http://www.opengis.net/ont/sf#")
GML: Final = Namespace("http://www.opengis.net/ont/gml#")
STRDF: Final = Namespace("http://strdf.di.uoa.gr/ontology#")
UOM: Final = Namespace("http://www.opengis.net/def/uom/OGC/1.0/")

RR: Final = Namespace("http://www.w3.org/ns/r2rml#")
RML: Final = Namespace("http://w3id.org/rml/")
RRX: Final = Namespace("http://www.w3.org/ns/r2rml-ext#")
RRXF: Final = Namespace("http://www.w3.org/ns/r2rml-ext/functions/def/")
PYRML: Final = Namespace("https://w3id.org/pytheas/rml#")
"""Our terms beside RML's: reference formulations, and parameters of functions."""

EO: Final = Namespace("https://w3id.org/pytheas/ontology/eo#")
ICE: Final = Namespace("https://w3id.org/pytheas/ontology/seaice#")
CROP: Final = Namespace("https://w3id.org/pytheas/ontology/crop#")
CRS: Final = Namespace("https://w3id.org/pytheas/ontology/crs#")
SHAPES: Final = Namespace("https://w3id.org/pytheas/ontology/shapes#")

CODE: Final = Namespace("https://w3id.org/pytheas/code/")
STAGE: Final = Namespace("https://w3id.org/pytheas/code/stage/")
CONCENTRATION: Final = Namespace("https://w3id.org/pytheas/code/concentration/")
FORM: Final = Namespace("https://w3id.org/pytheas/code/form/")
ICETYPE: Final = Namespace("https://w3id.org/pytheas/code/icetype/")
HCAT: Final = Namespace("https://w3id.org/pytheas/code/hcat/")
CROPTYPE: Final = Namespace("https://w3id.org/pytheas/code/worldcereal/croptype/")

ID: Final = Namespace("https://w3id.org/pytheas/id/")
"""The base of instance data where the user names no other."""

PREFIXES: Final[Mapping[str, Namespace]] = MappingProxyType(
    {
        "rdf": RDF,
        "rdfs": RDFS,
        "owl": OWL,
        "xsd": XSD,
        "skos": SKOS,
        "sh": SH,
        "dcterms": DCTERMS,
        "dcat": DCAT,
        "prov": PROV,
        "sosa": SOSA,
        "time": TIME,
        "qudt": QUDT,
        "unit": UNIT,
        "schema": SCHEMA,
        "foaf": FOAF,
        "vann": VANN,
        "void": VOID,
        "sd": SD,
        "geo": GEO,
        "geof": GEOF,
        "sf": SF,
        "gml": GML,
        "uom": UOM,
        "strdf": STRDF,
        "rr": RR,
        "rml": RML,
        "eo": EO,
        "ice": ICE,
        "crop": CROP,
        "crs": CRS,
        "stage": STAGE,
        "concentration": CONCENTRATION,
        "form": FORM,
        "icetype": ICETYPE,
        "hcat": HCAT,
        "croptype": CROPTYPE,
    }
)
"""Prefix to namespace, for rendering and for the query page."""


def compact(iri: str) -> str:
    """`iri` with its prefix where one fits, else in angle brackets; for people to read.

    Examples:
        >>> compact("http://www.opengis.net/ont/geosparql#asWKT")
        'geo:asWKT'
        >>> compact("https://example.org/x")
        '<https://example.org/x>'
    """
    fitting = [(p, ns) for p, ns in PREFIXES.items() if iri.startswith(ns)]
    if not fitting:
        return f"<{iri}>"
    prefix, namespace = max(fitting, key=lambda pair: len(pair[1]))
    local = namespace.local(iri)
    # A slash would have to be escaped in a Turtle local name.
    return f"<{iri}>" if "/" in local else f"{prefix}:{local}"
