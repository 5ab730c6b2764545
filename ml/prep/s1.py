"""Sentinel-1 GRD to a scene: noise removed, calibrated, averaged, on a map grid.

Two passes over the image, each with bounded memory: lines are calibrated and averaged
into a scratch raster in radar geometry, from which the tiles of the map are sampled.

Shape suffixes: B bands, L lines, S samples, H rows, W columns.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from ml.errors import MissingBands, NoValidPixels
from ml.prep.calibration import Calibration, multilook, power_to_db
from ml.prep.errors import MissingNoise
from ml.prep.projection import Places, Projector, Tile, sample_bilinear, tiles_of
from ml.products.sentinel1 import Measurement, Sentinel1Grd
from ml.rasters import BLOCK
from ontologies.progress import Progress

_LINES_AT_ONCE: Final = 512
_EARLIEST_ABSOLUTE_NOISE: Final = (2, 53)
"""IPF versions before it scaled their noise tables in other ways."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One band of the result.

    Attributes:
        name: For example `"HH"`, `"incidence"` or `"NESZ HH"`.
        description: What it holds, with the unit.
    """

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Looked:
    """An image after calibration and averaging, in a scratch file.

    Attributes:
        path: A raster of power: sigma0 of each polarization, then NESZ of each.
        looks: Lines and samples that were averaged, in either direction.
        polarizations: In the order of the bands.
        has_noise: Whether there are bands of NESZ.
    """

    path: Path
    looks: int
    polarizations: tuple[str, ...]
    has_noise: bool

    def layers(self) -> tuple[Layer, ...]:
        """The bands of `render`, in their order."""
        names = [Layer(p, f"sigma0 {p} dB") for p in self.polarizations]
        names.append(Layer("incidence", "incidence angle degrees"))
        if self.has_noise:
            names += [Layer(f"NESZ {p}", f"NESZ {p} dB") for p in self.polarizations]
        return tuple(names)


def calibrations(
    product: Sentinel1Grd, polarizations: tuple[str, ...], *, keep_noise: bool
) -> dict[str, Calibration]:
    """The tables of each polarization.

    Raises:
        MissingBands: The product lacks a polarization.
        MissingPart: A table's file is absent.
        MissingNoise: The noise table is empty, or scaled in a way that is not known.
    """
    present = product.manifest.polarizations
    absent = [p for p in polarizations if p not in present]
    if absent:
        raise MissingBands(product.files.location, absent, present)
    keeps = keep_noise or product.image.is_noise_corrected
    return {p: _calibration(product, p, keep_noise=keeps) for p in polarizations}


def _calibration(
    product: Sentinel1Grd, polarization: str, *, keep_noise: bool
) -> Calibration:
    table = product.sigma_nought(polarization)
    if keep_noise:
        return Calibration(table, None)
    noise, processor = product.noise(polarization), product.manifest.processor
    if noise.is_empty:
        reason = f"holds nothing but 0, as processor {processor} wrote it"
        raise MissingNoise(product.files.location, polarization, reason)
    if _version(processor) < _EARLIEST_ABSOLUTE_NOISE:
        reason = f"was scaled by processor {processor} in a way that is not known"
        raise MissingNoise(product.files.location, polarization, reason)
    return Calibration(table, noise)


def _version(processor: str) -> tuple[int, ...]:
    parts = processor.split(".")
    return tuple(int(p) for p in parts) if all(p.isdigit() for p in parts) else ()


@contextmanager
def looked(
    product: Sentinel1Grd,
    tables: Mapping[str, Calibration],
    looks: int,
    progress: Progress,
) -> Iterator[Looked]:
    """The image, calibrated and averaged; its scratch file ends with the block.

    Raises:
        MissingPart: A measurement is absent.
        UnreadableRaster: A measurement is damaged.
        NoValidPixels: No polarization has a digital number.
    """
    shape = product.image.lines // looks, product.image.samples // looks
    has_noise = all(c.noise is not None for c in tables.values())
    with tempfile.TemporaryDirectory(prefix="pytheas-s1-") as folder:
        result = Looked(Path(folder) / "power.tif", looks, tuple(tables), has_noise)
        count = len(tables) * (2 if has_noise else 1)
        with _scratch(result.path, count, shape) as scratch:
            for band, polarization in enumerate(tables):
                with product.measurement(polarization) as measurement:
                    _look(
                        measurement,
                        tables[polarization],
                        looks,
                        _Sink(scratch, band, band + len(tables), progress),
                    )
        yield result


@contextmanager
def _scratch(path: Path, count: int, shape: tuple[int, int]) -> Iterator[Any]:
    if min(shape) < 2:  # noqa: PLR2004 - two, to have something between them
        raise NoValidPixels(path)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=shape[0],
        width=shape[1],
        dtype="float32",
        tiled=True,
        blockxsize=256,
        blockysize=256,
        BIGTIFF="IF_SAFER",
        # Says that it needs none: nobody but this module reads it.
        transform=rasterio.Affine.translation(0, 1),
    ) as dataset:
        yield dataset


@dataclass(frozen=True, slots=True)
class _Sink:
    """Where the bands of one polarization go."""

    scratch: Any
    power_band: int
    nesz_band: int
    progress: Progress

    def write(self, row: int, band: int, values_LS: NDArray[np.float32]) -> None:
        lines, samples = values_LS.shape
        window = Window(0, row, samples, lines)
        self.scratch.write(values_LS, band + 1, window=window)


def _look(
    measurement: Measurement, calibration: Calibration, looks: int, sink: _Sink
) -> None:
    lines = measurement.dataset.height // looks * looks
    step = max(_LINES_AT_ONCE // looks, 1) * looks
    stage = f"calibrate {sink.power_band + 1}"
    for start in range(0, lines, step):
        numbers_LS = measurement.rows(start, min(start + step, lines))
        power_LS, nesz_LS = calibration.power(numbers_LS, start)
        sink.write(start // looks, sink.power_band, multilook(power_LS, looks))
        if nesz_LS is not None:
            sink.write(start // looks, sink.nesz_band, multilook(nesz_LS, looks))
        sink.progress(stage, min(start + step, lines) / lines)


def render(
    image: Looked, projector: Projector, progress: Progress
) -> Iterator[tuple[Tile, NDArray[np.float32]]]:
    """The tiles of the map: sigma0 in dB, incidence angle, NESZ in dB.

    A pixel says nothing (NaN in every band) where a polarization says nothing.
    """
    tiles = list(tiles_of(projector.grid, BLOCK))
    with rasterio.open(image.path) as source:
        for done, tile in enumerate(tiles, start=1):
            bands_BHW = _render_tile(source, image, projector.places(tile))
            if bands_BHW is not None:
                yield tile, bands_BHW
            progress("project", done / len(tiles))


def _render_tile(
    source: Any, image: Looked, places: Places
) -> NDArray[np.float32] | None:
    # Looks are centred between the pixels that they average.
    lines_HW, samples_HW = (
        (place_HW - (image.looks - 1) / 2) / image.looks
        for place_HW in (places.lines_HW, places.pixels_HW)
    )
    window = _window(lines_HW, samples_HW, source.shape)
    if window is None:
        return None
    power_BLS = source.read(window=window)
    power_BHW = sample_bilinear(
        power_BLS, lines_HW - window.row_off, samples_HW - window.col_off
    )
    count = len(image.polarizations)
    db_BHW = power_to_db(power_BHW)
    incidence_HW = places.incidence_HW[None]
    bands_BHW = np.concatenate([db_BHW[:count], incidence_HW, db_BHW[count:]])
    is_valid_HW = np.isfinite(power_BHW).all(axis=0)
    bands_BHW[:, ~is_valid_HW] = np.nan
    return bands_BHW if is_valid_HW.any() else None


def _window(
    lines_HW: NDArray[np.float64],
    samples_HW: NDArray[np.float64],
    shape: tuple[int, int],
) -> Window | None:
    """The part of the image that a tile needs, or None where it sees nothing of it."""
    bounds = []
    for place_HW, size in ((lines_HW, shape[0]), (samples_HW, shape[1])):
        first = max(int(np.floor(place_HW.min())), 0)
        last = min(int(np.ceil(place_HW.max())) + 1, size)
        # One more at either end, so that there are two to interpolate between.
        first, last = min(first, size - 2), max(last, 2)
        if last - first < 2:  # noqa: PLR2004
            return None
        bounds.append((first, last - first))
    (row, height), (column, width) = bounds
    return Window(column, row, width, height)
