"""Cubes of satellite series: a variable for each channel over t, y, x.

NetCDF 4 files and Zarr stores, of float values (NaN where nothing was seen), packed as
CF says (`scale_factor`), or as WorldCereal does.  Cubes of `pytheas ml prep s2`, which
have one variable over time, band, y, x, are taken apart by band: `S2-L2A-B08`, or `B08`
where nobody said of which level it is.  Rows are read as they are asked for.

Shape suffixes: H rows, W columns, T dates, C channels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pyproj import CRS

from ml.errors import MissingBands, UnreadableProduct
from ml.maps import Grid, Source
from ml.products.georeference import affine_of_centres, resolve_crs
from ml.products.worldcereal_packing import days_of_season, unpack

PRODUCT_TYPE: Final = "series-cube"
LEVEL: Final = "processing_level"
"""The attribute of a cube that says of which level its products are."""

_AXES: Final = ("t", "y", "x")
_BANDS_AXES: Final = frozenset({"time", "band", "y", "x"})
_BANDS: Final = "reflectance"
_INDICES: Final = {
    "NDVI": ("S2-L2A-B08", "S2-L2A-B04"),
    "NDMI": ("S2-L2A-B08", "S2-L2A-B11"),
}
"""What is (a - b) / (a + b) of two bands, where it is no variable itself."""

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SeriesCube:
    """A cube whose values are still on disk.

    Attributes:
        path: The file or store.
        grid: Where its pixels lie, north up.
        days_T: Days since the first of January of the season's year.
        channels: What is read of it, in this order.
        source: What a map of it is of.
    """

    path: Path
    grid: Grid
    days_T: NDArray[np.float32]
    channels: tuple[str, ...]
    source: Source
    _dataset: xr.Dataset
    _rows_run_north: bool

    def read(self, start: int, stop: int) -> Values:
        """Values (H, W, T, C) of some rows; NaN where nothing was seen.

        Raises:
            UnreadableProduct: The cube is truncated.
        """
        rows = slice(start, stop)
        if self._rows_run_north:
            height = self.grid.height
            rows = slice(height - stop, height - start)
        window = self._dataset.isel(y=rows)
        try:
            bands = [_channel(window, name) for name in self.channels]
        except (OSError, ValueError, RuntimeError) as error:
            raise UnreadableProduct(self.path, str(error), "fetch it again") from error
        values_THWC = np.stack(bands, axis=3)
        if self._rows_run_north:
            values_THWC = values_THWC[:, ::-1]
        return np.ascontiguousarray(np.moveaxis(values_THWC, 0, 2))


def open_cube(
    path: Path, channels: Sequence[str], crs: CRS | None = None
) -> SeriesCube:
    """A cube, of which only coordinates are read yet.

    Args:
        path: A NetCDF file, or the folder of a Zarr store.
        channels: What is wanted of it.  `NDVI` and `NDMI` are computed where they are
            no variables; `NAME reflectance`, `NAME dB` are unpacked as WorldCereal's.
        crs: For a cube that does not declare its own.

    Raises:
        UnreadableProduct: Absent, broken, without dates or a regular grid.
        MissingBands: It has not all channels.
        MissingCrs: Nobody declares the CRS.
    """
    dataset = _by_band(_opened(path))
    _check_axes(path, dataset)
    missing = [name for name in channels if not _sources(dataset, name)]
    if missing:
        raise MissingBands(path, missing, _present(dataset))
    rows_run_north = bool(dataset["y"].values[0] < dataset["y"].values[-1])
    y = np.sort(dataset["y"].values)[::-1]
    transform = affine_of_centres(path, dataset["x"].values, y)
    found_crs, crs_source = resolve_crs(path, dataset, crs, [])
    dates = dataset["t"].values
    return SeriesCube(
        path=path,
        grid=Grid(transform, found_crs, len(y), dataset.sizes["x"]),
        days_T=days_of_season(dates),
        channels=tuple(channels),
        source=Source(
            scene_id=path.stem,
            path=path,
            platform=None,
            product_type=PRODUCT_TYPE,
            time_start=_utc(dates.min()),
            time_end=_utc(dates.max()),
            crs_source=crs_source,
        ),
        _dataset=dataset,
        _rows_run_north=rows_run_north,
    )


def _opened(path: Path) -> xr.Dataset:
    if not path.exists():
        raise UnreadableProduct(path, "there is no such cube", "check the path")
    is_zarr = path.is_dir()
    try:
        return xr.open_dataset(
            path,
            engine="zarr" if is_zarr else "h5netcdf",
            mask_and_scale=False,
            decode_coords=False,
            cache=False,
            backend_kwargs={"consolidated": False} if is_zarr else {},
        )
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        reason = f"it is no NetCDF 4 file or Zarr store ({error})"
        raise UnreadableProduct(path, reason, "check the path") from error


def band_prefix(dataset: xr.Dataset) -> str:
    """What comes before a band in the name of its channel: `S2-L2A-`, or nothing."""
    level = dataset.attrs.get(LEVEL)
    return f"S2-{level}-" if level else ""


def _by_band(dataset: xr.Dataset) -> xr.Dataset:
    """A variable for each band, where one variable holds them all."""
    if _BANDS not in dataset or set(dataset[_BANDS].dims) != _BANDS_AXES:
        return dataset
    prefix = band_prefix(dataset)
    all_bands = dataset[_BANDS].rename(time="t")
    layers = {
        f"{prefix}{band}": all_bands.isel(band=place, drop=True)
        for place, band in enumerate(dataset["band"].values)
    }
    return dataset.drop_vars(_BANDS).drop_dims("time").assign(layers)


def _check_axes(path: Path, dataset: xr.Dataset) -> None:
    for axis in _AXES:
        if axis not in dataset.coords:
            reason = f"it has no coordinate {axis}: a cube is over t, y and x"
            raise UnreadableProduct(path, reason, "rename its dimensions")
    if not np.issubdtype(dataset["t"].dtype, np.datetime64):
        reason = f"its t is {dataset['t'].dtype}, not dates"
        raise UnreadableProduct(path, reason, "give it CF units, days since a date")


def _sources(dataset: xr.Dataset, channel: str) -> tuple[str, ...]:
    """The variables of which a channel is made; none where one is missing."""
    name = channel.split(maxsplit=1)[0]
    wanted = (name,) if name in dataset else _INDICES.get(name, (name,))
    is_there = all(
        each in dataset and set(dataset[each].dims) == set(_AXES) for each in wanted
    )
    return wanted if is_there else ()


def _present(dataset: xr.Dataset) -> list[str]:
    return [str(n) for n, each in dataset.items() if set(each.dims) == set(_AXES)]


def _channel(window: xr.Dataset, channel: str) -> Values:
    bands = [_band(window, name) for name in _sources(window, channel)]
    if len(bands) == 1:
        return bands[0]
    first, second = bands
    with np.errstate(divide="ignore", invalid="ignore"):
        index_THW = (first - second) / (first + second)
    return np.where(np.isfinite(index_THW), index_THW, np.float32(np.nan))


def _band(window: xr.Dataset, name: str) -> Values:
    packed_THW = window[name].transpose(*_AXES).values
    if window[name].attrs.get("_Unsigned") == "true":
        # NetCDF's convention for tools that know no unsigned integers.
        packed_THW = packed_THW.view(f"u{packed_THW.dtype.itemsize}")
    if np.issubdtype(packed_THW.dtype, np.floating):
        return packed_THW.astype(np.float32)
    if "scale_factor" in window[name].attrs:
        return _unpack_cf(packed_THW, window[name].attrs)
    return unpack(name, packed_THW)


def _unpack_cf(packed: NDArray[np.integer], attributes: Mapping[str, Any]) -> Values:
    """CF conventions, section 8.1."""
    scale = np.float32(attributes["scale_factor"])
    offset = np.float32(attributes.get("add_offset", 0))
    values = packed.astype(np.float32) * scale + offset
    is_seen = packed != attributes.get("_FillValue")
    return np.where(is_seen, values, np.float32(np.nan))


def _utc(stamp: np.datetime64) -> datetime:
    moment: datetime = stamp.astype("datetime64[ms]").item()
    return moment.replace(tzinfo=UTC)
