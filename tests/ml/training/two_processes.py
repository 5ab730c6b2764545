"""Train a small network; started by `torchrun`, or alone.

python -m tests.ml.training.two_processes FOLDER STEPS
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from ml.training.config import TrainingConfig
from ml.training.data import SeriesData
from ml.training.loop import fit
from ml.training.processes import processes
from tests.ml.series import tempcnn, two_crops


def main(folder: Path, steps: int) -> None:
    """Train, and leave the weights in the folder."""
    torch.set_num_threads(1)
    samples = two_crops()
    config = TrainingConfig(steps=steps, batch=16, checkpoint_steps=5)
    with processes() as mine:
        done = fit(
            tempcnn(samples),
            SeriesData(samples),
            config,
            checkpoints=folder / "checkpoints",
            processes=mine,
        )
        if mine.is_first:
            save_file(done.model.state_dict(), folder / "weights.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
