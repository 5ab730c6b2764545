"""The documents that LOAD may read: those that somebody allowed, and no others.

Whoever may send an update decides what LOAD names. A server that read everything could
be made to read its own files, and to knock at its neighbors' doors.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from strabon_store.errors import LoadError, LoadForbidden
from strabon_store.storage.sources import Input, Source, open_source

_FILE: Final = "file"
_WEB: Final[Mapping[str, int]] = MappingProxyType({"http": 80, "https": 443})
"""Schemes of the web, and their ports."""


class WebClient(Protocol):
    """Who fetches documents of the web; the store itself knows no HTTP."""

    def fetch(
        self,
        iri: str,
        folder: Path,
        *,
        permit: Callable[[str], None],
        tick: Callable[[], None],
    ) -> Input:
        """Put a document into a file in a folder.

        Args:
            iri: The document.
            folder: Where the file is put.
            permit: Told where each redirect leads before anybody is asked there; may
                raise.
            tick: Called every now and then while somebody waits; may raise.

        Raises:
            LoadError: It cannot be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents by their IRIs.

    Attributes:
        allowed: The IRIs that may be read; one that ends in `/` stands for all below.
        web: Who fetches those of the web; None: nobody.
    """

    allowed: Sequence[str] = ()
    web: WebClient | None = None

    @contextmanager
    def open(self, iri: str, tick: Callable[[], None]) -> Iterator[Source]:
        """The document with an IRI, for a while.

        Args:
            iri: The document.
            tick: Called every now and then while it is fetched; may raise.

        Raises:
            LoadForbidden: Nobody allowed it, or where it redirects to.
            LoadError: It is allowed, and cannot be read.

        Examples:
            >>> with Documents().open("file:///etc/passwd", lambda: None):
            ...     pass
            Traceback (most recent call last):
                ...
            strabon_store.errors.LoadForbidden: nobody allowed to load <file:///etc...
        """
        self._permit(iri)
        if path := _path(iri):
            yield open_source(path)
            return
        if self.web is None or _scheme(iri) not in _WEB:
            raise LoadError(f"cannot load <{iri}>: only file: IRIs can be read here")
        with tempfile.TemporaryDirectory(prefix="pytheas-load-") as folder:
            found = self.web.fetch(iri, Path(folder), permit=self._permit, tick=tick)
            yield open_source(found)

    def _permit(self, iri: str) -> None:
        path = _path(iri)
        named = iri if path is None else path.as_uri()
        if not any(_is_within(named, each) for each in self.allowed):
            raise LoadForbidden(iri)


def _scheme(iri: str) -> str:
    return iri.partition(":")[0].lower()


def _path(iri: str) -> Path | None:
    """The file that an IRI names; links and dots followed, so that none leads out."""
    if _scheme(iri) != _FILE:
        return None
    parts = urlsplit(iri)
    if parts.netloc not in {"", "localhost"}:
        return None
    return Path(unquote(parts.path)).resolve()


def _is_within(iri: str, allowed: str) -> bool:
    path = _path(allowed)
    if path is not None:
        folder = path.as_uri().rstrip("/")
        is_below = allowed.endswith("/") and iri.startswith(f"{folder}/")
        return iri == folder or is_below
    if _scheme(allowed) in _WEB and _scheme(iri) in _WEB:
        return _is_within_site(iri, allowed)
    return iri == allowed or (allowed.endswith("/") and iri.startswith(allowed))


def _is_within_site(iri: str, allowed: str) -> bool:
    """The same for IRIs of the web, whose dots nobody here can follow.

    Examples:
        >>> _is_within_site("HTTP://a.org/x/y.ttl", "http://a.org/x/")
        True
        >>> _is_within_site("http://a.org/x/%2E./y.ttl", "http://a.org/x/")
        False
    """
    try:
        found, given = urlsplit(iri), urlsplit(allowed)
        if _server(found) != _server(given):
            return False
    except ValueError:
        return False
    path, within = found.path or "/", given.path or "/"
    if not set(unquote(path).split("/")).isdisjoint({".", ".."}):
        return False
    if allowed.endswith("/") and not given.query:
        return path.startswith(within)
    return (path, found.query) == (within, given.query)


def _server(parts: SplitResult) -> tuple[str, str | None, str | None, int | None]:
    """What must be equal as a whole; names of hosts have no case."""
    port = parts.port or _WEB.get(parts.scheme)
    return parts.scheme, parts.username, parts.hostname, port
