"""Parcels of the French register (LPIS) as WorldCereal extracted them (MIT licence).

A file has a row for each parcel and dekad: reflectances of Sentinel-2 L2A times 10,000,
backscatter of Sentinel-1 as WorldCereal packs it, and 65,535 where nothing was seen.
"""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.errors import UnreadableSamples
from ml.samples.series import SeriesSamples

_NODATA: Final = 65_535
_OPTICAL: Final = tuple(
    f"S2-L2A-{band}"
    for band in ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B11", "B12")
)
_RADAR: Final = ("S1-SIGMA0-VH", "S1-SIGMA0-VV")
_CHANNELS: Final = (*_OPTICAL, *_RADAR)

CHANNELS: Final = tuple(
    [f"{name} reflectance" for name in _OPTICAL] + [f"{name} dB" for name in _RADAR]
)


def read_parcels(path: Path) -> SeriesSamples:
    """The parcels with their series; groups are `tile` and `cell` (H3, resolution 3).

    B8A is left out: it is nodata in all rows of these files.  The dates are those on
    which some parcel has a row; a parcel without one has observed nothing then.

    Raises:
        UnreadableSamples: The file is absent, no Parquet, or lacks a column.
    """
    columns = ["sample_id", "timestamp", "ewoc_code", "lon", "lat", "tile"]
    try:
        table = pd.read_parquet(path, columns=[*columns, "h3_l3_cell", *_CHANNELS])
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableSamples(path, str(error)) from error
    parcels = table.groupby("sample_id", sort=True)[table.columns.tolist()].first()
    codes, names = pd.factorize(parcels["ewoc_code"], sort=True)
    dates = np.sort(table["timestamp"].unique())
    return SeriesSamples(
        name=path.stem,
        ids_N=parcels.index.to_numpy(dtype=np.str_),
        values_NTC=_values(table, parcels.index, dates),
        days_NT=np.broadcast_to(_days(dates), (len(parcels), len(dates))).copy(),
        labels_N=codes.astype(np.int64),
        classes=tuple(str(name) for name in names),
        channels=CHANNELS,
        groups={
            "tile": parcels["tile"].to_numpy(dtype=np.str_),
            "cell": parcels["h3_l3_cell"].to_numpy(dtype=np.str_),
        },
        lonlat_N2=parcels[["lon", "lat"]].to_numpy(np.float64),
    )


def _values(
    table: pd.DataFrame, parcels: pd.Index, dates: NDArray[np.datetime64]
) -> NDArray[np.float32]:
    packed = table[list(_CHANNELS)].to_numpy(np.float32, copy=True)
    packed[packed == _NODATA] = np.nan
    count = len(_OPTICAL)
    packed[:, :count] /= 10_000
    # WorldCereal packs power as 10 ** ((dB + 83) / 20).
    with np.errstate(divide="ignore"):
        decibels = 20 * np.log10(packed[:, count:]) - 83
    packed[:, count:] = np.where(np.isfinite(decibels), decibels, np.nan)
    values_NTC = np.full((len(parcels), len(dates), len(_CHANNELS)), np.nan, np.float32)
    rows = parcels.get_indexer(pd.Index(table["sample_id"]))
    values_NTC[rows, np.searchsorted(dates, table["timestamp"].to_numpy())] = packed
    return values_NTC


def _days(dates: NDArray[np.datetime64]) -> NDArray[np.float32]:
    """Days since the first of January of the year in which most dates lie."""
    years = dates.astype("datetime64[Y]")
    found, counts = np.unique(years, return_counts=True)
    start = found[counts.argmax()].astype("datetime64[D]")
    days: NDArray[np.float32] = (dates.astype("datetime64[D]") - start).astype(
        np.float32
    )
    return days
