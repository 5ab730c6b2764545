"""A Sentinel-1 GRD product: digital numbers, their calibration, noise and geometry."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
import rasterio.errors
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window
from scipy.interpolate import CubicHermiteSpline

from ml.errors import (
    MissingBands,
    UnreadableRaster,
    UnsuitableProduct,
)
from ml.products.errors import MissingGeolocation
from ml.products.files import ProductFiles, open_files
from ml.products.s1_geometry import (
    SPEED_OF_LIGHT,
    Geometry,
    GridPoints,
    RangeConversion,
    fit_geometry,
)
from ml.products.s1_tables import NoiseTable, VectorTable, read_noise, read_sigma_nought
from ml.products.safe import Manifest, part_name, read_manifest
from ml.products.xml import Reader

_FEWEST_VECTORS: Final = 4
_FEWEST_POINTS: Final = 4


@dataclass(frozen=True, slots=True)
class Image:
    """The raster of one polarization, as its annotation describes it.

    Attributes:
        lines: Rows.
        samples: Columns.
        line_spacing_m: Azimuth spacing.
        pixel_spacing_m: Ground range spacing.
        line_interval_s: Time between lines.
        first_line: When the first line was seen, UTC.
        is_noise_corrected: Whether the processor removed thermal noise already.
        swaths: Sub-swaths, from near to far range.
    """

    lines: int
    samples: int
    line_spacing_m: float
    pixel_spacing_m: float
    line_interval_s: float
    first_line: datetime
    is_noise_corrected: bool
    swaths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentinel1Grd:
    """A product, of which nothing but the manifest and one annotation are read yet.

    Attributes:
        files: Its files.
        manifest: What it is.
        image: Its raster; all polarizations have the same.
        annotation: The annotation of the first polarization.
    """

    files: ProductFiles
    manifest: Manifest
    image: Image
    annotation: Reader

    def sigma_nought(self, polarization: str) -> VectorTable:
        """The calibration table.

        Raises:
            MissingPart: Its file is absent or empty.
            UnreadableProduct: It is damaged.
        """
        xml = _read_xml(self.files, self.manifest, "calibration table", polarization)
        return read_sigma_nought(xml, self.image.samples)

    def noise(self, polarization: str) -> NoiseTable:
        """The noise table.

        Raises:
            MissingPart: Its file is absent or empty.
            UnreadableProduct: It is damaged.
        """
        xml = _read_xml(self.files, self.manifest, "noise table", polarization)
        return read_noise(xml, self.image.samples)

    def grid_points(self) -> GridPoints:
        """The geolocation grid.

        Raises:
            MissingGeolocation: It is absent or has too few points.
        """
        return _grid_points(self.annotation, self.image)

    def geometry(self, points: GridPoints | None = None) -> Geometry:
        """Where the pixels are.

        Args:
            points: What the clock is fitted to; the geolocation grid where not given.

        Raises:
            MissingGeolocation: Orbit, coordinate conversion or grid are absent.
        """
        return fit_geometry(
            orbit=_orbit(self.annotation, self.image),
            line_interval_s=self.image.line_interval_s,
            conversion=_conversion(self.annotation, self.image),
            points=self.grid_points() if points is None else points,
        )

    @contextmanager
    def measurement(self, polarization: str) -> Iterator["Measurement"]:
        """The digital numbers, open.

        Raises:
            MissingPart: Their file is absent or empty.
            UnreadableRaster: It is damaged, or of another size than annotated.
        """
        name = part_name(self.files, self.manifest, "measurement", polarization)
        path = self.files.gdal_path(name)
        try:
            with warnings.catch_warnings():
                # GRD rasters have ground control points, no transform.
                warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
                dataset = rasterio.open(path)
            with dataset:
                _check_size(path, dataset, self.image)
                yield Measurement(dataset)
        except rasterio.errors.RasterioError as error:
            reason = f"it is truncated, or no raster ({error})"
            raise UnreadableRaster(path, reason) from error


@dataclass(frozen=True, slots=True)
class Measurement:
    """Digital numbers, read in rows."""

    dataset: DatasetReader

    def rows(self, start: int, stop: int) -> NDArray[np.uint16]:
        """Lines `start` to `stop` (excluded); 0 says nothing."""
        window = Window(0, start, self.dataset.width, stop - start)
        numbers_LS: NDArray[np.uint16] = self.dataset.read(1, window=window)
        nodata = self.dataset.nodata
        if nodata is not None:
            numbers_LS[numbers_LS == nodata] = 0
        return numbers_LS


def open_sentinel1(location: str | Path) -> Sentinel1Grd:
    """The Sentinel-1 GRD product at a location: a folder, an archive, S3.

    Raises:
        UnreadableProduct: There is none, or its metadata are damaged.
        MissingPart: A metadata file is absent.
        UnsuitableProduct: It is no GRD product.
    """
    files = open_files(location)
    manifest = read_manifest(files)
    if manifest.product_type != "GRD":
        raise UnsuitableProduct(
            files.location,
            f"it is of type {manifest.product_type}, not GRD",
            "fetch the GRD product of the same acquisition",
        )
    if not manifest.polarizations:
        raise MissingBands(files.location, ["of any polarization"], [])
    annotation = _read_xml(files, manifest, "annotation", manifest.polarizations[0])
    return Sentinel1Grd(files, manifest, _image(annotation), annotation)


def _read_xml(
    files: ProductFiles, manifest: Manifest, kind: str, polarization: str
) -> Reader:
    name = part_name(files, manifest, kind, polarization)
    return Reader(files.location, name, files.read(name))


def _image(xml: Reader) -> Image:
    info = xml.find("imageAnnotation/imageInformation")
    performed = xml.find_optional(".//thermalNoiseCorrectionPerformed")
    swaths = (xml.text("swath", e) for e in xml.iterate(".//swathMerge"))
    image = Image(
        lines=xml.integer("numberOfLines", info),
        samples=xml.integer("numberOfSamples", info),
        line_spacing_m=xml.number("azimuthPixelSpacing", info),
        pixel_spacing_m=xml.number("rangePixelSpacing", info),
        line_interval_s=xml.number("azimuthTimeInterval", info),
        first_line=xml.time("productFirstLineUtcTime", info),
        is_noise_corrected=performed is not None and performed.text == "true",
        swaths=tuple(swaths),
    )
    if min(image.lines, image.samples) < 1 or image.line_interval_s <= 0:
        raise xml.damaged("the size of its image is not positive")
    return image


def _seconds(moment: datetime, image: Image) -> float:
    return (moment - image.first_line).total_seconds()


def _orbit(xml: Reader, image: Image) -> CubicHermiteSpline:
    """State vectors, joined by the cubics that their positions and velocities fix."""
    vectors = sorted(
        (
            _seconds(xml.time("time", e), image),
            *(xml.number(f"position/{axis}", e) for axis in "xyz"),
            *(xml.number(f"velocity/{axis}", e) for axis in "xyz"),
        )
        for e in xml.iterate(".//orbitList/orbit")
    )
    if len(vectors) < _FEWEST_VECTORS:
        raise MissingGeolocation(xml.location, "orbit state vectors")
    table = np.array(vectors)
    return CubicHermiteSpline(table[:, 0], table[:, 1:4], table[:, 4:])


def _conversion(xml: Reader, image: Image) -> RangeConversion:
    path = ".//coordinateConversionList/coordinateConversion"
    records = sorted(
        (
            _seconds(xml.time("azimuthTime", e), image),
            xml.number("gr0", e),
            tuple(xml.numbers("grsrCoefficients", e)),
        )
        for e in xml.iterate(path)
    )
    if not records:
        raise MissingGeolocation(xml.location, "coordinate conversion")
    return RangeConversion(
        times_C=np.array([r[0] for r in records]),
        origins_C=np.array([r[1] for r in records]),
        coefficients=tuple(np.array(r[2]) for r in records),
        spacing_m=image.pixel_spacing_m,
        samples=image.samples,
    )


def _grid_points(xml: Reader, image: Image) -> GridPoints:
    names = (
        *("line", "pixel", "azimuthTime", "slantRangeTime"),
        *("longitude", "latitude", "height", "incidenceAngle"),
    )
    rows = [
        [
            _seconds(xml.time(name, e), image)
            if name == "azimuthTime"
            else xml.number(name, e)
            for name in names
        ]
        for e in xml.iterate(".//geolocationGridPoint")
    ]
    if len(rows) < _FEWEST_POINTS:
        raise MissingGeolocation(xml.location, "geolocation grid")
    columns = np.array(rows).T.copy()
    columns[names.index("slantRangeTime")] *= SPEED_OF_LIGHT / 2
    return GridPoints(*columns)


def _check_size(path: str, dataset: DatasetReader, image: Image) -> None:
    found, expected = dataset.shape, (image.lines, image.samples)
    if found != expected:
        reason = f"it has {found} lines and samples, its annotation says {expected}"
        raise UnreadableRaster(path, reason)
