"""RDF files as streams of quads; what is wrong with one says where, and what to do."""

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final, NoReturn, cast

import pyoxigraph as ox

from strabon_store.errors import LoadError

FORMATS: Final[Mapping[str, ox.RdfFormat]] = MappingProxyType(
    {
        ".ttl": ox.RdfFormat.TURTLE,
        ".nt": ox.RdfFormat.N_TRIPLES,
        ".nq": ox.RdfFormat.N_QUADS,
        ".trig": ox.RdfFormat.TRIG,
        ".rdf": ox.RdfFormat.RDF_XML,
        ".xml": ox.RdfFormat.RDF_XML,
        ".owl": ox.RdfFormat.RDF_XML,
        ".jsonld": ox.RdfFormat.JSON_LD,
    }
)
"""The endings of RDF files; each may be followed by `.gz`."""

_GZIP: Final = ".gz"
_PLACE_IN_REASON: Final = re.compile(r"^Parser error at line .*?: ")


@dataclass(slots=True)
class Source:
    """A file to load.

    Attributes:
        path: Where it is.
        format: What is in it.
        size: Its bytes, compressed as it lies there.
        bytes_read: How many of them have been read.
    """

    path: Path
    format: ox.RdfFormat
    size: int
    bytes_read: int = 0

    @property
    def digest(self) -> str:
        """Names the content; blank nodes are told apart by it."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]

    @contextmanager
    def quads(self) -> Iterator[Iterator[ox.Quad]]:
        """What the file says, read while it is iterated over.

        Relative IRIs are resolved against the IRI of the file (RFC 3986, 5.1.3).

        Raises:
            LoadError: The file cannot be read, or is not what its name says.
        """
        base = None if self.format in _ABSOLUTE else self.path.resolve().as_uri()
        try:
            with self.path.open("rb") as raw:
                counted = cast("IO[bytes]", _CountingReader(raw, self))
                stream = (
                    gzip.GzipFile(fileobj=counted) if self._is_compressed else counted
                )
                yield ox.parse(cast("IO[bytes]", stream), self.format, base_iri=base)
        except SyntaxError as error:
            self._refuse_syntax(error)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise LoadError(
                f"{self.path}: the compressed data are cut short or damaged ({error}); "
                f"fetch or write the file again"
            ) from error
        except OSError as error:
            raise LoadError(f"cannot read {self.path}: {error}") from error

    @property
    def _is_compressed(self) -> bool:
        return self.path.suffix.lower() == _GZIP

    def _refuse_syntax(self, error: SyntaxError) -> NoReturn:
        reason = _PLACE_IN_REASON.sub("", error.msg)
        place = "".join(f":{n}" for n in (error.lineno, error.offset) if n is not None)
        raise LoadError(
            f"{self.path}{place}: not {self.format.name}: {reason}; nothing was loaded"
        ) from error


_ABSOLUTE: Final = frozenset({ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS})


class _CountingReader:
    """Bytes of a file, counted as they pass."""

    def __init__(self, stream: IO[bytes], source: Source) -> None:
        self._stream = stream
        self._source = source

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._source.bytes_read += len(data)
        return data


def open_source(path: Path) -> Source:
    """The file, its format known by its name.

    Raises:
        LoadError: There is none, it is a directory, or its name has another ending.
    """
    if not path.exists():
        raise LoadError(f"there is no file {path}; check the path")
    if not path.is_file():
        raise LoadError(f"{path} is not a file; name the RDF files in it")
    name = path.name.lower().removesuffix(_GZIP)
    ending = Path(name).suffix
    if ending not in FORMATS:
        known = ", ".join(FORMATS)
        raise LoadError(
            f"{path}: cannot tell its format from its name; it must end in one of "
            f"{known}, with .gz after it when compressed"
        )
    return Source(path, FORMATS[ending], path.stat().st_size)
