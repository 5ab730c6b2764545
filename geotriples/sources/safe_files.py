"""The files of a Sentinel product, in a folder or in a `.zip` that holds it."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from geotriples.errors import SourceError

MANIFEST: Final = "manifest.safe"
_MOST_BYTES: Final = 1 << 28


@dataclass(frozen=True, slots=True)
class SafeFiles:
    """The files of one product.

    Attributes:
        path: The folder or the archive.
        root: The folder of the product, in the archive where there is one.
        archive: The archive; None for a folder.
    """

    path: Path
    root: PurePosixPath
    archive: zipfile.ZipFile | None = None

    @property
    def name(self) -> str:
        """The product's name, without `.SAFE`."""
        folder = self.path.resolve() if self.archive is None else self.root
        return folder.name.removesuffix(".SAFE") or self.path.stem

    def names(self) -> list[str]:
        """The files, as they are called from the product's folder, in order."""
        if self.archive is None:
            found = (one for one in self.path.rglob("*") if one.is_file())
            return sorted(one.relative_to(self.path).as_posix() for one in found)
        return sorted(
            PurePosixPath(one).relative_to(self.root).as_posix()
            for one in self.archive.namelist()
            if PurePosixPath(one).is_relative_to(self.root) and not one.endswith("/")
        )

    def xml(self, name: str) -> Any:
        """The root of a document.

        Raises:
            SourceError: It is absent, broken, too long, or declares entities.
        """
        try:
            return fromstring(self._bytes(name))
        except (KeyError, FileNotFoundError) as error:
            raise SourceError(self.path, f"has no {name}") from error
        except (ParseError, DefusedXmlException, ValueError) as error:
            raise SourceError(self.path, f"{name} is not XML: {error}") from error
        except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
            raise SourceError(self.path, f"{name} cannot be read: {error}") from error

    def _bytes(self, name: str) -> bytes:
        if self.archive is None:
            size = (self.path / name).stat().st_size
        else:
            size = self.archive.getinfo(str(self.root / name)).file_size
        if size > _MOST_BYTES:
            raise SourceError(self.path, f"{name} is {size:,} bytes long")
        if self.archive is None:
            return (self.path / name).read_bytes()
        return self.archive.read(str(self.root / name))


@contextmanager
def open_safe_files(path: Path) -> Iterator[SafeFiles]:
    """The product that a folder, its manifest or an archive is.

    Raises:
        SourceError: It is absent, or is or holds no product.
    """
    folder = path.parent if path.name == MANIFEST else path
    if folder.is_dir():
        yield SafeFiles(folder, PurePosixPath())
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield SafeFiles(path, _root(path, archive), archive)
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise SourceError(path, f"is no folder and no zip: {error}") from error


def _root(path: Path, archive: zipfile.ZipFile) -> PurePosixPath:
    names = [PurePosixPath(one) for one in archive.namelist()]
    roots = [one.parent for one in names if one.name == MANIFEST]
    if len(roots) != 1:
        reason = f"should hold one product, and holds {len(roots)} of {MANIFEST}"
        raise SourceError(path, reason)
    return roots[0]
