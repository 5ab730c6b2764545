"""Where a raster says something, remembered while it is written tile by tile.

Shape suffixes: H rows, W columns.
"""

from typing import Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ml.footprint import footprint_crs84
from ml.maps import Grid
from ml.prep.projection import Tile

_MOST_PX: Final = 1024
"""Rows and columns of the coarser grid on which it is remembered."""


class Seen:
    """Every n-th pixel of a raster: whether it says something.

    Attributes:
        is_seen_HW: On the coarser grid.
    """

    def __init__(self, grid: Grid) -> None:
        step = -(-max(grid.height, grid.width) // _MOST_PX)
        height, width = -(-grid.height // step), -(-grid.width // step)
        transform = grid.transform @ Affine.scale(step)
        self._coarse, self._step = Grid(transform, grid.crs, height, width), step
        self.is_seen_HW = np.zeros((height, width), np.bool_)

    def note(self, tile: Tile, is_seen_HW: NDArray[np.bool_]) -> None:
        """Remember where a tile says something, beside what was noted of it before."""
        step = self._step
        rows, columns = -tile.row % step, -tile.column % step
        sampled_HW = is_seen_HW[rows::step, columns::step]
        row, column = (tile.row + rows) // step, (tile.column + columns) // step
        height, width = sampled_HW.shape
        self.is_seen_HW[row : row + height, column : column + width] |= sampled_HW

    def footprint(self) -> BaseGeometry:
        """In CRS84, cut at the antimeridian; there must be something."""
        return footprint_crs84(self._coarse, self.is_seen_HW)
