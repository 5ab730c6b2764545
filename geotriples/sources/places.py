"""Where the data of logical sources are: names, paths and URLs -> files.

A path or URL of the mapping is a name: the run may say which file it stands for.  Else
it is a path below a folder that the run permits, or a document that the run can fetch;
whoever wrote the mapping must not read what whoever runs it would not show.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from geotriples.errors import SourceError
from geotriples.mapping.model import FileAccess
from ontologies.namespaces import RML

_MAPPING_FOLDER: Final = RML.term("MappingDirectory")
_WORKING_FOLDER: Final = RML.term("CurrentWorkingDirectory")


class Fetch(Protocol):
    """How a document behind a URL becomes a file."""

    def __call__(self, url: str, folder: Path, *, accept: str) -> Path:
        """Put the document into a file of a folder that exists.

        Args:
            url: The document.
            folder: Where the file is put.
            accept: The media types that are wanted.

        Raises:
            SourceError: It may not be had, or cannot.
        """


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a mapping may read beside its own folder.

    Attributes:
        working_folder: What `rml:CurrentWorkingDirectory` stands for; None where a
            mapping may not read there.
        folders: Other folders, below which absolute paths may lead.
        fetch: How documents behind URLs are had; None where they are not.
        max_bytes: How long a file may be when it is unpacked.
    """

    working_folder: Path | None = field(default_factory=Path.cwd)
    folders: tuple[Path, ...] = ()
    fetch: Fetch | None = None
    max_bytes: int = 1 << 36


@dataclass(frozen=True, slots=True)
class Places:
    """The files that the sources of one mapping may mean.

    Attributes:
        folder: Where the mapping lies.
        named: Files by the path or URL that the mapping gives them.
        permissions: What else may be read.
    """

    folder: Path
    named: Mapping[str, Path]
    permissions: Permissions

    def file(self, access: FileAccess) -> Path:
        """The file that a path means; whether it exists is another question.

        Without a root, a file beside the mapping comes before one in the working
        folder.

        Raises:
            SourceError: The path leads where the mapping may not read.
        """
        if access.path in self.named:
            return self.named[access.path]
        path = Path(_without_scheme(access.path))
        roots = list(self._roots(access, path))
        found = [one for root in roots if (one := _below(root, path)) is not None]
        if not found:
            raise SourceError(access.path, self._refusal(access, path))
        return next((one for one in found if one.exists()), found[0])

    def document(self, url: str, folder: Path, *, accept: str = "*/*") -> Path:
        """A document behind a URL, put into a folder.

        Raises:
            SourceError: It may not be had, or cannot.
        """
        if url in self.named:
            return self.named[url]
        if self.permissions.fetch is None:
            reason = "is not fetched: this run may not ask any host"
            raise SourceError(url, reason)
        return self.permissions.fetch(url, folder, accept=accept)

    def _roots(self, access: FileAccess, path: Path) -> Iterator[Path]:
        is_absolute = path.is_absolute()
        working = self.permissions.working_folder
        if is_absolute or access.root in {None, _MAPPING_FOLDER}:
            yield self.folder
        if working and (is_absolute or access.root in {None, _WORKING_FOLDER}):
            yield working
        if is_absolute:
            yield from self.permissions.folders
        elif access.root not in {None, _MAPPING_FOLDER, _WORKING_FOLDER}:
            yield from self._named_root(Path(_without_scheme(access.root or "")))

    def _named_root(self, root: Path) -> Iterator[Path]:
        permitted = (self.folder, *self.permissions.folders)
        if any(_below(folder, root) is not None for folder in permitted):
            yield root

    def _refusal(self, access: FileAccess, path: Path) -> str:
        if access.root == _WORKING_FOLDER and self.permissions.working_folder is None:
            return "is in the working folder, which this run does not read"
        where = (
            "the folders that this run may read"
            if path.is_absolute()
            else ("its folder" if access.root else "the mapping's folder")
        )
        return f"leads out of {where}"


def _below(root: Path, path: Path) -> Path | None:
    """A path from a root, unless it leads out of it."""
    folder = root.resolve()
    found = (folder / path).resolve()
    return found if found.is_relative_to(folder) else None


def _without_scheme(text: str) -> str:
    """The path of a `file:` URL; any other text is a path."""
    if not text.startswith("file:"):
        return text
    return unquote(urlsplit(text).path)
