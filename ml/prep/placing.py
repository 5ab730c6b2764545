"""A layer of some grid, window by window on another one.

Within a CRS and at one pixel size this is a shift; else values are interpolated where
pixels become smaller, and averaged where they become larger.  A pixel says something
where the pixel of the layer in which its centre lies does.

Shape suffixes: H rows, W columns.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import rasterio
import rasterio.warp
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.enums import Resampling

from ml.maps import Grid
from ml.prep.projection import Tile

Read = Callable[[int, int, int, int], NDArray[np.float32]]
"""Row, column, height and width of a window within a layer to its values."""

_MARGIN_PX: Final = 3
_EDGE_POINTS: Final = 17
_SAME: Final = 1e-6
_TOLERANCE_PX: Final = 0.01


class Kind(Enum):
    """What values are.

    * QUANTITY: numbers whose means mean something: bilinear, or averaged.
    * CLASS: values of which one is taken: the nearest, or the greatest.
    """

    QUANTITY = "quantity"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class Placement:
    """How a layer comes on a grid.

    Attributes:
        source: The grid of the layer.
        target: The grid that is wanted.
        kind: What the values are.
    """

    source: Grid
    target: Grid
    kind: Kind = Kind.QUANTITY

    def read(self, read: Read, tile: Tile) -> NDArray[np.float32]:
        """The values on a tile of the target; NaN where the layer says nothing."""
        shift = self._shift()
        if shift is not None:
            return self._shifted(read, tile, shift)
        window = self._window(tile)
        if window is None:
            return np.full((tile.height, tile.width), np.nan, np.float32)
        values_HW = read(window.row, window.column, window.height, window.width)
        return self._warped(values_HW, window, tile)

    @property
    def method(self) -> str:
        """How, in words."""
        if self._shift() is not None:
            return "as it is"
        if self.kind is Kind.CLASS:
            return "greatest" if self._is_finer() else "nearest"
        return "average" if self._is_finer() else "bilinear"

    def _is_finer(self) -> bool:
        """Whether pixels of the layer are smaller than those of the target."""
        return self.source.pixel_size_m < self.target.pixel_size_m * (1 - _SAME)

    def _is_same_crs(self) -> bool:
        return self.source.crs.equals(self.target.crs, ignore_axis_order=True)

    def _shift(self) -> tuple[int, int] | None:
        """Rows and columns from the layer to the target, where that is all."""
        if not self._is_same_crs():
            return None
        ours, theirs = self.source.transform, self.target.transform
        if not np.allclose(ours[:6:4], theirs[:6:4], rtol=_SAME, atol=0):
            return None
        if any(abs(v) > _SAME for v in (ours.b, ours.d, theirs.b, theirs.d)):
            return None
        column, row = (theirs.c - ours.c) / ours.a, (theirs.f - ours.f) / ours.e
        if max(abs(column - round(column)), abs(row - round(row))) > _TOLERANCE_PX:
            return None
        return round(row), round(column)

    def _shifted(
        self, read: Read, tile: Tile, shift: tuple[int, int]
    ) -> NDArray[np.float32]:
        values_HW = np.full((tile.height, tile.width), np.nan, np.float32)
        top, left = tile.row + shift[0], tile.column + shift[1]
        first_row, first_column = max(top, 0), max(left, 0)
        height = min(top + tile.height, self.source.height) - first_row
        width = min(left + tile.width, self.source.width) - first_column
        if height > 0 and width > 0:
            row, column = first_row - top, first_column - left
            values_HW[row : row + height, column : column + width] = read(
                first_row, first_column, height, width
            )
        return values_HW

    def _window(self, tile: Tile) -> Tile | None:
        """The part of the layer that a tile needs."""
        edge = np.linspace(0, 1, _EDGE_POINTS)
        x, y = np.meshgrid(
            tile.column + edge * tile.width, tile.row + edge * tile.height
        )
        xs, ys = self.target.locate(x, y)
        if not self._is_same_crs():
            to_source = Transformer.from_crs(
                self.target.crs, self.source.crs, always_xy=True
            )
            xs, ys = to_source.transform(xs, ys)
        inverse = ~self.source.transform
        columns = inverse.a * xs + inverse.b * ys + inverse.c
        rows = inverse.d * xs + inverse.e * ys + inverse.f
        if not (np.isfinite(columns).all() and np.isfinite(rows).all()):
            return None
        spans = []
        for place, size in ((rows, self.source.height), (columns, self.source.width)):
            first = max(math.floor(place.min()) - _MARGIN_PX, 0)
            last = min(math.ceil(place.max()) + _MARGIN_PX, size)
            if last <= first:
                return None
            spans.append((first, last - first))
        return Tile(spans[0][0], spans[1][0], spans[0][1], spans[1][1])

    def _warped(
        self, values_HW: NDArray[np.float32], window: Tile, tile: Tile
    ) -> NDArray[np.float32]:
        if self.kind is Kind.CLASS:
            chosen = Resampling.max if self._is_finer() else Resampling.nearest
            return self._warp(values_HW, window, tile, chosen)
        if self._is_finer():
            return self._warp(values_HW, window, tile, Resampling.average)
        warped_HW = self._warp(values_HW, window, tile, Resampling.bilinear)
        # Interpolated values reach beyond the pixels that say something.
        nearest_HW = self._warp(values_HW, window, tile, Resampling.nearest)
        warped_HW[np.isnan(nearest_HW)] = np.nan
        return warped_HW

    def _warp(
        self,
        values_HW: NDArray[np.float32],
        window: Tile,
        tile: Tile,
        resampling: Resampling,
    ) -> NDArray[np.float32]:
        warped_HW = np.full((tile.height, tile.width), np.nan, np.float32)
        rasterio.warp.reproject(
            values_HW,
            warped_HW,
            src_transform=self.source.transform
            @ Affine.translation(window.column, window.row),
            src_crs=rasterio.CRS.from_wkt(self.source.crs.to_wkt()),
            dst_transform=self.target.transform
            @ Affine.translation(tile.column, tile.row),
            dst_crs=rasterio.CRS.from_wkt(self.target.crs.to_wkt()),
            src_nodata=np.nan,
            dst_nodata=np.nan,
            resampling=resampling,
            tolerance=_TOLERANCE_PX,
        )
        return warped_HW
