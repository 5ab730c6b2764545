"""Networks for series and patches: gaps, scales, and what they may depend on."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from ml.models.noise import BatchNoise, Dropout, use_noise
from ml.models.patch_cnn import PatchCnn
from ml.models.series_input import fill_gaps
from ml.samples.series import SeriesSamples
from tests.ml.series import ltae, tempcnn, two_crops

pytestmark = pytest.mark.torch
NAN = float("nan")


def test_gaps_are_filled_linearly_in_time() -> None:
    values = torch.tensor([[NAN, 1.0, NAN, NAN, 4.0, NAN], [NAN] * 6])[..., None]
    days = torch.tensor([0.0, 10, 20, 40, 40 + 30, 80]).expand(2, 6)
    filled, observed = fill_gaps(values, days)
    expected = np.interp(days[0], [10, 70], [1, 4])
    assert filled[0, :, 0].numpy() == pytest.approx(expected)
    assert (filled[1] == 0).all()
    assert observed[:, :, 0].tolist() == [[0, 1, 0, 0, 1, 0], [0] * 6]


@pytest.mark.parametrize("make", [tempcnn, ltae])
def test_a_series_is_classified_the_same_in_any_company(
    make: Callable[[SeriesSamples], nn.Module],
) -> None:
    samples = two_crops()
    model = make(samples).eval()
    values = torch.from_numpy(samples.values_NTC)
    days = torch.from_numpy(samples.days_NT)
    with torch.no_grad():
        together, alone = model(values, days), model(values[3:4], days[3:4])
    assert together.shape == (64, 2)
    torch.testing.assert_close(together[3:4], alone)


def test_attention_sees_dates_by_their_day_not_by_their_place() -> None:
    samples = two_crops()
    model = ltae(samples).eval()
    values = torch.from_numpy(samples.values_NTC[:4]).nan_to_num(0.5)
    days = torch.from_numpy(samples.days_NT[:4])
    with torch.no_grad():
        here, later = model(values, days), model(values, days + 90)
    assert not torch.allclose(here, later)


def test_scales_are_those_of_what_was_observed() -> None:
    samples = two_crops()
    scales = tempcnn(samples).input
    channels = samples.values_NTC[:].reshape(-1, 2)
    assert scales.mean_C.numpy() == pytest.approx(np.nanmean(channels, 0), rel=1e-5)
    assert scales.scale_C.numpy() == pytest.approx(np.nanstd(channels, 0), rel=1e-5)


def test_a_patch_network_has_logits_for_each_class() -> None:
    values = np.random.default_rng(0).integers(0, 255, (5, 64, 64, 3), dtype=np.uint8)
    model = PatchCnn(3, 3, width=8, depth=3).learn(values).eval()
    with torch.no_grad():
        logits = model(torch.from_numpy(values))
        torch.testing.assert_close(logits[2:3], model(torch.from_numpy(values[2:3])))
    assert logits.shape == (5, 3)


def test_dropout_is_of_the_whole_batch_whoever_computes_it() -> None:
    layer = Dropout(0.5).train()
    values = torch.ones(6, 10)
    use_noise(layer, BatchNoise(1, 2, 6, slice(0, 6)))
    whole = layer(values)
    halves = []
    for rows in (slice(0, 3), slice(3, 6)):
        use_noise(layer, BatchNoise(1, 2, 6, rows))
        halves.append(layer(values[rows]))
    assert torch.equal(whole, torch.cat(halves))
    assert set(whole.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(layer.eval()(values), values)
