"""Models for other programs: `torch.export` and ONNX, checked against the network.

Batches may be of any size; all else is as in the examples.
"""

from collections.abc import Sequence
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from ml.errors import ExportMismatch

TOLERANCE: Final = 1e-4
"""By how much a probability may differ from the network's own."""


def export_torch(model: nn.Module, examples: Sequence[Tensor], path: Path) -> float:
    """Write a `torch.export` program (`.pt2`).

    Args:
        model: The network; it gives logits (B, K).
        examples: Its inputs, of two samples or more.
        path: The file.

    Returns:
        The largest difference of a probability.

    Raises:
        ExportMismatch: The program answers otherwise than the network; it is removed.
    """
    program = torch.export.export(
        model.eval(), tuple(examples), dynamic_shapes=_any_batch(model, examples)
    )
    torch.export.save(program, path)
    exported = torch.export.load(path).module()
    with torch.no_grad():
        found = [
            exported(*some).softmax(1).numpy() for some in (examples, _first(examples))
        ]
    return _agreed(model, examples, found, path)


def export_onnx(model: nn.Module, examples: Sequence[Tensor], path: Path) -> float:
    """Write an ONNX model, as ONNX Runtime executes it.

    Args:
        model: The network; it gives logits (B, K).
        examples: Its inputs, of two samples or more.
        path: The file.

    Returns:
        The largest difference of a probability.

    Raises:
        ExportMismatch: ONNX Runtime answers otherwise than the network; the file is
            removed.
    """
    names = [f"input_{place}" for place in range(len(examples))]
    torch.onnx.export(
        model.eval(),
        tuple(examples),
        path,
        input_names=names,
        output_names=["logits"],
        dynamic_shapes=_any_batch(model, examples),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = []
    for some in (examples, _first(examples)):
        inputs = {name: one.numpy() for name, one in zip(names, some, strict=True)}
        (logits_BK,) = session.run(["logits"], inputs)
        found.append(torch.from_numpy(logits_BK).softmax(1).numpy())
    return _agreed(model, examples, found, path)


def _any_batch(model: nn.Module, examples: Sequence[Tensor]) -> tuple[Any, ...]:
    shapes = tuple({0: torch.export.Dim.DYNAMIC} for _ in examples)
    kinds = {one.kind for one in signature(model.forward).parameters.values()}
    # The arguments of an ensemble are one parameter, and so are their shapes.
    return (shapes,) if Parameter.VAR_POSITIONAL in kinds else shapes


def _first(examples: Sequence[Tensor]) -> list[Tensor]:
    return [one[:1] for one in examples]


def _agreed(
    model: nn.Module,
    examples: Sequence[Tensor],
    found: Sequence[np.ndarray],
    path: Path,
) -> float:
    with torch.no_grad():
        expected_BK = model(*examples).softmax(1).numpy()
    difference = max(
        float(np.abs(found[0] - expected_BK).max()),
        float(np.abs(found[1] - expected_BK[:1]).max()),
    )
    if not difference <= TOLERANCE:
        path.unlink()
        raise ExportMismatch(path, difference)
    return difference
