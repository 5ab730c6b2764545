"""A training job is started: here, by `torchrun`, or by Spark's distributor.

All three run `ml.training_job`, so the network is the same up to rounding.  On several
processes each takes its share of every batch.
"""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from engines.spark.session import SparkSettings, spark_session
from ml.errors import InvalidTraining
from ml.registry.store import ModelVersion, Registry
from ml.training.errors import LaunchError
from ml.training_job import REFUSED, TrainingJob, run_job, train
from ontologies.progress import Progress, silent

_ROOT: Final = Path(__file__).resolve().parent.parent
_TOLD_LINES: Final = 12
_WITHOUT_SEDONA: Final = SparkSettings(
    "local[1]",
    heap_gib=1,
    packages=(),
    conf={"spark.sql.extensions": "", "spark.kryo.registrator": ""},
)
"""No task runs in Spark: it starts processes, and waits for them."""


class Launcher(StrEnum):
    """What starts the processes."""

    PYTHON = "python"
    TORCHRUN = "torchrun"
    SPARK = "spark"


def launch(
    job: TrainingJob,
    launcher: Launcher = Launcher.PYTHON,
    count: int = 1,
    progress: Progress = silent,
) -> ModelVersion:
    """Train a job, and wait until it is in the registry.

    Args:
        job: What is trained.
        launcher: What starts the processes.
        count: How many; with `python` one.
        progress: Told of each step, with `python`.

    Raises:
        InvalidTraining: Several processes are asked of `python`.
        LaunchError: A process ended with an error, or was killed.
        MlError: With `python`: see `ml.training_job.train`.
    """
    match launcher:
        case Launcher.PYTHON if count == 1:
            made = train(job, progress)
            number = made.version if made else None
        case Launcher.PYTHON:
            reason = f"starts one process, not {count}: launch with torchrun or spark"
            raise InvalidTraining(f"{launcher} {reason}")
        case Launcher.TORCHRUN:
            number = _torchrun(job, count)
        case Launcher.SPARK:
            number = _spark(job, count)
    return Registry(job.registry).get(job.name, number)


def _torchrun(job: TrainingJob, count: int) -> int:
    with tempfile.TemporaryDirectory(prefix="pytheas-job-") as folder:
        asked, told = Path(folder, "job.json"), Path(folder, "version")
        asked.write_text(job.text(), encoding="utf-8")
        command = [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            f"--nproc-per-node={count}",
            *("-m", "ml.training_job", str(asked), str(told)),
        ]
        with _importable():
            done = subprocess.run(  # noqa: S603 - all arguments are ours
                command, capture_output=True, check=False, text=True
            )
        if done.returncode or not told.is_file():
            raise LaunchError(Launcher.TORCHRUN, _last(done.stderr))
        return int(told.read_text(encoding="utf-8"))


def _spark(job: TrainingJob, count: int) -> int:
    """On this machine: the driver starts the processes, and Spark has no other task."""
    with _importable(), spark_session(_WITHOUT_SEDONA):
        # Both need a session, and come with the extra.
        from pyspark.ml.torch.distributor import TorchDistributor  # noqa: PLC0415

        distributor: Any = TorchDistributor(
            num_processes=count, local_mode=True, use_gpu=False
        )
        # What the processes print it prints; that is no output of ours.
        with redirect_stdout(io.StringIO()):
            try:
                number: int = distributor.run(run_job, job.text())
            except RuntimeError as error:
                raise LaunchError(Launcher.SPARK, _last(str(error))) from error
    return number


@contextmanager
def _importable() -> Iterator[None]:
    """Processes that are started find this package where it is not installed."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(_ROOT), *([before] if before else [])]
    )
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _last(text: str) -> str:
    """Why a process ended: what it says itself, else the last lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    for line in lines:
        if REFUSED in line:
            return line.partition(REFUSED)[2]
    return "\n".join(lines[-_TOLD_LINES:])
