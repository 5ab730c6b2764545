"""The loop learns, resumes to the bit, and agrees with itself on two processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from ml.errors import (
    CheckpointMismatch,
    InvalidTraining,
    TrainingDiverged,
    UnreadableCheckpoint,
)
from ml.samples.series import SeriesSamples
from ml.training.checkpoints import latest_checkpoint
from ml.training.config import TrainingConfig
from ml.training.data import SeriesAugmentation, SeriesData
from ml.training.loop import Fit, class_weights, fit, predict
from ml.training.order import rows_of_step
from ml.training.processes import Processes
from tests.ml.series import ltae, tempcnn, two_crops

pytestmark = pytest.mark.torch
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Sums of several threads may differ in their last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _train(folder: Path | None, steps: int, **more: int) -> Fit:
    samples = two_crops()
    config = TrainingConfig(steps=steps, batch=16, checkpoint_steps=5, **more)
    return fit(tempcnn(samples), SeriesData(samples), config, checkpoints=folder)


def _equal(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("make", [tempcnn, ltae])
def test_two_crops_are_told_apart(make: Callable[[SeriesSamples], nn.Module]) -> None:
    samples, unseen = two_crops(), two_crops(seed=1)
    config = TrainingConfig(steps=120, batch=32, learning_rate=5e-3)
    done = fit(make(samples), SeriesData(samples), config)
    predicted = predict(done.model, SeriesData(unseen)).argmax(1).numpy()
    assert (predicted == unseen.labels_N).mean() > 0.95
    assert np.mean(done.losses[-10:]) < 0.5 * np.mean(done.losses[:10])


def test_a_training_that_was_interrupted_ends_as_if_it_had_not(tmp_path: Path) -> None:
    class Interrupted(Exception):
        pass

    def stop(stage: str, done: float) -> None:
        del stage
        if done > 0.6:
            raise Interrupted

    samples = two_crops()
    config = TrainingConfig(steps=20, batch=16, checkpoint_steps=5)
    with pytest.raises(Interrupted):
        fit(
            tempcnn(samples),
            SeriesData(samples),
            config,
            checkpoints=tmp_path,
            progress=stop,
        )
    newest = latest_checkpoint(tmp_path)
    assert newest is not None
    assert newest.name == "step-00000010"
    resumed, straight = _train(tmp_path, 20), _train(None, 20)
    assert resumed.losses == straight.losses
    assert _equal(resumed.model, straight.model)


TORCHRUN = (
    *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
    "--nproc-per-node=2",
)


def _started(command: Sequence[str], folder: Path, *arguments: int) -> Popen[bytes]:
    """`two_processes` with its own folder."""
    folder.mkdir(exist_ok=True)
    module = ("-m", "tests.ml.training.two_processes", str(folder))
    return Popen(
        [*command, *module, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _steps(folder: Path, rank: int) -> list[str]:
    """The samples that the process of a rank saw, a line for each step."""
    pid = (folder / f"pid-{rank}").read_text()
    return (folder / f"rows-{pid}").read_text().splitlines()


def test_two_processes_train_as_one_also_after_one_was_killed(tmp_path: Path) -> None:
    one, two, killed = (tmp_path / name for name in ("one", "two", "killed"))
    runs = [_started([sys.executable], one, 60), _started(TORCHRUN, two, 60)]
    # Long enough to be killed on its way.
    run = _started(TORCHRUN, killed, 60)
    deadline = time.monotonic() + 120
    while latest_checkpoint(killed / "checkpoints") is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.kill(int((killed / "pid-1").read_text()), signal.SIGKILL)
    told, _ = run.communicate(timeout=120)
    assert run.returncode != 0
    assert b"SIGKILL" in told or b"Signal 9" in told
    newest = latest_checkpoint(killed / "checkpoints")
    assert newest is not None
    done = int(newest.name.removeprefix("step-"))
    assert 5 <= done < 60
    resumed = _started(TORCHRUN, killed, 60)
    for each in (*runs, resumed):
        told, _ = each.communicate(timeout=120)
        assert each.returncode == 0, told.decode()
    for rank in (0, 1):
        assert _steps(killed, rank) == _steps(two, rank)[done:]
    both = [" ".join(pair) for pair in zip(_steps(two, 0), _steps(two, 1), strict=True)]
    assert both == _steps(one, 0)
    alone, together, after = (
        load_file(folder / "weights.safetensors") for folder in (one, two, killed)
    )
    for name, weight in alone.items():
        assert torch.equal(after[name], together[name])
        torch.testing.assert_close(together[name], weight, rtol=0, atol=1e-5)


def test_a_disk_that_fills_up_loses_no_older_checkpoint(tmp_path: Path) -> None:
    run = _started([sys.executable], tmp_path / "full", 20, 4096)
    told, _ = run.communicate(timeout=120)
    assert run.returncode == 1
    assert b"UnwritableCheckpoint" in told
    assert b"step-00000010" in told
    assert b"the older checkpoints are whole" in told
    checkpoints = tmp_path / "full" / "checkpoints"
    assert [each.name for each in checkpoints.iterdir()] == ["step-00000005"]
    resumed, straight = _train(checkpoints, 20), _train(None, 20)
    assert resumed.losses == straight.losses
    assert _equal(resumed.model, straight.model)


def test_steps_see_each_sample_once_an_epoch() -> None:
    seen = [row for step in range(7) for row in rows_of_step(21, 6, step, 3).tolist()]
    assert sorted(seen[:21]) == list(range(21)) == sorted(seen[21:])
    assert seen[:21] != seen[21:]
    assert not np.array_equal(rows_of_step(21, 6, 0, 3), rows_of_step(21, 6, 0, 4))


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    _train(tmp_path, 5)
    with pytest.raises(CheckpointMismatch, match="another folder"):
        _train(tmp_path, 10)
    samples = two_crops()
    config = TrainingConfig(steps=5, batch=16, checkpoint_steps=5)
    with pytest.raises(CheckpointMismatch, match="not of ltae"):
        fit(
            ltae(samples),
            SeriesData(samples),
            config,
            architecture="ltae",
            checkpoints=tmp_path,
        )


def test_a_broken_checkpoint_is_named(tmp_path: Path) -> None:
    _train(tmp_path, 5)
    newest = latest_checkpoint(tmp_path)
    assert newest is not None
    weights = newest / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(UnreadableCheckpoint, match="step-00000005"):
        _train(tmp_path, 5)


def test_only_the_newest_two_are_kept(tmp_path: Path) -> None:
    _train(tmp_path, 20)
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == ["step-00000015", "step-00000020"]


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    samples = two_crops()
    model = tempcnn(samples)
    with torch.no_grad():
        next(model.head.parameters()).fill_(float("inf"))
    with pytest.raises(TrainingDiverged, match="step 0"):
        fit(model, SeriesData(samples), TrainingConfig(steps=1, batch=4))


def test_what_cannot_be_trained_is_refused() -> None:
    with pytest.raises(InvalidTraining, match="steps is 0"):
        TrainingConfig(steps=0)
    with pytest.raises(InvalidTraining, match="balance is 2"):
        TrainingConfig(steps=1, balance=2)
    with pytest.raises(InvalidTraining, match="evenly by 3"):
        Processes(0, 3).rows(16)


def test_weights_of_classes_balance_them() -> None:
    labels = np.array([0] * 6 + [1] * 2)
    assert (class_weights(labels, 1.0) * torch.tensor([6, 2])).tolist() == [4, 4]
    assert class_weights(labels, 0.0).tolist() == [1, 1]


def test_a_season_that_begins_later_is_the_same_curve_later() -> None:
    samples = two_crops(8, dates=37)
    days = samples.days_NT
    curve = np.sin(days[:] / 40)[..., None].astype(np.float32)
    moved = replace(samples, values_NTC=curve.repeat(2, 2))
    how = SeriesAugmentation(shift_days=20, scale=0, jitter=0, gaps=0)

    class Fixed:
        def normal(self, *shape: int) -> torch.Tensor:
            return torch.zeros(8, *shape)

        def uniform(self, *shape: int) -> torch.Tensor:
            return torch.ones(8, *shape)

    values, _ = SeriesData(moved, how).inputs(np.arange(8), Fixed())  # type: ignore[arg-type]
    assert values[:, 3:, 0].numpy() == pytest.approx(
        np.sin((days[:, 3:] - 20) / 40), abs=0.01
    )
