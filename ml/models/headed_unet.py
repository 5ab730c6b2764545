"""A U-Net that answers several questions of each pixel: one head for each.

Shape suffixes: B batch, C channels, H rows, W columns, K classes of all heads.
"""

from collections.abc import Mapping
from typing import Self

from torch import Tensor, nn

from ml.models.unet import UNet
from ml.samples.columns import Column


class HeadedUNet(nn.Module):
    """The features of one U-Net, and the logits of each head behind each other.

    Args:
        channels: Of a scene.
        heads: How many classes each head has, by name.
        width: Features at the finest scale.
        depth: How often the scale is halved.
    """

    def __init__(
        self,
        channels: int,
        heads: Mapping[str, int],
        *,
        width: int = 16,
        depth: int = 2,
    ) -> None:
        super().__init__()
        self.arguments = {
            "channels": channels,
            "heads": dict(heads),
            "width": width,
            "depth": depth,
        }
        self.heads = dict(heads)
        self.network = UNet(channels, sum(heads.values()), width=width, depth=depth)

    @property
    def stride(self) -> int:
        """Tiles begin at multiples of so many pixels."""
        return self.network.stride

    @property
    def halo(self) -> int:
        """How far away a pixel may be and still influence another, at most."""
        return self.network.halo

    def learn(self, values_NHWC: Column) -> Self:
        """Take mean and scale of the channels from training samples."""
        self.network.learn(values_NHWC)
        return self

    def forward(self, values_BHWC: Tensor) -> Tensor:
        """Logits (B, K, H, W), those of the first head first; NaN is the mean."""
        logits: Tensor = self.network(values_BHWC)
        return logits
