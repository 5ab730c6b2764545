"""L-TAE (Garnot and Landrieu 2020): light temporal attention, for irregular series.

Each head has a query of its own that is learned, not computed from the series, and sees
a share of the channels.  Dates are told by their day, so series may have any.

Shape suffixes: B batch, T dates, C channels, F features, H heads, D key size,
K classes.
"""

import math

import torch
from torch import Tensor, nn

from ml.models.noise import Dropout
from ml.models.series_input import SeriesInput

_LONGEST_DAYS = 1000.0


class Ltae(nn.Module):
    """Attention over dates with learned queries.

    Args:
        channels: Of the series.
        classes: How many.
        width: Features of each date; a multiple of `heads`.
        heads: How many queries.
        key: Size of keys and queries.
        dropout: Share of features that training drops.
    """

    def __init__(
        self,
        channels: int,
        classes: int,
        *,
        width: int = 128,
        heads: int = 16,
        key: int = 8,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.arguments = {
            "channels": channels,
            "classes": classes,
            "width": width,
            "heads": heads,
            "key": key,
            "dropout": dropout,
        }
        self.heads, self.key, self.width = heads, key, width
        self.input = SeriesInput(channels)
        self.embed = nn.Sequential(
            nn.Linear(self.input.features, width), nn.ReLU(), nn.Linear(width, width)
        )
        self.norm = nn.LayerNorm(width)
        self.keys = nn.Linear(width, heads * key)
        self.query_HD = nn.Parameter(torch.randn(heads, key) / math.sqrt(key))
        self.dropout = Dropout(dropout)
        self.head = nn.Sequential(
            nn.Linear(width, width),
            nn.LayerNorm(width),
            nn.ReLU(),
            Dropout(dropout),
            nn.Linear(width, classes),
        )

    def forward(self, values_BTC: Tensor, days_BT: Tensor) -> Tensor:
        """Logits (B, K)."""
        features_BTF = self.input(values_BTC, days_BT)
        encoded_BTF = self.norm(self.embed(features_BTF)) + self._days(days_BT)
        keys_BTHD = self.keys(encoded_BTF).unflatten(2, (self.heads, self.key))
        scores_BTH = (keys_BTHD * self.query_HD).sum(3) / math.sqrt(self.key)
        weights_BTH = self.dropout(scores_BTH.softmax(1))
        parts_BTHF = encoded_BTF.unflatten(2, (self.heads, -1))
        summary_BF = (weights_BTH[..., None] * parts_BTHF).sum(1).flatten(1)
        logits: Tensor = self.head(summary_BF)
        return logits

    def _days(self, days_BT: Tensor) -> Tensor:
        """Sines and cosines of the day, of periods up to a thousand days."""
        half = self.width // 2
        rank = torch.arange(half, device=days_BT.device) / half
        angles = days_BT[..., None] / _LONGEST_DAYS**rank
        return torch.cat([angles.sin(), angles.cos()], dim=2)
