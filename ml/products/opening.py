"""Any product as observations: which reader a file is for.

| product | what tells it |
|---|---|
| SAFE of Sentinel-1 or Sentinel-2 | a folder or archive with their metadata |
| STAC item | a JSON document, or a folder that has `item.json` |
| cube | a Zarr folder, a NetCDF 4 file |
| raster | whatever else is a file and no archive: a COG, as a rule |
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Final
from zipfile import is_zipfile

from ml.errors import MissingBands, UnsuitableProduct
from ml.products.access import Access, is_url
from ml.products.cube_product import read_cube_product
from ml.products.files import open_files
from ml.products.observations import Observation, observation_of
from ml.products.raster_product import read_raster_product
from ml.products.s2_bands import BAND_BY_NAME
from ml.products.sentinel2 import Radiometry, is_sentinel2, open_sentinel2
from ml.products.stac_product import read_item, read_stac_product

ITEM: Final = "item.json"
_ZARR: Final = ("zarr.json", ".zgroup", ".zmetadata")
_HDF5: Final = b"\x89HDF"
_JSON: Final = frozenset({".json", ".geojson"})
_MANIFESTS: Final = frozenset({".safe", ".xml"})


class ProductKind(StrEnum):
    """What a product is."""

    SENTINEL1 = "Sentinel-1 SAFE"
    SENTINEL2 = "Sentinel-2 SAFE"
    STAC = "STAC item"
    CUBE = "cube"
    RASTER = "raster"


def open_observations(
    location: str,
    access: Access,
    wanted: Sequence[str] = (),
    radiometry: Radiometry | None = None,
) -> Sequence[Observation]:
    """What a product has seen, by date.

    Args:
        location: A path, or a URL.
        access: What may be read.
        wanted: Bands; of a STAC item no others are fetched.  Empty for those that a
            reader takes by itself.
        radiometry: How numbers become reflectances, where the user says so.

    Raises:
        ProductError: It cannot be read.
    """
    path = access.open(location)
    found = _observations(path, location, access, wanted, radiometry)
    # Where something was fetched to says nothing to anybody.
    return [replace(o, location=location) for o in found] if is_url(location) else found


def _observations(
    path: Path,
    location: str,
    access: Access,
    wanted: Sequence[str],
    radiometry: Radiometry | None,
) -> Sequence[Observation]:
    match kind_of(path):
        case ProductKind.SENTINEL2:
            return [observation_of(open_sentinel2(path, radiometry))]
        case ProductKind.STAC:
            item = read_item(item_of(path), item_location(path, location))
            return read_stac_product(item, access, wanted, radiometry)
        case ProductKind.CUBE:
            return _checked(read_cube_product(path, radiometry), wanted)
        case ProductKind.RASTER:
            return _checked([read_raster_product(path, radiometry)], wanted)
        case ProductKind.SENTINEL1:
            reason = "it is a product of Sentinel-1, which has no reflectances"
            raise UnsuitableProduct(location, reason, "use `pytheas ml prep s1`")


def _checked(
    observations: Sequence[Observation], wanted: Sequence[str]
) -> Sequence[Observation]:
    """Refuse to take for reflectances whatever a cube may hold: bands are chosen."""
    first = observations[0]
    if not wanted and not set(first.bands) & set(BAND_BY_NAME):
        raise MissingBands(first.location, ["of Sentinel-2; name some"], first.bands)
    return observations


def item_of(path: Path) -> Path:
    """The item that a path means: itself, or that of a folder."""
    return path / ITEM if path.is_dir() else path


def item_location(path: Path, location: str) -> str:
    """Where an item says that it lies, for what it names beside itself."""
    return str(Path(location) / ITEM) if path.is_dir() else location


def kind_of(path: Path) -> ProductKind:
    """What a product is, by its name and its files.

    Raises:
        UnreadableProduct: There is none.
    """
    if path.is_dir() and any((path / name).exists() for name in _ZARR):
        return ProductKind.CUBE
    if path.is_dir() and (path / ITEM).is_file():
        return ProductKind.STAC
    if path.is_file() and not is_zipfile(path):
        if path.suffix.lower() in _JSON:
            return ProductKind.STAC
        with path.open("rb") as file:
            if file.read(len(_HDF5)) == _HDF5:
                return ProductKind.CUBE
        if path.suffix.lower() not in _MANIFESTS:
            return ProductKind.RASTER
    return (
        ProductKind.SENTINEL2
        if is_sentinel2(open_files(path))
        else ProductKind.SENTINEL1
    )
