"""Where products may be read: files of this machine, and what may be fetched.

What a document names (the assets of a STAC item) must lie below its folder, the working
folder, or a folder that whoever runs this named.  URLs are fetched by a function that
knows which hosts and buckets are allowed; nothing here asks anybody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol
from urllib.parse import unquote, urljoin, urlsplit

from ml.products.errors import ForbiddenPlace

_SCHEMES: Final = frozenset({"http", "https", "s3", "s3a"})


class Fetch(Protocol):
    """How what is behind a URL becomes a file, or a folder."""

    def __call__(self, url: str, folder: Path, *, accept: str) -> Path:
        """Put it into a folder that exists.

        Args:
            url: Of the document, or of a folder of objects.
            folder: Where it is put.
            accept: The media types that are wanted.
        """


@dataclass(frozen=True, slots=True)
class Access:
    """What may be read.

    Attributes:
        scratch: Where what is fetched is put.
        fetch: How URLs become files; None where nobody may be asked.
        folders: Beside the working folder, where documents may lead.
    """

    scratch: Path
    fetch: Fetch | None = None
    folders: tuple[Path, ...] = field(default_factory=tuple)

    def open(self, location: str) -> Path:
        """What a user names: a path as it is, a URL fetched.

        Raises:
            ForbiddenPlace: It is a URL, and nobody may be asked.
        """
        return self._fetched(location) if is_url(location) else Path(location)

    def asset(self, href: str, document: str) -> Path:
        """What a document names, seen from where the document lies.

        Raises:
            ForbiddenPlace: It may not be read.
        """
        if is_url(href):
            return self._fetched(href)
        if is_url(document):
            return self._fetched(_joined(document, href))
        home = Path(document).resolve().parent
        path = (home / unquote(href.removeprefix("file://"))).resolve()
        folders = [home, Path.cwd(), *self.folders]
        if not any(path.is_relative_to(folder.resolve()) for folder in folders):
            reason = f"is outside the folder of {document}; allow it by --allow-folder"
            raise ForbiddenPlace(str(path), reason)
        return path

    def _fetched(self, url: str) -> Path:
        if self.fetch is None:
            reason = "is not fetched: allow it by --allow-host or --allow-bucket"
            raise ForbiddenPlace(url, reason)
        # One folder each: assets of several items have the same names.
        folder = Path(self.scratch) / f"{len(list(self.scratch.iterdir()))}"
        folder.mkdir()
        return self.fetch(url, folder, accept="*/*")


def is_url(text: str) -> bool:
    """Whether a text is a URL that can be fetched.

    Examples:
        >>> is_url("s3://maps/a.tif"), is_url("C:/a.tif"), is_url("file:///a.tif")
        (True, False, False)
    """
    return urlsplit(text).scheme.lower() in _SCHEMES


def _joined(base: str, href: str) -> str:
    """A relative reference, seen from a URL; also of schemes that Python cannot join.

    Examples:
        >>> _joined("s3://eo/tiles/item.json", "../B02.tif")
        's3://eo/B02.tif'
    """
    scheme, rest = base.split(":", 1)
    joined = urljoin(f"http:{rest}", href)
    return f"{scheme}:{joined.split(':', 1)[1]}"


@contextmanager
def access(
    fetch: Fetch | None = None, folders: tuple[Path, ...] = ()
) -> Iterator[Access]:
    """What may be read, with a folder for what is fetched; it goes with the block."""
    with TemporaryDirectory(prefix="pytheas-fetched-") as scratch:
        yield Access(Path(scratch), fetch, folders)
