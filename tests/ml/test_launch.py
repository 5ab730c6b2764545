"""One job, started alone, by torchrun and by Spark: the same network and order."""

import gc
from pathlib import Path

import pytest
import torch

from ml.errors import InvalidTraining, RegistryError
from ml.launch import Launcher, launch
from ml.registry.store import ModelVersion, Registry
from ml.samples.shards.sources import series_set
from ml.samples.shards.writer import write_shards
from ml.tracking.compare import Experiments
from ml.training.errors import LaunchError
from ml.training_job import TrainingJob, parse_job
from tests.ml.series import two_crops

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> TrainingJob:
    folder = tmp_path_factory.mktemp("job")
    write_shards(folder / "shards", series_set(two_crops(160)))
    return TrainingJob(
        dataset=str(folder / "shards"),
        registry=folder / "registry",
        name="crops",
        recipe="crop-tempcnn",
        seed=4,
        epochs=2,
        experiments=folder / "experiments",
    )


@pytest.fixture(scope="module")
def alone(job: TrainingJob) -> ModelVersion:
    before = torch.get_num_threads()
    # As processes have that others start.
    torch.set_num_threads(1)
    made = launch(job)
    torch.set_num_threads(before)
    return made


@pytest.fixture(scope="module")
def by_torchrun(job: TrainingJob) -> ModelVersion:
    return launch(job, Launcher.TORCHRUN, 2)


def _weights(job: TrainingJob, made: ModelVersion) -> dict[str, torch.Tensor]:
    return Registry(job.registry).load(made).state_dict()


def test_two_processes_give_the_network_of_one(
    job: TrainingJob, alone: ModelVersion, by_torchrun: ModelVersion
) -> None:
    one, two = (_weights(job, each) for each in (alone, by_torchrun))
    for name, weight in one.items():
        # Adam divides gradients by their size: of those that are nothing but rounding
        # it makes steps. Small networks differ by less, see `test_loop.py`.
        torch.testing.assert_close(two[name], weight, rtol=0, atol=5e-5)
    assert by_torchrun.metrics == pytest.approx(alone.metrics, abs=1e-4)
    kept = Experiments(job.experiments or Path())
    first, last = (
        next(one for one in kept.runs() if one.parameters.get("version") == version)
        for version in (alone.version, by_torchrun.version)
    )
    assert (first.parameters["processes"], last.parameters["processes"]) == (1, 2)
    assert last.metrics == dict(by_torchrun.metrics)
    curves = kept.curves(first)
    assert list(curves) == list(kept.curves(last))
    assert "loss of network 1 (held-out)" in curves


# The distributor leaves a pipe to the collector of garbage.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.spark
def test_spark_starts_what_torchrun_starts(
    job: TrainingJob, by_torchrun: ModelVersion
) -> None:
    by_spark = launch(job, Launcher.SPARK, 2)
    assert by_spark.version > by_torchrun.version
    assert by_spark.sha256 == by_torchrun.sha256
    gc.collect()


def test_a_process_that_fails_is_named(tmp_path: Path) -> None:
    wrong = TrainingJob("atlantis", tmp_path, "crops", data=tmp_path)
    with pytest.raises(LaunchError, match="there is no 'atlantis'"):
        launch(wrong, Launcher.TORCHRUN, 2)
    with pytest.raises(InvalidTraining, match="python starts one process, not 2: la"):
        launch(wrong, Launcher.PYTHON, 2)
    with pytest.raises(RegistryError, match="is no name"):
        launch(TrainingJob("x", tmp_path, "No Name"))
    unknown = TrainingJob("atlantis", tmp_path, "a", experiments=tmp_path / "runs")
    with pytest.raises(InvalidTraining):
        launch(unknown)
    (run,) = Experiments(tmp_path / "runs").runs()
    assert run.status == "failed"
    assert "atlantis" in (run.error or "")


def test_a_job_is_what_its_text_says(job: TrainingJob) -> None:
    assert parse_job(job.text()) == job
