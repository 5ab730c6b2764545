"""Parcels of vector files with HCAT codes, and a cube over them, as labelled series.

Files are of any format of GDAL, or GeoParquet, as EuroCrops publishes them: a column
`EC_hcat_c` with the ten digits of HCAT.  A cube is NetCDF or Zarr with dimensions time
(or t), y and x: a variable for each channel, or one with the dimension band, as
`pytheas ml prep s2` writes it.  A parcel's value is the mean over the pixels whose
centres lie in it, NaN where none was observed.  Channels have the names and units that
`ml.products.series_cube` gives them, so networks find them in cubes that they map.
Where others took the means, a table with a row for each parcel and date serves as well.

Shape suffixes: N parcels, T dates, C channels, H rows, W columns.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas
import numpy as np
import pandas as pd
import pyarrow as pa
import rasterio.features
import xarray as xr
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError
from pyproj import CRS

from ml.errors import InvalidSamples, UnreadableSamples
from ml.maps import Grid
from ml.products.georeference import affine_of_centres, declared_crs
from ml.products.series_cube import band_prefix
from ml.products.worldcereal_packing import days_of_season, unpack
from ml.samples.series import SeriesSamples
from ml.samples.splits import OBJECT
from ontologies.vocabulary import concept_scheme

HCAT_COLUMN: Final = "EC_hcat_c"
_NONE: Final = -1
_DIMENSIONS: Final = {"time", "y", "x"}
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Parcels:
    """Parcels with their crops.

    Attributes:
        path: Of the file.
        ids_N: Unique.
        codes_N: Of HCAT, ten digits.
        geometries: In the CRS of the file.
    """

    path: Path
    ids_N: NDArray[np.str_]
    codes_N: NDArray[np.str_]
    geometries: geopandas.GeoSeries

    def __len__(self) -> int:
        return len(self.ids_N)


def read_parcels(
    path: Path, id_column: str | None = None, code_column: str = HCAT_COLUMN
) -> Parcels:
    """Parcels of a vector file.

    Args:
        path: GeoParquet, or any format of GDAL.
        id_column: What tells parcels apart; the number of the row where None.
        code_column: With codes of HCAT.

    Raises:
        UnreadableSamples: The file is missing, broken, or has no such column or CRS.
        InvalidSamples: A code is not in HCAT, or a parcel stands in the file twice.
    """
    frame = _frame(path)
    for column in (code_column, *([id_column] if id_column else [])):
        if column not in frame.columns:
            known = ", ".join(map(str, frame.columns))
            raise UnreadableSamples(path, f"has no column {column!r}; it has {known}")
    if frame.crs is None:
        raise UnreadableSamples(path, "declares no CRS")
    rows = range(1, len(frame) + 1)
    ids = frame[id_column] if id_column else [f"row-{row}" for row in rows]
    codes = [_code(value) for value in frame[code_column]]
    _check_codes(path, codes)
    ids_N = np.array([str(one) for one in ids])
    found, counts = np.unique(ids_N, return_counts=True)
    if twice := found[counts > 1].tolist():
        reason = f"{len(twice)} parcels stand in it twice: {twice[:_SHOWN]}"
        raise InvalidSamples(str(path), reason)
    return Parcels(path, ids_N, np.array(codes, dtype=np.str_), frame.geometry)


def _frame(path: Path) -> Any:
    is_parquet = path.suffix in {".parquet", ".geoparquet"}
    try:
        if is_parquet:
            return geopandas.read_parquet(path)
        return geopandas.read_file(path)
    except (OSError, ValueError, DataSourceError, pa.ArrowInvalid) as error:
        raise UnreadableSamples(path, str(error)) from error


def _code(value: Any) -> str:
    """Ten digits; shapefiles have them as numbers, with or without a fraction of 0."""
    text = str(value).strip()
    whole, point, fraction = text.partition(".")
    return whole if point and not fraction.strip("0") else text


def _check_codes(path: Path, codes: Sequence[str]) -> None:
    scheme = concept_scheme("hcat")
    wrong = [
        f"row {row}: {code!r}"
        for row, code in enumerate(codes, 1)
        if code not in scheme
    ]
    if wrong:
        told = "; ".join(wrong[:_SHOWN])
        reason = f"{len(wrong)} codes are not in HCAT: {told}; correct or leave out"
        raise InvalidSamples(str(path), reason)


@dataclass(frozen=True, slots=True)
class CubeOptions:
    """How a cube is read.

    Attributes:
        channels: Variables or bands (`S2-L2A-B08` where the cube says of which level
            they are); all where empty.
        crs: Of the cube, where it does not say.
        nodata: A number that stands for nothing observed, beside what the file says.
    """

    channels: tuple[str, ...] = ()
    crs: CRS | None = None
    nodata: float | None = None


def parcel_series(
    parcels: Parcels, cube: Path, options: CubeOptions | None = None
) -> SeriesSamples:
    """The series of parcels in a cube; those in which no pixel lies are left out.

    Groups are `object` (the parcel) and `year`.

    Args:
        parcels: In any CRS.
        cube: NetCDF file, or folder of Zarr.
        options: How it is read.

    Raises:
        UnreadableSamples: A channel or dimension is missing, or nobody says the CRS.
        InvalidSamples: No pixel lies in a parcel.
    """
    how = options or CubeOptions()
    with _opened(cube) as dataset:
        channels = _channels(cube, dataset, how)
        grid = _grid(cube, dataset, how)
        burned_HW = _burn(parcels, grid)
        kept_N = np.unique(burned_HW[burned_HW != _NONE])
        if not len(kept_N):
            raise InvalidSamples(str(cube), "no pixel lies in a parcel; check its CRS")
        means = [
            _means(name, one, burned_HW, len(parcels), how.nodata)
            for name, one in channels.items()
        ]
        dates_T = next(iter(channels.values()))["time"].to_numpy()
    values_NTC = np.stack(means, axis=2)[kept_N].astype(np.float32)
    return _samples(parcels, kept_N, values_NTC, tuple(channels), dates_T)


def parcel_table(
    parcels: Parcels,
    path: Path,
    channels: Sequence[str],
    *,
    id_column: str,
    time_column: str = "time",
) -> SeriesSamples:
    """The series of parcels in a table; parcels of which it has no row are left out.

    Args:
        parcels: With the identifiers that the table has.
        path: Parquet or CSV.
        channels: Its columns with what was observed.
        id_column: Its column with the parcel.
        time_column: Its column with the date.

    Raises:
        UnreadableSamples: The table is missing or broken, or lacks a column.
        InvalidSamples: It has none of the parcels, or two rows of one and one date.
    """
    table = _table(path, [id_column, time_column, *channels])
    ids, times = table[id_column].astype(str), pd.to_datetime(table[time_column])
    rows = pd.Index(parcels.ids_N).get_indexer(pd.Index(ids))
    known = rows >= 0
    if not known.any():
        raise InvalidSamples(str(path), f"{id_column} has none of the parcels")
    if pd.DataFrame({"parcel": ids, "time": times}).duplicated().any():
        raise InvalidSamples(str(path), "a parcel has two rows of one date")
    dates, place = np.unique(
        times.to_numpy("datetime64[ns]")[known], return_inverse=True
    )
    kept_N, row = np.unique(rows[known], return_inverse=True)
    shape = len(kept_N), len(dates), len(channels)
    values_NTC = np.full(shape, np.nan, np.float32)
    values_NTC[row, place] = table[list(channels)].to_numpy(np.float32)[known]
    return _samples(parcels, kept_N, values_NTC, tuple(channels), dates)


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    try:
        if path.suffix in {".parquet", ".geoparquet"}:
            return pd.read_parquet(path, columns=list(columns))
        return pd.read_csv(path, usecols=list(columns))
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableSamples(path, str(error)) from error


def _samples(
    parcels: Parcels,
    kept_N: NDArray[np.integer],
    values_NTC: NDArray[np.float32],
    channels: tuple[str, ...],
    dates_T: NDArray[np.datetime64],
) -> SeriesSamples:
    days_T = days_of_season(dates_T)
    start = dates_T[0].astype("datetime64[D]") - int(days_T[0])
    codes, classes = np.unique(parcels.codes_N[kept_N]), concept_scheme("hcat")
    points = parcels.geometries.to_crs("OGC:CRS84").representative_point()
    return SeriesSamples(
        name=parcels.path.stem,
        ids_N=parcels.ids_N[kept_N],
        values_NTC=values_NTC,
        days_NT=np.broadcast_to(days_T, values_NTC.shape[:2]).copy(),
        labels_N=np.searchsorted(codes, parcels.codes_N[kept_N]),
        classes=tuple(classes[code].iri for code in codes.tolist()),
        channels=channels,
        groups={
            OBJECT: parcels.ids_N[kept_N],
            "year": np.full(len(kept_N), str(start.astype("datetime64[Y]"))),
        },
        lonlat_N2=np.column_stack([points.x, points.y])[kept_N],
    )


@contextmanager
def _opened(path: Path) -> Iterator[xr.Dataset]:
    try:
        if path.is_dir():
            dataset = xr.open_zarr(path, chunks=None, consolidated=False)
        else:
            dataset = xr.open_dataset(path, engine="h5netcdf")
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableSamples(path, str(error)) from error
    with dataset:
        yield dataset.rename({"t": "time"}) if "t" in dataset.dims else dataset


def _channels(
    path: Path, dataset: xr.Dataset, how: CubeOptions
) -> dict[str, xr.DataArray]:
    """The arrays of the channels, each of time, y and x."""
    found: dict[str, xr.DataArray] = {}
    prefix = band_prefix(dataset)
    for name, variable in dataset.data_vars.items():
        if set(variable.dims) == {*_DIMENSIONS, "band"}:
            bands = map(str, variable["band"].values)
            found |= {
                f"{prefix}{one}": variable.sel(band=one, drop=True) for one in bands
            }
        elif set(variable.dims) == _DIMENSIONS:
            found[str(name)] = variable
    wanted = how.channels or tuple(found)
    absent = [name for name in wanted if name not in found]
    if absent or not wanted:
        known = ", ".join(found) or "none"
        reason = f"has no channel {absent} of time, y and x; it has {known}"
        raise UnreadableSamples(path, reason)
    return {name: found[name] for name in wanted}


def _grid(path: Path, dataset: xr.Dataset, how: CubeOptions) -> Grid:
    xs, ys = dataset["x"].to_numpy(), dataset["y"].to_numpy()
    crs = how.crs or declared_crs(path, dataset)
    if crs is None:
        raise UnreadableSamples(path, "declares no CRS, and none is named (--crs)")
    return Grid(affine_of_centres(path, xs, ys), crs, len(ys), len(xs))


def _burn(parcels: Parcels, grid: Grid) -> NDArray[np.int32]:
    """The parcel in which the centre of each pixel lies; of several the last one."""
    shapes = zip(parcels.geometries.to_crs(grid.crs), range(len(parcels)), strict=True)
    burned: NDArray[np.int32] = rasterio.features.rasterize(
        [(shape, row) for shape, row in shapes if shape and not shape.is_empty],
        out_shape=(grid.height, grid.width),
        transform=grid.transform,
        fill=_NONE,
        dtype="int32",
    )
    return burned


def _means(
    name: str,
    variable: xr.DataArray,
    burned_HW: NDArray[np.int32],
    count: int,
    nodata: float | None,
) -> NDArray[np.float64]:
    """The mean of what was observed in each parcel, (N, T); one date in memory."""
    means = []
    inside = burned_HW != _NONE
    parcel_P = burned_HW[inside]
    for date in variable.transpose("time", "y", "x"):
        packed_P = date.to_numpy()[inside]
        is_packed = not np.issubdtype(packed_P.dtype, np.floating)
        values_P = unpack(name, packed_P) if is_packed else packed_P
        is_seen = np.isfinite(values_P)
        if nodata is not None:
            is_seen &= packed_P != nodata
        seen = np.bincount(parcel_P[is_seen], minlength=count)
        sums = np.bincount(parcel_P[is_seen], values_P[is_seen], minlength=count)
        means.append(np.where(seen > 0, sums / np.maximum(seen, 1), np.nan))
    return np.stack(means, axis=1)
