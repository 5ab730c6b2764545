"""Shares teach what they say: nothing more, and also where no class dominates."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from ml.models.architectures import build, describe
from ml.models.headed_unet import HeadedUNet
from ml.samples.sigrid3.codes import PolyType
from ml.samples.sigrid3.egg import Egg, Part
from ml.samples.sigrid3.labels import HEADS, NO_LABEL, labels_of
from ml.training.config import TrainingConfig
from ml.training.data import ChartData
from ml.training.loop import fit, predict
from ml.training.partial_labels import share_loss

pytestmark = pytest.mark.torch


def _logits(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def test_of_sure_labels_it_is_the_cross_entropy() -> None:
    logits = _logits(2, 4, 3, 3)
    labels = torch.arange(18).reshape(2, 3, 3) % 4
    shares = torch.eye(4, dtype=torch.float64)[labels].movedim(3, 1)
    found = share_loss(logits, shares, {"stage": 4})
    torch.testing.assert_close(found, cross_entropy(logits, labels))


def test_of_shares_it_is_what_the_formula_says() -> None:
    logits = _logits(1, 5, 1, 2)
    shares = torch.tensor([[0.2, 0.6, 0.0, 0.5, 0.5], [0, 0, 0, 0.3, 0.0]]).double()
    found = share_loss(logits, shares.T[None, :, None], {"a": 3, "b": 2})
    first = logits[0, :3, 0, 0].softmax(0)
    second = logits[0, 3:, 0].softmax(0)
    expected = [
        -torch.log((0.2 * first[0] + 0.6 * first[1]) / 0.6) / 2,
        -torch.log(second[:, 0].sum()) / 2,
        -torch.log(second[0, 1]) / 2,
    ]
    torch.testing.assert_close(found, torch.stack(expected).sum())


def test_what_is_not_known_teaches_nothing() -> None:
    logits = _logits(1, 4, 1, 2).requires_grad_()
    shares = torch.zeros(1, 4, 1, 2, dtype=torch.float64)
    shares[0, 1, 0, 0] = 0.7
    share_loss(logits, shares, {"a": 2, "b": 2}).backward()  # type: ignore[no-untyped-call]
    gradient = logits.grad
    assert gradient is not None
    assert gradient.isfinite().all()
    assert gradient[0, :2, 0, 0].abs().min() > 0
    assert not gradient[0, 2:].any()
    assert not gradient[..., 1].any()


def test_halves_of_a_batch_have_the_mean_of_their_losses() -> None:
    logits, shares = _logits(4, 3, 2, 2), torch.rand(4, 3, 2, 2).double()
    shares[1:3] = 0
    heads = {"a": 1, "b": 2}
    parts = [share_loss(logits[s], shares[s], heads) for s in (slice(2), slice(2, 4))]
    torch.testing.assert_close(share_loss(logits, shares, heads), sum(parts) / 2)


def _mixed_egg(young: str, old: str) -> Egg:
    parts = (Part(young, "83"), Part(old, "95"), Part())
    return Egg(PolyType.ICE, "92", parts)


class _Pixelwise(nn.Module):
    """What is said of a pixel depends on it alone, and not on its polygon."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, classes))

    def forward(self, values_BHWC: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.layers(values_BHWC).movedim(3, 1)
        return logits


def test_polygons_that_no_class_dominates_tell_classes_apart() -> None:
    """Young ice is dark, old ice is bright, and every polygon has both."""
    shares, eggs = [], [_mixed_egg("60", "40"), _mixed_egg("40", "60")]
    for egg in eggs:
        labels = labels_of(egg)
        assert labels["stage"].index == NO_LABEL
        shares.append(np.concatenate([labels[head].shares_K for head in HEADS]))
    rng = np.random.default_rng(0)
    polygons = (np.arange(24) % 2)[:, None, None].repeat(8, 1).repeat(8, 2)
    is_old = rng.random(polygons.shape) < np.where(polygons == 0, 0.4, 0.6)
    values = np.where(is_old, 2.0, -2.0) + rng.normal(0, 0.3, is_old.shape)
    heads = {head: len(names) for head, names in HEADS.items()}
    data = ChartData(
        values[..., None].astype(np.float32),
        polygons,
        np.array(shares, np.float32),
        heads,
    )
    torch.manual_seed(0)
    model = _Pixelwise(sum(heads.values()))
    config = TrainingConfig(steps=150, batch=12, learning_rate=2e-2)
    losses = fit(model, data, config, loss=data.loss).losses
    assert np.mean(losses[-5:]) < 0.5 * losses[0]
    logits = predict(model, data)
    start = heads["concentration"]
    stage = logits[:, start : start + heads["stage"]].argmax(1).numpy()
    young, old = HEADS["stage"].index("young ice"), HEADS["stage"].index("old ice")
    assert (stage == np.where(is_old, old, young)).mean() > 0.97
    assert (logits[:, :start].argmax(1) == len(HEADS["concentration"]) - 1).all()


def test_a_network_with_heads_is_built_from_its_description() -> None:
    model = HeadedUNet(3, {"stage": 6, "floe": 7}, width=4, depth=1)
    again = build(describe(model))
    again.load_state_dict(model.state_dict())
    values = torch.randn(1, 9, 10, 3)
    with torch.no_grad():
        assert model(values).shape == (1, 13, 9, 10)
        assert torch.equal(model(values), again(values))
