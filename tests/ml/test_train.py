"""From samples to a version in the registry, and from there to a file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ml.errors import CheckpointMismatch, InvalidTraining, NoSuchModel, RegistryError
from ml.evaluation.calibration import softmax
from ml.models.calibrated import Calibrated
from ml.models.unet import UNet
from ml.recipes import ChipRecipe, Make, Schedule, SeriesRecipe
from ml.registry.export import TOLERANCE, export_torch
from ml.registry.store import ModelVersion, Registry, Stage
from ml.samples.polar_patch import UNLABELLED, PatchSamples
from ml.samples.shards.errors import UnreadableShards
from ml.samples.shards.reader import open_shards
from ml.samples.shards.sources import (
    chip_set,
    chips_of,
    patch_set,
    patches_of,
    series_of,
    series_set,
)
from ml.samples.shards.writer import write_shards
from ml.samples.simulated_ice import CHANNELS, SIDE_PX, scene_chips, simulate_chips
from ml.samples.splits import stratified_folds
from ml.train import train_and_register
from ml.trainable import of_chips, of_series, trainable
from ml.trainable_shards import of_shards
from ml.training.run import Run
from tests.ml.series import CLASSES, ltae, tempcnn, two_crops

pytestmark = pytest.mark.torch


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., ModelVersion]:
    """Train a small network on two crops, and register it."""

    def trained(run: Run, make: Make = tempcnn) -> ModelVersion:
        samples = two_crops()
        recipe = SeriesRecipe((make,), Schedule(epochs=6, batch=16))
        what = of_series(
            samples, recipe, "small", stratified_folds(samples.labels_N, 5)
        )
        registry = Registry(tmp_path / "registry")
        return train_and_register(what, run, registry, "crops", dataset="two-crops")

    return trained


def test_a_network_is_trained_calibrated_and_kept(
    train: Callable[..., ModelVersion], tmp_path: Path
) -> None:
    told: list[str] = []
    made = train(Run(seed=3, progress=lambda stage, _: told.append(stage)))
    assert made.version == 1
    assert made.classes == CLASSES
    assert made.metrics["accuracy"] > 0.8
    assert made.training["seed"] == "3"
    assert made.training["recipe"] == "small"
    assert len(made.training["data_sha256"]) == 64
    assert made.signature.inputs[0].shape == (-1, 12, 2)
    assert set(told) == {"train network 1"}
    model = Registry(tmp_path / "registry").load(made)
    assert isinstance(model, Calibrated)
    assert f"{float(model.temperature):.4f}" == made.training["temperature"]
    samples = two_crops(8)
    inputs = [torch.from_numpy(a) for a in (samples.values_NTC, samples.days_NT)]
    with torch.no_grad():
        honest, raw = model(*inputs).softmax(1), model.model(*inputs).numpy()
    expected = softmax(raw, float(model.temperature))
    assert honest.numpy() == pytest.approx(expected, abs=1e-6)


def test_a_training_goes_on_from_its_checkpoints_to_the_same_network(
    train: Callable[..., ModelVersion], tmp_path: Path
) -> None:
    folder = tmp_path / "checkpoints"
    alone, kept = (train(Run(checkpoints=each)) for each in (None, folder))
    steps: list[float] = []
    again = train(Run(checkpoints=folder, progress=lambda _, done: steps.append(done)))
    assert alone.sha256 == kept.sha256 == again.sha256
    assert [one.version for one in (alone, kept, again)] == [1, 2, 3]
    assert not steps
    assert train(Run(seed=1)).sha256 != alone.sha256


def test_a_checkpoint_of_another_network_is_refused(
    train: Callable[..., ModelVersion], tmp_path: Path
) -> None:
    train(Run(checkpoints=tmp_path / "checkpoints"))
    with pytest.raises(CheckpointMismatch, match="ltae"):
        train(Run(checkpoints=tmp_path / "checkpoints"), ltae)


def test_a_u_net_learns_the_pixels_of_simulated_scenes(tmp_path: Path) -> None:
    chips = simulate_chips(2)
    assert chips.values_NHWC.shape[1:] == (SIDE_PX, SIDE_PX, len(CHANNELS))
    assert np.isfinite(chips.values_NHWC[:]).all()
    recipe = ChipRecipe(Schedule(epochs=3, batch=4, balance=0.0), width=4, depth=1)
    made = train_and_register(
        of_chips(chips, recipe, "small"),
        Run(),
        Registry(tmp_path),
        "ice",
        dataset="simulated-ice",
    )
    assert made.classes[0] == "https://w3id.org/pytheas/code/icetype/leads-water-new"
    share_of_largest = np.bincount(chips.labels_NHW[:].ravel()).max() / np.prod(
        chips.labels_NHW.shape
    )
    assert made.metrics["accuracy"] > share_of_largest + 0.05
    model = Registry(tmp_path).load(made)
    example = torch.from_numpy(chips.values_NHWC[:2])
    assert export_torch(model, [example], tmp_path / "ice.pt2") <= TOLERANCE


@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 50)])
def test_a_pixel_depends_on_its_halo_and_on_nothing_else(
    height: int, width: int
) -> None:
    torch.manual_seed(0)
    model = UNet(3, 4, width=4, depth=1).eval()
    values = torch.randn(1, height, width, 3)
    other = values.clone()
    row, column = 20, 21
    far = (torch.arange(height) - row).abs() > model.halo
    other[:, far] = 9.0
    with torch.no_grad():
        here, there = model(values), model(other)
    assert here.shape == (1, 4, height, width)
    torch.testing.assert_close(here[..., row, column], there[..., row, column])
    assert not torch.allclose(here, there)


def test_shards_train_what_their_samples_would_in_memory(tmp_path: Path) -> None:
    samples = two_crops()
    write_shards(tmp_path / "shards", series_set(samples), shard_bytes=20_000)
    shards = open_shards(tmp_path / "shards")
    assert len(shards.manifest.shards) > 1
    kept = []
    for each in (samples, series_of(shards)):
        folds = stratified_folds(each.labels_N, 5)
        recipe = SeriesRecipe((tempcnn,), Schedule(epochs=2, batch=16))
        what = of_series(each, recipe, "small", folds)
        registry = Registry(tmp_path / "registry")
        kept.append(train_and_register(what, Run(), registry, "crops", dataset="x"))
    assert kept[0].sha256 == kept[1].sha256
    assert kept[0].training["data_sha256"] == kept[1].training["data_sha256"]
    assert of_shards(shards, "crop-ltae").classes == CLASSES


def test_chips_and_patches_come_back_from_shards(tmp_path: Path) -> None:
    chips = scene_chips(0)
    write_shards(tmp_path / "chips", chip_set("simulated", CLASSES, [chips]))
    found = chips_of(open_shards(tmp_path / "chips"))
    assert (found.labels_NHW[:] == chips.labels_NHW[:]).all()
    assert (found.values_NHWC[3:5] == chips.values_NHWC[3:5]).all()
    patches = PatchSamples(
        ids_N=np.array([7, 9, 12]),
        values_NHWC=np.arange(3 * 48, dtype=np.uint8).reshape(3, 4, 4, 3),
        labels_N=np.array([2, UNLABELLED, 0]),
        scenes_N=np.array([3, 3, 5]),
        corners_N2=np.array([[64, 0], [0, 0], [128, 64]]),
    )
    write_shards(tmp_path / "patches", patch_set(patches, "made-up"))
    back = patches_of(open_shards(tmp_path / "patches"))
    expected = patches.labelled()
    for name in ("ids_N", "values_NHWC", "labels_N", "scenes_N", "corners_N2"):
        assert (getattr(back, name)[:] == getattr(expected, name)).all()
    with pytest.raises(UnreadableShards, match="of the kind 'patches', not 'series'"):
        series_of(open_shards(tmp_path / "patches"))


def test_versions_are_found_by_number_and_stage(
    train: Callable[..., ModelVersion], tmp_path: Path
) -> None:
    train(Run(epochs=1))
    train(Run(epochs=2))
    registry = Registry(tmp_path / "registry")
    registry.set_stage("crops", 1, Stage.PRODUCTION)
    found = [registry.find(f"crops{at}") for at in ("", "@1", "@production")]
    assert [one.version for one in found] == [2, 1, 1]
    for wrong in ("ships", "crops@7", "crops@live", "crops@staging"):
        with pytest.raises(NoSuchModel):
            registry.find(wrong)


def test_what_cannot_be_trained_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidTraining, match="name it with --data"):
        trainable("central-asia", None, None)
    with pytest.raises(InvalidTraining, match="crop-forest is no network"):
        trainable("central-asia", "crop-forest", tmp_path)
    with pytest.raises(InvalidTraining, match="polar-patch, simulated-ice"):
        trainable("atlantis", None, tmp_path)
    with pytest.raises(RegistryError, match="is no name of a model"):
        train_and_register(
            None,  # type: ignore[arg-type] # refused before it is looked at
            Run(),
            Registry(tmp_path),
            "No Name",
            dataset="",
        )
