"""The reflectances of one date on the grid of a series, window by window.

Shape suffixes: B bands, H rows, W columns.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.maps import Grid
from ml.prep.cloud_mask import KEPT, NOTHING, CloudMask, MaskRule
from ml.prep.placing import Placement
from ml.prep.projection import Tile
from ml.prep.s2_series import Date, Series
from ml.products.layers import Pixels
from ml.products.observations import Observation
from ml.products.s2_bands import SCL

_SIDE: Final = 1024
"""Rows and columns that are read at once: the tiles of a band of 10 m."""

_MOST_SOURCE_PX: Final = 2048
_LEAST_SIDE: Final = 16

STORED_SCALE: Final = 1e-4
STORED_NODATA: Final = -32_768
_GREATEST: Final = 32_767


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A window of one date.

    Attributes:
        values_BHW: Reflectances, NaN where the mask is not `KEPT`.
        mask_HW: `KEPT`, `DROPPED` or `NOTHING`.
    """

    values_BHW: NDArray[np.float32]
    mask_HW: NDArray[np.uint8]

    def complete(self, other: "Piece") -> None:
        """Take what another one says where this one says nothing."""
        is_mine_HW = self.mask_HW != NOTHING
        np.copyto(self.values_BHW, other.values_BHW, where=~is_mine_HW)
        np.copyto(self.mask_HW, other.mask_HW, where=~is_mine_HW)


def stored(values: NDArray[np.float32]) -> NDArray[np.int16]:
    """Reflectances as they are written: in steps of 1e-4, at most 3.2767.

    Examples:
        >>> stored(np.array([0.1234, -0.01, np.nan, 5], np.float32))
        array([  1234,   -100, -32768,  32767], dtype=int16)
    """
    steps = np.rint(values / np.float32(STORED_SCALE))
    # NaN is compared before it is made an integer.
    steps = np.where(np.isnan(steps), STORED_NODATA, steps.clip(-_GREATEST, _GREATEST))
    return steps.astype(np.int16)


@dataclass(frozen=True, slots=True)
class _Open:
    """An observation whose bands are open.

    Attributes:
        bands: Each with how it comes on the grid.
        mask: Which pixels are kept, or None for all.
    """

    bands: Sequence[tuple[Pixels, Placement]]
    mask: CloudMask | None

    def read(self, tile: Tile) -> Piece:
        shape = len(self.bands), tile.height, tile.width
        values_BHW = np.full(shape, np.nan, np.float32)
        mask_HW = np.zeros(shape[1:], np.uint8)
        if self.mask is not None:
            mask_HW = self.mask.read(tile)
        # What is all cloud is not decoded.
        if (mask_HW == KEPT).any():
            for values_HW, (pixels, placement) in zip(
                values_BHW, self.bands, strict=True
            ):
                values_HW[...] = placement.read(pixels.read, tile)
            mask_HW[(mask_HW == KEPT) & np.isnan(values_BHW).all(axis=0)] = NOTHING
            values_BHW[:, mask_HW != KEPT] = np.nan
        return Piece(values_BHW, mask_HW)


@dataclass(frozen=True, slots=True)
class OpenDate:
    """A date whose products are open."""

    members: Sequence[_Open]

    def read(self, tile: Tile) -> Piece:
        """A window of it.

        Raises:
            UnreadableProduct: A file is damaged.
        """
        piece = self.members[0].read(tile)
        for member in self.members[1:]:
            if not (piece.mask_HW == NOTHING).any():
                break
            piece.complete(member.read(tile))
        return piece


@contextmanager
def opened_date(series: Series, date: Date) -> Iterator[OpenDate]:
    """The products of a date, open.

    Raises:
        UnreadableProduct: A file is absent or damaged.
    """
    with ExitStack() as stack:
        yield OpenDate(
            [
                _opened(stack, o, series.grid, series.bands, series.rule)
                for o in date.observations
            ]
        )


def _opened(
    stack: ExitStack,
    observation: Observation,
    grid: Grid,
    bands: Sequence[str],
    rule: MaskRule | None,
) -> _Open:
    pixel_m = grid.pixel_size_m
    layers = [observation.layer(band, pixel_m) for band in bands]
    opened = [
        (stack.enter_context(layer.opened()), Placement(layer.grid, grid))
        for layer in layers
    ]
    if rule is None:
        return _Open(opened, None)
    # Clouds are found where they were classified, not on pixels that were made later.
    classes = observation.layer(SCL)
    pixels = stack.enter_context(classes.opened())
    return _Open(opened, CloudMask(pixels, classes.grid, rule, grid))


def side_of(series: Series) -> int:
    """How many rows and columns are made at once, so that little is read for them."""
    pixel_m = series.grid.pixel_size_m
    finest_m = min(
        observation.layer(band, pixel_m).grid.pixel_size_m
        for observation in series.observations
        for band in series.bands
    )
    side = _SIDE
    while side > _LEAST_SIDE and side * pixel_m / finest_m > _MOST_SOURCE_PX:
        side //= 2
    return side


def methods(series: Series) -> dict[str, str]:
    """How each band of the first product came on the grid."""
    first, pixel_m = series.observations[0], series.grid.pixel_size_m
    return {
        band: Placement(first.layer(band, pixel_m).grid, series.grid).method
        for band in series.bands
    }
