"""Which pixels of a scene are kept: by scene class, at some distance from clouds.

Shape suffixes: H rows, W columns.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.maps import Grid
from ml.prep.placing import Kind, Placement
from ml.prep.projection import Tile
from ml.products.layers import Pixels

KEPT: Final = 0
DROPPED: Final = 1
NOTHING: Final = 255

SURELY_KEPT: Final = frozenset({4, 5, 6})
"""Vegetation, bare soil, water."""

OPTIONAL: Final = frozenset({2, 7})
"""Dark features, and what Sen2Cor could not classify."""

_CLOUDS: Final = (3, 8, 9, 10)
"""Shadow, cloud and cirrus: around them is more of it."""


@dataclass(frozen=True, slots=True)
class MaskRule:
    """What is kept.

    Attributes:
        kept: Scene classes.
        dilation_m: How far from clouds and their shadows pixels are dropped as well.
    """

    kept: frozenset[int] = SURELY_KEPT
    dilation_m: float = 0.0


def mask_rule(also: Iterable[int] = (), dilation_m: float = 0.0) -> MaskRule:
    """A rule that keeps more than what surely shows the ground."""
    return MaskRule(SURELY_KEPT | frozenset(also), dilation_m)


def masked(
    classes_HW: NDArray[np.float32], rule: MaskRule, pixel_m: float
) -> NDArray[np.float32]:
    """`KEPT`, `DROPPED`, or `NOTHING` where there are no data.

    Distances are between centres of pixels.

    Examples:
        >>> classes = np.array([[9.0, 4, 4, 4, 7, 0]], np.float32)
        >>> masked(classes, MaskRule(dilation_m=40), 20.0)
        array([[  1.,   1.,   1.,   0.,   1., 255.]], dtype=float32)
    """
    is_dropped_HW = ~np.isin(classes_HW, list(rule.kept))
    is_cloud_HW = np.isin(classes_HW, _CLOUDS)
    if rule.dilation_m > 0 and is_cloud_HW.any():
        away_px_HW = ndimage.distance_transform_edt(~is_cloud_HW)
        is_dropped_HW |= away_px_HW * pixel_m <= rule.dilation_m
    mask_HW = np.where(is_dropped_HW, DROPPED, KEPT).astype(np.float32)
    mask_HW[np.isnan(classes_HW) | (classes_HW == 0)] = NOTHING
    return mask_HW


@dataclass(frozen=True, slots=True)
class CloudMask:
    """The mask of one observation, window by window on the grid that is wanted.

    Attributes:
        pixels: The scene classes, open.
        source: Their grid.
        rule: What is kept.
        target: The grid that is wanted.
    """

    pixels: Pixels
    source: Grid
    rule: MaskRule
    target: Grid

    def read(self, tile: Tile) -> NDArray[np.uint8]:
        """`KEPT`, `DROPPED` or `NOTHING`; a larger pixel is what its worst part is."""
        placement = Placement(self.source, self.target, Kind.CLASS)
        mask_HW = placement.read(self._window, tile)
        mask_HW[np.isnan(mask_HW)] = NOTHING
        return mask_HW.astype(np.uint8)

    def _window(
        self, row: int, column: int, height: int, width: int
    ) -> NDArray[np.float32]:
        """A window of the mask on its own grid: clouds beside it are seen as well."""
        pixel_m = self.source.pixel_size_m
        reach = math.ceil(self.rule.dilation_m / pixel_m)
        top, left = max(row - reach, 0), max(column - reach, 0)
        bottom = min(row + height + reach, self.source.height)
        right = min(column + width + reach, self.source.width)
        classes_HW = self.pixels.read(top, left, bottom - top, right - left)
        mask_HW = masked(classes_HW, self.rule, pixel_m)
        return mask_HW[row - top :, column - left :][:height, :width]
