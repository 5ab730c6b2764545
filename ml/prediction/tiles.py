"""A raster in overlapping tiles, whose probabilities are blended where they overlap.

A tile says nothing about its outermost pixels, where the network lacks what lies beyond
(`halo`); from there its weight rises evenly to 1, over what its neighbor's falls.  Of a
network whose halo is true this gives what the whole raster at once would; of others, no
seams.

Shape suffixes: B tiles, C channels, K classes, H rows, W columns.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ml.prediction.errors import InvalidTiling

Floats: TypeAlias = NDArray[np.float32]
Network: TypeAlias = Callable[[Floats], Floats]
"""From tiles (B, H, W, C) to probabilities (B, K, H, W)."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """How a raster is cut.

    Attributes:
        size: Rows and columns of a tile.
        halo: Pixels at the edge of a tile that count for nothing.
        ramp: Pixels over which one tile passes into the next.
        batch: Tiles that are predicted at once.

    Raises:
        InvalidTiling: More than half of a tile would lie in others too.
    """

    size: int
    halo: int
    ramp: int
    batch: int = 4

    def __post_init__(self) -> None:
        if self.step < self.overlap:
            raise InvalidTiling(self.size, 2 * self.overlap)

    @property
    def overlap(self) -> int:
        """How many pixels two neighbors share."""
        return 2 * self.halo + self.ramp

    @property
    def step(self) -> int:
        """From the beginning of a tile to that of the next."""
        return self.size - self.overlap

    def spans(self, length: int) -> list[tuple[int, int]]:
        """First pixel of each tile along an axis, and the one after its last."""
        count = max(1, -(-(length - self.overlap) // self.step))
        starts = [self.step * place for place in range(count)]
        return [(start, min(start + self.size, length)) for start in starts]

    def weights(self, span: tuple[int, int], length: int) -> Floats:
        """What each pixel of a tile counts along an axis; with its neighbors 1."""
        start, stop = span
        place = np.arange(stop - start, dtype=np.float32)
        weights = np.ones(stop - start, np.float32)
        if start > 0:
            weights *= self._rising(place)
        if stop < length:
            weights *= 1 - self._rising(place - self.step)
        return weights

    def _rising(self, place: Floats) -> Floats:
        risen: Floats = np.clip((place - self.halo + 0.5) / self.ramp, 0, 1)
        return risen


def blended_rows(
    read: Callable[[int, int], Floats],
    shape: tuple[int, int],
    network: Network,
    tiling: Tiling,
) -> Iterator[tuple[int, Floats]]:
    """Probabilities of a raster, some rows at a time.

    In memory are one row of tiles, and what overlaps with the next.

    Args:
        read: From first row and the one after the last to values (H, W, C).
        shape: Rows and columns of the raster.
        network: What says the probabilities.
        tiling: How it is cut.

    Yields:
        The first row, and probabilities (K, H, W); all rows once, in their order.
    """
    height, width = shape
    spans = tiling.spans(height)
    carried_KHW: Floats | None = None
    for place, (start, stop) in enumerate(spans):
        strip_KHW = _strip(read(start, stop), width, network, tiling)
        strip_KHW *= tiling.weights((start, stop), height)[None, :, None]
        if carried_KHW is not None:
            strip_KHW[:, : carried_KHW.shape[1]] += carried_KHW
        done = spans[place + 1][0] - start if stop < height else stop - start
        yield start, strip_KHW[:, :done]
        carried_KHW = strip_KHW[:, done:].copy()


def _strip(values_HWC: Floats, width: int, network: Network, tiling: Tiling) -> Floats:
    """Probabilities (K, H, W) of a row of tiles."""
    strip_KHW: Floats | None = None
    spans = tiling.spans(width)
    # The last tile may be narrower, and has a batch of its own.
    *equal, last = spans
    count = tiling.batch
    batches = [equal[at : at + count] for at in range(0, len(equal), count)]
    for some in [*batches, [last]]:
        tiles_BHWC = np.stack([values_HWC[:, a:b] for a, b in some])
        for (a, b), said_KHW in zip(some, network(tiles_BHWC), strict=True):
            if strip_KHW is None:
                empty = (len(said_KHW), len(values_HWC), width)
                strip_KHW = np.zeros(empty, np.float32)
            strip_KHW[:, :, a:b] += said_KHW * tiling.weights((a, b), width)
    assert strip_KHW is not None  # noqa: S101 - an axis has a tile at least
    return strip_KHW
