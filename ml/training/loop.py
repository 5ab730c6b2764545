"""The training loop: one for every network.

    order -> batch -> augment -> network -> loss -> gradients of all processes -> step

Whoever calls it with the same arguments gets the same weights: interrupted and resumed
or not, and up to rounding on any number of processes.

Shape suffixes: B rows of a batch, K classes, N samples.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ml.errors import TrainingDiverged
from ml.models.noise import BatchNoise, use_noise
from ml.samples.columns import Column, label_counts
from ml.training.checkpoints import (
    TrainingState,
    latest_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from ml.training.config import TrainingConfig
from ml.training.data import TrainingData
from ml.training.order import rows_of_step
from ml.training.processes import Processes
from ontologies.progress import Progress, silent

_PREDICTED: Final = 1024
"""Samples that are predicted at once."""

ALONE: Final = Processes()

Loss: TypeAlias = Callable[[Tensor, NDArray[np.int64]], Tensor]
"""From the logits of a batch, and the samples in it, to the mean over them."""


@dataclass(slots=True)
class Fit:
    """A training on its way, or done.

    Attributes:
        model: The network.
        config: How it is trained.
        data: By what.
        architecture: What the network is, for whoever resumes.
        loss: What is made small.
        losses: Of each step that is done.
    """

    model: nn.Module
    config: TrainingConfig
    data: TrainingData
    architecture: str
    loss: Loss
    losses: list[float] = field(default_factory=list)

    @property
    def step(self) -> int:
        """Steps that are done."""
        return len(self.losses)

    @property
    def state(self) -> TrainingState:
        """What a checkpoint would say now."""
        digest = self.config.digest
        return TrainingState(self.step, digest, self.architecture, tuple(self.losses))

    @property
    def is_checkpoint_due(self) -> bool:
        """Whether what was done should be kept now."""
        done, every = self.step, self.config.checkpoint_steps
        return done % every == 0 or done == self.config.steps


def fit(  # noqa: PLR0913 - the parts of a training are independent, and named
    model: nn.Module,
    data: TrainingData,
    config: TrainingConfig,
    *,
    architecture: str = "",
    loss: Loss | None = None,
    checkpoints: Path | None = None,
    processes: Processes = ALONE,
    progress: Progress = silent,
) -> Fit:
    """Train a network; go on from the newest checkpoint where there is one.

    Args:
        model: The network, with the weights to begin with; trained in place.
        data: Labelled samples.
        config: How.
        architecture: What the network is, for whoever resumes.
        loss: What is made small; the cross entropy of classes where None.
        checkpoints: Folder for them; None to keep none.
        processes: Those that train together.
        progress: Told of each step.

    Raises:
        CheckpointMismatch: The newest checkpoint is of another network or config.
        TrainingDiverged: The loss is no number any more.
        UnwritableCheckpoint: A checkpoint cannot be written; the older ones remain.
    """
    measure = loss or class_loss(data, config)
    run = Fit(model, config, data, architecture, measure)
    optimizer = torch.optim.AdamW(
        model.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    if checkpoints and (newest := latest_checkpoint(checkpoints)):
        run.losses += load_checkpoint(newest, run.state, model, optimizer).losses
    model.train()
    take_step = _stepper(run, optimizer, processes)
    while run.step < config.steps:
        run.losses.append(take_step(run.step))
        progress("train", run.step / config.steps)
        if checkpoints and processes.is_first and run.is_checkpoint_due:
            save_checkpoint(checkpoints, run.state, model, optimizer)
    processes.wait()
    use_noise(model, None)
    model.eval()
    return run


def _stepper(
    run: Fit, optimizer: torch.optim.Optimizer, processes: Processes
) -> Callable[[int], float]:
    """What takes one step, and tells its loss."""
    config, data = run.config, run.data
    joined = processes.joined(run.model)
    own = processes.rows(config.batch)

    def take_step(step: int) -> float:
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate_at(step)
        rows = rows_of_step(len(data.labels_N), config.batch, step, config.seed)[own]
        noise = BatchNoise(config.seed, step, config.batch, own)
        use_noise(run.model, noise)
        loss = run.loss(joined(*data.inputs(rows, noise)), rows)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingDiverged(step, value)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call] # torch has no type for it
        optimizer.step()
        return value

    return take_step


def class_loss(data: TrainingData, config: TrainingConfig) -> Loss:
    """The cross entropy of classes, rare ones weighted as the config says."""
    weights_K = class_weights(data.labels_N, config.balance)

    def loss(logits_BK: Tensor, rows: NDArray[np.int64]) -> Tensor:
        labels_B = torch.from_numpy(data.labels_N[rows]).long()
        each_B = cross_entropy(
            logits_BK,
            labels_B,
            reduction="none",
            label_smoothing=config.label_smoothing,
        )
        # Not over their weights, so that processes agree on it.
        return (each_B * weights_K[labels_B]).mean()

    return loss


def class_weights(labels_N: Column, balance: float) -> Tensor:
    """A weight for each class, of mean 1 over the samples.

    Args:
        labels_N: Of the samples, or of all their pixels.
        balance: 0 for all alike, 1 for the inverse of their frequency.

    Examples:
        >>> class_weights(np.array([0, 0, 0, 1]), 1.0)
        tensor([0.6667, 2.0000])
    """
    counts_K = label_counts(labels_N).clip(1)
    weights_K = counts_K.astype(np.float64) ** -balance
    weights_K *= counts_K.sum() / (weights_K * counts_K).sum()
    return torch.from_numpy(weights_K).float()


def predict(model: nn.Module, data: TrainingData, at_once: int = _PREDICTED) -> Tensor:
    """Logits (N, K, ...) of all samples, in their order, not augmented."""
    model.eval()
    count = len(data.labels_N)
    with torch.inference_mode():
        blocks = [
            model(*data.inputs(np.arange(start, min(start + at_once, count)), None))
            for start in range(0, count, at_once)
        ]
    return torch.cat(blocks)
