"""Classifiers of simulated ice are measured against what can be known."""

import numpy as np
import pytest

from ml.scene import Bands
from ml.simulated_ice import IceReport, Sizes, measure_ice

pytestmark = pytest.mark.torch
SIZES = Sizes(samples=3_000, scenes=2, side_px=160)


@pytest.fixture(scope="module")
def report() -> IceReport:
    return measure_ice(sizes=SIZES)


def test_the_closed_form_is_nearly_the_optimum(report: IceReport) -> None:
    assert 0.89 < report.pixel.optimum.value < 0.92
    assert 0.98 < report.segment.optimum.value < 0.995
    assert abs(report.pixel.regret.value) < 0.005
    assert report.segment.regret.value == pytest.approx(0, abs=1e-3)


def test_the_incidence_angle_is_worth_more_than_the_rest_can_make_up(
    report: IceReport,
) -> None:
    fixed, unknown = report.fixed_angle.regret, report.unknown_angle.regret
    assert 0.06 < fixed.low < fixed.high < 0.12
    assert 0.03 < unknown.low < unknown.high < 0.08


def test_neighbors_lift_pixels_to_features(report: IceReport) -> None:
    scenes = report.scenes
    assert scenes.interior.value > report.pixel.optimum.value + 0.03
    assert scenes.regret.value == pytest.approx(
        report.segment.optimum.value - scenes.interior.value
    )
    assert scenes.regret.low <= scenes.regret.value <= scenes.regret.high
    assert 0 < scenes.calibration_error.value < 0.05


def test_who_always_says_the_same_is_found_out() -> None:
    def level(bands: Bands, _looks: float) -> np.ndarray:
        return np.tile([[[0]], [[0]], [[1.0]], [[0]]], bands.incidence_HW.shape)

    scenes = measure_ice(level, Sizes(samples=200, scenes=2, side_px=96)).scenes
    assert scenes.interior.value == pytest.approx(1 / 4)
    assert scenes.calibration_error.value == pytest.approx(1 - scenes.overall.value)
