"""What a radar measures of ice classes: texture, thermal noise, speckle.

The only place that says how sigma0 comes about.  The scene writer adds space to it
(`ml/sim/ice.py`), the Bayes optimum integrates over it (`ml/sim/bayes.py`).

Shape suffixes: P polarizations (HH, HV), K classes, N samples of any shape.
"""

import numpy as np
from numpy.typing import NDArray

from ml.scene import LOWEST_DB
from ml.sim.parameters import IceClasses


def to_db(power: NDArray[np.floating]) -> NDArray[np.floating]:
    """10 log10 of a power."""
    return np.asarray(10 * np.log10(power))


def to_power(db: NDArray[np.floating]) -> NDArray[np.floating]:
    """The inverse of `to_db`."""
    return np.asarray(10 ** (db / 10))


def true_sigma0_db(
    ice: IceClasses,
    classes_N: NDArray[np.integer],
    incidence_N: NDArray[np.floating],
    texture_PN: NDArray[np.floating],
) -> NDArray[np.float32]:
    """Sigma0 at feature scale, dB, before the radar looks at it.

    Args:
        ice: The classes.
        classes_N: Position of each sample's class in `ice`.
        incidence_N: Incidence angle, degrees.
        texture_PN: Two independent standard normal values a sample.

    Returns:
        Mean plus texture, so that its covariance is the class's.  First axis: HH, HV.
    """
    factor_K22 = np.linalg.cholesky(ice.covariance_K22)
    sigma0_db_PN = np.empty((2, *classes_N.shape), dtype=np.float32)
    for p in range(2):
        intercept_N = ice.intercept_db_K2[:, p].astype(np.float32)[classes_N]
        slope_N = ice.slope_K2[:, p].astype(np.float32)[classes_N]
        sigma0_db_PN[p] = intercept_N + slope_N * incidence_N
        for q in range(p + 1):
            weight_N = factor_K22[:, p, q].astype(np.float32)[classes_N]
            sigma0_db_PN[p] += weight_N * texture_PN[q]
    return sigma0_db_PN


def measure(
    sigma0_db_N: NDArray[np.floating],
    nesz_db_N: NDArray[np.floating] | None,
    looks: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """What a calibrated, noise-corrected product holds, dB.

    The receiver sees echo plus thermal noise, and speckle multiplies both: intensity is
    (sigma0 + NESZ) times Gamma(looks, 1 / looks).  Noise removal subtracts the expected
    noise, NESZ; what is left may be nothing, and is then `LOWEST_DB`.

    Args:
        sigma0_db_N: True sigma0, dB.
        nesz_db_N: Noise-equivalent sigma0, dB; None for a radar without noise.
        looks: Equivalent number of looks of a pixel.
        rng: Where the speckle comes from.
    """
    noise_N = np.float32(0) if nesz_db_N is None else to_power(nesz_db_N)
    speckle_N = rng.standard_gamma(looks, sigma0_db_N.shape, dtype=np.float32)
    speckle_N /= np.float32(looks)
    power_N = (to_power(sigma0_db_N) + noise_N) * speckle_N - noise_N
    lowest = 10 ** (LOWEST_DB / 10)
    # Exactly LOWEST_DB, whatever rounding makes of its logarithm.
    measured_db_N = to_db(np.maximum(power_N, lowest))
    return np.where(power_N > lowest, measured_db_N, LOWEST_DB).astype(np.float32)
