"""Several networks that answer as one: the logarithm of their mean probability."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Ensemble(nn.Module):
    """Networks of one signature; their probabilities are averaged."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (B, K)."""
        logs = [member(*inputs).log_softmax(1) for member in self.members]
        return torch.stack(logs).logsumexp(0) - math.log(len(logs))
