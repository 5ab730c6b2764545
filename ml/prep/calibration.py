"""Digital numbers to sigma0 in power, without thermal noise, averaged over looks.

    sigma0 = (DN^2 - noise) / A^2

A is the table `sigmaNought`, noise the product of the noise tables in range and azimuth
(ESA-EOPG-CSCOP-TN-0002, MPC-0392).  Power stays negative where speckle left less than
the mean noise: only an average that keeps such values is unbiased.  It is cut off when
it becomes dB, once, at the end.

Shape suffixes: L lines, S samples.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.products.s1_tables import NoiseTable, VectorTable
from ml.scene import LOWEST_DB


@dataclass(frozen=True, slots=True)
class Calibration:
    """The tables of one polarization.

    Attributes:
        sigma_nought: The table A.
        noise: The noise to subtract; None where it stays, or went before.
    """

    sigma_nought: VectorTable
    noise: NoiseTable | None

    def power(
        self, numbers_LS: NDArray[np.uint16], start: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Sigma0 and noise-equivalent sigma0 (NESZ) of whole lines, in power.

        Args:
            numbers_LS: Digital numbers; 0 says nothing.
            start: The line of the first row.

        Returns:
            Both NaN where there is no digital number; no NESZ without a noise table.
        """
        stop = start + len(numbers_LS)
        per_number_LS = 1 / np.square(self.sigma_nought.rows(start, stop))
        power_LS = np.square(numbers_LS, dtype=np.float32)
        nesz_LS = None
        if self.noise is not None:
            nesz_LS = self.noise.rows(start, stop)
            power_LS -= nesz_LS
            nesz_LS *= per_number_LS
            nesz_LS[numbers_LS == 0] = np.nan
        power_LS *= per_number_LS
        power_LS[numbers_LS == 0] = np.nan
        return power_LS, nesz_LS


def multilook(values_LS: NDArray[np.float32], looks: int) -> NDArray[np.float32]:
    """Means of `looks` x `looks` values; NaN where more than half of them are.

    Lines and samples that do not fill a square at the far edges are left out.

    Examples:
        >>> multilook(np.array([[1, 3, 9], [5, np.nan, 9]], np.float32), 2)
        array([[3.]], dtype=float32)
    """
    if looks == 1:
        return values_LS
    lines, samples = (n // looks for n in values_LS.shape)
    squares = values_LS[: lines * looks, : samples * looks]
    squares = squares.reshape(lines, looks, samples, looks)
    is_value = np.isfinite(squares)
    counts_LS = is_value.sum(axis=(1, 3), dtype=np.float32)
    sums_LS = np.where(is_value, squares, 0).sum(axis=(1, 3), dtype=np.float32)
    sums_LS /= np.maximum(counts_LS, 1)
    sums_LS[counts_LS * 2 < looks * looks] = np.nan
    return np.asarray(sums_LS)


def power_to_db(power_N: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power in dB; what is less than `LOWEST_DB`, or negative, becomes that.

    Examples:
        >>> power_to_db(np.array([1.0, 10.0, -0.3], np.float32))
        array([  0.,  10., -50.], dtype=float32)
    """
    lowest = np.float32(10 ** (LOWEST_DB / 10))
    db_N = 10 * np.log10(np.maximum(power_N, lowest))
    # Exactly LOWEST_DB, whatever rounding makes of its logarithm.
    return np.where(power_N <= lowest, np.float32(LOWEST_DB), db_N).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a GRD product resolves.

    Attributes:
        name: How products of it are called.
        spacing_m: Between pixels.
        range_m: Resolution in ground range.
        azimuth_m: Resolution in azimuth.
        looks: Equivalent number of looks (ENL) of a pixel.
    """

    name: str
    spacing_m: float
    range_m: float
    azimuth_m: float
    looks: float


_RESOLUTIONS: Final = (
    Resolution("EW_GRDH", 25.0, 50.0, 50.0, 2.8),
    Resolution("EW_GRDM", 40.0, 93.0, 87.0, 10.7),
    Resolution("IW_GRDH", 10.0, 20.0, 22.0, 4.4),
)
"""By ascending spacing.  ESA, Sentinel-1 Product Definition, S1-RS-MDA-52-7440."""


def find_resolution(mode: str, spacing_m: float) -> Resolution | None:
    """What is known of a mode's products with this spacing, or a finer one.

    Examples:
        >>> found = find_resolution("EW", 40.0)
        >>> found.name if found else "", find_resolution("SM", 10.0)
        ('EW_GRDM', None)
    """
    fitting = [
        r
        for r in _RESOLUTIONS
        if r.name.startswith(mode) and r.spacing_m < spacing_m + 1
    ]
    return fitting[-1] if fitting else None


def equivalent_looks(resolution: Resolution, spacing_m: float, looks: int) -> float:
    """Equivalent number of looks after averaging `looks` x `looks` pixels.

    Neighbouring pixels share speckle, because they lie closer than the resolution: the
    gain is less than the number of pixels.  The response to a point is taken to be
    Gaussian.

    Examples:
        >>> medium = find_resolution("EW", 40.0)
        >>> [round(equivalent_looks(medium, 40.0, n), 1) for n in (1, 2, 10)]
        [10.7, 13.8, 116.0]
    """
    gain = 1.0
    for resolution_m in (resolution.range_m, resolution.azimuth_m):
        gain *= _gain(spacing_m / resolution_m, looks)
    return resolution.looks * gain


def _gain(step: float, looks: int) -> float:
    """Gain in one direction; `step` is the spacing in units of the resolution."""
    # A power response of full width 1 at half maximum has the standard deviation s;
    # the intensities at distance d are then correlated by exp(-d^2 / 4 s^2).
    deviation = 1 / np.sqrt(8 * np.log(2))
    distance = np.subtract.outer(np.arange(looks), np.arange(looks)) * step
    correlation = np.exp(-((distance / deviation) ** 2) / 4)
    return float(looks**2 / correlation.sum())
