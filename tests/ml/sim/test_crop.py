"""The optimum of simulated crops is that of the model that draws them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from ml.errors import InvalidSimulation, OutputExists
from ml.sim.crop import (
    Season,
    draw_fields,
    log_likelihood,
    optimal_probabilities,
    optimum,
    season,
    simulate_fields,
)
from ml.sim.crop_cube import CubeSetup, simulate_cube, write_cube
from ml.sim.crop_parameters import load_crops

CROPS = load_crops()
STILL = replace(CROPS, shift_days=0.0)


def _density(values_TC: np.ndarray, k: int, shift: float = 0.0) -> float:
    """What SciPy says of the values that were seen."""
    mean_X = CROPS.means_at(np.array([shift]))[0, k].ravel()
    seen_X = np.isfinite(values_TC.ravel())
    covariance = CROPS.covariances()[k][np.ix_(seen_X, seen_X)]
    seen = values_TC.ravel()[seen_X]
    return float(multivariate_normal.logpdf(seen, mean_X[seen_X], covariance))


def test_covariances_are_those_of_the_parts() -> None:
    for covariance_XX in CROPS.covariances():
        assert np.linalg.eigvalsh(covariance_XX).min() > 0
    spread_KX = np.sqrt(np.diagonal(CROPS.covariances(), axis1=1, axis2=2))
    assert spread_KX == pytest.approx(CROPS.spread_KTC.reshape(len(spread_KX), -1))


def test_drawn_fields_have_the_moments_of_their_class() -> None:
    labels_N, values_NTC = draw_fields(
        Season(STILL, has_gaps=False), 8_000, np.random.default_rng(1)
    )
    for k in range(len(CROPS.codes)):
        flat_NX = values_NTC[labels_N == k].reshape(-1, 72)
        assert flat_NX.mean(0) == pytest.approx(CROPS.mean_KTC[k].ravel(), abs=0.05)
        found_XX = np.cov(flat_NX.T)
        assert np.abs(found_XX - CROPS.covariances()[k]).max() < 0.015


@pytest.mark.parametrize("has_gaps", [False, True])
def test_without_shifts_a_class_is_one_normal_density(*, has_gaps: bool) -> None:
    how = Season(STILL, has_gaps)
    _, values_NTC = draw_fields(how, 5, np.random.default_rng(2))
    assert np.isnan(values_NTC).any() == has_gaps
    found_NK = log_likelihood(how, values_NTC)
    expected_NK = [
        [_density(one, k) for k in range(len(CROPS.codes))] for one in values_NTC
    ]
    assert found_NK == pytest.approx(np.array(expected_NK))


def test_shifts_are_integrated_over() -> None:
    _, values_NTC = draw_fields(season(), 2, np.random.default_rng(3))
    found_NK = log_likelihood(season(), values_NTC)
    shifts = 10 * np.random.default_rng(4).standard_normal(300)
    for one, found_K in zip(values_NTC, found_NK, strict=True):
        k = int(found_K.argmax())
        drawn = [_density(one, k, shift) for shift in shifts]
        average = logsumexp(drawn) - np.log(len(shifts))
        assert found_K[k] == pytest.approx(average, abs=0.4)


def test_the_best_classifier_is_honest_and_loses_by_clouds() -> None:
    labels_N, values_NTC = draw_fields(season(), 400, np.random.default_rng(5))
    probabilities_NK = optimal_probabilities(season(), values_NTC)
    right_N = probabilities_NK.argmax(1) == labels_N
    surprise_N = right_N - probabilities_NK.max(1)
    assert abs(surprise_N.mean()) < 3 * surprise_N.std() / np.sqrt(len(surprise_N))
    clear = optimum(200, Season(CROPS, has_gaps=False))
    still = optimum(400, Season(STILL, has_gaps=False))
    assert right_N.mean() < clear.value < still.value
    assert still.half_width < 0.04


def test_the_same_seed_draws_the_same_fields() -> None:
    one, same, other = (simulate_fields(season(), 20, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.values_NTC, same.values_NTC)
    assert not np.array_equal(one.labels_N, other.labels_N)
    assert one.classes[0] == "https://w3id.org/pytheas/code/hcat/3301010101"
    with pytest.raises(InvalidSimulation, match="count is 0"):
        draw_fields(season(), 0, np.random.default_rng())


def test_a_cube_holds_the_series_of_its_parcels(tmp_path: Path) -> None:
    setup = CubeSetup((24, 40), noise=0.0)
    cube = write_cube(tmp_path / "sim", setup, seed=6)
    again = simulate_cube(season(), setup, seed=6)
    np.testing.assert_array_equal(cube.values_TCHW, again.values_TCHW)
    with xr.open_dataset(tmp_path / "sim/cube.nc", engine="h5netcdf") as read:
        assert list(read["NDVI"].dims) == ["t", "y", "x"]
        np.testing.assert_array_equal(read["NDMI"].values, cube.values_TCHW[:, 1])
        assert read["t"].values[0] == np.datetime64("2022-10-01")
    with rasterio.open(tmp_path / "sim/truth.tif") as truth:
        np.testing.assert_array_equal(truth.read(1), cube.classes_HW + 1)
        assert truth.crs.to_epsg() == 32631
    for parcel in range(3):
        inside = cube.values_TCHW[:, :, cube.parcels_HW == parcel]
        seen = inside[np.isfinite(inside).all(axis=(1, 2))]
        assert np.ptp(seen, axis=2).max(initial=0) < 1e-6
        assert len(set(cube.classes_HW[cube.parcels_HW == parcel])) == 1
    (tmp_path / "sim/notes").touch()
    with pytest.raises(OutputExists):
        write_cube(tmp_path / "sim", setup, seed=6)
    with pytest.raises(InvalidSimulation, match="use 16 pixels"):
        simulate_cube(season(), CubeSetup((8, 8)), seed=0)
