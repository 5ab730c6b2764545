"""Our rasters as files: cloud-optimized GeoTIFF, written whole or not at all.

Every array is band first.  What the bands mean (classes, backscatter) is known to the
callers; class maps have a file of their own, `ml/map_rasters.py`.
"""

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
import rasterio.errors
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.io import DatasetReader, MemoryFile
from rasterio.shutil import copy as copy_raster

from ml.errors import MissingCrs, UnreadableRaster
from ml.maps import Grid

_COG_OPTIONS: Final = {
    "COMPRESS": "DEFLATE",
    "PREDICTOR": "YES",
    "BIGTIFF": "IF_SAFER",
    "NUM_THREADS": "1",
}

BLOCK: Final = 512
"""Rows and columns of the tiles of a COG."""

Colour = tuple[int, int, int, int]
"""Red, green, blue and opacity, 0 to 255."""


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Bands on a grid, with what a GeoTIFF says about them.

    Attributes:
        array_BHW: The bands.
        grid: Where the pixels lie.
        nodata: The value of pixels that say nothing, or None where all say something.
        descriptions: The name of each band.
        tags: Metadata of the file.
        scale: A stored value v stands for `v * scale + offset`.
        offset: See `scale`.
        colormap: The colour of each value of the first band; empty where there is none.
    """

    array_BHW: NDArray[Any]
    grid: Grid
    nodata: float | None = None
    descriptions: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    scale: float = 1.0
    offset: float = 0.0
    colormap: Mapping[int, Colour] = field(default_factory=dict)

    @property
    def is_valid_BHW(self) -> NDArray[np.bool_]:
        """False where a pixel says nothing."""
        if self.nodata is None:
            return np.ones(self.array_BHW.shape, dtype=np.bool_)
        if np.isnan(self.nodata):
            return np.asarray(~np.isnan(self.array_BHW))
        return np.asarray(self.array_BHW != self.nodata)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it becomes `path` where the block succeeds.

    A reader of `path` sees the old file or the new one, never half of one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Layers:
    """Bands of a raster that is written piece by piece.

    Attributes:
        grid: Where the pixels lie.
        dtype: Of the pixels.
        nodata: The value of pixels that say nothing.
        descriptions: The name of each band; they tell how many there are.
        tags: Metadata of the file.
        is_categorical: Whether overviews keep values that occur instead of averages.
        scale: A stored value v stands for `v * scale`.
        colormap: The colour of each value of the first band; empty where there is none.
    """

    grid: Grid
    dtype: str
    nodata: float | None
    descriptions: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    is_categorical: bool = False
    scale: float = 1.0
    colormap: Mapping[int, Colour] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Canvas:
    """A raster that is being written."""

    dataset: Any

    def write(self, row: int, column: int, array_BHW: NDArray[Any]) -> None:
        """Put an array where its first corner is at (row, column)."""
        _, height, width = array_BHW.shape
        window = rasterio.windows.Window(column, row, width, height)
        self.dataset.write(array_BHW, window=window)


@contextmanager
def writing_cog(path: Path, layers: Layers) -> Iterator[Canvas]:
    """A canvas that becomes a cloud-optimized GeoTIFF where the block succeeds.

    Memory does not depend on the size of the raster: its pixels go to a file beside
    `path`, from which the COG is copied.
    """
    profile = {**_profile(layers.grid), "count": len(layers.descriptions)}
    blocks = {"blockxsize": BLOCK, "blockysize": BLOCK}
    with writing(path) as unfinished:
        scratch = unfinished.with_suffix(".scratch.tif")
        try:
            with rasterio.open(
                scratch,
                "w",
                **profile,
                **blocks,
                dtype=layers.dtype,
                nodata=layers.nodata,
                SPARSE_OK=True,
            ) as dataset:
                _describe(dataset, layers)
                yield Canvas(dataset)
            copy_raster(
                scratch,
                unfinished,
                driver="COG",
                OVERVIEW_RESAMPLING="MODE" if layers.is_categorical else "AVERAGE",
                **_COG_OPTIONS,
            )
        finally:
            scratch.unlink(missing_ok=True)


def _describe(dataset: Any, layers: Layers) -> None:
    dataset.update_tags(**layers.tags)
    dataset.scales = [layers.scale] * len(layers.descriptions)
    if layers.colormap:
        dataset.write_colormap(1, dict(layers.colormap))
    for band, description in enumerate(layers.descriptions, start=1):
        dataset.set_band_description(band, description)


def _profile(grid: Grid) -> dict[str, Any]:
    return {
        "driver": "GTiff",
        "height": grid.height,
        "width": grid.width,
        "crs": rasterio.CRS.from_wkt(grid.crs.to_wkt()),
        "transform": grid.transform,
        "tiled": True,
        "BIGTIFF": "IF_SAFER",
    }


def write_cog(path: Path, raster: Raster) -> None:
    """Write a cloud-optimized GeoTIFF; the same raster gives the same bytes.

    Overviews of palette rasters keep values that occur (mode); others average.
    `read_raster` restores the raster.
    """
    resampling = "MODE" if raster.colormap else "AVERAGE"
    count, height, width = raster.array_BHW.shape
    profile = {
        **_profile(raster.grid),
        "count": count,
        "height": height,
        "width": width,
        "dtype": raster.array_BHW.dtype,
        "nodata": raster.nodata,
    }
    with writing(path) as unfinished, MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            _fill(dataset, raster)
        with memory.open() as dataset:
            copy_raster(
                dataset,
                unfinished,
                driver="COG",
                OVERVIEW_RESAMPLING=resampling,
                **_COG_OPTIONS,
            )


def _fill(dataset: Any, raster: Raster) -> None:
    count = raster.array_BHW.shape[0]
    dataset.write(raster.array_BHW)
    dataset.update_tags(**raster.tags)
    dataset.scales = [raster.scale] * count
    dataset.offsets = [raster.offset] * count
    if raster.colormap:
        dataset.write_colormap(1, dict(raster.colormap))
    for band, description in enumerate(raster.descriptions, start=1):
        dataset.set_band_description(band, description)


def read_raster(path: Path, crs: CRS | None = None) -> Raster:
    """A georeferenced raster as it is in the file: no scaling, no masking.

    Args:
        path: The file, in any format of GDAL.
        crs: What the grid lies in where the file does not say.

    Raises:
        UnreadableRaster: Absent, empty, truncated, no raster, or without transform.
        MissingCrs: Neither the file nor the caller names the CRS.
    """
    with _opened(path) as dataset:
        grid = _grid(path, dataset, crs)
        return Raster(
            array_BHW=dataset.read(),
            grid=grid,
            nodata=dataset.nodata,
            descriptions=tuple(name or "" for name in dataset.descriptions),
            tags=_own_tags(dataset),
            scale=dataset.scales[0],
            offset=dataset.offsets[0],
            colormap=_colormap(dataset),
        )


def read_grid(path: Path, crs: CRS | None = None) -> Grid:
    """Where the pixels of a raster lie; reads no pixel.

    Raises:
        UnreadableRaster: See `read_raster`.
        MissingCrs: See `read_raster`.
    """
    with _opened(path) as dataset:
        return _grid(path, dataset, crs)


def count_bands(path: Path) -> int:
    """How many bands a raster has.

    Raises:
        UnreadableRaster: See `read_raster`.
    """
    with _opened(path) as dataset:
        return int(dataset.count)


def read_rows(path: Path, start: int, stop: int) -> NDArray[Any]:
    """Rows `start` to `stop` (excluded) of every band.

    Raises:
        UnreadableRaster: See `read_raster`.
    """
    with _opened(path) as dataset:
        window = rasterio.windows.Window(0, start, dataset.width, stop - start)
        array_BHW: NDArray[Any] = dataset.read(window=window)
        return array_BHW


@contextmanager
def _opened(path: Path) -> Iterator[DatasetReader]:
    if not path.is_file():
        raise UnreadableRaster(path, "there is no such file")
    if path.stat().st_size == 0:
        raise UnreadableRaster(path, "the file is empty")
    try:
        with warnings.catch_warnings():
            # `_grid` refuses such a file with an error that names the cure.
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            dataset = rasterio.open(path)
        with dataset:
            yield dataset
    except rasterio.errors.RasterioError as error:
        reason = f"it is truncated, or no raster ({error})"
        raise UnreadableRaster(path, reason) from error


def _grid(path: Path, dataset: DatasetReader, crs: CRS | None) -> Grid:
    declared = CRS.from_wkt(dataset.crs.to_wkt()) if dataset.crs else crs
    if declared is None:
        raise MissingCrs(path, ())
    if dataset.transform == rasterio.Affine.identity():
        raise UnreadableRaster(path, "it does not say where its pixels lie")
    return Grid(dataset.transform, declared, dataset.height, dataset.width)


def _own_tags(dataset: DatasetReader) -> dict[str, str]:
    tags: dict[str, str] = dataset.tags()
    # GDAL adds these two to every GeoTIFF.
    return {
        k: v
        for k, v in tags.items()
        if k not in {"AREA_OR_POINT", "OVR_RESAMPLING_ALG"}
    }


def _colormap(dataset: DatasetReader) -> dict[int, Colour]:
    if dataset.colorinterp[0] is not rasterio.enums.ColorInterp.palette:
        return {}
    colours: dict[int, Colour] = dataset.colormap(1)
    return colours
