"""RDF files as they lie there: format and compression, and their bytes as they pass."""

import bz2
import gzip
import hashlib
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final, cast
from xml.parsers import expat

import pyarrow as pa
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
"""The endings of RDF files; each may be followed by that of a compression."""

LINE_FORMATS: Final = frozenset({ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS})
"""The formats in which a line is a statement."""

COMPRESSIONS: Final[Mapping[str, Callable[[IO[bytes]], IO[bytes]]]] = MappingProxyType(
    {
        ".gz": lambda stream: cast("IO[bytes]", gzip.GzipFile(fileobj=stream)),
        ".bz2": bz2.BZ2File,
        ".xz": lzma.LZMAFile,
        ".zst": lambda stream: cast("IO[bytes]", _ZstdReader(stream)),
    }
)
"""How to read what is compressed, by the ending of its name."""

_PLACE_IN_REASON: Final = re.compile(r"^Parser error (?:at line|between) .*?: ")
_DAMAGED: Final = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError)


@dataclass(frozen=True, slots=True)
class Input:
    """What a caller says of a file to load.

    Attributes:
        path: Where it is.
        name: What to call it in messages; None: as its path.
        base: What relative IRIs in it are relative to; None: the IRI of the path
            (RFC 3986, 5.1.3).
        ending: Tells format and compression, like `.ttl.gz`; None: that of the path.
    """

    path: Path
    name: str | None = None
    base: str | None = None
    ending: str | None = None


@dataclass(slots=True)
class Source:
    """A file to load.

    Attributes:
        path: Where it is.
        name: What it is called in messages.
        format: What is in it.
        compression: The ending that tells how it is compressed, "" when it is not.
        base: What relative IRIs are relative to.
        size: Its bytes, compressed as it lies there.
        bytes_read: How many of them have been read.
    """

    path: Path
    name: str
    format: ox.RdfFormat
    compression: str
    base: str
    size: int
    bytes_read: int = 0

    @property
    def is_lines(self) -> bool:
        """Whether a line of it is a statement."""
        return self.format in LINE_FORMATS

    @property
    def digest(self) -> str:
        """Names the content; blank nodes are told apart by it."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Its bytes, decompressed.

        Raises:
            LoadError: It cannot be read, or is cut short.
        """
        self.bytes_read = 0
        try:
            with self.path.open("rb") as raw:
                counted = cast("IO[bytes]", _CountingReader(raw, self))
                unpack = COMPRESSIONS.get(self.compression)
                yield unpack(counted) if unpack else counted
        except _DAMAGED as error:
            raise self._damaged(error) from error
        except OSError as error:
            if self.compression and error.errno is None:
                raise self._damaged(error) from error
            raise LoadError(f"cannot read {self.name}: {error}") from error

    def parse(self, stream: IO[bytes]) -> ox.QuadParser:
        """The quads of its bytes, read while they are iterated over."""
        base = None if self.is_lines else self.base
        if self.format is ox.RdfFormat.RDF_XML:
            stream = cast("IO[bytes]", _WellFormed(stream))
        return ox.parse(stream, self.format, base_iri=base)

    @contextmanager
    def quads(self) -> Iterator[Iterator[ox.Quad]]:
        """What the file says, statement by statement: for files that are small.

        Raises:
            LoadError: It cannot be read, or is not what its name says.
        """
        try:
            with self.open() as stream:
                yield self.parse(stream)
        except SyntaxError as error:
            raise refused(self, error) from error

    def _damaged(self, error: Exception) -> LoadError:
        return LoadError(
            f"{self.name}: the compressed data are cut short or damaged ({error}); "
            f"fetch or write the file again"
        )


@dataclass(slots=True)
class BlankLabels:
    """Labels for the blank nodes of a file.

    They follow from the file's content and the order in it: no two files share a blank
    node, and the same file has the same ones when it is loaded again.
    """

    source: Source
    _given: int = 0
    _prefix: str | None = field(default=None)

    def next(self, count: int) -> list[str]:
        """The labels of the blank nodes that appear next."""
        if self._prefix is None:
            self._prefix = f"b{self.source.digest}n"
        first, self._given = self._given, self._given + count
        return [f"{self._prefix}{number}" for number in range(first, self._given)]


class _CountingReader(io.RawIOBase):
    """Bytes of a file, counted as they pass."""

    def __init__(self, stream: IO[bytes], source: Source) -> None:
        self._stream = stream
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count: int = self._stream.readinto(buffer)  # type: ignore[attr-defined]
        self._source.bytes_read += count
        return count

    def read(self, size: int | None = -1) -> bytes:
        data = self._stream.read(-1 if size is None else size)
        self._source.bytes_read += len(data)
        return data


class _WellFormed:
    """XML that is refused where it breaks, and when it ends too early.

    pyoxigraph takes the end of a file for the end of all its elements, so that a file
    that was cut short would be loaded in part.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._parser = expat.ParserCreate()

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        try:
            self._parser.Parse(data, not data)
        except expat.ExpatError as error:
            place = (None, error.lineno, error.offset + 1, None)
            raise SyntaxError(expat.ErrorString(error.code), place) from error
        return data


class _ZstdReader(io.RawIOBase):
    """Decompressed bytes; pyarrow brings the library that Python 3.11 lacks."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(stream, "r"), "zstd")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count: int = self._stream.readinto(buffer)
        return count

    def read(self, size: int | None = -1) -> bytes:
        data: bytes = self._stream.read(None if size in {None, -1} else size)
        return data


NOTHING_LOADED: Final = "; nothing was loaded"
"""How an error ends that leaves a store as it was."""


def reason_of(error: SyntaxError) -> str:
    """What a parser says is wrong, without the place."""
    return _PLACE_IN_REASON.sub("", error.msg)


def refused(source: Source, error: SyntaxError) -> LoadError:
    """The error of ours for what a parser says of a file."""
    place = "".join(f":{n}" for n in (error.lineno, error.offset) if n is not None)
    return LoadError(
        f"{source.name}{place}: not {source.format.name}: {reason_of(error)}"
        f"{NOTHING_LOADED}"
    )


def open_source(file: Path | Input) -> Source:
    """A file, its format known by its name or by what the caller says.

    Raises:
        LoadError: There is none, it is a directory, or its name has another ending.
    """
    given = file if isinstance(file, Input) else Input(file)
    path, name = given.path, given.name or str(given.path)
    if not path.exists():
        raise LoadError(f"there is no file {name}; check the path")
    if not path.is_file():
        raise LoadError(f"{name} is not a file; name the RDF files in it")
    told = path.name if given.ending is None else f"x{given.ending}"
    rdf_format, compression = _kind(told, name)
    base = given.base or path.resolve().as_uri()
    return Source(path, name, rdf_format, compression, base, path.stat().st_size)


def _kind(file_name: str, name: str) -> tuple[ox.RdfFormat, str]:
    file_name = file_name.lower()
    ending = Path(file_name).suffix
    compression = ending if ending in COMPRESSIONS else ""
    found = FORMATS.get(Path(file_name.removesuffix(compression)).suffix)
    if found is None:
        raise LoadError(
            f"{name}: cannot tell its format from its name; it must end in one of "
            f"{', '.join(FORMATS)}, with {' or '.join(COMPRESSIONS)} after it when "
            "compressed; or say what it is with --format"
        )
    return found, compression
