"""A chart burned onto the grid of a scene, window by window.

A pixel is in the polygon in which its centre lies.  Where chart and grid have different
CRSs, centres of pixels go to the chart, and not its edges to the grid: edges stay
straight where the chart has them straight, and a pole or the antimeridian within the
scene is a place like any other.  Of polygons that overlap, the last one counts.

Shape suffixes: H rows, W columns, N polygons.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import rasterio.features
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer

from ml.maps import Grid
from ml.prep.projection import Tile
from ml.samples.sigrid3.chart import IceChart

NO_POLYGON: Final = -1
_TURN_DEG: Final = 360.0


def tiles(grid: Grid, side: int) -> Iterator[Tile]:
    """The grid in squares of at most `side` pixels, row by row."""
    for row in range(0, grid.height, side):
        for column in range(0, grid.width, side):
            height, width = min(side, grid.height - row), min(side, grid.width - column)
            yield Tile(row, column, height, width)


@dataclass(frozen=True, eq=False)
class Burner:
    """A chart that is asked which polygon is where.

    Attributes:
        chart: The chart.
        grid: The grid of the scene.
    """

    chart: IceChart
    grid: Grid

    @cached_property
    def _geometries_N(self) -> NDArray[Any]:
        geometries = np.array([p.geometry for p in self.chart.polygons], dtype=object)
        # Charts of services have rings that touch or cross themselves.
        valid: NDArray[Any] = shapely.make_valid(geometries)
        shapely.prepare(valid)
        return valid

    @cached_property
    def _index(self) -> shapely.STRtree:
        return shapely.STRtree(self._geometries_N)

    @cached_property
    def _to_chart(self) -> Transformer | None:
        """None where chart and grid lie in one plane; degrees are none, they turn."""
        is_same = self.chart.crs.equals(self.grid.crs, ignore_axis_order=True)
        if is_same and not self.chart.crs.is_geographic:
            return None
        return Transformer.from_crs(self.grid.crs, self.chart.crs, always_xy=True)

    def burn(self, tile: Tile) -> NDArray[np.int32]:
        """The position in `chart.polygons` of each pixel, or `NO_POLYGON`."""
        if self._to_chart is None:
            return self._burn_polygons(tile)
        columns = tile.column + np.arange(tile.width)[None, :] + 0.5
        rows = tile.row + np.arange(tile.height)[:, None] + 0.5
        x_HW, y_HW = np.broadcast_arrays(*self.grid.locate(columns, rows))
        x, y = self._to_chart.transform(x_HW.ravel(), y_HW.ravel())
        return self._locate(x, y).reshape(tile.height, tile.width)

    def _burn_polygons(self, tile: Tile) -> NDArray[np.int32]:
        transform = self.grid.transform @ Affine.translation(tile.column, tile.row)
        shape = tile.height, tile.width
        bounds = Grid(transform, self.grid.crs, *shape).bounds
        near = np.sort(self._index.query(shapely.box(*bounds)))
        burned = np.full(shape, NO_POLYGON, dtype=np.int32)
        parts = shapely.clip_by_rect(self._geometries_N[near], *bounds)
        shapes = [
            (part, int(position))
            for part, position in zip(parts, near, strict=True)
            if shapely.area(part) > 0
        ]
        if shapes:
            rasterio.features.rasterize(shapes, out=burned, transform=transform)
        return burned

    def _locate(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> NDArray[np.int32]:
        """The polygon at places in the CRS of the chart."""
        found = np.full(x.shape, NO_POLYGON, dtype=np.int32)
        is_known = np.isfinite(x) & np.isfinite(y)
        if not is_known.any():
            return found
        if self.chart.crs.is_geographic:
            # A chart over the antimeridian may count its longitudes beyond 180.
            west = shapely.total_bounds(self._geometries_N)[0]
            x = west + (x - west) % _TURN_DEG
        corners = (x[is_known].min(), y[is_known].min())
        box = shapely.box(*corners, x[is_known].max(), y[is_known].max())
        for position in np.sort(self._index.query(box)):
            geometry = self._geometries_N[position]
            left, bottom, right, top = geometry.bounds
            is_near = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
            near = np.flatnonzero(is_near & is_known)
            # With the boundary: no place between neighbours is left out.
            inside = shapely.intersects_xy(geometry, x[near], y[near])
            found[near[inside]] = position
        return found
