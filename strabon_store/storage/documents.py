"""The documents that LOAD may read: those that somebody allowed, and no others.

Whoever may send an update decides what LOAD names. A server that read everything could
be made to read its own files, and to knock at its neighbors' doors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from strabon_store.errors import LoadError, LoadForbidden
from strabon_store.storage.sources import Source, open_source

_FILE: Final = "file"


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents by their IRIs.

    Attributes:
        allowed: The IRIs that may be read; one that ends in `/` stands for all below.
    """

    allowed: Sequence[str] = ()

    def open(self, iri: str) -> Source:
        """The document with an IRI.

        Raises:
            LoadForbidden: Nobody allowed it.
            LoadError: It is allowed, and cannot be read.

        Examples:
            >>> Documents().open("file:///etc/passwd")
            Traceback (most recent call last):
                ...
            strabon_store.errors.LoadForbidden: nobody allowed to load <file:///etc...
        """
        path = _path(iri)
        named = iri if path is None else path.as_uri()
        if not any(_is_within(named, each) for each in self.allowed):
            raise LoadForbidden(iri)
        if path is None:
            raise LoadError(f"cannot load <{iri}>: only file: IRIs can be read")
        return open_source(path)


def _path(iri: str) -> Path | None:
    """The file that an IRI names; links and dots followed, so that none leads out."""
    parts = urlsplit(iri)
    if parts.scheme != _FILE or parts.netloc not in {"", "localhost"}:
        return None
    return Path(unquote(parts.path)).resolve()


def _is_within(iri: str, allowed: str) -> bool:
    path = _path(allowed)
    if path is None:
        return iri == allowed or (allowed.endswith("/") and iri.startswith(allowed))
    folder = path.as_uri().rstrip("/")
    return iri == folder or (allowed.endswith("/") and iri.startswith(f"{folder}/"))
