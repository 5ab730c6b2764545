"""Which media type is written by whom, for HTTP and the command line alike."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from strabon_store.results.csv import serialize_csv
from strabon_store.results.geojson import serialize_geojson
from strabon_store.results.json import serialize_json
from strabon_store.results.solutions import Result
from strabon_store.results.tsv import serialize_tsv
from strabon_store.results.xml import serialize_xml


@dataclass(frozen=True, slots=True)
class ResultFormat:
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
    serialize: Callable[[Result], Iterator[bytes]]


_ALL = (
    ResultFormat(
        "json", "application/sparql-results+json", ("application/json",), serialize_json
    ),
    ResultFormat(
        "xml",
        "application/sparql-results+xml",
        ("application/xml", "text/xml"),
        serialize_xml,
    ),
    ResultFormat("csv", "text/csv", (), serialize_csv),
    ResultFormat("tsv", "text/tab-separated-values", (), serialize_tsv),
    ResultFormat("geojson", "application/geo+json", (), serialize_geojson),
)

RESULT_FORMATS: Final[Mapping[str, ResultFormat]] = MappingProxyType(
    {result_format.name: result_format for result_format in _ALL}
)
"""Every result format by its short name, the preferred one first."""
