"""Series of fields whose crop is known, and the best that anybody could say of them.

A field is a class (all equally probable), a shift of its season, a normal deviation,
and gaps where clouds were.  Given class and shift its series is normal, and what is
missing of a normal vector is integrated out by leaving it out.  The shift remains: the
likelihood of a class is the mean over shifts, by the trapezoidal rule, whose error is
below 0.001 of a probability.  So the Bayes optimum is known, and only its accuracy is
estimated, on samples that are drawn.

Shape suffixes: N fields, K classes, T dekads, C channels, X dates by channels,
S shifts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ml.errors import InvalidSimulation
from ml.samples.series import SeriesSamples
from ml.sim.bayes import Accuracy, estimate
from ml.sim.crop_parameters import CropClasses, load_crops
from ontologies.progress import Progress, silent
from ontologies.vocabulary import concept_scheme

Floats = NDArray[np.float64]

_REACH: Final = 3.5
"""Shifts are integrated over so many standard deviations to each side."""

_STEP_DAYS: Final = 1.0
_CHUNK: Final = 200
_LOG_2PI: Final = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True)
class Season:
    """How fields are drawn.

    Attributes:
        crops: What they look like.
        has_gaps: Whether there are clouds.
    """

    crops: CropClasses
    has_gaps: bool = True


def season() -> Season:
    """Fields as those of the French parcels."""
    return Season(load_crops())


def draw_fields(
    season: Season, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Classes (N) of fields, and their series (N, T, C); NaN where clouds were.

    Raises:
        InvalidSimulation: There are to be none.
    """
    if count < 1:
        raise InvalidSimulation("count", f"is {count}; use 1 or more")
    crops = season.crops
    labels_N = rng.integers(0, len(crops.codes), count)
    shift_N = crops.shift_days * rng.standard_normal(count)
    values_NTC = np.empty((count, *crops.mean_KTC.shape[1:]))
    for k, covariance_XX in enumerate(crops.covariances()):
        rows = np.flatnonzero(labels_N == k)
        white_NX = rng.standard_normal((len(rows), len(covariance_XX)))
        deviation_NX = white_NX @ np.linalg.cholesky(covariance_XX).T
        mean_NTC = crops.means_at(shift_N[rows])[:, k]
        values_NTC[rows] = mean_NTC + deviation_NX.reshape(mean_NTC.shape)
    if season.has_gaps:
        values_NTC[rng.random(values_NTC.shape[:2]) < crops.gap_T] = np.nan
    return labels_N, values_NTC.astype(np.float32)


def simulate_fields(season: Season, count: int, seed: int) -> SeriesSamples:
    """Fields as samples; the same for the same arguments."""
    crops = season.crops
    labels_N, values_NTC = draw_fields(season, count, np.random.default_rng(seed))
    scheme = concept_scheme(crops.scheme)
    days_T = crops.days_T.astype(np.float32)
    return SeriesSamples(
        name="simulated-crops",
        ids_N=np.array([f"field-{seed}-{row}" for row in range(count)]),
        values_NTC=values_NTC,
        days_NT=np.broadcast_to(days_T, (count, len(days_T))).copy(),
        labels_N=labels_N,
        classes=tuple(scheme[code].iri for code in crops.codes),
        channels=crops.channels,
        groups={},
        lonlat_N2=np.zeros((count, 2)),
    )


def log_likelihood(season: Season, values_NTC: NDArray[np.floating]) -> Floats:
    """Log density (N, K) of what was seen of fields, under each class."""
    flat_NX = values_NTC.reshape(len(values_NTC), -1).astype(np.float64)
    parts = [
        _likelihood(season.crops, flat_NX[start : start + _CHUNK])
        for start in range(0, len(flat_NX), _CHUNK)
    ]
    return np.concatenate(parts)


def optimal_probabilities(season: Season, values_NTC: NDArray[np.floating]) -> Floats:
    """Probability (N, K) of each class: nobody knows more."""
    logs_NK = log_likelihood(season, values_NTC)
    result: Floats = np.exp(logs_NK - logsumexp(logs_NK, axis=1, keepdims=True))
    return result


def optimum(
    count: int, how: Season | None = None, seed: int = 0, progress: Progress = silent
) -> Accuracy:
    """How often the best classifier of fields is right, estimated on so many."""
    how = how or season()
    labels_N, values_NTC = draw_fields(how, count, np.random.default_rng(seed))
    progress("optimum", 0.0)
    found_N = optimal_probabilities(how, values_NTC).argmax(1)
    progress("optimum", 1.0)
    return estimate(found_N == labels_N)


def _likelihood(crops: CropClasses, flat_NX: Floats) -> Floats:
    seen_NX = np.isfinite(flat_NX)
    known_NX = np.where(seen_NX, flat_NX, 0.0)
    shift_S, log_weight_S = _shifts(crops)
    mean_SKX = crops.means_at(shift_S).reshape(len(shift_S), len(crops.codes), -1)
    columns = []
    for k, covariance_XX in enumerate(crops.covariances()):
        log_density_NS = np.stack(
            [*_log_densities(covariance_XX, mean_SKX[:, k], known_NX, seen_NX)]
        )
        columns.append(logsumexp(log_density_NS + log_weight_S, axis=1))
    return np.stack(columns, axis=1)


def _shifts(crops: CropClasses) -> tuple[Floats, Floats]:
    """Shifts of the season, days, and the logarithm of how probable each is."""
    if not crops.shift_days:
        return np.zeros(1), np.zeros(1)
    steps = int(np.ceil(_REACH * crops.shift_days / _STEP_DAYS))
    shift_S = np.linspace(-steps, steps, 2 * steps + 1) * _STEP_DAYS
    log_weight_S = -((shift_S / crops.shift_days) ** 2) / 2
    return shift_S, np.asarray(log_weight_S - logsumexp(log_weight_S), np.float64)


def _log_densities(
    covariance_XX: Floats, mean_SX: Floats, known_NX: Floats, seen_NX: NDArray[np.bool_]
) -> Iterator[Floats]:
    """Of each field the log densities (S) of what was seen of it, at each shift."""
    for known_X, seen_X in zip(known_NX, seen_NX, strict=True):
        root = np.linalg.cholesky(covariance_XX[np.ix_(seen_X, seen_X)])
        residual_XS = known_X[seen_X, None] - mean_SX[:, seen_X].T
        white_XS = np.linalg.solve(root, residual_XS)
        log_determinant = 2 * np.log(np.diag(root)).sum()
        yield -0.5 * ((white_XS**2).sum(0) + log_determinant + seen_X.sum() * _LOG_2PI)
