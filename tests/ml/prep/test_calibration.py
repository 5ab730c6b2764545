"""Digital numbers become sigma0 by the formula, on the tables of a real product."""

from pathlib import Path

import numpy as np
import pytest

from ml.prep.calibration import (
    Calibration,
    equivalent_looks,
    find_resolution,
    multilook,
    power_to_db,
)
from ml.products.sentinel1 import open_sentinel1

EW = "S1A_EW_GRDM_1SDH_20221130T014342_20221130T014446_046117_058549_BB15"


@pytest.mark.parametrize("polarization", ["HH", "HV"])
def test_sigma0_is_that_of_the_formula(data: Path, polarization: str) -> None:
    product = open_sentinel1(data / "sentinel1_safe" / EW)
    calibration = Calibration(
        product.sigma_nought(polarization), product.noise(polarization)
    )
    start, lines = 4321, 3
    table = calibration.sigma_nought.rows(start, start + lines).astype(np.float64)
    assert calibration.noise is not None
    noise = calibration.noise.rows(start, start + lines).astype(np.float64)
    truth_db = np.linspace(-28, 0, product.image.samples)
    numbers = np.rint(np.sqrt(10 ** (truth_db / 10) * table**2 + noise))
    numbers = numbers.astype(np.uint16)
    numbers[1, 5] = 0
    power, nesz = calibration.power(numbers, start)
    assert nesz is not None
    expected = (numbers.astype(np.float64) ** 2 - noise) / table**2
    known = numbers > 0
    difference_db = 10 * np.log10(power[known] / expected[known])
    assert np.abs(difference_db).max() < 0.01
    assert nesz[known] == pytest.approx((noise / table**2)[known], rel=1e-4)
    assert np.isnan([power[1, 5], nesz[1, 5]]).all()
    # The rounding of digital numbers is all that is between them and the truth.
    off = 10 * np.log10(power[0]) - truth_db
    assert np.abs(off).mean() < 0.05


def test_an_average_keeps_what_noise_made_negative() -> None:
    rng = np.random.default_rng(0)
    noise, signal, looks = 100.0, 20.0, 10.7
    received = (noise + signal) * rng.standard_gamma(looks, (400, 400)) / looks
    power = (received - noise).astype(np.float32)
    assert (power < 0).any()
    assert multilook(power, 400)[0, 0] == pytest.approx(signal, rel=0.01)


def test_looks_with_more_nodata_than_half_say_nothing() -> None:
    values = np.array([[1, np.nan], [3, np.nan]], np.float32)
    assert multilook(values, 2)[0, 0] == 2
    values[1, 0] = np.nan
    assert np.isnan(multilook(values, 2)[0, 0])
    assert multilook(np.ones((5, 7), np.float32), 2).shape == (2, 3)


def test_power_in_db_ends_at_the_lowest() -> None:
    power = np.array([1, 0.1, 0, -3, np.nan], np.float32)
    assert power_to_db(power)[:4].tolist() == pytest.approx([0, -10, -50, -50])
    assert np.isnan(power_to_db(power)[4])


def test_neighbors_share_speckle() -> None:
    medium = find_resolution("EW", 40.0)
    assert medium is not None
    looks = [equivalent_looks(medium, 40.0, n) for n in (1, 2, 10)]
    assert looks[0] == 10.7
    assert looks[0] < looks[1] < 4 * looks[0]
    assert looks[2] < 100 * looks[0]
    assert find_resolution("WV", 40.0) is None
