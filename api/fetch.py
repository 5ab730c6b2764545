"""RDF documents over HTTP(S), from the hosts that somebody allowed and no others.

Whoever names a document must not be able to make us knock at our neighbors' doors: a
host is allowed by name, redirects are held to the same list, and an address of a
private network is refused unless it is on the list itself. The addresses that were
looked at are those that are connected to, whatever the name means a moment later.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import (
    BadStatusLine,
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
)
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from api.errors import FetchFailed, FetchForbidden
from strabon_store.storage.sources import COMPRESSIONS, FORMATS, Input

_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200
_CHUNK: Final = 1 << 20
_PORTS: Final[Mapping[str, int]] = MappingProxyType({"http": 80, "https": 443})
_ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text/turtle": ".ttl",
        "application/n-triples": ".nt",
        "application/n-quads": ".nq",
        "application/trig": ".trig",
        "application/rdf+xml": ".rdf",
        "application/ld+json": ".jsonld",
    }
)
"""The ending that tells a format, by media type."""

_CODINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"identity": "", "": "", "gzip": ".gz", "x-gzip": ".gz", "zstd": ".zst"}
)
"""The ending that tells a compression, by content coding (RFC 9110, 8.4.1)."""

_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})
"""What a server sends that has something to say to people and no RDF, like a log-in."""

_IN_URIS: Final = "%/:@!$&'()*+,;=~?"
"""What stands in a path or a query as it is (RFC 3986, 3.3 and 3.4)."""


def anywhere(url: str) -> None:
    """Permit a document wherever it is, on a host that is allowed."""
    del url


def at_leisure() -> None:
    """Fetch what nobody wants to stop."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches documents.

    Attributes:
        allowed: The hosts that may be asked, as `host` or `host:port`.
        max_bytes: How long a document may be.
        timeout_s: How long a server may be silent.
        deadline_s: How long a document may take.
    """

    allowed: frozenset[str] = frozenset()
    max_bytes: int = 1 << 36
    timeout_s: float = 30.0
    deadline_s: float = 6 * 3600.0

    def fetch(
        self,
        url: str,
        folder: Path,
        *,
        ending: str | None = None,
        accept: str | None = None,
        permit: Callable[[str], None] = anywhere,
        tick: Callable[[], None] = at_leisure,
    ) -> Input:
        """Put the document with a URL into a file in a folder.

        Args:
            url: The document.
            folder: Where the file is put.
            ending: What tells its format, where the caller knows better than the
                server.
            accept: The media types that are wanted; those of RDF if nobody says.
            permit: Told each URL before anybody is asked for it, those of redirects
                included; raises what stops it.
            tick: Called when bytes came; raises what stops it.

        Raises:
            FetchForbidden: It, or where it redirects to, is on no allowed host.
            FetchFailed: It cannot be had, or nobody can tell its format.
        """
        place = url
        for _ in range(_MOST_REDIRECTS + 1):
            permit(place)
            with self._answer(place, accept) as answer:
                if answer.status in _REDIRECTS:
                    if (there := answer.headers.get("Location")) is None:
                        raise FetchFailed(place, "a redirect that says no place")
                    place = urljoin(place, there)
                elif answer.status == _OK:
                    ending = ending or _ending(place, answer)
                    path = folder / f"{len(list(folder.iterdir()))}"
                    self._keep(place, answer, path, tick)
                    return Input(path, name=url, base=place, ending=ending)
                else:
                    reason = f"the server answers {answer.status} {answer.reason}"
                    raise FetchFailed(place, reason)
        raise FetchFailed(url, f"more than {_MOST_REDIRECTS} redirects")

    @contextmanager
    def _answer(self, url: str, accept: str | None) -> Iterator[HTTPResponse]:
        parts, port = _split(url)
        host = (parts.hostname or "").lower()
        path = quote(parts.path or "/", safe=_IN_URIS)
        path += f"?{quote(parts.query, safe=_IN_URIS)}" if parts.query else ""
        media_types = accept or ", ".join([*_ENDINGS, "*/*;q=0.1"])
        headers = {"Accept": media_types, "Accept-Encoding": "identity"}
        try:
            addresses = self._addresses(url, host, port)
            with closing(
                _connection(parts.scheme, host, port, addresses)
            ) as connection:
                connection.timeout = self.timeout_s
                connection.request("GET", path, headers=headers)
                with connection.getresponse() as answer:
                    yield answer
        except (OSError, HTTPException) as error:
            raise FetchFailed(url, _reason(error)) from error

    def _addresses(self, url: str, host: str, port: int) -> list[str]:
        """The addresses of an allowed host, each of which must be allowed."""
        if not self.allowed & {host, f"{host}:{port}"}:
            raise FetchForbidden(url, host)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(info[4][0]) for info in found]
        is_named = host == "localhost" or host in addresses
        for address in addresses:
            is_listed = is_named or address in self.allowed
            if not ip_address(address).is_global and not is_listed:
                raise FetchForbidden(url, address)
        return list(dict.fromkeys(addresses))

    def _keep(
        self, url: str, answer: HTTPResponse, path: Path, tick: Callable[[], None]
    ) -> None:
        until = time.monotonic() + self.deadline_s
        length, read = answer.length, 0
        with path.open("wb") as file:
            # What is there, and no more: a server that sends a byte now and then must
            # not get around the deadline.
            while data := _some(url, answer, read):
                tick()
                read += len(data)
                if max(read, length or 0) > self.max_bytes:
                    raise FetchFailed(
                        url, f"it is longer than {self.max_bytes:,} bytes"
                    )
                if time.monotonic() > until:
                    raise FetchFailed(url, f"not here after {self.deadline_s:g} s")
                file.write(data)
        if length is not None and read < length:
            raise FetchFailed(url, f"cut short after {read:,} of {length:,} bytes")


def _reason(error: OSError | HTTPException) -> str:
    """Why there is no answer."""
    said = str(error).strip() or type(error).__name__
    # An error of the connection, when nothing at all is answered.
    is_strange = isinstance(error, BadStatusLine) and not isinstance(error, OSError)
    return f"what answers speaks no HTTP: {said[:80]!r}" if is_strange else said


def _some(url: str, answer: HTTPResponse, read: int) -> bytes:
    """What is there of a document, nothing at its end."""
    try:
        return answer.read1(_CHUNK)
    except IncompleteRead as error:
        raise FetchFailed(url, f"cut short after {read:,} bytes") from error


def _split(url: str) -> tuple[SplitResult, int]:
    """A URL in parts, and its port."""
    try:
        parts = urlsplit(url)
        return parts, parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError):
        raise FetchFailed(url, "it is no URL of http or https") from None


def _ending(url: str, answer: HTTPResponse) -> str:
    """What tells the format: the media type, else the name in the URL.

    Servers that know nothing of RDF call it plain text, XML or bytes, and what is
    compressed by how it is compressed; then the name counts.
    """
    name = PurePosixPath(urlsplit(url).path).name.lower()
    suffixes = PurePosixPath(name).suffixes
    packed = suffixes[-1] if suffixes and suffixes[-1] in COMPRESSIONS else ""
    named = PurePosixPath(name.removesuffix(packed)).suffix
    packed = packed or _packed_as(url, answer)
    media_type = answer.headers.get_content_type()
    if kind := _ENDINGS.get(media_type):
        return kind + packed
    if media_type in _PAGES or named not in FORMATS:
        known = ", ".join(_ENDINGS)
        reason = (
            f"the server calls it {media_type}, which is none of {known}; "
            "`pytheas load` can be told what it is with --format"
        )
        raise FetchFailed(url, reason)
    return named + packed


def _packed_as(url: str, answer: HTTPResponse) -> str:
    """The ending of a compression that a server uses though nobody asked for it."""
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in _CODINGS:
        raise FetchFailed(url, f"it is sent as {coding!r}, which cannot be read here")
    return _CODINGS[coding]


def _connected(
    addresses: Sequence[str], port: int, timeout: float | None
) -> socket.socket:
    """To the first address that answers: a host may have one that nobody listens at.

    Raises:
        OSError: None does.
    """
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout)
    return socket.create_connection((addresses[-1], port), timeout)


class _PlainConnection(HTTPConnection):
    """To some addresses, whatever the name of the host means now."""

    def __init__(self, host: str, port: int, addresses: Sequence[str]) -> None:
        super().__init__(host, port)
        self._addresses = addresses

    def connect(self) -> None:
        self.sock = _connected(self._addresses, self.port, self.timeout)


class _SecureConnection(HTTPSConnection):
    """The same, for HTTPS; the certificate is held to the name of the host."""

    def __init__(self, host: str, port: int, addresses: Sequence[str]) -> None:
        super().__init__(host, port)
        self._addresses = addresses

    def connect(self) -> None:
        plain = _connected(self._addresses, self.port, self.timeout)
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(plain, server_hostname=self.host)


def _connection(
    scheme: str, host: str, port: int, addresses: Sequence[str]
) -> HTTPConnection:
    kind = _SecureConnection if scheme == "https" else _PlainConnection
    return kind(host, port, addresses)
