"""Exported models answer as the network does, with gaps and in batches of any size."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ml.errors import ExportMismatch
from ml.models.ensemble import Ensemble
from ml.models.patch_cnn import PatchCnn
from ml.registry.export import TOLERANCE, export_onnx, export_torch
from tests.ml.series import ltae, tempcnn, two_crops

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def series() -> list[torch.Tensor]:
    samples = two_crops(8)
    return [torch.from_numpy(a) for a in (samples.values_NTC, samples.days_NT)]


@pytest.fixture(scope="module")
def both() -> nn.Module:
    samples = two_crops(8)
    return Ensemble([tempcnn(samples), ltae(samples)])


def test_a_torch_program_agrees(
    series: list[torch.Tensor], both: nn.Module, tmp_path: Path
) -> None:
    assert export_torch(both, series, tmp_path / "model.pt2") <= TOLERANCE


def test_an_onnx_model_agrees(
    series: list[torch.Tensor], both: nn.Module, tmp_path: Path
) -> None:
    assert export_onnx(both, series, tmp_path / "model.onnx") <= TOLERANCE


def test_a_patch_network_is_exported(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), dtype=np.uint8)
    model = PatchCnn(3, 3, width=8, depth=2).learn(values)
    examples = [torch.from_numpy(values)]
    assert export_onnx(model, examples, tmp_path / "model.onnx") <= TOLERANCE
    assert export_torch(model, examples, tmp_path / "model.pt2") <= TOLERANCE


def test_an_export_that_differs_is_no_export(
    series: list[torch.Tensor], tmp_path: Path
) -> None:
    class Fickle(nn.Module):
        """Answers Python otherwise than an export."""

        def forward(self, values: torch.Tensor, days: torch.Tensor) -> torch.Tensor:
            del days
            known = values.nan_to_num().sum((1, 2))
            bias = 0.0 if torch.compiler.is_compiling() else 10.0
            return torch.stack([known + bias, known], 1)

    with pytest.raises(ExportMismatch, match="probabilities differ"):
        export_torch(Fickle(), series, tmp_path / "model.pt2")
    assert not (tmp_path / "model.pt2").exists()
