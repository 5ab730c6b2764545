"""A registered model as a file for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from ml.rasters import writing
from ml.registry.export import export_onnx, export_torch
from ml.registry.store import Registry
from ml.registry.store import Tensor as Described

_SAMPLES: Final = 2
_SIDE_PX: Final = 256
"""Rows and columns of what takes scenes of any size; exports take this one."""

_LAST_DAY: Final = 365.0


class Format(StrEnum):
    """What can be written."""

    ONNX = "onnx"
    TORCH = "torch"


def export_model(registry: Registry, name: str, format_: Format, path: Path) -> float:
    """Write a model, whole or not at all; it answers as the network does.

    Args:
        registry: Where the model is.
        name: As `Registry.find` takes it.
        format_: What is written.
        path: The file.

    Returns:
        The largest difference of a probability, on made-up samples.

    Raises:
        NoSuchModel: There is no such model.
        CorruptModel: It is not what was registered.
        ExportMismatch: The export answers otherwise.
    """
    version = registry.find(name)
    model = registry.load(version)
    write = export_onnx if format_ is Format.ONNX else export_torch
    torch.manual_seed(0)
    examples = [_example(one) for one in version.signature.inputs]
    with writing(path) as unfinished:
        return write(model, examples, unfinished)


def _example(described: Described) -> Tensor:
    """Days in their order, or numbers of no meaning."""
    sizes = [_SIDE_PX if size < 0 else size for size in described.shape[1:]]
    if described.name == "days":
        return torch.linspace(0, _LAST_DAY, sizes[0]).expand(_SAMPLES, -1).contiguous()
    return torch.randn(_SAMPLES, *sizes)
