"""`train(job)`: the same function alone, under `torchrun` and under Spark.

python -m ml.training_job JOB.json RESULT.json
"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ml.registry.store import ModelVersion, Registry, check_name
from ml.tracking.record import Recorder, recording
from ml.train import register, train_calibrated
from ml.trainable_shards import what_to_train
from ml.training.processes import Processes, processes
from ml.training.run import Run
from ontologies.errors import PytheasError
from ontologies.progress import Progress, silent

REFUSED: Final = "training refused: "
"""Begins the line in which a process says why it ends."""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What is trained, and where it goes; all of it, so it can be sent anywhere.

    Attributes:
        dataset: Its name, or a folder of shards.
        registry: The folder of the registry.
        name: What the model is called.
        recipe: The data set's own where None.
        data: Where data sets lie.
        seed: Of all that is random.
        epochs: How often a sample is seen; as the recipe says where None.
        checkpoints: A folder for them.
        experiments: A folder for records of runs.
        is_held_out: Keep the network that has not seen a fifth of the folds.
    """

    dataset: str
    registry: Path
    name: str
    recipe: str | None = None
    data: Path | None = None
    seed: int = 0
    epochs: int | None = None
    checkpoints: Path | None = None
    experiments: Path | None = None
    is_held_out: bool = False

    def text(self) -> str:
        """As JSON, with paths that mean the same in any folder."""
        fields = asdict(self)
        for name, value in fields.items():
            if isinstance(value, Path):
                fields[name] = str(value.absolute())
        if Path(self.dataset).is_dir():
            fields["dataset"] = str(Path(self.dataset).absolute())
        return json.dumps(fields)

    @property
    def parameters(self) -> dict[str, Any]:
        """What a record of the run says."""
        return {
            "dataset": self.dataset,
            "recipe": self.recipe,
            "seed": self.seed,
            "epochs": self.epochs,
            "model": self.name,
        }


def parse_job(text: str) -> TrainingJob:
    """What `text` gave."""
    fields: dict[str, Any] = json.loads(text)
    paths = ("registry", "data", "checkpoints", "experiments")
    read = {name: fields[name] and Path(fields[name]) for name in paths}
    return TrainingJob(**{**fields, **read})


def train(job: TrainingJob, progress: Progress = silent) -> ModelVersion | None:
    """Train a network with the processes that the environment names, and register it.

    Returns:
        The version, in the first process; None in all others.

    Raises:
        MlError: See `ml.train.train_and_register` and `ml.trainable.trainable`.
    """
    check_name(job.name)
    with processes() as mine:
        folder = job.experiments if mine.is_first else None
        asked = {**job.parameters, "processes": mine.count}
        with recording(folder, "train", asked) as record:
            return _train(job, mine, record, progress)


def _train(
    job: TrainingJob, mine: Processes, record: Recorder, progress: Progress
) -> ModelVersion | None:
    what = what_to_train(job.dataset, job.recipe, job.data, progress)
    record.parameters |= {"recipe": what.recipe, "data_sha256": what.sha256}
    run = Run(
        seed=job.seed,
        checkpoints=job.checkpoints,
        epochs=job.epochs,
        progress=progress if mine.is_first else silent,
        processes=mine,
        curve=record.curve,
    )
    trained = train_calibrated(what, run, is_held_out=job.is_held_out)
    if not mine.is_first:
        return None
    registry = Registry(job.registry)
    made = register(what, run, registry, job.name, trained, dataset=job.dataset)
    record.metrics |= made.metrics
    record.parameters["version"] = made.version
    return made


def run_job(text: str) -> int | None:
    """Train a job from JSON; the number of its version, in the first process."""
    try:
        made = train(parse_job(text))
    except PytheasError as error:
        # For whoever started this process: what else it says on the way out is long.
        sys.stderr.write(f"{REFUSED}{error}\n")
        raise
    return None if made is None else made.version


if __name__ == "__main__":
    number = run_job(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if number is not None:
        Path(sys.argv[2]).write_text(str(number), encoding="utf-8")
