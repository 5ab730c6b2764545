"""What a run makes of its sources before it reads them: unpacked, in UTF-8, fetched."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from geotriples.mapping.model import Representation
from geotriples.sources.places import Permissions
from geotriples.sources.text import in_utf_8
from geotriples.sources.unpack import unpack, unpack_all


@dataclass(slots=True)
class Workspace:
    """Files of one run, which vanish when it is closed.

    Attributes:
        permissions: How long files may be, and what may be fetched.
    """

    permissions: Permissions = field(default_factory=Permissions)
    _folder: TemporaryDirectory[str] | None = None

    def folder(self) -> Path:
        """A new and empty folder."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="pytheas-sources-")
        return Path(mkdtemp(dir=self._folder.name))

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
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
