"""Checkpoints: a folder for each, there when it is whole and not before.

    checkpoints/
      step-00000500/
        weights.safetensors      of the network
        optimizer.safetensors    what the optimizer remembers of each weight
        state.json               step, config, architecture, losses

Nothing is pickled, so reading a checkpoint runs no code.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engines.whole_files import whole_directory
from ml.errors import CheckpointMismatch, UnreadableCheckpoint, UnwritableCheckpoint

_KEPT: Final = 2
"""The newest, and one before it."""

_WEIGHTS: Final = "weights.safetensors"
_OPTIMIZER: Final = "optimizer.safetensors"
_STATE: Final = "state.json"


@dataclass(frozen=True, slots=True)
class TrainingState:
    """What a checkpoint says beside its tensors.

    Attributes:
        step: Steps that are done.
        config: Digest of the config.
        architecture: What the network is, with its parameters.
        losses: Of each step.
    """

    step: int
    config: str
    architecture: str
    losses: tuple[float, ...]


def save_checkpoint(
    folder: Path,
    state: TrainingState,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> Path:
    """Write a checkpoint beside those that are there, and let old ones go.

    Raises:
        UnwritableCheckpoint: The disk is full, or the folder may not be written; those
            that were there are untouched.
    """
    target = folder / f"step-{state.step:08d}"
    try:
        with whole_directory(target) as partial:
            save_file(_tensors(model), partial / _WEIGHTS)
            save_file(_remembered(model, optimizer), partial / _OPTIMIZER)
            (partial / _STATE).write_text(json.dumps(_as_json(state), indent=1))
    except (OSError, SafetensorError) as error:
        raise UnwritableCheckpoint(target, str(error)) from error
    for old in _all(folder)[:-_KEPT]:
        shutil.rmtree(old)
    return target


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint, or None."""
    return found[-1] if (found := _all(folder)) else None


def load_checkpoint(
    path: Path,
    expected: TrainingState,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> TrainingState:
    """Restore a network and its optimizer.

    Args:
        path: Of the checkpoint.
        expected: Of which the config and the architecture must be the same.
        model: The network, which is filled.
        optimizer: Its optimizer, which is filled.

    Raises:
        CheckpointMismatch: It is of another architecture, or of another config.
        UnreadableCheckpoint: A file is missing or broken.
    """
    try:
        state = _from_json(json.loads((path / _STATE).read_text()))
        if state.architecture != expected.architecture:
            raise CheckpointMismatch(path, state.architecture, expected.architecture)
        if state.config != expected.config:
            raise CheckpointMismatch(path, state.config, expected.config)
        model.load_state_dict(load_file(path / _WEIGHTS))
        _remember(model, optimizer, load_file(path / _OPTIMIZER))
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise UnreadableCheckpoint(path, str(error)) from error
    return state


def _all(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"))


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return {name: each.contiguous() for name, each in model.state_dict().items()}


def _remembered(
    model: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Tensor]:
    """What the optimizer remembers, by name of the weight and of the memory."""
    return {
        f"{name}|{key}": torch.as_tensor(value).contiguous()
        for name, weight in model.named_parameters()
        for key, value in optimizer.state[weight].items()
    }


def _remember(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    remembered: Mapping[str, Tensor],
) -> None:
    weights = dict(model.named_parameters())
    for name, value in remembered.items():
        weight, _, key = name.rpartition("|")
        optimizer.state[weights[weight]][key] = value


def _as_json(state: TrainingState) -> dict[str, Any]:
    return {
        "step": state.step,
        "config": state.config,
        "architecture": state.architecture,
        "losses": list(state.losses),
    }


def _from_json(data: Mapping[str, Any]) -> TrainingState:
    return TrainingState(
        int(data["step"]),
        str(data["config"]),
        str(data["architecture"]),
        tuple(map(float, data["losses"])),
    )
