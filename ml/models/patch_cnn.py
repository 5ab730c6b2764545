"""A small residual network for patches of scenes.

Shape suffixes: B batch, C channels, H rows, W columns, F features, K classes.
"""

import torch
from torch import Tensor, nn

from ml.models.channels import ScaledChannels
from ml.models.noise import Dropout

_GROUPS = 8


class PatchCnn(ScaledChannels):
    """Residual blocks of growing width, an average over the patch, a dense layer.

    Args:
        channels: Of a patch.
        classes: How many.
        width: Features of the first block; a multiple of 8.
        depth: Blocks, each half as fine and twice as wide as the one before.
        dropout: Share of features that training drops before the last layer.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        width: int = 16,
        depth: int = 4,
        dropout: float = 0.2,
    ) -> None:
        super().__init__(channels)
        self.arguments = {
            "channels": channels,
            "classes": classes,
            "width": width,
            "depth": depth,
            "dropout": dropout,
        }
        widths = [width * 2**block for block in range(depth)]
        self.stem = nn.Conv2d(channels, width, 3, padding=1, stride=2)
        self.blocks = nn.Sequential(
            *(_Residual(a, b) for a, b in zip([width, *widths], widths, strict=False))
        )
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(2 * widths[-1], classes)

    def forward(self, values_BHWC: Tensor) -> Tensor:
        """Logits (B, K)."""
        scaled = self.scaled(values_BHWC.float())
        features_BFHW = self.blocks(self.stem(scaled.permute(0, 3, 1, 2)))
        mean_BF = features_BFHW.mean((2, 3))
        peak_BF = features_BFHW.amax((2, 3))
        logits: Tensor = self.head(self.dropout(torch.cat([mean_BF, peak_BF], 1)))
        return logits


class _Residual(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = 1 if before == after else 2
        self.path = nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1, stride=stride, bias=False),
            nn.GroupNorm(_GROUPS, after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.GroupNorm(_GROUPS, after),
        )
        self.beside = (
            nn.Identity()
            if before == after
            else nn.Conv2d(before, after, 1, stride=stride, bias=False)
        )

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = nn.functional.relu(self.path(values) + self.beside(values))
        return result
