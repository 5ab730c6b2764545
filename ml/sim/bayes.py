"""How well anybody can classify what the simulator draws, one sample at a time.

A sample is a class (all equally probable), an incidence angle (uniform over the swath)
and what the radar measures there.  The classifier that knows the simulator and takes
the most probable class is right most often (Bayes): no model that sees the sample alone
can do better, and the difference is the model's regret.  Without speckle the sample
stands for a feature whose pixels were averaged: the optimum per segment.

Likelihoods are exact: normal at feature scale; for pixels, the Gamma density of speckle
integrated over texture by Gauss-Hermite quadrature.  Only the accuracy is estimated, by
drawing samples, so it comes with a confidence interval.

Shape suffixes: P polarizations (HH, HV), K classes, N samples, Q quadrature nodes.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaln, logsumexp

from ml.scene import LOWEST_DB
from ml.sim.backscatter import measure, to_power, true_sigma0_db
from ml.sim.parameters import IceClasses, Parameters

_NODES: Final = 12
"""Per polarization; with 24 the accuracy changes by less than 0.0001."""

_CHUNK: Final = 20_000
_Z95: Final = 1.96
_TINY: Final = np.finfo(np.float64).tiny
_Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Design:
    """What is drawn, and what the radar does to it.

    Attributes:
        incidence_deg: The interval of incidence angles.
        looks: Equivalent number of looks; None where speckle has been averaged away.
        has_noise: Whether thermal noise is added and its mean removed.
    """

    incidence_deg: tuple[float, float] = (19.1, 46.2)
    looks: float | None = None
    has_noise: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Drawn samples and their truth.

    Attributes:
        classes_N: Position of each sample's class.
        incidence_N: Degrees.
        sigma0_db_PN: Measured, dB.
        nesz_db_PN: The noise that was removed, dB; None for a radar without noise.
    """

    classes_N: NDArray[np.int64]
    incidence_N: NDArray[np.float32]
    sigma0_db_PN: NDArray[np.float32]
    nesz_db_PN: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """An estimated accuracy.

    Attributes:
        value: Part of the samples that were right.
        half_width: Of the 95 % confidence interval (normal approximation).
    """

    value: float
    half_width: float


def draw_samples(
    parameters: Parameters, design: Design, count: int, rng: np.random.Generator
) -> Samples:
    """Independent samples of the simulator."""
    classes_N = rng.integers(0, len(parameters.ice.codes), count)
    incidence_N = rng.uniform(*design.incidence_deg, count).astype(np.float32)
    texture_PN = rng.standard_normal((2, count), dtype=np.float32)
    sigma0_db_PN = true_sigma0_db(parameters.ice, classes_N, incidence_N, texture_PN)
    nesz_db_PN = _nesz_db(parameters, incidence_N) if design.has_noise else None
    if design.looks is not None:
        sigma0_db_PN = measure(sigma0_db_PN, nesz_db_PN, design.looks, rng)
    return Samples(classes_N, incidence_N, sigma0_db_PN, nesz_db_PN)


def estimate(is_right_N: NDArray[np.bool_]) -> Accuracy:
    """The accuracy of a classifier that was right so often.

    Examples:
        >>> estimate(np.array([True, True, True, False])).value
        0.75
    """
    value = float(is_right_N.mean())
    return Accuracy(value, _Z95 * math.sqrt(value * (1 - value) / len(is_right_N)))


def optimal_classes(
    parameters: Parameters, design: Design, samples: Samples
) -> NDArray[np.int64]:
    """The most probable class of each sample: nobody is right more often."""
    return np.asarray(log_likelihood(parameters.ice, design, samples).argmax(axis=0))


def log_likelihood(ice: IceClasses, design: Design, samples: Samples) -> _Floats:
    """Log density of the samples under each class, KN, up to a constant per sample."""
    if design.looks is None:
        return _feature_log_likelihood(ice, samples)
    chunks = [
        _pixel_log_likelihood(ice, design.looks, _slice(samples, start))
        for start in range(0, len(samples.classes_N), _CHUNK)
    ]
    return np.concatenate(chunks, axis=1)


def _slice(samples: Samples, start: int) -> Samples:
    part = slice(start, start + _CHUNK)
    nesz_db_PN = samples.nesz_db_PN
    return Samples(
        samples.classes_N[part],
        samples.incidence_N[part],
        samples.sigma0_db_PN[:, part],
        None if nesz_db_PN is None else nesz_db_PN[:, part],
    )


def _nesz_db(parameters: Parameters, incidence_N: _Floats) -> NDArray[np.float32]:
    noise = parameters.noise
    return np.stack(
        [
            np.interp(incidence_N, noise.incidence_N, values_N).astype(np.float32)
            for values_N in noise.nesz_db_2N
        ]
    )


def _mean_db(ice: IceClasses, k: int, incidence_N: _Floats) -> _Floats:
    return np.asarray(
        ice.intercept_db_K2[k][:, None] + ice.slope_K2[k][:, None] * incidence_N
    )


def _feature_log_likelihood(ice: IceClasses, samples: Samples) -> _Floats:
    rows = []
    for k, covariance_22 in enumerate(ice.covariance_K22):
        residual_PN = samples.sigma0_db_PN - _mean_db(ice, k, samples.incidence_N)
        square_N = (residual_PN * np.linalg.solve(covariance_22, residual_PN)).sum(0)
        rows.append(-(square_N + np.linalg.slogdet(covariance_22)[1]) / 2)
    return np.stack(rows)


def _pixel_log_likelihood(ice: IceClasses, looks: float, samples: Samples) -> _Floats:
    """Speckle's density, integrated over the texture of each class."""
    node_Q, weight_Q = np.polynomial.hermite_e.hermegauss(_NODES)
    weight_Q = weight_Q / weight_Q.sum()
    first_Q, second_Q = (z.ravel() for z in np.meshgrid(node_Q, node_Q))
    log_weight_Q = np.log(np.outer(weight_Q, weight_Q).ravel())
    rows = []
    for k, covariance_22 in enumerate(ice.covariance_K22):
        # Texture at the nodes, dB; HV follows HH as far as they are correlated.
        texture_PQ = np.linalg.cholesky(covariance_22) @ np.stack([first_Q, second_Q])
        mean_PN = _mean_db(ice, k, samples.incidence_N)
        log_density_QN = log_weight_Q[:, None].repeat(mean_PN.shape[1], axis=1)
        for p in range(2):
            # A node of HH serves all nodes of HV, so equal ones are computed once.
            level_U, place_Q = np.unique(texture_PQ[p], return_inverse=True)
            sigma0_UN = to_power(mean_PN[p] + level_U[:, None])
            log_density_QN += _log_speckle_density(sigma0_UN, looks, samples, p)[
                place_Q
            ]
        rows.append(logsumexp(log_density_QN, axis=0))
    return np.stack(rows)


def _log_speckle_density(
    sigma0_UN: _Floats, looks: float, samples: Samples, p: int
) -> _Floats:
    """Log density of the received power where true sigma0 is `sigma0_UN`.

    Where noise removal left nothing, all that is known is that the received power was
    below the noise: the density is then that probability.
    """
    noise_N = 0.0 if samples.nesz_db_PN is None else to_power(samples.nesz_db_PN[p])
    received_N = to_power(samples.sigma0_db_PN[p].astype(np.float64)) + noise_N
    rate_UN = looks / (sigma0_UN + noise_N)
    log_density_UN = (
        looks * np.log(rate_UN)
        + (looks - 1) * np.log(received_N)
        - rate_UN * received_N
        - gammaln(looks)
    )
    is_clipped_N = samples.sigma0_db_PN[p] <= LOWEST_DB
    below_UN = gammainc(looks, rate_UN[:, is_clipped_N] * received_N[is_clipped_N])
    log_density_UN[:, is_clipped_N] = np.log(np.maximum(below_UN, _TINY))
    return np.asarray(log_density_UN)
