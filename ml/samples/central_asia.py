"""Crop fields of Central Asia (CAWa): MODIS NDVI, 23 dates a year, and their crops.

The files lie beside each other as in `cropharvest` (CC BY-SA 4.0): time series, labels
and polygons of the fields, a row for each field and in one order.  The points that a
fourth file has are not read: some are in the grid of MODIS and some in UTM, and it does
not say which.
"""

from pathlib import Path
from typing import Final

import geopandas
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError

from ml.errors import UnreadableSamples
from ml.samples.series import SeriesSamples

_SERIES: Final = "CAWa_CropType_time-series.csv"
_LABELS: Final = "CAWa_labels_from_rds.csv"
_POLYGONS: Final = "CAWa_CropType_samples.shp"


def read_central_asia(folder: Path) -> SeriesSamples:
    """The fields with their NDVI; groups are `region` and `year`.

    Args:
        folder: Where the three files lie.

    Raises:
        UnreadableSamples: One is missing, or their rows do not fit.
    """
    series, labels = _table(folder / _SERIES), _table(folder / _LABELS)
    lonlat_N2 = _lonlat(folder / _POLYGONS)
    if not len(series) == len(labels) == len(lonlat_N2):
        counts = f"{len(series)}, {len(labels)} and {len(lonlat_N2)} rows"
        raise UnreadableSamples(folder, f"its tables do not fit: {counts}")
    codes, names = pd.factorize(labels["label_1"], sort=True)
    days_T = series.columns.to_numpy(dtype=np.float32) - 1
    return SeriesSamples(
        name="central-asia",
        ids_N=np.array([f"field-{row}" for row in range(len(series))]),
        values_NTC=series.to_numpy(np.float32)[:, :, None],
        days_NT=np.broadcast_to(days_T, series.shape).copy(),
        labels_N=codes.astype(np.int64),
        classes=tuple(names),
        channels=("NDVI",),
        groups={
            name: labels[name].astype(str).to_numpy(dtype=np.str_)
            for name in ("region", "year")
        },
        lonlat_N2=lonlat_N2,
    )


def _table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UnreadableSamples(path, str(error)) from error


def _lonlat(path: Path) -> NDArray[np.float64]:
    """A point in each polygon."""
    try:
        polygons = geopandas.read_file(path).to_crs("OGC:CRS84")
    except (DataSourceError, ValueError) as error:
        raise UnreadableSamples(path, str(error)) from error
    points = polygons.representative_point()
    return np.column_stack([points.x, points.y])
