"""Batches of samples as tensors, augmented in training.

Shape suffixes: B rows of a batch, N samples, T dates, C channels, H rows, W columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.models.noise import BatchNoise
from ml.samples.columns import Column
from ml.samples.series import SeriesSamples
from ml.training.partial_labels import share_loss


class TrainingData(Protocol):
    """Labelled samples, batch by batch."""

    @property
    def labels_N(self) -> Column:
        """The class of each sample."""

    def inputs(self, rows: NDArray[np.int64], noise: BatchNoise | None) -> Any:
        """What the network takes: a tuple of tensors (B, ...).

        Args:
            rows: Of the samples.
            noise: To augment them by; None to take them as they are.
        """


@dataclass(frozen=True, slots=True)
class SeriesAugmentation:
    """How series are changed in training.

    Attributes:
        shift_days: A series is moved in time by up to so many days: seasons begin
            earlier or later.
        scale: Standard deviation of a factor for each channel, relative.
        jitter: Standard deviation of noise at each date, relative to the spread of the
            channel.
        gaps: Largest share of the dates that are taken for not observed.
    """

    shift_days: float = 8.0
    scale: float = 0.05
    jitter: float = 0.05
    gaps: float = 0.2


@dataclass(frozen=True, slots=True)
class SeriesData:
    """Series for the networks of `ml.models.tempcnn` and `ml.models.ltae`."""

    samples: SeriesSamples
    augmentation: SeriesAugmentation = SeriesAugmentation()

    @property
    def labels_N(self) -> NDArray[np.int64]:
        """The class of each sample."""
        return self.samples.labels_N

    def inputs(
        self, rows: NDArray[np.int64], noise: BatchNoise | None
    ) -> tuple[Tensor, Tensor]:
        """Values (B, T, C) and days (B, T)."""
        values_BTC = torch.from_numpy(self.samples.values_NTC[rows])
        days_BT = torch.from_numpy(self.samples.days_NT[rows])
        if noise is None:
            return values_BTC, days_BT
        return self._augmented(values_BTC, days_BT, noise)

    def _augmented(
        self, values_BTC: Tensor, days_BT: Tensor, noise: BatchNoise
    ) -> tuple[Tensor, Tensor]:
        how = self.augmentation
        dates, channels = values_BTC.shape[1:]
        spread_BTC = _spread(values_BTC)
        factor_B1C = 1 + how.scale * noise.normal(1, channels)
        moved_BTC = values_BTC * factor_B1C
        moved_BTC = moved_BTC + how.jitter * spread_BTC * noise.normal(dates, channels)
        share_B1 = how.gaps * noise.uniform(1)
        is_lost_BT = noise.uniform(dates) < share_B1
        moved_BTC = torch.where(is_lost_BT[..., None], torch.nan, moved_BTC)
        shift_B1 = how.shift_days * (2 * noise.uniform(1) - 1)
        return _shifted(moved_BTC, days_BT, shift_B1), days_BT


def _spread(values_BTC: Tensor) -> Tensor:
    """The standard deviation of each series and channel, (B, 1, C)."""
    mean = values_BTC.nanmean(1, keepdim=True)
    return (values_BTC - mean).square().nanmean(1, keepdim=True).sqrt().nan_to_num(0.0)


def _shifted(values_BTC: Tensor, days_BT: Tensor, shift_B1: Tensor) -> Tensor:
    """The values as they would be on the same days, had the season begun later.

    Between two dates they run evenly; beyond the ends the outermost one is repeated,
    and what lies beside a gap becomes one.
    """
    wanted_BT = days_BT - shift_B1
    right_BT = torch.searchsorted(days_BT.contiguous(), wanted_BT.contiguous())
    right_BT = right_BT.clamp(1, days_BT.shape[1] - 1)
    left_day, right_day = days_BT.gather(1, right_BT - 1), days_BT.gather(1, right_BT)
    share_BT = ((wanted_BT - left_day) / (right_day - left_day)).clamp(0, 1)
    index = right_BT[..., None].expand(-1, -1, values_BTC.shape[2])
    left, right = values_BTC.gather(1, index - 1), values_BTC.gather(1, index)
    return left + share_BT[..., None] * (right - left)


@dataclass(frozen=True, slots=True)
class PatchData:
    """Labelled patches for `ml.models.patch_cnn`; turned, mirrored, dimmed in training.

    Attributes:
        values_NHWC: uint8.
        labels_N: The class of each.
        brightness: Standard deviation of what is added to all pixels of a channel.
        contrast: Standard deviation of a factor for each channel.
    """

    values_NHWC: Column
    labels_N: NDArray[np.int64]
    brightness: float = 10.0
    contrast: float = 0.1

    def inputs(
        self, rows: NDArray[np.int64], noise: BatchNoise | None
    ) -> tuple[Tensor]:
        """Values (B, H, W, C), float32 from 0 to 255."""
        values_BHWC = torch.from_numpy(self.values_NHWC[rows]).float()
        if noise is None:
            return (values_BHWC,)
        channels = values_BHWC.shape[3]
        factor = 1 + self.contrast * noise.normal(1, 1, channels)
        added = self.brightness * noise.normal(1, 1, channels)
        return (_turned(values_BHWC * factor + added, noise),)


@dataclass(frozen=True, slots=True)
class ChipData:
    """Pieces of scenes with a class for each pixel, as they are in training.

    Attributes:
        values_NHWC: float32.
        labels_N: The class of each pixel, (N, H, W).
    """

    values_NHWC: Column
    labels_N: Column

    def inputs(
        self, rows: NDArray[np.int64], noise: BatchNoise | None
    ) -> tuple[Tensor]:
        """Values (B, H, W, C)."""
        del noise
        return (torch.from_numpy(self.values_NHWC[rows]),)


@dataclass(frozen=True, slots=True)
class ChartData:
    """Pieces of scenes with what a chart says of the polygon of each pixel.

    Attributes:
        values_NHWC: float32.
        labels_N: Row of the polygon of each pixel in `shares_PK`, (N, H, W).
        shares_PK: What is known of it, all heads behind each other.
        heads: How many classes each head has.
    """

    values_NHWC: Column
    labels_N: Column
    shares_PK: NDArray[np.float32]
    heads: Mapping[str, int]

    def inputs(
        self, rows: NDArray[np.int64], noise: BatchNoise | None
    ) -> tuple[Tensor]:
        """Values (B, H, W, C)."""
        del noise
        return (torch.from_numpy(self.values_NHWC[rows]),)

    def loss(self, logits_BKHW: Tensor, rows: NDArray[np.int64]) -> Tensor:
        """That of `ml.training.partial_labels`, for a batch."""
        shares_BHWK = self.shares_PK[self.labels_N[rows]]
        shares_BKHW = torch.from_numpy(shares_BHWK).movedim(3, 1)
        return share_loss(logits_BKHW, shares_BKHW, self.heads)


_HALF: Final = 0.5


def _turned(values_BHWC: Tensor, noise: BatchNoise) -> Tensor:
    """Each patch mirrored and turned by a multiple of 90 degrees, or not."""
    for axes in ((1,), (2,)):
        is_mirrored = noise.uniform(1, 1, 1) < _HALF
        values_BHWC = torch.where(is_mirrored, values_BHWC.flip(axes), values_BHWC)
    is_transposed = noise.uniform(1, 1, 1) < _HALF
    return torch.where(is_transposed, values_BHWC.transpose(1, 2), values_BHWC)
