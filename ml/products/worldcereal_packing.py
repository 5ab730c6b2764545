"""How WorldCereal packs what satellites saw, and counts the days of a season.

Reflectances of Sentinel-2 L2A are times 10,000; backscatter of Sentinel-1 is
10 ** ((dB + 83) / 20); 65,535 stands where nothing was seen, and 0 of backscatter.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NODATA: Final = 65_535
_RADAR: Final = "S1-SIGMA0-"


def unpack(name: str, packed: NDArray[Any]) -> NDArray[np.float32]:
    """Reflectances, or backscatter in dB; NaN where nothing was seen.

    Examples:
        >>> unpack("S2-L2A-B04", np.array([1234, 65535], np.uint16))
        array([0.1234,    nan], dtype=float32)
        >>> unpack("S1-SIGMA0-VV", np.array([1000, 0], np.uint16)).round(3)
        array([-23.,  nan], dtype=float32)
    """
    values = packed.astype(np.float32)
    values[packed == NODATA] = np.nan
    if not name.startswith(_RADAR):
        return values / np.float32(10_000)
    with np.errstate(divide="ignore"):
        decibels = 20 * np.log10(values) - 83
    return np.where(np.isfinite(decibels), decibels, np.nan).astype(np.float32)


def days_of_season(dates: NDArray[np.datetime64]) -> NDArray[np.float32]:
    """Days since the first of January of the year in which most dates lie.

    Examples:
        >>> days_of_season(
        ...     np.array(["2022-12-31", "2023-01-11", "2023-01-21"], "M8[D]")
        ... )
        array([-1., 10., 20.], dtype=float32)
    """
    years = dates.astype("datetime64[Y]")
    found, counts = np.unique(years, return_counts=True)
    start = found[counts.argmax()].astype("datetime64[D]")
    since: NDArray[np.float32] = (dates.astype("datetime64[D]") - start).astype(
        np.float32
    )
    return since
