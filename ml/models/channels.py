"""Channels scaled as those of training samples were: the first thing networks do.

Shape suffixes: C channels.
"""

from typing import Self

import torch
from torch import Tensor, nn

from ml.samples.columns import Column, channel_moments

_LEAST = 1e-6


class ScaledChannels(nn.Module):
    """A network that knows mean and scale of its channels, the last axis of values.

    Args:
        channels: How many.

    Attributes:
        mean_C: Of training samples; NaN of a channel that none of them has.
        scale_C: Standard deviation of training samples; the same.
    """

    mean_C: Tensor
    scale_C: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean_C", torch.zeros(channels))
        self.register_buffer("scale_C", torch.ones(channels))

    def learn(self, values: Column) -> Self:
        """Take mean and scale of the channels from training samples."""
        mean_C, scale_C = map(torch.from_numpy, channel_moments(values))
        self.mean_C.copy_(mean_C)
        self.scale_C.copy_(scale_C.clamp_min(_LEAST))
        return self

    def scaled(self, values: Tensor) -> Tensor:
        """Values of mean 0 and standard deviation 1 in training."""
        return (values - self.mean_C) / self.scale_C
