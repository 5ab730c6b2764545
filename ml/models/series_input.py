"""What networks make of a series before they look at it: gaps filled, values scaled.

It is part of the network, so a model that is exported takes series as they are
observed.

Shape suffixes: B batch, T dates, C channels, F features.
"""

from typing import Self

import torch
from torch import Tensor
from torch.nn.functional import pad

from ml.models.channels import ScaledChannels
from ml.samples.columns import Column


def fill_gaps(values_BTC: Tensor, days_BT: Tensor) -> tuple[Tensor, Tensor]:
    """Values with gaps filled from the dates around, linearly in time.

    Before the first observation and after the last one theirs are repeated; a channel
    that was never observed is 0.

    Returns:
        The values (B, T, C), and 1 where they were observed, else 0 (B, T, C).
    """
    observed_BTC = torch.isfinite(values_BTC)
    known_BTC = torch.where(observed_BTC, values_BTC, 0.0)
    dates = values_BTC.shape[1]
    place_T1 = torch.arange(dates, device=values_BTC.device)[:, None]
    before_BTC = _greatest_so_far(torch.where(observed_BTC, place_T1, -1), -1)
    # The next observation is the one before in the series that runs backwards.
    backwards_BTC = torch.where(observed_BTC, -place_T1, -dates).flip(1)
    after_BTC = -_greatest_so_far(backwards_BTC, -dates).flip(1)
    first = torch.where(before_BTC < 0, after_BTC, before_BTC).clamp(0, dates - 1)
    last = torch.where(after_BTC >= dates, before_BTC, after_BTC).clamp(0, dates - 1)
    share_BTC = _share(days_BT, first, last)
    filled = (1 - share_BTC) * known_BTC.gather(
        1, first
    ) + share_BTC * known_BTC.gather(1, last)
    return filled, observed_BTC.to(values_BTC.dtype)


def _greatest_so_far(places_BTC: Tensor, least: int) -> Tensor:
    """The greatest value up to each date: of 1, 2, 4, ... dates, so in few steps.

    `torch.cummax` says the same, but ONNX has no such operation.
    """
    step = 1
    while step < places_BTC.shape[1]:
        earlier_BTC = pad(places_BTC[:, :-step], (0, 0, step, 0), value=least)
        places_BTC = torch.maximum(places_BTC, earlier_BTC)
        step *= 2
    return places_BTC


def _share(days_BT: Tensor, first_BTC: Tensor, last_BTC: Tensor) -> Tensor:
    """How far from the observation before to the one after each date is, 0 to 1."""
    days_BTC = days_BT[:, :, None].expand(first_BTC.shape)
    start, end = days_BTC.gather(1, first_BTC), days_BTC.gather(1, last_BTC)
    return (days_BTC - start) / torch.where(end > start, end - start, 1.0)


class SeriesInput(ScaledChannels):
    """Scaled values, their change from date to date, and what was observed."""

    @property
    def features(self) -> int:
        """How many numbers a date has."""
        return 3 * len(self.mean_C)

    def learn(self, values: Column) -> Self:
        """Take mean and scale from training samples; 0 and 1 of what none observed."""
        super().learn(values)
        self.mean_C.nan_to_num_(0.0)
        self.scale_C.nan_to_num_(1.0)
        return self

    def forward(self, values_BTC: Tensor, days_BT: Tensor) -> Tensor:
        """Features (B, T, F)."""
        filled_BTC, observed_BTC = fill_gaps(self.scaled(values_BTC), days_BT)
        step_BTC = torch.diff(filled_BTC, dim=1, prepend=filled_BTC[:, :1])
        return torch.cat([filled_BTC, 2 * step_BTC, observed_BTC], dim=2)
