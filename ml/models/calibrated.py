"""A network and the temperature that makes its probabilities honest, as one network."""

import math

import torch
from torch import Tensor, nn


class Calibrated(nn.Module):
    """Logits divided by a temperature; exports of it are calibrated as well.

    Args:
        model: A network that gives logits (B, K, ...).
        temperature: Above 1 it makes the network less sure.
    """

    temperature: Tensor

    def __init__(self, model: nn.Module, temperature: float = math.nan) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("temperature", torch.tensor(temperature))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (B, K, ...)."""
        logits: Tensor = self.model(*inputs)
        return logits / self.temperature
