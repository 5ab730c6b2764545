"""Sources of mappings over HTTP(S) and S3, from where whoever runs them allowed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from api.errors import FetchFailed, FetchForbidden
from api.fetch import Fetcher
from engines.errors import ObjectFailed
from engines.objects import ObjectUrl, fetch_object, is_object_url
from geotriples.errors import SourceError
from geotriples.sources.places import Permissions

_SAFE: Final = frozenset("-_. ")
_ANY_FORMAT: Final = ".source"


@dataclass(frozen=True, slots=True)
class SourceFetcher:
    """A `geotriples.sources.places.Fetch`; downloads go to the run's own folder.

    Attributes:
        fetcher: What asks the hosts that are allowed.
        buckets: The buckets of the S3 service that are allowed.
    """

    fetcher: Fetcher
    buckets: frozenset[str] = frozenset()

    def __call__(self, url: str, folder: Path, *, accept: str) -> Path:
        """Fetch a document; its file is called as the URL ends, which tells the format.

        Raises:
            SourceError: Nobody allowed its host or bucket, or it cannot be had.
        """
        if is_object_url(url):
            return self._object(url, folder)
        try:
            found = self.fetcher.fetch(url, folder, ending=_ANY_FORMAT, accept=accept)
        except FetchForbidden as error:
            reason = f"is on {error.host}, which nobody allowed (--allow-host)"
            raise SourceError(url, reason) from error
        except FetchFailed as error:
            raise SourceError(url, f"cannot be fetched: {error.reason}") from error
        return found.path.rename(folder / _name(url))

    def _object(self, text: str, folder: Path) -> Path:
        try:
            url = ObjectUrl.of(text)
            if url.bucket in self.buckets:
                return fetch_object(url, folder, self.fetcher.max_bytes)
        except ObjectFailed as error:
            raise SourceError(error.url, error.reason) from error
        reason = f"is in {url.bucket}, which nobody allowed (--allow-bucket)"
        raise SourceError(str(url), reason)


def _name(url: str) -> str:
    """The last name in a URL, of letters that are safe in a file's name."""
    last = unquote(PurePosixPath(urlsplit(url).path).name)
    kept = "".join(one for one in last if one.isalnum() or one in _SAFE)
    return kept.lstrip(". ") or "source"


def permissions(
    hosts: Sequence[str] | None = None,
    folders: Sequence[Path] | None = None,
    buckets: Sequence[str] | None = None,
) -> Permissions:
    """What a mapping may read beside its folder and the working folder.

    Args:
        hosts: `host` or `host:port` of servers that may be asked.
        folders: Below which absolute paths may lead.
        buckets: Of the S3 service of the environment, which may be read.
    """
    fetcher = Fetcher(frozenset(host.lower() for host in hosts or ()))
    fetch = SourceFetcher(fetcher, frozenset(buckets or ()))
    return Permissions(
        folders=tuple(folders or ()), fetch=fetch if hosts or buckets else None
    )
