"""The formats that RDF is written in, by the endings of files and by IRI.

| format | ending | IRI below http://www.w3.org/ns/formats/ | named graphs |
|---|---|---|---|
| N-Quads | .nq | N-Quads | yes |
| N-Triples | .nt | N-Triples | no |
| Turtle | .ttl | Turtle | no |
| TriG | .trig | TriG | yes |
| JSON-LD | .jsonld | JSON-LD | yes |
| RDF/XML | .rdf | RDF_XML | no |
| RDF/JSON | .rj | RDF_JSON | no |
| N3 | .n3 | N3 | no |

`.gz`, `.zst`, `.bz2` or `.xz` may follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pyoxigraph as ox

from geotriples.errors import OutputError


@dataclass(frozen=True, slots=True)
class Format:
    """A syntax of RDF.

    Attributes:
        name: Its name.
        iri: Local name of its IRI (`http://www.w3.org/ns/formats/`).
        rdf: What pyoxigraph calls it; None where it does not know it.
        has_graphs: Whether it holds named graphs.
        is_lines: Whether a statement is a line.
    """

    name: str
    iri: str
    rdf: ox.RdfFormat | None
    has_graphs: bool = False
    is_lines: bool = False


N_QUADS: Final = Format("N-Quads", "N-Quads", ox.RdfFormat.N_QUADS, True, True)  # noqa: FBT003 - a table
FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        ".nq": N_QUADS,
        ".nt": Format("N-Triples", "N-Triples", ox.RdfFormat.N_TRIPLES, is_lines=True),
        ".ttl": Format("Turtle", "Turtle", ox.RdfFormat.TURTLE),
        ".trig": Format("TriG", "TriG", ox.RdfFormat.TRIG, has_graphs=True),
        ".jsonld": Format("JSON-LD", "JSON-LD", ox.RdfFormat.JSON_LD, has_graphs=True),
        ".rdf": Format("RDF/XML", "RDF_XML", ox.RdfFormat.RDF_XML),
        ".rj": Format("RDF/JSON", "RDF_JSON", None),
        ".n3": Format("N3", "N3", ox.RdfFormat.N3),
    }
)
"""Formats by the endings of files."""

BY_IRI: Final[Mapping[str, Format]] = MappingProxyType(
    {one.iri: one for one in FORMATS.values()}
)
"""Formats by the local names of their IRIs."""

COMPRESSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2", ".xz": "xz"}
)
"""Compressions by the endings of files."""


@dataclass(frozen=True, slots=True)
class FileKind:
    """What is in a file.

    Attributes:
        format: The syntax.
        compression: Its name; None for none.
        encoding: The character encoding, as Python calls it.
    """

    format: Format
    compression: str | None = None
    encoding: str = "utf-8"


def file_kind(path: Path) -> FileKind:
    """What a file of this name holds.

    Raises:
        OutputError: The name does not tell.

    Examples:
        >>> kind = file_kind(Path("roads.ttl.gz"))
        >>> kind.format.name, kind.compression
        ('Turtle', 'gzip')
    """
    compression = COMPRESSIONS.get(path.suffix)
    plain = path.with_suffix("") if compression else path
    found = FORMATS.get(plain.suffix)
    if found is None:
        endings = f"{', '.join(FORMATS)}, with {' or '.join(COMPRESSIONS)} after it"
        raise OutputError(path, f"ends in none of {endings}")
    return FileKind(found, compression)
