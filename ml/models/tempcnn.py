"""TempCNN (Pelletier et al. 2019): convolutions along time, for regular series.

Batches are normalized by sample and group of channels rather than over the batch, so
that a network answers the same whatever stands beside a sample, and learns the same
however many processes share a batch.

Shape suffixes: B batch, T dates, C channels, F features, K classes.
"""

import itertools

from torch import Tensor, nn

from ml.models.noise import Dropout
from ml.models.series_input import SeriesInput

_GROUPS = 8


class TempCnn(nn.Module):
    """Three convolutions along time, and two dense layers.

    Args:
        channels: Of the series.
        dates: Of the series; all have as many.
        classes: How many.
        width: Features of each date; a multiple of 8.
        kernel: Dates that a convolution sees.
        dropout: Share of features that training drops.
    """

    def __init__(
        self,
        channels: int,
        dates: int,
        classes: int,
        *,
        width: int = 64,
        kernel: int = 5,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.arguments = {
            "channels": channels,
            "dates": dates,
            "classes": classes,
            "width": width,
            "kernel": kernel,
            "dropout": dropout,
        }
        self.input = SeriesInput(channels)
        widths = (self.input.features, width, width, width)
        self.convolutions = nn.Sequential(
            *(
                layer
                for before, after in itertools.pairwise(widths)
                for layer in _block(before, after, kernel, dropout)
            )
        )
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(width * dates, 2 * width),
            nn.LayerNorm(2 * width),
            nn.ReLU(),
            Dropout(dropout),
            nn.Linear(2 * width, classes),
        )

    def forward(self, values_BTC: Tensor, days_BT: Tensor) -> Tensor:
        """Logits (B, K)."""
        features_BTF = self.input(values_BTC, days_BT)
        logits: Tensor = self.head(self.convolutions(features_BTF.transpose(1, 2)))
        return logits


def _block(before: int, after: int, kernel: int, dropout: float) -> list[nn.Module]:
    return [
        # The norm takes away what a bias adds to its group: such a gradient is noise,
        # which AdamW would enlarge.
        nn.Conv1d(before, after, kernel, padding=kernel // 2, bias=False),
        nn.GroupNorm(_GROUPS, after),
        nn.ReLU(),
        Dropout(dropout),
    ]
