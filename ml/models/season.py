"""What a season looks like, as numbers that trees and discriminants learn from.

Where samples name the region they are of, some of the numbers tell how a field differs
from the fields of its region.  That takes the series of a region that is asked about,
but no label of it: it is what somebody has who maps a region.

Shape suffixes: N samples, T dates, C channels, G dates of a grid, F features.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.samples.series import SeriesSamples

Floats = NDArray[np.float64]

REGION: Final = "region"
_PRIOR: Final = 0.05
"""The mean of a series counts as much as an observation so far away."""

_LEAST: Final = 1e-6
_LEVELS: Final = (0.3, 0.5, 0.7, 0.9)
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_AROUND: Final = 8
"""Dates before and after the peak by which seasons are laid over each other."""

_PAIRS: Final = (("B08", "B04"), ("B08", "B11"), ("B08", "B05"), ("B11", "B12"))


@dataclass(frozen=True, slots=True)
class Grid:
    """Dates at which seasons are compared.

    Attributes:
        width_days: Standard deviation of the weights by which dates around count.
        step_days: From one date to the next.
    """

    width_days: float
    step_days: float


def season_values(samples: SeriesSamples, grid: Grid) -> Floats:
    """Smoothed series (N, G, C) of all channels, and of indices of their bands."""
    values_NTC = _with_indices(samples)
    days_NT = np.asarray(samples.days_NT, np.float64)
    days_G = np.arange(days_NT.min(), days_NT.max() + 1, grid.step_days)
    apart_NGT = (days_G[:, None] - days_NT[:, None, :]) / grid.width_days
    weight_NGT = np.exp(-0.5 * apart_NGT**2)
    seen_NTC = np.isfinite(values_NTC)
    known_NTC = np.where(seen_NTC, values_NTC, 0.0)
    count_N1C = np.maximum(seen_NTC.sum(1, keepdims=True), 1)
    mean_N1C = known_NTC.sum(1, keepdims=True) / count_N1C
    total_NGC = weight_NGT @ known_NTC + _PRIOR * mean_N1C
    result: Floats = total_NGC / (weight_NGT @ seen_NTC + _PRIOR)
    return result


def _with_indices(samples: SeriesSamples) -> Floats:
    """Normalized differences of bands, and VH - VV, beside the channels."""
    values_NTC = np.asarray(samples.values_NTC, np.float64)
    place = {
        name.split()[0].rpartition("-")[2]: k for k, name in enumerate(samples.channels)
    }
    added = []
    for pair in _PAIRS:
        if set(pair) <= set(place):
            a, b = (values_NTC[:, :, place[name]] for name in pair)
            added.append((a - b) / np.maximum(a + b, _LEAST))
    if {"VH", "VV"} <= set(place):
        vh, vv = (values_NTC[:, :, place[name]] for name in ("VH", "VV"))
        added.append(vh - vv)
    return np.concatenate([values_NTC, *(each[:, :, None] for each in added)], axis=2)


def season_features(samples: SeriesSamples, grid: Grid) -> Floats:
    """Features (N, F): the season, its changes, quantiles and phenology."""
    values_NGC = season_values(samples, grid)
    parts = [
        values_NGC,
        np.diff(values_NGC, axis=1),
        np.moveaxis(np.quantile(values_NGC, _QUANTILES, axis=1), 0, 1),
        _phenology(values_NGC),
    ]
    if REGION in samples.groups:
        parts.append(_beside_region(values_NGC, samples.groups[REGION]))
    return np.concatenate([part.reshape(len(samples), -1) for part in parts], axis=1)


def _phenology(values_NGC: Floats) -> Floats:
    """When a series is how far up, how long and how often; the season from its peak."""
    low_N1C = values_NGC.min(1, keepdims=True)
    range_N1C = np.ptp(values_NGC, axis=1, keepdims=True)
    share_NGC = (values_NGC - low_N1C) / np.maximum(range_N1C, _LEAST)
    dates = values_NGC.shape[1]
    peak_N1C = values_NGC.argmax(1)[:, None]
    rows = [share_NGC, peak_N1C, values_NGC.argmin(1)[:, None], range_N1C]
    for level in _LEVELS:
        above_NGC = share_NGC > level
        last_N1C = dates - above_NGC[:, ::-1].argmax(1)[:, None]
        rises_N1C = (np.diff(above_NGC.astype(int), axis=1) > 0).sum(1)[:, None]
        rows += [above_NGC.argmax(1)[:, None], last_N1C]
        rows += [above_NGC.sum(1)[:, None], rises_N1C]
    around_1A1 = np.arange(-_AROUND, _AROUND + 1)[None, :, None]
    place_NAC = np.clip(peak_N1C + around_1A1, 0, dates - 1)
    rows.append(np.take_along_axis(values_NGC, place_NAC, axis=1))
    return np.concatenate(rows, axis=1)


def _beside_region(values_NGC: Floats, regions_N: NDArray[np.str_]) -> Floats:
    """How far each is from the median of its region, in standard deviations."""
    result = np.empty_like(values_NGC)
    for region in np.unique(regions_N):
        own_NGC = values_NGC[regions_N == region]
        middle_GC, spread_GC = np.median(own_NGC, axis=0), own_NGC.std(0)
        apart_NGC = (own_NGC - middle_GC) / np.maximum(spread_GC, _LEAST)
        result[regions_N == region] = apart_NGC
    return result
