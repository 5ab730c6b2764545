"""Train a small network; started by `torchrun`, or alone.

python -m tests.ml.training.two_processes FOLDER STEPS [BYTES]

With BYTES no file may be larger, from the first checkpoint on: the disk is full.
"""

import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from ml.models.noise import BatchNoise
from ml.training.checkpoints import latest_checkpoint
from ml.training.config import TrainingConfig
from ml.training.data import SeriesData
from ml.training.loop import fit
from ml.training.processes import processes
from tests.ml.series import tempcnn, two_crops


@dataclass(frozen=True, slots=True)
class Watched(SeriesData):
    """Series that write down which of them were asked for, a line for each step."""

    log: Path = Path("rows")

    def inputs(
        self, rows: NDArray[np.int64], noise: BatchNoise | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        with self.log.open("a") as file:
            file.write(" ".join(map(str, rows.tolist())) + "\n")
        return SeriesData.inputs(self, rows, noise)


def main(folder: Path, steps: int, limit: int | None = None) -> None:
    """Train, and leave the weights in the folder, and what each process saw."""
    torch.set_num_threads(1)
    samples = two_crops()
    config = TrainingConfig(steps=steps, batch=16, checkpoint_steps=5)
    checkpoints = folder / "checkpoints"

    def fill_the_disk(stage: str, done: float) -> None:
        del stage, done
        if limit is not None and latest_checkpoint(checkpoints):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with processes() as mine:
        (folder / f"pid-{mine.rank}").write_text(str(os.getpid()))
        done = fit(
            tempcnn(samples),
            Watched(samples, log=folder / f"rows-{os.getpid()}"),
            config,
            checkpoints=checkpoints,
            processes=mine,
            progress=fill_the_disk,
        )
        if mine.is_first:
            save_file(done.model.state_dict(), folder / "weights.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
