"""Which media type is written by whom, for HTTP and the command line alike."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Generic, TypeAlias, TypeVar

from strabon_store.results.arrow import serialize_arrow
from strabon_store.results.csv import serialize_csv
from strabon_store.results.geojson import serialize_geojson
from strabon_store.results.graphs import (
    Graph,
    serialize_jsonld,
    serialize_ntriples,
    serialize_rdfxml,
    serialize_turtle,
)
from strabon_store.results.json import serialize_json
from strabon_store.results.parquet import serialize_parquet
from strabon_store.results.solutions import Tabular
from strabon_store.results.tsv import serialize_tsv
from strabon_store.results.xml import serialize_xml

Written_contra = TypeVar("Written_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Format(Generic[Written_contra]):
    """A way to write results.

    Attributes:
        name: Short name, for `--format` and `?format=`.
        media_type: What `Content-Type` says.
        aliases: Other media types that ask for the same.
        serialize: Writes a result as pieces of bytes.
    """

    name: str
    media_type: str
    aliases: tuple[str, ...]
    serialize: Callable[[Written_contra], Iterator[bytes]]


ResultFormat: TypeAlias = Format[Tabular]
GraphFormat: TypeAlias = Format[Graph]

_ALL: Final[tuple[ResultFormat, ...]] = (
    Format(
        "json", "application/sparql-results+json", ("application/json",), serialize_json
    ),
    Format(
        "xml",
        "application/sparql-results+xml",
        ("application/xml", "text/xml"),
        serialize_xml,
    ),
    Format("csv", "text/csv", (), serialize_csv),
    Format("tsv", "text/tab-separated-values", (), serialize_tsv),
    Format("arrow", "application/vnd.apache.arrow.stream", (), serialize_arrow),
    Format("parquet", "application/vnd.apache.parquet", (), serialize_parquet),
    Format("geojson", "application/geo+json", (), serialize_geojson),
)

RESULT_FORMATS: Final[Mapping[str, ResultFormat]] = MappingProxyType(
    {result_format.name: result_format for result_format in _ALL}
)
"""Formats of solutions and truth values by short name, the preferred one first."""

_GRAPHS: Final[tuple[GraphFormat, ...]] = (
    Format("turtle", "text/turtle", ("application/x-turtle",), serialize_turtle),
    Format("nt", "application/n-triples", ("text/plain",), serialize_ntriples),
    Format(
        "rdfxml",
        "application/rdf+xml",
        ("application/xml", "text/xml"),
        serialize_rdfxml,
    ),
    Format("jsonld", "application/ld+json", ("application/json",), serialize_jsonld),
)

GRAPH_FORMATS: Final[Mapping[str, GraphFormat]] = MappingProxyType(
    {graph_format.name: graph_format for graph_format in _GRAPHS}
)
"""Formats of graphs by short name, the preferred one first."""
