"""A Sentinel-2 product, Level-1C or Level-2A: reflectances, scene classes, angles.

As the Product Specification Document says (S2-PDGS-TAS-DI-PSD, issue 14 and 15, of the
compact format since 2016): reflectance = (DN + offset) / quantification.  Offsets came
with processing baseline 04.00; they are read from the metadata, never guessed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ml.errors import MissingBands, MissingPart, UnsuitableProduct
from ml.maps import Grid
from ml.products.errors import UnknownScaling
from ml.products.files import ProductFiles, find_part, open_files
from ml.products.layers import AS_IT_IS, RasterLayer, Scaling
from ml.products.s2_bands import BAND_BY_NAME, BANDS, CIRRUS, NODATA, SATURATED, SCL
from ml.products.s2_tile import Tile, read_tile
from ml.products.xml import Reader

L1C: Final = "L1C"
L2A: Final = "L2A"
LEVELS: Final = {"Level-1C": L1C, "Level-2A": L2A}
FIRST_WITH_OFFSETS: Final = (4, 0)
"""The processing baseline of 25 January 2022."""

_PRODUCT_METADATA: Final = re.compile(r"MTD_MSIL(1C|2A)\.xml$", re.IGNORECASE)
_TILE_METADATA: Final = re.compile(r"GRANULE/[^/]+/MTD_TL\.xml$")
_IMAGE: Final = re.compile(
    r"GRANULE/[^/]+/IMG_DATA/(?:R\d0m/)?[^/]*_(?P<band>B\d[0-9A]|SCL)"
    r"(?:_(?P<resolution>\d0)m)?\.(?:jp2|tiff?)$",
    re.IGNORECASE,
)
_BASELINE: Final = re.compile(r"(\d\d)\.(\d\d)")
_CURE: Final = "state it with --offset and --quantification, or fetch the product anew"
_SCL_RESOLUTION_M: Final = 20


@dataclass(frozen=True, slots=True)
class Radiometry:
    """How reflectances come from digital numbers.

    Attributes:
        quantification: What a reflectance of 1 is, before the offset.
        offsets: By `bandId`; empty for baselines before 04.00.
        element: Where the metadata say so.
    """

    quantification: float
    offsets: Mapping[int, float]
    element: str

    def scaling(self, band_id: int) -> Scaling:
        """Of a band."""
        offset = self.offsets.get(band_id, 0.0)
        return Scaling(
            1 / self.quantification, offset / self.quantification, self.element
        )


@dataclass(frozen=True, slots=True)
class Sentinel2Msi:
    """A product, of which nothing but the metadata are read yet.

    Attributes:
        files: Its files.
        product_id: Its name, without `.SAFE`.
        level: `"L1C"` (top of atmosphere) or `"L2A"` (surface).
        baseline: Of the processing, for example `"05.09"`.
        platform: For example `"sentinel-2a"`.
        sensing_start: When the data take began, UTC: the same for all its tiles.
        generated: When it was processed, UTC.
        relative_orbit: 1 to 143.
        orbit_pass: `"ascending"` or `"descending"`.
        cloud_cover: Percent of the tile, as the processor counted.
        radiometry: How reflectances come from digital numbers.
        tile: Where it lies.
        images: The file of each band and resolution (metres); also of `SCL`.
    """

    files: ProductFiles
    product_id: str
    level: str
    baseline: str
    platform: str
    sensing_start: datetime
    generated: datetime
    relative_orbit: int
    orbit_pass: str
    cloud_cover: float
    radiometry: Radiometry
    tile: Tile
    images: Mapping[tuple[str, int], str]

    @property
    def bands(self) -> tuple[str, ...]:
        """The spectral bands that it has."""
        found = {name for name, _ in self.images}
        return tuple(band.name for band in BANDS if band.name in found)

    def resolution(self, band: str, pixel_m: float = 0.0) -> int:
        """The resolution at which a band is read for pixels of some size.

        The coarsest that is no coarser than the pixels; else the finest.

        Raises:
            MissingBands: The product does not have the band.
        """
        offered = sorted(r for name, r in self.images if name == band)
        if not offered:
            raise MissingBands(self.files.location, [band], self.bands)
        return max([r for r in offered if r <= pixel_m], default=offered[0])

    def layer(self, band: str, pixel_m: float = 0.0) -> RasterLayer:
        """A band as reflectance, or `SCL` as classes; see `resolution`.

        Raises:
            MissingBands: The product does not have it.
            MissingPart: Its file is empty.
        """
        resolution_m = self.resolution(band, pixel_m)
        name = self.images[band, resolution_m]
        find_part(self.files, f"{band} at {resolution_m} m", [name])
        path, grid = self.files.gdal_path(name), self.tile.grids[resolution_m]
        if band == SCL:
            return RasterLayer(path, 1, grid, AS_IT_IS)
        scaling = self.radiometry.scaling(BAND_BY_NAME[band].band_id)
        return RasterLayer(path, 1, grid, scaling, (NODATA, SATURATED))

    @property
    def grid(self) -> Grid:
        """Where the pixels of 10 m lie."""
        return self.tile.grids[10]


def is_sentinel2(files: ProductFiles) -> bool:
    """Whether the metadata of a Sentinel-2 product lie there."""
    return any(_PRODUCT_METADATA.match(name) for name in files.sizes())


def open_sentinel2(
    location: str | Path, radiometry: Radiometry | None = None
) -> Sentinel2Msi:
    """The Sentinel-2 product at a location: a folder or an archive.

    Args:
        location: The `.SAFE` folder, its zip archive, or the metadata file in it.
        radiometry: Said by the user, where the metadata are known to be wrong.

    Raises:
        UnreadableProduct: There is none, or its metadata are damaged.
        MissingPart: Metadata of product or tile are absent.
        UnsuitableProduct: It is neither Level-1C nor Level-2A.
        UnknownScaling: The metadata do not say how numbers become reflectances.
    """
    files = open_files(location)
    xml = _product_xml(files)
    level = _level(xml)
    product = xml.find(".//Product_Info")
    baseline = xml.text("PROCESSING_BASELINE", product)
    tile_name = _tile_metadata(files)
    tile = read_tile(files.location, tile_name, files.read(tile_name))
    return Sentinel2Msi(
        files=files,
        product_id=files.name.removesuffix(".SAFE"),
        level=level,
        baseline=baseline,
        platform=xml.text(".//SPACECRAFT_NAME").lower(),
        sensing_start=xml.time(".//DATATAKE_SENSING_START"),
        generated=xml.time("GENERATION_TIME", product),
        relative_orbit=xml.integer(".//SENSING_ORBIT_NUMBER"),
        orbit_pass=xml.text(".//SENSING_ORBIT_DIRECTION").lower(),
        cloud_cover=xml.number(".//Cloud_Coverage_Assessment"),
        radiometry=radiometry or _radiometry(xml, level, baseline),
        tile=tile,
        images=_images(files),
    )


def _product_xml(files: ProductFiles) -> Reader:
    names = [n for n, size in files.sizes().items() if size]
    found = [n for n in names if _PRODUCT_METADATA.match(n)]
    if not found:
        wanted = ["MTD_MSIL1C.xml", "MTD_MSIL2A.xml"]
        raise MissingPart(files.location, "product metadata", wanted)
    return Reader(files.location, found[0], files.read(found[0]))


def _level(xml: Reader) -> str:
    text = xml.text(".//PROCESSING_LEVEL")
    # Sen2Cor of 2016 and 2017 wrote Level-2Ap.
    level = LEVELS.get(text.removesuffix("p"))
    if level is None:
        reason = f"its PROCESSING_LEVEL is {text}, not Level-1C or Level-2A"
        cure = "fetch the product of one of these levels"
        raise UnsuitableProduct(xml.location, reason, cure)
    return level


def _tile_metadata(files: ProductFiles) -> str:
    sizes = files.sizes()
    found = [n for n in sizes if _TILE_METADATA.match(n)]
    if len(found) > 1:
        reason = f"it holds {len(found)} tiles, as products did until 2016"
        cure = "fetch the product of a single tile"
        raise UnsuitableProduct(files.location, reason, cure)
    return find_part(files, "tile metadata", found or ["GRANULE/*/MTD_TL.xml"])


def _images(files: ProductFiles) -> dict[tuple[str, int], str]:
    """The files of the bands, found by their names, which the PSD lays down.

    The list of the metadata is not asked: it names files that a download left out, and
    not those that were converted.
    """
    found = {}
    for name in files.sizes():
        if match := _IMAGE.match(name):
            band = match["band"].upper()
            if band != SCL and band not in BAND_BY_NAME:
                continue
            nominal = BAND_BY_NAME[band].resolution_m if band != SCL else None
            resolution = match["resolution"] or nominal or _SCL_RESOLUTION_M
            found[band, int(resolution)] = name
    return found


def _radiometry(xml: Reader, level: str, baseline: str) -> Radiometry:
    characteristics = xml.find(".//Product_Image_Characteristics")
    value, offset = {
        L1C: ("QUANTIFICATION_VALUE", "RADIO_ADD_OFFSET"),
        L2A: ("BOA_QUANTIFICATION_VALUE", "BOA_ADD_OFFSET"),
    }[level]
    if xml.find_optional(f".//{value}", characteristics) is None:
        raise UnknownScaling(xml.location, f"its metadata lack {value}", _CURE)
    quantification = xml.number(f".//{value}", characteristics)
    if quantification <= 0:
        raise xml.damaged(f"{value} is {quantification:g}, not positive")
    offsets = {
        _band_id(xml, e.get("band_id"), offset): xml.number(".", e)
        for e in xml.iterate(f".//{offset}", characteristics)
    }
    # Level-2A has no cirrus band.
    needed = [b.name for b in BANDS if level == L1C or b.name != CIRRUS]
    absent = [n for n in needed if BAND_BY_NAME[n].band_id not in offsets]
    _check_offsets(xml, baseline, offset, absent if offsets else None)
    return Radiometry(quantification, offsets, offset if offsets else value)


def _band_id(xml: Reader, text: str | None, element: str) -> int:
    if text is None or not text.isdigit():
        raise xml.damaged(f"{element} has the band_id {text!r}")
    return int(text)


def _check_offsets(
    xml: Reader, baseline: str, element: str, absent: Sequence[str] | None
) -> None:
    """Refuse a product whose offsets would have to be guessed.

    Without offsets, a baseline before 04.00 has none; a later one lost them.  An
    unknown baseline (99.99 is written by processors that users run) must name them.

    Args:
        xml: Where they stand.
        baseline: Of the processing.
        element: What an offset is called.
        absent: Bands without one, where others have one; None where none has.
    """
    if absent:
        reason = f"its metadata have no {element} for {', '.join(absent)}"
        raise UnknownScaling(xml.location, reason, _CURE)
    if absent is not None:
        return
    parts = _BASELINE.fullmatch(baseline)
    if parts is None:
        reason = f"its processing baseline is {baseline!r}, which is none, and it has "
        raise UnknownScaling(xml.location, f"{reason}no {element}", _CURE)
    if (int(parts[1]), int(parts[2])) >= FIRST_WITH_OFFSETS:
        reason = f"its processing baseline is {baseline}, and it has no {element}"
        raise UnknownScaling(xml.location, reason, _CURE)
