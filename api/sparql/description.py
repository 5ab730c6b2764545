"""The service describes itself (SPARQL 1.1 Service Description section 2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import pyoxigraph as ox

from api.settings import Settings
from api.sparql.conformance import (
    Language,
    conformance_classes,
    result_format_iris,
)
from ontologies.namespaces import DCTERMS, ENT, GEO, GEOF, RDF, SD, UOM
from ontologies.rdfs import Entailment
from strabon_store.store import EXTENSION_AGGREGATES, EXTENSION_FUNCTIONS


@dataclass(frozen=True, slots=True)
class DescriptionFormat:
    """A way to write the description.

    Attributes:
        name: Short name, for `?format=`.
        media_type: What `Content-Type` says.
        aliases: Other media types that ask for the same.
    """

    name: str
    media_type: str
    aliases: tuple[str, ...] = ()


DESCRIPTION_FORMATS: Final = (
    DescriptionFormat("turtle", "text/turtle", ("application/x-turtle",)),
    DescriptionFormat("ntriples", "application/n-triples"),
    DescriptionFormat("rdfxml", "application/rdf+xml"),
    DescriptionFormat("jsonld", "application/ld+json", ("application/json",)),
)
"""Formats of the description, the preferred one first."""

PAGE: Final = DescriptionFormat("html", "text/html", ("application/xhtml+xml",))
"""Browsers get the page with the map instead."""

_PREFIXES: Final = {
    "sd": SD,
    "ent": ENT,
    "geo": GEO,
    "geof": GEOF,
    "uom": UOM,
    "dcterms": DCTERMS,
    "formats": "http://www.w3.org/ns/formats/",
}


_REGIMES: Final = {None: ENT.term("Simple"), Entailment.RDFS: ENT.term("RDFS")}


def describe_service(
    endpoint: str,
    chosen: DescriptionFormat,
    settings: Settings,
    *,
    takes_updates: bool,
) -> bytes:
    """The description of the service at `endpoint`.

    Args:
        endpoint: The address at which it takes queries.
        chosen: One of `DESCRIPTION_FORMATS`.
        settings: By which it answers.
        takes_updates: Whether it takes updates there as well.
    """
    rdf_format = ox.RdfFormat.from_media_type(chosen.media_type)
    buffer = BytesIO()
    triples = _triples(endpoint, settings, takes_updates=takes_updates)
    ox.serialize(triples, buffer, format=rdf_format, prefixes=_PREFIXES)
    return buffer.getvalue()


def _triples(
    endpoint: str, settings: Settings, *, takes_updates: bool
) -> Iterator[ox.Triple]:
    service = ox.NamedNode(f"{endpoint}#service")
    yield _triple(service, RDF.term("type"), SD.term("Service"))
    yield _triple(service, SD.term("endpoint"), endpoint)
    regime = _REGIMES[settings.entailment]
    yield _triple(service, SD.term("defaultEntailmentRegime"), regime)
    for each in conformance_classes(settings):
        yield _triple(service, DCTERMS.term("conformsTo"), each.value)
        yield _triple(service, SD.term("feature"), each.feature)
        yield _triple(ox.NamedNode(each.feature), RDF.term("type"), SD.term("Feature"))
    if settings.allow_service:
        yield _triple(service, SD.term("feature"), SD.term("BasicFederatedQuery"))
    for language in Language:
        if language is Language.SPARQL_11_UPDATE and not takes_updates:
            continue
        yield _triple(service, SD.term("supportedLanguage"), language.value)
    for result_format in result_format_iris():
        yield _triple(service, SD.term("resultFormat"), result_format)
    for function in sorted(EXTENSION_FUNCTIONS):
        yield _triple(service, SD.term("extensionFunction"), function)
        yield _triple(ox.NamedNode(function), RDF.term("type"), SD.term("Function"))
    for aggregate in sorted(EXTENSION_AGGREGATES):
        yield _triple(service, SD.term("extensionAggregate"), aggregate)
        yield _triple(ox.NamedNode(aggregate), RDF.term("type"), SD.term("Aggregate"))


def _triple(subject: ox.NamedNode, predicate: str, value: str) -> ox.Triple:
    return ox.Triple(subject, ox.NamedNode(predicate), ox.NamedNode(value))
