"""Documents of the web for LOAD: fetched beside the update, which can be stopped."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from api.errors import FetchFailed, FetchForbidden
from api.fetch import Fetcher
from strabon_store.errors import DocumentUnavailable, LoadForbidden
from strabon_store.storage.sources import Input
from strabon_store.waiting import wait_for


class WebDocuments:
    """Fetches documents from the hosts of the IRIs that LOAD may read."""

    def __init__(
        self, allowed: Sequence[str], *, max_bytes: int, timeout_s: float
    ) -> None:
        """From some hosts.

        Args:
            allowed: The IRIs of what may be read; those of other schemes say nothing.
            max_bytes: How long a document may be, as it is sent.
            timeout_s: How long a server may be silent.
        """
        hosts = frozenset(map(_server, allowed)) - {""}
        self._fetcher = Fetcher(hosts, max_bytes=max_bytes, timeout_s=timeout_s)

    def fetch(
        self,
        iri: str,
        folder: Path,
        *,
        permit: Callable[[str], None],
        tick: Callable[[], None],
    ) -> Input:
        """Put a document into a file in a folder.

        Raises:
            LoadForbidden: It is at an address of a private network.
            DocumentUnavailable: It cannot be had.
        """
        work = partial(self._fetcher.fetch, iri, folder, permit=permit, tick=tick)
        try:
            return wait_for(work, tick)
        except FetchForbidden as error:
            raise LoadForbidden(error.url, error.host) from error
        except FetchFailed as error:
            raise DocumentUnavailable(error.url, error.reason) from error


def _server(iri: str) -> str:
    """Host and port as they are in an IRI, or nothing where it names none.

    Examples:
        >>> _server("http://Data.example.org:8080/set/")
        'data.example.org:8080'
    """
    parts = urlsplit(iri)
    host = parts.hostname or ""
    return f"{host}:{parts.port}" if parts.port else host
