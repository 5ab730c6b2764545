"""The documents of a STAC catalogue, in turn: what it links to, page after page.

Links of items, children and next pages are followed (STAC 1.1, and the item search of
STAC API 1.0); those to parents and to other places are not.  A document of an older
version comes as one of the current.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urljoin, urlsplit

from pystac.errors import STACTypeError
from pystac.serialization import identify_stac_object, migrate_to_latest

from geotriples.errors import SourceError
from geotriples.sources.workspace import Workspace

Json: TypeAlias = dict[str, Any]
Place: TypeAlias = Path | str
"""A file, or a URL."""

ACCEPT: Final = "application/geo+json, application/json;q=0.9"
ITEM: Final = "Feature"
_PAGE: Final = "FeatureCollection"
_STATIC: Final = frozenset({"item", "child"})
_DYNAMIC: Final = frozenset({"items", "data"})


@dataclass(frozen=True, slots=True)
class Document:
    """An item, a collection or a catalogue.

    Attributes:
        content: The document, in the current version of STAC.
        base: The URL from which its links and assets lead on; None where they are
            files beside it.
    """

    content: Json
    base: str | None

    def absolute(self, href: str) -> str:
        """Where a link or an asset is; as it stands where that is beside a file."""
        return href if self.base is None else urljoin(self.base, href)


@dataclass(slots=True)
class Walk:
    """The documents that a catalogue leads to, each once.

    Attributes:
        root: The first document; below its folder files are read.
        workspace: What may be read beside it.
        first: The file of the first document, which is not fetched again.
    """

    root: Place
    workspace: Workspace
    first: Path
    _seen: set[str] = field(default_factory=set)
    _length: int = 0

    def documents(self) -> Iterator[Document]:
        """All of them, what a document links to after it.

        Raises:
            SourceError: One cannot be had, or is none of STAC.
        """
        waiting = [self.root]
        while waiting:
            place = waiting.pop()
            if str(place) in self._seen:
                continue
            self._seen.add(str(place))
            content = self.read(place)
            for one in _members(content):
                document = _document(place, one)
                yield document
                linked = list(_links(place, one))
                waiting.extend(reversed(linked))
            if content.get("type") == _PAGE or "collections" in content:
                waiting.extend(_next(place, content))

    def read(self, place: Place) -> Json:
        """The JSON object of a place.

        Raises:
            SourceError: It may not be read, or is none.
        """
        path = self.first if place == self.root else self._file(place)
        if not self._may_read(place):
            reason = "leads out of the folders that this run may read"
            raise SourceError(place, reason)
        try:
            self._length += path.stat().st_size
            content = json.loads(path.read_bytes())
        except FileNotFoundError as error:
            raise SourceError(place, "does not exist") from error
        except (ValueError, OSError, RecursionError) as error:
            raise SourceError(place, f"is not JSON: {error}") from error
        if self._length > self.workspace.permissions.max_bytes:
            limit = self.workspace.permissions.max_bytes
            raise SourceError(self.root, f"leads to more than {limit:,} bytes")
        if not isinstance(content, dict):
            raise SourceError(place, "is no STAC: it is not a JSON object")
        return content

    def _file(self, place: Place) -> Path:
        return place if isinstance(place, Path) else self._fetched(place)

    def _fetched(self, url: str) -> Path:
        fetch = self.workspace.permissions.fetch
        if fetch is None:
            raise SourceError(url, "is not fetched: this run may not ask any host")
        return fetch(url, self.workspace.folder(), accept=ACCEPT)

    def _may_read(self, place: Place) -> bool:
        """Whether a file is where the run may read; URLs are the fetcher's affair."""
        if isinstance(place, str):
            return True
        permissions = self.workspace.permissions
        folders = [*permissions.folders]
        if permissions.working_folder is not None:
            folders.append(permissions.working_folder)
        if isinstance(self.root, Path):
            folders.append(self.root.parent)
        whole = place.resolve()
        return any(whole.is_relative_to(folder.resolve()) for folder in folders)


def _members(content: Json) -> list[Json]:
    """The items of a page, the collections of a list, or the document itself."""
    if content.get("type") == _PAGE:
        found = content.get("features")
    elif "collections" in content and "type" not in content:
        found = content["collections"]
    else:
        return [content]
    return [one for one in found if isinstance(one, dict)] if found else []


def _document(place: Place, content: Json) -> Document:
    try:
        info = identify_stac_object(content)
        latest = migrate_to_latest(content, info)
    except STACTypeError as error:
        reason = "is no item, collection or catalogue of STAC"
        told = f": its type is {content['type']!r}" if "type" in content else ""
        raise SourceError(place, f"{reason}{told}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(place, f"is broken STAC: {error!r}") from error
    if not isinstance(latest.get("id"), str):
        raise SourceError(place, "is broken STAC: it has no id")
    return Document(latest, _base(place, content))


def _base(place: Place, content: Json) -> str | None:
    """Its own URL, as it says, else the one that it was had from."""
    for link in links_of(content):
        href = link["href"]
        if link.get("rel") == "self" and urlsplit(href).scheme in {"http", "https"}:
            return str(href)
    return place if isinstance(place, str) else None


def links_of(content: Json) -> Iterator[Json]:
    """The links of a document that lead somewhere."""
    for link in content.get("links") or ():
        if isinstance(link, Mapping) and isinstance(link.get("href"), str):
            yield dict(link)


def _links(place: Place, content: Json) -> Iterator[Place]:
    """Where a catalogue or a collection leads to.

    What a server has as pages and as single documents is read as pages.
    """
    if content.get("type") == ITEM:
        return
    links = list(links_of(content))
    rels = {link.get("rel") for link in links}
    wanted = _DYNAMIC & rels or _STATIC
    for link in links:
        if link.get("rel") in wanted:
            yield _place(place, link["href"])


def _next(place: Place, content: Json) -> Iterator[Place]:
    for link in links_of(content):
        if link.get("rel") == "next":
            method = str(link.get("method", "GET")).upper()
            if method != "GET":
                reason = f"has its next page by {method}; ask for pages by GET"
                raise SourceError(place, reason)
            yield _place(place, link["href"])


def _place(base: Place, href: str) -> Place:
    """Where a link leads to from a document."""
    if isinstance(base, str):
        return urljoin(base, href)
    if urlsplit(href).scheme in {"http", "https", "s3"}:
        return href
    return Path((base.parent / unquote(href.removeprefix("file://"))).resolve())
