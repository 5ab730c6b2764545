"""The files of a product, wherever they lie: a folder, or a zip archive.

Metadata are small and read whole; rasters are opened by GDAL, which reads pieces of
them, so each place also says how GDAL calls a file of it.
"""

import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ml.errors import MissingPart, UnreadableProduct


class ProductFiles(Protocol):
    """The files of one product, by names relative to it, with `/`."""

    @property
    def location(self) -> str:
        """Where the product lies, as the user wrote it."""

    @property
    def name(self) -> str:
        """The last part of `location`, without the ending of an archive."""

    def sizes(self) -> dict[str, int]:
        """Every file and its bytes."""

    def read(self, name: str) -> bytes:
        """The content of a file."""

    def gdal_path(self, name: str) -> str:
        """What GDAL opens."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A product that is a folder."""

    path: Path

    @property
    def location(self) -> str:
        """Where it lies."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The name of the product."""
        return self.path.resolve().name

    def sizes(self) -> dict[str, int]:
        """Every file and its bytes."""
        return {
            path.relative_to(self.path).as_posix(): path.stat().st_size
            for path in sorted(self.path.rglob("*"))
            if path.is_file()
        }

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return (self.path / name).read_bytes()

    def gdal_path(self, name: str) -> str:
        """What GDAL opens."""
        return str(self.path / name)


@dataclass(frozen=True, slots=True)
class Archive:
    """A product in a zip archive, as it is distributed.

    Attributes:
        path: The archive.
        root: The folder in it that is the product, with a `/`, or nothing.
    """

    path: Path
    root: str

    @property
    def location(self) -> str:
        """Where it lies."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The name of the product."""
        return self.root.rstrip("/").rpartition("/")[2] or self.path.stem

    def sizes(self) -> dict[str, int]:
        """Every file and its bytes."""
        with zipfile.ZipFile(self.path) as archive:
            return {
                entry.filename.removeprefix(self.root): entry.file_size
                for entry in archive.infolist()
                if entry.filename.startswith(self.root) and not entry.is_dir()
            }

    def read(self, name: str) -> bytes:
        """The content of a file."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(self.root + name)

    def gdal_path(self, name: str) -> str:
        """What GDAL opens."""
        return f"/vsizip/{self.path.resolve()}/{self.root}{name}"


def open_files(location: str | Path) -> ProductFiles:
    """The files of the product at a location.

    Args:
        location: A folder, a file in it (a manifest or product metadata), or a zip
            archive.

    Raises:
        UnreadableProduct: There is no such thing, or it is no product.
    """
    path = Path(location)
    if path.is_dir():
        return Folder(path)
    if not path.exists():
        raise UnreadableProduct(path, "there is no such product", "check the path")
    if zipfile.is_zipfile(path):
        return _archive(path)
    if path.suffix.lower() in {".safe", ".xml"}:
        return Folder(path.parent)
    raise UnreadableProduct(
        path,
        "it is no folder, no zip archive and no manifest",
        "name the .SAFE folder, or the archive that it came in",
    )


def _archive(path: Path) -> Archive:
    """The archive; its product is the folder in which the topmost metadata lie."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    tops = [n for n in names if is_product_metadata(n.rpartition("/")[2])]
    if not tops:
        raise UnreadableProduct(
            path,
            "the archive holds no manifest.safe and no MTD_MSI*.xml",
            "name an archive of one product",
        )
    top = min(tops, key=lambda name: name.count("/"))
    return Archive(path, top.rpartition("/")[0] + "/" if "/" in top else "")


def is_product_metadata(name: str) -> bool:
    """Whether a file of this name stands at the top of a product.

    Examples:
        >>> is_product_metadata("manifest.safe"), is_product_metadata("MTD_TL.xml")
        (True, False)
    """
    return name == "manifest.safe" or (
        name.startswith("MTD_MSI") and name.endswith(".xml")
    )


def read_part(files: ProductFiles, part: str, names: Iterable[str]) -> bytes:
    """The content of the first of `names` that is there and not empty.

    Raises:
        MissingPart: None is.
    """
    return files.read(find_part(files, part, names))


def find_part(files: ProductFiles, part: str, names: Iterable[str]) -> str:
    """The first of `names` that is there and not empty.

    Raises:
        MissingPart: None is.
    """
    looked_for = [os.path.normpath(name).replace(os.sep, "/") for name in names]
    sizes = files.sizes()
    for name in looked_for:
        if sizes.get(name, 0) > 0:
            return name
    raise MissingPart(files.location, part, looked_for)
