"""Numbers of real crops, estimated from French parcels, read from a file.

`scripts/crop_parameters.py` writes `crop_parameters.json`, and says how.

Shape suffixes: K classes, T dekads, C channels.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SHIFT_DAYS: Final = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class CropClasses:
    """What fields of each crop look like along a season.

    The series of a field is the mean of its class, moved in time by a shift of its own,
    plus a normal deviation.  Of its variance a part belongs to the field and stays all
    season, a part fades as an AR(1) does, and the rest is new at each dekad.

    Attributes:
        source: Where the numbers are from.
        scheme: The concept scheme of the classes.
        codes: Notation of each class in it.
        channels: Names of the channels.
        days_T: Days since the first of January, one each dekad.
        mean_KTC: Mean series.
        spread_KTC: Standard deviation between fields.
        parcel_share: Part of the variance that belongs to the field.
        memory_share: Part that fades.
        memory_per_dekad: How much of that is left a dekad later.
        channel_correlation: Of the deviations of two channels.
        gap_T: How often a dekad is not seen, for clouds.
        shift_days: Standard deviation of the shift.  The spread between real fields
            holds shifts already: simulated crops are a little harder than those were.
    """

    source: str
    scheme: str
    codes: tuple[str, ...]
    channels: tuple[str, ...]
    days_T: NDArray[np.float64]
    mean_KTC: NDArray[np.float64]
    spread_KTC: NDArray[np.float64]
    parcel_share: float
    memory_share: float
    memory_per_dekad: float
    channel_correlation: float
    gap_T: NDArray[np.float64]
    shift_days: float = _SHIFT_DAYS

    def correlation_of_dates(self) -> NDArray[np.float64]:
        """Of the deviations at two dekads, (T, T)."""
        place_T = np.arange(len(self.days_T))
        lag_TT = np.abs(place_T[:, None] - place_T)
        fading_TT = self.memory_share * self.memory_per_dekad**lag_TT
        fresh = 1 - self.parcel_share - self.memory_share
        result: NDArray[np.float64] = (
            self.parcel_share + fading_TT + fresh * (lag_TT == 0)
        )
        return result

    def covariances(self) -> NDArray[np.float64]:
        """Of the deviations, (K, TC, TC): dates by channels, the latter run faster."""
        channels = len(self.channels)
        between_CC = np.full((channels, channels), self.channel_correlation)
        np.fill_diagonal(between_CC, 1.0)
        correlation = np.kron(self.correlation_of_dates(), between_CC)
        spread_KX = self.spread_KTC.reshape(len(self.codes), -1)
        result: NDArray[np.float64] = (
            spread_KX[:, :, None] * correlation * spread_KX[:, None, :]
        )
        return result

    def means_at(self, shift_S: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean series of classes whose season is so many days later, (S, K, T, C)."""
        moved = np.empty((len(shift_S), *self.mean_KTC.shape))
        wanted_ST = self.days_T - np.asarray(shift_S)[:, None]
        for k, c in np.ndindex(moved.shape[1], moved.shape[3]):
            moved[:, k, :, c] = np.interp(
                wanted_ST, self.days_T, self.mean_KTC[k, :, c]
            )
        return moved


@lru_cache
def load_crops() -> CropClasses:
    """The numbers of `crop_parameters.json`.

    Examples:
        >>> load_crops().channels, len(load_crops().codes), len(load_crops().days_T)
        (('NDVI', 'NDMI'), 8, 36)
    """
    text = files("ml.sim").joinpath("crop_parameters.json").read_text(encoding="utf-8")
    document = json.loads(text)
    dates = len(document["days"])
    mean_KTC, spread_KTC = (
        np.array(document[name]).reshape(len(document["classes"]), dates, -1)
        for name in ("mean", "spread")
    )
    return CropClasses(
        source=document["source"],
        scheme=document["scheme"],
        codes=tuple(document["classes"]),
        channels=tuple(document["channels"]),
        days_T=np.array(document["days"]),
        mean_KTC=mean_KTC,
        spread_KTC=spread_KTC,
        parcel_share=document["parcel_share"],
        memory_share=document["memory_share"],
        memory_per_dekad=document["memory_per_dekad"],
        channel_correlation=document["channel_correlation"],
        gap_T=np.array(document["gap"]),
    )
