"""RDF documents that clients send, as triples of SPARQL."""

from io import BytesIO
from typing import Final

import pyoxigraph as ox

from api.errors import MalformedRequest, UnsupportedMediaType

_READ: Final = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}


def read_triples(content_type: str, body: bytes, base: str) -> str:
    """The triples of a document in N-Triples, which is SPARQL as well.

    Args:
        content_type: The header of that name.
        body: The document.
        base: What its relative IRIs are resolved against.

    Raises:
        UnsupportedMediaType: The document is in another format.
        MalformedRequest: It is not what it claims to be, or has named graphs.
    """
    rdf_format = _READ.get(content_type.partition(";")[0].strip().lower())
    if rdf_format is None:
        raise UnsupportedMediaType(content_type, tuple(_READ))
    try:
        quads = list(ox.parse(BytesIO(body), rdf_format, base_iri=base))
    except (SyntaxError, ValueError) as error:
        raise MalformedRequest(f"the body is no {rdf_format.name}: {error}") from error
    if any(quad.graph_name != ox.DefaultGraph() for quad in quads):
        raise MalformedRequest("the body has named graphs; send the triples of one")
    triples = (quad.triple for quad in quads)
    return (ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"").decode()
