"""What the endpoint claims to conform to, in the words of the service description."""

from enum import StrEnum
from typing import Final

from api.settings import Settings
from ontologies.rdfs import Entailment
from strabon_store.results.media_types import GRAPH_FORMATS, RESULT_FORMATS


class Language(StrEnum):
    """Languages that the endpoint takes (SPARQL 1.1 Service Description 3.2.6)."""

    SPARQL_11_QUERY = "http://www.w3.org/ns/sparql-service-description#SPARQL11Query"
    SPARQL_11_UPDATE = "http://www.w3.org/ns/sparql-service-description#SPARQL11Update"


_GEOSPARQL: Final = "http://www.opengis.net/spec/geosparql/1.1/conf/"


class ConformanceClass(StrEnum):
    """The conformance classes of GeoSPARQL 1.1 (annex A of OGC 22-047r1)."""

    CORE = f"{_GEOSPARQL}core"
    TOPOLOGY_VOCABULARY = f"{_GEOSPARQL}topology-vocab-extension"
    GEOMETRY = f"{_GEOSPARQL}geometry-extension"
    GEOMETRY_DGGS = f"{_GEOSPARQL}geometry-extension-dggs"
    GEOMETRY_TOPOLOGY = f"{_GEOSPARQL}geometry-topology-extension"
    RDFS_ENTAILMENT = f"{_GEOSPARQL}rdfs-entailment-extension"
    QUERY_REWRITE = f"{_GEOSPARQL}query-rewrite-extension"

    @property
    def feature(self) -> str:
        """What OGC calls it in its descriptions of services.

        Examples:
            >>> ConformanceClass.CORE.feature
            'http://www.opengis.net/spec/geosparql/1.1/conf/core/'
        """
        return f"{self}/"


def conformance_classes(settings: Settings) -> tuple[ConformanceClass, ...]:
    """Those that a service with these settings conforms to.

    Examples:
        >>> ConformanceClass.RDFS_ENTAILMENT in conformance_classes(Settings())
        False
    """
    entails = settings.entailment is Entailment.RDFS and settings.geosparql_axioms
    left_out = set()
    if not entails:
        left_out.add(ConformanceClass.RDFS_ENTAILMENT)
    if not settings.rewrite_relations:
        left_out.add(ConformanceClass.QUERY_REWRITE)
    return tuple(each for each in ConformanceClass if each not in left_out)


_FORMATS: Final = "http://www.w3.org/ns/formats/"
_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"

RESULT_FORMAT_IRIS: Final = {
    "json": f"{_FORMATS}SPARQL_Results_JSON",
    "xml": f"{_FORMATS}SPARQL_Results_XML",
    "csv": f"{_FORMATS}SPARQL_Results_CSV",
    "tsv": f"{_FORMATS}SPARQL_Results_TSV",
    "turtle": f"{_FORMATS}Turtle",
    "nt": f"{_FORMATS}N-Triples",
    "rdfxml": f"{_FORMATS}RDF_XML",
    "jsonld": f"{_FORMATS}JSON-LD",
}
"""W3C's IRIs of the formats that have one (https://www.w3.org/ns/formats/)."""


def result_format_iris() -> tuple[str, ...]:
    """IRIs of all result formats: W3C's, or else that of the media type at IANA.

    Examples:
        >>> result_format_iris()[-1]
        'http://www.w3.org/ns/formats/JSON-LD'
    """
    media_types = {name: each.media_type for name, each in RESULT_FORMATS.items()}
    media_types |= {name: each.media_type for name, each in GRAPH_FORMATS.items()}
    return tuple(
        RESULT_FORMAT_IRIS.get(name, f"{_MEDIA_TYPES}{media_type}")
        for name, media_type in media_types.items()
    )
