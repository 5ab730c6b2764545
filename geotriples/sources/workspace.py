"""What a run makes of its sources before it reads them: unpacked, in UTF-8, fetched."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import main_thread
from typing import Final
from weakref import finalize

from geotriples.mapping.model import Representation
from geotriples.sources.places import Permissions
from geotriples.sources.text import in_utf_8
from geotriples.sources.unpack import unpack, unpack_all

_PROCESS: Final = main_thread()


@dataclass(slots=True)
class Workspace:
    """Files of one run, which vanish when it is closed, or at exit.

    Attributes:
        permissions: How long files may be, and what may be fetched.
    """

    permissions: Permissions = field(default_factory=Permissions)
    _folder: Path | None = None
    _remove: Callable[[], object] | None = None

    def folder(self) -> Path:
        """A new and empty folder."""
        if self._folder is None:
            self._folder = Path(mkdtemp(prefix="pytheas-sources-"))
            # Sources may outlive whoever opened them; at exit nothing is left.
            self._remove = finalize(_PROCESS, rmtree, self._folder, ignore_errors=True)
        return Path(mkdtemp(dir=self._folder))

    def holds(self, path: Path) -> bool:
        """Whether a file was made or fetched by this run."""
        return self._folder is not None and path.is_relative_to(self._folder)

    def plain(self, path: Path, representation: Representation) -> Path:
        """The file without compression.

        Raises:
            SourceError: It cannot be unpacked to one file.
        """
        limit = self.permissions.max_bytes
        return unpack(path, representation.compression, self.folder(), limit)

    def plain_files(self, path: Path, compression: str) -> list[Path]:
        """Every file of an archive, side by side.

        Raises:
            SourceError: It cannot be unpacked.
        """
        limit = self.permissions.max_bytes
        return unpack_all(path, compression, self.folder(), limit)

    def text(self, path: Path, representation: Representation) -> Path:
        """The file without compression, in UTF-8.

        Raises:
            SourceError: It cannot be unpacked, or is not in its encoding.
        """
        plain = self.plain(path, representation)
        return in_utf_8(plain, representation.encoding, self.folder())

    def close(self) -> None:
        """Remove the files."""
        if self._remove is not None:
            self._remove()
        self._folder = self._remove = None
