"""Streams that compress what is written to them; the same bytes for the same input."""

import bz2
import gzip
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import IO, Final, cast

import pyarrow as pa

# Half a percent larger than the best level, in half the time.
_GZIP_LEVEL: Final = 6

Open = Callable[[IO[bytes], str], AbstractContextManager[IO[bytes]]]
"""From a stream, and the name of the file within, to one that compresses into it."""


@contextmanager
def open_plain(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """The stream itself."""
    del name
    yield stream


@contextmanager
def _gzip(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    del name
    # The time would make other bytes of the same statements.
    with gzip.GzipFile("", "wb", _GZIP_LEVEL, stream, mtime=0) as packed:
        yield cast("IO[bytes]", packed)


@contextmanager
def _bzip2(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    del name
    with bz2.BZ2File(stream, "wb") as packed:
        yield cast("IO[bytes]", packed)


@contextmanager
def _xz(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    del name
    with lzma.LZMAFile(stream, "wb") as packed:
        yield cast("IO[bytes]", packed)


@contextmanager
def _zstd(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    del name
    with pa.CompressedOutputStream(pa.PythonFile(stream, "w"), "zstd") as packed:
        yield packed


@contextmanager
def _zip(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with (
        zipfile.ZipFile(stream, "w") as archive,
        archive.open(entry, "w", force_zip64=True) as packed,
    ):
        yield packed


def _tar(pack: Open) -> Open:
    @contextmanager
    def open_tar(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
        # An archive says how long a file is before it has the file.
        with tempfile.TemporaryFile() as whole:
            yield cast("IO[bytes]", whole)
            entry = tarfile.TarInfo(name)
            entry.size = whole.tell()
            whole.seek(0)
            with (
                pack(stream, name) as packed,
                tarfile.open(fileobj=packed, mode="w|") as archive,
            ):
                archive.addfile(entry, whole)

    return open_tar


COMPRESS: Final[Mapping[str | None, Open]] = MappingProxyType(
    {
        None: open_plain,
        "gzip": _gzip,
        "bzip2": _bzip2,
        "xz": _xz,
        "zstd": _zstd,
        "zip": _zip,
        "targz": _tar(_gzip),
        "tarxz": _tar(_xz),
    }
)
"""By name: those of endings, and those of `rml:compression` (RML-IO)."""
