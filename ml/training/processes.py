"""The processes that train together, as `torchrun` and Spark's distributor start them.

Both say in the environment how many there are (WORLD_SIZE), which one this is (RANK)
and where they meet (MASTER_ADDR, MASTER_PORT).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ml.errors import InvalidTraining


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: Which one it is, from 0.
        count: How many there are.
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this one writes checkpoints and reports."""
        return self.rank == 0

    def rows(self, batch: int) -> slice:
        """Which rows of a batch are this process's own.

        Raises:
            InvalidTraining: A batch cannot be shared evenly.
        """
        if batch % self.count:
            raise InvalidTraining(
                f"a batch of {batch} cannot be shared evenly by {self.count} processes"
            )
        share = batch // self.count
        return slice(self.rank * share, (self.rank + 1) * share)

    def joined(self, model: nn.Module) -> nn.Module:
        """The model, with gradients that are averaged over all processes."""
        return DistributedDataParallel(model) if self.count > 1 else model

    def wait(self) -> None:
        """Go on when all have come so far."""
        if self.count > 1:
            distributed.barrier()


@contextmanager
def processes() -> Iterator[Processes]:
    """The processes that the environment names; one alone where it names none."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    started_here = not distributed.is_initialized()
    if started_here:
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield Processes(distributed.get_rank(), count)
    finally:
        if started_here:
            distributed.destroy_process_group()
