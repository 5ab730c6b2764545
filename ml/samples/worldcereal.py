"""Parcels of the French register (LPIS) as WorldCereal extracted them (MIT licence).

A file has a row for each parcel and dekad: reflectances of Sentinel-2 L2A times 10,000,
backscatter of Sentinel-1 as WorldCereal packs it, and 65,535 where nothing was seen.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.errors import UnreadableSamples
from ml.products.worldcereal_packing import days_of_season, unpack
from ml.samples.series import SeriesSamples
from ontologies.vocabulary import concept_scheme

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
        days_NT=np.broadcast_to(
            days_of_season(dates), (len(parcels), len(dates))
        ).copy(),
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
    unpacked = np.stack([unpack(name, table[name].to_numpy()) for name in _CHANNELS], 1)
    values_NTC = np.full((len(parcels), len(dates), len(_CHANNELS)), np.nan, np.float32)
    rows = parcels.get_indexer(pd.Index(table["sample_id"]))
    values_NTC[rows, np.searchsorted(dates, table["timestamp"].to_numpy())] = unpacked
    return values_NTC


def read_croptypes(path: Path) -> SeriesSamples:
    """The parcels as WorldCereal's crop type map has them: classes, months.

    Classes are IRIs of the nine crop types, to which codes belong by how they begin;
    what is no crop is `other_crop` as well.  Series have the twelve months from
    November on, each the mean of what was seen in it, as the cubes of WorldCereal have.

    Raises:
        UnreadableSamples: See `read_parcels`.
    """
    parcels = read_parcels(path)
    scheme = concept_scheme(_CROPTYPES)
    names = tuple(scheme)
    kinds_K = np.array([names.index(_croptype(code)) for code in parcels.classes])
    first = np.datetime64(f"{path.name[:4]}-11") - np.timedelta64(12, "M")
    months_T = first + np.arange(12)
    start = np.datetime64(path.name[:4], "D")
    month_of_T = (start + parcels.days_NT[0].astype(int)).astype("datetime64[M]")
    values_NTC = np.stack(
        [_mean(parcels.values_NTC[:, month_of_T == month]) for month in months_T], 1
    )
    return replace(
        parcels,
        name="worldcereal-croptype",
        values_NTC=values_NTC,
        days_NT=np.tile(days_of_season(months_T), (len(parcels), 1)),
        labels_N=kinds_K[parcels.labels_N],
        classes=tuple(scheme[name].iri for name in names),
    )


_CROPTYPES: Final = "worldcereal/croptype"
_BEGINNINGS: Final = {
    "110101": "wheat",
    "110102": "barley",
    "110103": "rye",
    "110106": "maize",
    "110107": "millet_sorghum",
    "110600001": "sunflower",
    "110600002": "soy_soybeans",
    "110600003": "rapeseed_rape",
}
"""Of the codes of each crop type in WorldCereal's `croptype_classes.json`."""


def _croptype(code: str) -> str:
    for beginning, name in _BEGINNINGS.items():
        if code.startswith(beginning):
            return name
    return "other_crop"


def _mean(values_NTC: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of what was seen (N, C); NaN where nothing was."""
    seen_NC = np.isfinite(values_NTC).sum(1)
    with np.errstate(invalid="ignore"):
        mean_NC: NDArray[np.float32] = np.nansum(values_NTC, 1) / seen_NC
    return mean_NC.astype(np.float32)
