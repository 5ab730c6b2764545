"""A recipe is measured against the best that there can be."""

import numpy as np
import pytest

from ml.errors import InvalidTraining
from ml.evaluation.regret import regret
from ml.sim.crop import season
from ml.simulated_crops import SimulatedFields, validate_on_fields
from ml.training.run import Run

pytestmark = pytest.mark.torch


def test_the_optimum_has_no_regret_and_a_coin_much() -> None:
    rng = np.random.default_rng(0)
    best_NK = rng.dirichlet(np.ones(3), 4_000)
    truth_N = (rng.random((4_000, 1)) > best_NK.cumsum(1)).sum(1)
    none = regret(best_NK, best_NK, truth_N)
    assert (none.regret.value, none.regret.low, none.regret.high) == (0, 0, 0)
    even_NK = np.full_like(best_NK, 1 / 3)
    lost = regret(even_NK, best_NK, truth_N)
    assert lost.optimum.low < best_NK.max(1).mean() < lost.optimum.high
    assert lost.regret.low > 0.2
    entropy = -(best_NK * np.log(best_NK)).sum(1).mean()
    assert lost.log_loss_gap.low < np.log(3) - entropy < lost.log_loss_gap.high
    grouped = regret(even_NK, best_NK, truth_N, np.arange(4_000) // 500)
    assert grouped.regret.value == pytest.approx(lost.regret.value)


def test_a_network_is_measured_on_fields_that_it_has_not_seen() -> None:
    fields = SimulatedFields(season(), train=160, test=120)
    done, lost = validate_on_fields("crop-tempcnn", fields, Run(epochs=2))
    assert len(done.truth_N) == lost.samples == 120
    report = done.report()
    assert lost.accuracy.value == pytest.approx(report.accuracy.value)
    assert lost.regret.value == pytest.approx(lost.optimum.value - lost.accuracy.value)
    assert lost.regret.low > 0
    with pytest.raises(InvalidTraining, match="crop-forest is no network"):
        validate_on_fields("crop-forest", fields)
