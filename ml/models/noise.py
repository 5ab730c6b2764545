"""Randomness of training that does not depend on how many processes train.

Dropout and augmentation draw numbers for the whole batch, seeded by the run and the
step, and each process uses the rows that are its own.  So two processes with half a
batch each compute what one does with all of it, and a run that is resumed goes on as
if it had not been interrupted.

Shape suffixes: B own rows of the batch.
"""

import torch
from torch import Tensor, nn


class BatchNoise:
    """Random numbers for the rows of a batch that one process works on.

    Args:
        seed: Of the run.
        step: Of the training.
        batch: Rows in the whole batch.
        rows: Which of them are this process's own.
        device: Where the numbers are wanted; they are drawn on the CPU, so that they
            are the same everywhere.
    """

    def __init__(
        self,
        seed: int,
        step: int,
        batch: int,
        rows: slice,
        device: torch.device | str = "cpu",
    ) -> None:
        mixed = (seed * 1_000_003 + step) % 2**63
        self._generator = torch.Generator().manual_seed(mixed)
        self._batch = batch
        self._rows = rows
        self._device = device

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers, (B, *shape)."""
        drawn = torch.randn(self._batch, *shape, generator=self._generator)
        return drawn[self._rows].to(self._device)

    def uniform(self, *shape: int) -> Tensor:
        """Numbers from 0 to 1, (B, *shape)."""
        drawn = torch.rand(self._batch, *shape, generator=self._generator)
        return drawn[self._rows].to(self._device)


class Dropout(nn.Module):
    """Dropout of a share of the values, by the noise of the step.

    Attributes:
        share: Of the values, those that are dropped in training.
        noise: Set for each step by `use_noise`; while it is None, nothing is dropped.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.noise: BatchNoise | None = None

    def forward(self, values_BX: Tensor) -> Tensor:
        """The values, in training with some of them zero and the others larger."""
        if not self.training or self.noise is None or not self.share:
            return values_BX
        kept = self.noise.uniform(*values_BX.shape[1:]) >= self.share
        return values_BX * kept / (1 - self.share)


def use_noise(model: nn.Module, noise: BatchNoise | None) -> None:
    """Give the noise of a step to every dropout of a model."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.noise = noise
