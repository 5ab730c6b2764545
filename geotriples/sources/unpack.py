"""Compressed and packed files -> plain files (RML-IO, source compression).

A file is unpacked once, to a folder of the run: most readers need to find their way
about in a file, and a source may be read several times.
"""

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final, Protocol

import pyarrow as pa

from geotriples.errors import SourceError

_CHUNK: Final = 1 << 20
_BROKEN: Final = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError),
    *(tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError),
)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes more."""


Streams = Iterator[tuple[str, Readable]]
"""The files of an archive, in turn: name and content, which must be read at once."""


def unpack(path: Path, compression: str | None, folder: Path, max_bytes: int) -> Path:
    """The only file in a compressed file, or the file itself where it is not one.

    Args:
        path: The file.
        compression: A key of `COMPRESSIONS`; None to go by the file's name.
        folder: Where a plain file is put.
        max_bytes: How long it may be.

    Raises:
        SourceError: It is broken, too long, or an archive of several files.
    """
    files = unpack_all(path, compression, folder, max_bytes)
    if len(files) != 1:
        names = ", ".join(sorted(one.name for one in files)) or "none"
        reason = f"should hold one file, and holds {len(files)}: {names}"
        raise SourceError(path, reason)
    return files[0]


def unpack_all(
    path: Path, compression: str | None, folder: Path, max_bytes: int
) -> list[Path]:
    """Every file of a compressed file, by its name without folders.

    Raises:
        SourceError: It is broken, too long, or has two files of one name.
    """
    kind = compression or compression_of(path)
    if kind == NONE:
        return [path]
    if kind not in COMPRESSIONS:
        known = ", ".join((NONE, *COMPRESSIONS))
        raise SourceError(path, f"compression {kind!r} is unknown; there are {known}")
    room = max_bytes
    files: list[Path] = []
    with _told(path, kind):
        for name, stream in COMPRESSIONS[kind](path):
            target = folder / PurePosixPath(name).name
            if target in files:
                raise SourceError(path, f"holds two files named {target.name}")
            room -= _copy(stream, target, room, path, max_bytes)
            files.append(target)
    return files


def compression_of(path: Path) -> str:
    """What the name of a file tells about how it is compressed; archives by zip no.

    Examples:
        >>> compression_of(Path("a.csv.gz")), compression_of(Path("a.csv"))
        ('gzip', 'none')
    """
    name = path.name.lower()
    return next((kind for end, kind in _ENDINGS if name.endswith(end)), NONE)


@contextmanager
def _told(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    except _BROKEN as error:
        reason = f"cannot be unpacked as {kind}: {str(error) or type(error).__name__}"
        raise SourceError(path, reason) from error


def _copy(stream: Readable, target: Path, room: int, path: Path, max_bytes: int) -> int:
    """Copy a stream to a file; how long it was."""
    length = 0
    with target.open("wb") as file:
        while chunk := stream.read(_CHUNK):
            length += len(chunk)
            if length > room:
                raise SourceError(path, f"unpacks to more than {max_bytes:,} bytes")
            file.write(chunk)
    return length


def _plain_name(path: Path) -> str:
    """The name without the last ending, if that tells of a compression."""
    return path.stem if compression_of(path) != NONE else path.name


def _gzip(path: Path) -> Streams:
    with gzip.open(path) as stream:
        yield _plain_name(path), stream


def _bzip2(path: Path) -> Streams:
    with bz2.open(path) as stream:
        yield _plain_name(path), stream


def _xz(path: Path) -> Streams:
    with lzma.open(path) as stream:
        yield _plain_name(path), stream


def _zstd(path: Path) -> Streams:
    with pa.input_stream(str(path), compression="zstd") as stream:
        yield _plain_name(path), stream


def _zip(path: Path) -> Streams:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                with archive.open(entry) as stream:
                    yield entry.filename, stream


def _tar(path: Path) -> Streams:
    with tarfile.open(path, "r|*") as archive:
        for entry in archive:
            stream = archive.extractfile(entry) if entry.isfile() else None
            if stream is not None:
                yield entry.name, stream


NONE: Final = "none"
COMPRESSIONS: Final[Mapping[str, Callable[[Path], Streams]]] = MappingProxyType(
    {
        "gzip": _gzip,
        "bzip2": _bzip2,
        "xz": _xz,
        "zstd": _zstd,
        "zip": _zip,
        "tar": _tar,
        "targz": _tar,
        "targzip": _tar,
        "tarxz": _tar,
    }
)
"""Local name of `rml:compression` (RML-IO), or of ours, to reader."""

_ENDINGS: Final = (
    *((end, "tar") for end in (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")),
    *((".gz", "gzip"), (".bz2", "bzip2"), (".xz", "xz"), (".zst", "zstd")),
)
