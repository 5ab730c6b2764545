"""A registered network becomes honest, by samples that it has not seen."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from ml import calibrate as module
from ml.calibrate import calibrate
from ml.errors import InvalidSamples, InvalidTraining, NoSuchModel
from ml.models.calibrated import Calibrated
from ml.recipes import Schedule, SeriesRecipe
from ml.registry.store import Registry
from ml.samples.splits import stratified_folds
from ml.train import HELD_OUT, train_and_register
from ml.trainable import Trainable, of_series
from ml.training.run import Run
from tests.ml.series import tempcnn, two_crops

pytestmark = pytest.mark.torch


@pytest.fixture
def what(monkeypatch: pytest.MonkeyPatch) -> Trainable:
    """Two crops as a data set that has a name, some labels of which are wrong."""
    samples = two_crops(400)
    wrong_N = np.random.default_rng(0).random(400) < 0.1
    samples.labels_N[wrong_N] = 1 - samples.labels_N[wrong_N]
    recipe = SeriesRecipe((tempcnn,), Schedule(epochs=8, batch=16, smoothing=0.0))
    found = of_series(samples, recipe, "small", stratified_folds(samples.labels_N, 5))
    monkeypatch.setattr(module, "what_to_train", lambda *_: found)
    return found


def _too_sure(registry: Registry, what: Trainable, *, is_held_out: bool) -> nn.Module:
    """Train, and register once more with a temperature that makes it too sure."""
    made = train_and_register(
        what, Run(), registry, "crops", dataset="two-crops", is_held_out=is_held_out
    )
    model = registry.load(made)
    assert isinstance(model, Calibrated)
    registry.register(
        "crops",
        Calibrated(model.model, 0.1),
        made.signature,
        made.classes,
        metrics=made.metrics,
        training=made.training,
    )
    return model.model


def test_a_new_version_is_honest(what: Trainable, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    network = _too_sure(registry, what, is_held_out=True)
    out = tmp_path / "report"
    made, report = calibrate(registry, "crops", output=out)
    assert made.version == 3
    assert made.training["calibrated_from"] == "2"
    assert report.error_after.value == pytest.approx(made.metrics["calibration_error"])
    assert report.error_after.low <= report.error_after.value + 0.05
    assert report.log_loss_after <= report.log_loss_before + 0.01
    assert 0.75 < report.coverage <= 1
    assert 1 <= report.set_size <= 2
    model = registry.load(made)
    assert isinstance(model, Calibrated)
    assert float(model.temperature) == pytest.approx(report.temperature)
    some = two_crops(8)
    inputs = [torch.from_numpy(np.asarray(a)) for a in (some.values_NTC, some.days_NT)]
    with torch.no_grad():
        expected = (network(*inputs) / report.temperature).softmax(1)
        torch.testing.assert_close(model(*inputs).softmax(1), expected)
    assert json.loads((out / "report.json").read_text())["bins"] == 15
    for picture in ("confusion.png", "reliability.png"):
        with Image.open(out / picture) as image:
            assert min(image.size) > 200


def test_who_has_seen_all_samples_cannot_be_calibrated_by_them(
    what: Trainable, tmp_path: Path
) -> None:
    registry = Registry(tmp_path)
    _too_sure(registry, what, is_held_out=False)
    with pytest.raises(InvalidTraining, match="train it with --hold-out"):
        calibrate(registry, "crops")
    with pytest.raises(NoSuchModel):
        calibrate(registry, "ships")
    assert len(registry.versions("crops")) == 2


def test_other_data_and_too_few_are_refused(what: Trainable, tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    _too_sure(registry, what, is_held_out=True)
    with pytest.raises(InvalidSamples, match="too few for"):
        calibrate(registry, "crops", coverage=0.999)
    made = registry.get("crops")
    folds = json.loads(made.training[HELD_OUT])
    assert folds == [0]
    registry.register(
        "crops",
        registry.load(made),
        made.signature,
        made.classes,
        metrics={},
        training={**made.training, "data_sha256": "0"},
    )
    with pytest.raises(InvalidTraining, match="trained on other data"):
        calibrate(registry, "crops")
    assert len(registry.versions("crops")) == 3
