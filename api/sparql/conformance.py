"""What the endpoint claims to conform to, in the words of the service description."""

from enum import StrEnum
from typing import Final

from strabon_store.results.media_types import GRAPH_FORMATS, RESULT_FORMATS


class Language(StrEnum):
    """Languages that the endpoint takes (SPARQL 1.1 Service Description 3.2.6)."""

    SPARQL_11_QUERY = "http://www.w3.org/ns/sparql-service-description#SPARQL11Query"
    SPARQL_11_UPDATE = "http://www.w3.org/ns/sparql-service-description#SPARQL11Update"


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
