"""The registry: versions, stages, the best one, and files that were changed."""

import threading
from pathlib import Path

import pytest
import torch
from torch import nn

from ml.errors import CorruptModel, NoSuchModel, RegistryError, UnknownNetwork
from ml.models.architectures import build, describe
from ml.models.ensemble import Ensemble
from ml.models.patch_cnn import PatchCnn
from ml.registry.store import ModelVersion, Registry, Signature, Stage, Tensor
from tests.ml.series import CLASSES, ltae, tempcnn, two_crops

pytestmark = pytest.mark.torch

SIGNATURE = Signature(
    (Tensor("values", "FP32", (-1, 12, 2)), Tensor("days", "FP32", (-1, 12))),
    (Tensor("logits", "FP32", (-1, 2)),),
)


def _register(registry: Registry, model: nn.Module, accuracy: float) -> ModelVersion:
    return registry.register(
        "two-crops",
        model,
        SIGNATURE,
        CLASSES,
        metrics={"accuracy": accuracy},
        training={"data": "two-crops", "recipe": "tempcnn"},
        card="# Two crops",
    )


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry")


def test_a_model_comes_back_as_it_was(registry: Registry) -> None:
    samples = two_crops()
    model = Ensemble([tempcnn(samples), ltae(samples)]).eval()
    kept = _register(registry, model, 0.9)
    assert registry.get("two-crops") == kept
    inputs = [torch.from_numpy(a) for a in (samples.values_NTC, samples.days_NT)]
    with torch.no_grad():
        assert torch.equal(registry.load(kept)(*inputs), model(*inputs))


def test_equal_models_are_kept_once(registry: Registry) -> None:
    samples = two_crops()
    one, two = (_register(registry, tempcnn(samples), 0.9) for _ in range(2))
    other = _register(registry, tempcnn(samples, seed=1), 0.8)
    assert (one.version, two.version, other.version) == (1, 2, 3)
    assert one.sha256 == two.sha256 != other.sha256
    assert len(list((registry.folder / "objects").iterdir())) == 2


def test_the_best_version_is_found_by_a_metric(registry: Registry) -> None:
    samples = two_crops()
    for accuracy in (0.7, 0.9, 0.8):
        _register(registry, tempcnn(samples), accuracy)
    assert registry.best("two-crops", "accuracy").version == 2
    worst = registry.best("two-crops", "accuracy", is_higher_better=False)
    assert worst.version == 1
    with pytest.raises(NoSuchModel, match="'loss'"):
        registry.best("two-crops", "loss")


def test_one_version_is_in_production(registry: Registry) -> None:
    samples = two_crops()
    for _ in range(3):
        _register(registry, tempcnn(samples), 0.9)
    registry.set_stage("two-crops", 1, Stage.PRODUCTION)
    registry.set_stage("two-crops", 3, Stage.PRODUCTION)
    stages = [one.stage for one in registry.versions("two-crops")]
    assert stages == [Stage.ARCHIVED, Stage.NONE, Stage.PRODUCTION]
    assert registry.in_stage("two-crops", Stage.PRODUCTION).version == 3
    with pytest.raises(NoSuchModel, match="staging"):
        registry.in_stage("two-crops", Stage.STAGING)


def test_each_who_registers_at_once_has_a_version(registry: Registry) -> None:
    samples = two_crops()
    models = [tempcnn(samples, seed) for seed in range(4)]
    threads = [
        threading.Thread(target=_register, args=(registry, model, 0.5))
        for model in models
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = registry.versions("two-crops")
    assert [one.version for one in found] == [1, 2, 3, 4]
    assert len({one.sha256 for one in found}) == 4


def test_a_file_that_was_changed_is_found_out(registry: Registry) -> None:
    kept = _register(registry, tempcnn(two_crops()), 0.9)
    weights = registry.folder / "objects" / kept.sha256 / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(CorruptModel, match=kept.sha256):
        registry.load(kept)
    (registry.folder / "models" / "two-crops" / "1.json").write_text("{")
    with pytest.raises(CorruptModel, match=r"1\.json"):
        registry.get("two-crops")


def test_what_is_not_there_is_named(registry: Registry) -> None:
    with pytest.raises(NoSuchModel, match="there are none"):
        registry.get("two-crops")
    _register(registry, tempcnn(two_crops()), 0.9)
    with pytest.raises(NoSuchModel, match="versions 1 to 1, not 4"):
        registry.get("two-crops", 4)
    with pytest.raises(RegistryError, match="no name of a model"):
        registry.register(
            "../up", tempcnn(two_crops()), SIGNATURE, CLASSES, metrics={}, training={}
        )
    with pytest.raises(UnknownNetwork, match="Linear"):
        _register(registry, nn.Linear(1, 1), 0)
    assert registry.names() == ("two-crops",)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "registry").write_text("a file")
    with pytest.raises(RegistryError, match="nothing was registered"):
        _register(Registry(tmp_path / "registry"), tempcnn(two_crops()), 0.9)


def test_networks_are_rebuilt_from_what_they_are() -> None:
    samples = two_crops()
    network = Ensemble([tempcnn(samples), ltae(samples), PatchCnn(3, 2, width=8)])
    again = build(describe(network))
    assert [(n, p.shape) for n, p in again.named_parameters()] == [
        (n, p.shape) for n, p in network.named_parameters()
    ]
    with pytest.raises(UnknownNetwork, match="resnet"):
        build({"type": "resnet"})
