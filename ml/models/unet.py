"""A compact U-Net (Ronneberger et al. 2015) for scenes: a class for each pixel.

Features are normalized over the channels of each pixel, not over the image or batch.
So what is said of a pixel depends on what lies within `halo` of it and on nothing else,
and a scene in tiles is classified as the whole would be.

Shape suffixes: B batch, C channels, F features, H rows, W columns, K classes.
"""

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, pad

from ml.models.channels import ScaledChannels

_CONVOLUTIONS = 2


class UNet(ScaledChannels):
    """Two convolutions at each scale, on the way down and up.

    Args:
        channels: Of a scene.
        classes: How many.
        width: Features at the finest scale; each coarser one has twice as many.
        depth: How often the scale is halved.
    """

    def __init__(
        self, channels: int, classes: int, *, width: int = 16, depth: int = 2
    ) -> None:
        super().__init__(channels)
        self.arguments = {
            "channels": channels,
            "classes": classes,
            "width": width,
            "depth": depth,
        }
        widths = [width * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(
            _twice(a, b) for a, b in zip([channels, *widths], widths, strict=False)
        )
        self.up = nn.ModuleList(
            _twice(fine + coarse, fine) for fine, coarse in itertools.pairwise(widths)
        )
        self.head = nn.Conv2d(width, classes, 1)

    @property
    def stride(self) -> int:
        """Tiles begin at multiples of so many pixels."""
        return 1 << self.arguments["depth"]

    @property
    def halo(self) -> int:
        """How far away a pixel may be and still influence another, at most.

        At scale s two convolutions see 2 s pixels to each side: below the coarsest
        scale twice, there once.  Pooling looks up to one coarsest pixel further.
        """
        finer = self.stride - 1  # 1 + 2 + 4 + ...
        return 2 * _CONVOLUTIONS * finer + (_CONVOLUTIONS + 1) * self.stride

    def forward(self, values_BHWC: Tensor) -> Tensor:
        """Logits (B, K, H, W); NaN is taken for the mean."""
        height, width = values_BHWC.shape[1:3]
        scaled = self.scaled(values_BHWC).nan_to_num(0.0)
        margins = (0, -width % self.stride, 0, -height % self.stride)
        features = pad(scaled.permute(0, 3, 1, 2), margins)
        finer: list[Tensor] = []
        for level, block in enumerate(self.down):
            features = block(max_pool2d(features, 2) if level else features)
            finer.append(features)
        for level in reversed(range(len(self.up))):
            coarse = interpolate(features, scale_factor=2.0, mode="nearest")
            features = self.up[level](torch.cat([finer[level], coarse], 1))
        logits: Tensor = self.head(features)[:, :, :height, :width]
        return logits


def _twice(before: int, after: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1),
        _PixelNorm(after),
        nn.ReLU(),
        nn.Conv2d(after, after, 3, padding=1),
        _PixelNorm(after),
        nn.ReLU(),
    )


class _PixelNorm(nn.LayerNorm):
    """The channels of each pixel, scaled to mean 0 and variance 1."""

    def forward(self, values_BFHW: Tensor) -> Tensor:
        return super().forward(values_BFHW.movedim(1, 3)).movedim(3, 1)
