#!/usr/bin/env python3
"""Write ml/sim/crop_parameters.json from the French parcels of 2023.

    scripts/crop_parameters.py DATA/worldcereal/2023_FRA_LPIS_POLY_110.geoparquet

Few numbers are estimated, because some classes have eleven parcels, half unseen at each
dekad: for each class mean and standard deviation along the season, smoothed over time,
the variance shrunk to that of all classes; for all classes together how deviations go
together over time and between the two channels.

Shape suffixes: N parcels, T dekads, C channels, K classes, L lags.
"""

# ruff: noqa: N803, N806 - the shape suffixes of `ml`

import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from ml.samples.series import SeriesSamples
from ml.samples.worldcereal import read_parcels

Floats = NDArray[np.float64]

OUTPUT: Final = Path(__file__).parents[1] / "ml/sim/crop_parameters.json"
SOURCE: Final = (
    "https://github.com/WorldCereal/worldcereal-classification at 6c57442, "
    "2023_FRA_LPIS_POLY_110.geoparquet (MIT): parcels of the French register, "
    "south-western France; estimated by scripts/crop_parameters.py"
)
CLASSES: Final = {
    "1101010011": "3301010101",
    "1101020011": "3301010401",
    "1101060000": "3301010600",
    "1106000031": "3301060401",
    "1106000010": "3301060500",
    "1106000020": "3301160000",
    "2001020021": "3301090100",
    "2001020022": "3302000000",
}
"""WorldCereal's codes, and those of HCAT."""

FIRST_DAY: Final = -92
"""The first of October, counted from the first of January."""

DEKADS: Final = 36
WIDTH: Final = 1.5
"""Of the smoothing over time, dekads."""

PRIOR: Final = 20.0
"""Variances are shrunk as if so many parcels had that of all classes."""

LAGS: Final = 24


def main(path: Path) -> None:
    """Estimate, and write."""
    samples = read_parcels(path)
    index_NTC, days_T = indices(samples)
    label_N = np.array([samples.classes[k] for k in samples.labels_N])
    rows_K = [np.flatnonzero(label_N == code) for code in CLASSES]
    mean_KTC = np.stack([smooth(index_NTC[rows]) for rows in rows_K])
    residual_KNTC = [
        index_NTC[rows] - mean_TC
        for rows, mean_TC in zip(rows_K, mean_KTC, strict=True)
    ]
    spread_KTC = spreads(residual_KNTC)
    scaled_NTC = np.concatenate(
        [each / spread_KTC[k] for k, each in enumerate(residual_KNTC)]
    )
    document = {
        "source": SOURCE,
        "scheme": "hcat",
        "classes": list(CLASSES.values()),
        "parcels": [len(rows) for rows in rows_K],
        "channels": ["NDVI", "NDMI"],
        "days": days_T.tolist(),
        "mean": np.round(mean_KTC, 3).tolist(),
        "spread": np.round(spread_KTC, 3).tolist(),
        "gap": np.round(np.isnan(index_NTC[..., 0]).mean(0), 3).tolist(),
        **correlation(scaled_NTC),
    }
    OUTPUT.write_text(render(document))


def render(document: dict[str, Any]) -> str:
    """JSON with a line for each entry, and for each class within."""
    entries = (
        f"{json.dumps(name)}: {_rows(value)}" for name, value in document.items()
    )
    return "{\n " + ",\n ".join(entries) + "\n}\n"


def _rows(value: Any) -> str:
    if not (isinstance(value, list) and isinstance(value[0], list)):
        return json.dumps(value)
    return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"


def indices(samples: SeriesSamples) -> tuple[Floats, Floats]:
    """NDVI and NDMI (N, T, C) of the season's dekads, and their days."""
    days_T = samples.days_NT[0].astype(np.float64)
    rows = np.flatnonzero(days_T >= FIRST_DAY)[:DEKADS]
    band = {name.split()[0][-3:]: k for k, name in enumerate(samples.channels)}
    red, nir, swir = (
        samples.values_NTC[:, rows, band[name]].astype(np.float64)
        for name in ("B04", "B08", "B11")
    )
    pairs = ((nir, red), (nir, swir))
    return np.stack([(a - b) / (a + b) for a, b in pairs], 2), days_T[rows]


def smooth(values_NTC: Floats) -> Floats:
    """The mean over parcels, and dekads around, of what was observed (T, C)."""
    place_T = np.arange(values_NTC.shape[1])
    weight_TT = np.exp(-0.5 * ((place_T[:, None] - place_T) / WIDTH) ** 2)
    total_TC = weight_TT @ np.nansum(values_NTC, 0)
    result: Floats = total_TC / (weight_TT @ np.isfinite(values_NTC).sum(0))
    return result


def spreads(residual_KNTC: list[Floats]) -> Floats:
    """Standard deviations (K, T, C)."""
    of_all_TC = smooth(np.concatenate(residual_KNTC) ** 2)
    return np.stack(
        [
            np.sqrt(
                (len(each) * smooth(each**2) + PRIOR * of_all_TC) / (len(each) + PRIOR)
            )
            for each in residual_KNTC
        ]
    )


def correlation(scaled_NTC: Floats) -> dict[str, float]:
    """How much of the variance is what."""
    ndvi_NT, ndmi_NT = np.moveaxis(scaled_NTC, 2, 0)
    lags_L = np.arange(1, LAGS)
    found_L = np.array(
        [
            np.nanmean([each[:, lag:] * each[:, :-lag] for each in (ndvi_NT, ndmi_NT)])
            for lag in lags_L
        ]
    )
    found_L /= np.nanmean([ndvi_NT**2, ndmi_NT**2])

    def misfit(x: Floats) -> Floats:
        misses: Floats = x[0] + x[1] * x[2] ** lags_L - found_L
        return misses

    parcel, memory, per_dekad = least_squares(misfit, [0.2, 0.6, 0.7]).x
    channels = np.nanmean(ndvi_NT * ndmi_NT) / np.sqrt(
        np.nanmean(ndvi_NT**2) * np.nanmean(ndmi_NT**2)
    )
    return {
        "parcel_share": round(float(parcel), 3),
        "memory_share": round(float(memory), 3),
        "memory_per_dekad": round(float(per_dekad), 3),
        "channel_correlation": round(float(channels), 3),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
