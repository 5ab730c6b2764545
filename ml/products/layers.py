"""One band of one product, wherever it lies: where its pixels are, and their values.

Whoever prepares products reads windows of layers, and does not know the format.

Shape suffixes: H rows, W columns.
"""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import rasterio
import rasterio.errors
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.io import DatasetReader
from rasterio.windows import Window

from ml.errors import MissingCrs, UnreadableRaster
from ml.maps import Grid
from ml.products.georeference import canonical_crs

_GDAL: Final = {
    # Its threads do not tell of what they cannot decode: a JPEG 2000 file that was cut
    # short would be read, with nonsense in it.
    "GDAL_NUM_THREADS": "1",
    # Not a twentieth of the machine: what is read twice, is read again soon.
    "GDAL_CACHEMAX": 256 << 20,
}

_SAME_PLACE: Final = 1e-3
"""Units of the CRS, by which the corner of a raster may miss that of the metadata."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """A number n stands for n * scale + offset.

    Attributes:
        scale: See above.
        offset: See above.
        source: Who says so: the name of an element, of an attribute, or `"option"`.
    """

    scale: float
    offset: float
    source: str


AS_IT_IS: Final = Scaling(1.0, 0.0, "none")


class Pixels(Protocol):
    """The values of a layer that is open."""

    def read(
        self, row: int, column: int, height: int, width: int
    ) -> NDArray[np.float32]:
        """A window that lies within the layer; NaN where it says nothing.

        Raises:
            UnreadableProduct: The file is damaged.
        """


class Layer(Protocol):
    """A band that can be opened."""

    @property
    def grid(self) -> Grid:
        """Where the pixels lie."""

    @property
    def scaling(self) -> Scaling:
        """How values come from the numbers in the file."""

    def opened(self) -> AbstractContextManager[Pixels]:
        """The pixels, for as long as the context lasts.

        Raises:
            UnreadableProduct: The file is absent, or damaged.
        """


@dataclass(frozen=True, slots=True)
class RasterLayer:
    """A band of a raster that GDAL reads.

    Attributes:
        path: As GDAL calls it.
        band: Counted from 1.
        grid: Where the pixels lie.
        scaling: How values come from numbers.
        nothing: Numbers that say nothing.
    """

    path: str
    band: int
    grid: Grid
    scaling: Scaling
    nothing: tuple[float, ...] = ()

    @contextmanager
    def opened(self) -> Iterator["RasterPixels"]:
        """See `Layer`."""
        with opened_raster(self.path) as dataset:
            _check_place(self.path, dataset, self.grid)
            yield RasterPixels(dataset, self)


@dataclass(frozen=True, slots=True)
class RasterPixels:
    """An open raster."""

    dataset: DatasetReader
    layer: RasterLayer

    def read(
        self, row: int, column: int, height: int, width: int
    ) -> NDArray[np.float32]:
        """See `Pixels`."""
        window = Window(column, row, width, height)
        with _naming(self.layer.path):
            numbers_HW = self.dataset.read(self.layer.band, window=window)
        return scaled(numbers_HW, self.layer.scaling, self.layer.nothing)


def scaled(
    numbers_HW: NDArray[np.generic], scaling: Scaling, nothing: tuple[float, ...]
) -> NDArray[np.float32]:
    """Values of numbers; NaN for those that say nothing.

    Examples:
        >>> scaled(np.array([[0, 1000, 11000]]), Scaling(1e-4, -0.1, "PSD"), (0,))
        array([[nan,  0.,  1.]], dtype=float32)
    """
    values_HW = numbers_HW.astype(np.float64) * scaling.scale + scaling.offset
    for number in nothing:
        is_it_HW = np.isnan(values_HW) if np.isnan(number) else numbers_HW == number
        values_HW[is_it_HW] = np.nan
    return values_HW.astype(np.float32)


def bounded_gdal() -> AbstractContextManager[object]:
    """GDAL as products are read: with errors for damage, and little memory."""
    return rasterio.Env(**_GDAL)  # type: ignore[no-any-return]


@contextmanager
def opened_raster(path: str) -> Iterator[DatasetReader]:
    """A raster, read so that damage is an error.

    Raises:
        UnreadableRaster: It is absent, truncated, or no raster.
    """
    with bounded_gdal():
        with _naming(path), warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            dataset = rasterio.open(path)
        with dataset:
            yield dataset


@contextmanager
def _naming(path: str) -> Iterator[None]:
    try:
        yield
    except rasterio.errors.RasterioError as error:
        reason = f"it is truncated, or no raster ({error})"
        raise UnreadableRaster(path, reason) from error


def grid_of(path: str, dataset: DatasetReader) -> Grid:
    """Where the pixels of an open raster lie.

    Raises:
        MissingCrs: It does not say in which CRS.
        UnreadableRaster: It does not say where.
    """
    if dataset.crs is None:
        raise MissingCrs(path, ())
    if dataset.transform == rasterio.Affine.identity():
        raise UnreadableRaster(path, "it does not say where its pixels lie")
    crs = canonical_crs(CRS.from_wkt(dataset.crs.to_wkt()))
    return Grid(dataset.transform, crs, dataset.height, dataset.width)


def _check_place(path: str, dataset: DatasetReader, expected: Grid) -> None:
    """Refuse a raster that is not where the metadata say.

    One that says nothing of its place is taken to lie there.
    """
    size, expected_size = dataset.shape, (expected.height, expected.width)
    if size != expected_size:
        reason = f"it has {_times(size)} pixels, its metadata say"
        raise UnreadableRaster(path, f"{reason} {_times(expected_size)}")
    if dataset.crs is None:
        return
    found = grid_of(path, dataset)
    if not found.crs.equals(expected.crs, ignore_axis_order=True):
        reason = f"it lies in {found.crs.name}, its metadata say {expected.crs.name}"
        raise UnreadableRaster(path, reason)
    if not found.transform.almost_equals(expected.transform, _SAME_PLACE):
        reason = f"its corner is at {found.bounds[::3]}, its metadata say"
        raise UnreadableRaster(path, f"{reason} {expected.bounds[::3]}")


def _times(shape: tuple[int, int]) -> str:
    return f"{shape[0]} x {shape[1]}"
