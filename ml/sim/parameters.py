"""Published numbers of sea ice and of Sentinel-1, read from `parameters.json`.

Each group of numbers names its source in the file.  They are facts, quoted; the code
and the files that they were published in are not part of this package.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class IceClasses:
    """Backscatter of ice classes as a function of the incidence angle.

    In dB, sigma0 of class k at incidence angle theta (degrees) is normal with mean
    `intercept_db_K2[k] + slope_K2[k] * theta` and covariance `covariance_K22[k]`, at
    the scale of features, where speckle is averaged away.  The last axis is HH, HV.

    Attributes:
        source: Where the numbers were published.
        scheme: The concept scheme of the classes.
        codes: Notation of each class in it.
        intercept_db_K2: Mean at 0 degrees, dB.
        slope_K2: Change per degree, dB.
        covariance_K22: dB squared.
    """

    source: str
    scheme: str
    codes: tuple[str, ...]
    intercept_db_K2: NDArray[np.float64]
    slope_K2: NDArray[np.float64]
    covariance_K22: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class NoiseProfile:
    """Thermal noise of an EW swath from near to far range, with its sub-swath steps.

    Attributes:
        source: The product from whose annotations it was computed.
        range_fraction_N: Position across the swath: 0 is the near edge, 1 the far one.
        incidence_N: Incidence angle there, degrees.
        nesz_db_2N: Noise-equivalent sigma0 of HH and HV there, dB.
    """

    source: str
    range_fraction_N: NDArray[np.float64]
    incidence_N: NDArray[np.float64]
    nesz_db_2N: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """What the simulator knows.

    Attributes:
        ice: Backscatter of the classes.
        noise: Thermal noise across the swath.
        looks: Equivalent number of looks of one pixel of an EW GRDM product.
        looks_source: Where that number was published.
    """

    ice: IceClasses
    noise: NoiseProfile
    looks: float
    looks_source: str


@lru_cache
def load_parameters() -> Parameters:
    """The numbers of `parameters.json`.

    Examples:
        >>> load_parameters().ice.codes
        ('leads-water-new', 'leads-young', 'level', 'deformed')
        >>> load_parameters().looks
        10.7
    """
    text = files("ml.sim").joinpath("parameters.json").read_text(encoding="utf-8")
    document = json.loads(text)
    looks = document["looks"]
    return Parameters(
        ice=_ice(document["gaussian_incidence_angle"]),
        noise=_noise(document["noise"]),
        looks=looks["EW_GRDM"],
        looks_source=looks["source"],
    )


def _ice(document: dict[str, Any]) -> IceClasses:
    return IceClasses(
        source=document["source"],
        scheme=document["scheme"],
        codes=tuple(document["classes"]),
        intercept_db_K2=np.array(document["intercept_db"]),
        slope_K2=np.array(document["slope_db_per_deg"]),
        covariance_K22=np.array(document["covariance_db2"]),
    )


def _noise(document: dict[str, Any]) -> NoiseProfile:
    column_N = np.array(document["column"], dtype=np.float64)
    return NoiseProfile(
        source=document["source"],
        range_fraction_N=column_N / column_N[-1],
        incidence_N=np.array(document["incidence_deg"]),
        nesz_db_2N=np.array([document["nesz_hh_db"], document["nesz_hv_db"]]),
    )
