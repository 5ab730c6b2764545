"""Simulated measurements have the moments that theory gives them."""

import numpy as np
import pytest
from scipy.special import digamma, polygamma

from ml.scene import LOWEST_DB
from ml.sim.backscatter import measure, to_db, to_power, true_sigma0_db
from ml.sim.parameters import load_parameters

ICE = load_parameters().ice
COUNT = 200_000
DB = 10 / np.log(10)


def _rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize("k", range(4))
def test_texture_has_the_published_mean_and_covariance(k: int) -> None:
    texture = _rng().standard_normal((2, COUNT)).astype(np.float32)
    incidence = np.full(COUNT, 33.0, dtype=np.float32)
    sigma0 = true_sigma0_db(ICE, np.full(COUNT, k), incidence, texture)
    expected = ICE.intercept_db_K2[k] + ICE.slope_K2[k] * 33.0
    assert sigma0.mean(axis=1) == pytest.approx(expected, abs=0.02)
    assert np.cov(sigma0) == pytest.approx(ICE.covariance_K22[k], abs=0.03)


@pytest.mark.parametrize("looks", [1.0, 4.4, 10.7])
def test_speckle_has_the_moments_of_a_gamma_distribution(looks: float) -> None:
    truth = np.full(COUNT, -15.0, dtype=np.float32)
    measured = measure(truth, None, looks, _rng())
    power = to_power(measured)
    assert power.mean() == pytest.approx(to_power(truth)[0], rel=0.01)
    assert power.mean() ** 2 / power.var() == pytest.approx(looks, rel=0.02)
    shift = DB * (digamma(looks) - np.log(looks))
    assert measured.mean() + 15 == pytest.approx(shift, abs=0.03)
    assert measured.var() == pytest.approx(DB**2 * polygamma(1, looks), rel=0.02)


def test_noise_removal_is_unbiased_where_power_is_left() -> None:
    truth = np.full(COUNT, -20.0, dtype=np.float32)
    measured = measure(truth, np.full(COUNT, -25.0, dtype=np.float32), 50.0, _rng())
    assert to_db(to_power(measured).mean()) == pytest.approx(-20, abs=0.05)


def test_speckle_multiplies_the_noise_too() -> None:
    truth = np.full(COUNT, -30.0, dtype=np.float32)
    quiet = to_power(measure(truth, None, 50.0, _rng()))
    noisy = to_power(measure(truth, np.full(COUNT, -30.0), 50.0, _rng()))
    assert noisy.std() == pytest.approx(2 * quiet.std(), rel=0.03)


def test_below_the_noise_pixels_may_be_left_with_nothing() -> None:
    truth = np.full(COUNT, -35.0, dtype=np.float32)
    measured = measure(truth, np.full(COUNT, -22.0), 10.7, _rng())
    assert np.isfinite(measured).all()
    assert measured.min() == np.float32(LOWEST_DB)
    assert 0.3 < (measured == np.float32(LOWEST_DB)).mean() < 0.7
