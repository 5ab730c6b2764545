"""How far the coast is: from polygons of land that the user gives, on a map grid.

Distances are positive at sea and negative on land, and end at `FARTHEST_M`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas
import numpy as np
import pyogrio
import pyogrio.errors
import rasterio.features
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio import Affine
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from ml.errors import MissingCrs, UnreadableProduct
from ml.maps import Grid
from ml.prep.projection import Tile, between, nodes
from ml.products.s1_geometry import SEMI_MAJOR_M, to_ecef

FARTHEST_M: Final = 500_000.0
"""Coasts beyond this are not looked for."""

_NODE_STEP: Final = 8
_LEAST_SPACING_M: Final = 100.0
_MARGIN_DEG: Final = 1.0
_SNAP_M: Final = 1.0
"""Land cut at the antimeridian meets itself again only to rounding."""

_EDGE_DEG: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Coast:
    """Land around a grid.

    Attributes:
        grid: The grid.
        land: Its polygons, in the CRS of the grid.
        index: An index of them.
        coast: Places along the coast, ECEF metres; None where there is no coast.
    """

    grid: Grid
    land: NDArray[Any]
    index: shapely.STRtree
    coast: cKDTree | None

    def signed_distance_m(self, tile: Tile) -> NDArray[np.float32]:
        """Distance of the centres of pixels to the coast, metres; negative on land.

        The sign is exact.  The distance is interpolated between nodes and off by less
        than eight pixels, near the coast by a fraction of one.
        """
        columns_I = nodes(tile.column, tile.width, _NODE_STEP)
        rows_J = nodes(tile.row, tile.height, _NODE_STEP)
        x_JI, y_JI = np.broadcast_arrays(
            *self.grid.locate(columns_I[None, :] + 0.5, rows_J[:, None] + 0.5)
        )
        distance_JI = self._distance_m(x_JI, y_JI)
        distance_JI[self._is_land(x_JI, y_JI)] *= -1
        rows = between(rows_J, tile.row + np.arange(tile.height))
        columns = between(columns_I, tile.column + np.arange(tile.width))
        distance_HW = np.abs(rows @ distance_JI @ columns.T)
        sign_HW = np.where(self.is_land(tile), -1, 1)
        return (distance_HW * sign_HW).astype(np.float32)

    def is_land(self, tile: Tile) -> NDArray[np.bool_]:
        """Whether the centre of each pixel is on land."""
        transform = self.grid.transform @ Affine.translation(tile.column, tile.row)
        shape = tile.height, tile.width
        corners = Grid(transform, self.grid.crs, *shape).bounds
        near = self.index.query(shapely.box(*corners))
        parts = shapely.clip_by_rect(self.land[near], *corners)
        parts = parts[shapely.area(parts) > 0]
        if not len(parts):
            return np.zeros(shape, dtype=np.bool_)
        filled: NDArray[np.uint8] = rasterio.features.rasterize(
            parts, out_shape=shape, transform=transform, dtype="uint8"
        )
        return filled.astype(np.bool_)

    def _is_land(
        self, x_N: NDArray[np.float64], y_N: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        points = shapely.points(x_N.ravel(), y_N.ravel())
        hits = self.index.query(points, predicate="within")[0]
        is_land_N = np.zeros(x_N.size, dtype=np.bool_)
        is_land_N[hits] = True
        return is_land_N.reshape(x_N.shape)

    def _distance_m(
        self, x_N: NDArray[np.float64], y_N: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        if self.coast is None:
            return np.full(x_N.shape, FARTHEST_M)
        to_lonlat = Transformer.from_crs(self.grid.crs, "OGC:CRS84", always_xy=True)
        longitudes, latitudes = to_lonlat.transform(x_N, y_N)
        chord_N = self.coast.query(to_ecef(longitudes, latitudes, 0 * latitudes))[0]
        # The Earth bulges between two places; at 500 km this is 0.03 %.
        arc_N = 2 * SEMI_MAJOR_M * np.arcsin(np.minimum(chord_N / 2 / SEMI_MAJOR_M, 1))
        return np.asarray(np.minimum(arc_N, FARTHEST_M))


def read_coast(path: Path, grid: Grid) -> Coast:
    """The land around a grid.

    Args:
        path: Polygons of land, in any format of GDAL and any CRS that the file names.
        grid: A grid in metres.

    Raises:
        UnreadableProduct: The file is absent, damaged, or holds no polygon.
        MissingCrs: It names no CRS.
    """
    land, crs = _read_polygons(path)
    reach = shapely.box(*grid.bounds).buffer(FARTHEST_M, join_style="mitre")
    parts = _to_grid(land, crs, grid.crs, reach)
    merged = shapely.union_all(parts, grid_size=_SNAP_M) if len(parts) else None
    pieces = shapely.get_parts(merged) if merged is not None else parts
    pieces = pieces[shapely.get_dimensions(pieces) == 2]  # noqa: PLR2004 - areas
    return Coast(
        grid, pieces, shapely.STRtree(pieces), _coast_points(pieces, grid, reach)
    )


def _read_polygons(path: Path) -> tuple[NDArray[Any], CRS]:
    if not path.exists():
        raise UnreadableProduct(path, "there is no such file", "check the path")
    try:
        layers = pyogrio.list_layers(path)
        # Land may be one of several layers; lines and points are none.
        layer = next((n for n, kind in layers if "Polygon" in (kind or "")), 0)
        table = geopandas.read_file(path, columns=[], layer=layer)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        cure = "name a shapefile, GeoPackage or GeoJSON of land"
        raise UnreadableProduct(path, f"it is unreadable ({error})", cure) from error
    if table.crs is None:
        raise MissingCrs(path, ())
    geometries = table.geometry.to_numpy()
    is_area = shapely.get_dimensions(geometries) == 2  # noqa: PLR2004
    if not is_area.any():
        raise UnreadableProduct(path, "it holds no polygon", "name polygons of land")
    return shapely.make_valid(geometries[is_area]), table.crs


def _to_grid(
    land: NDArray[Any], crs: CRS, grid_crs: CRS, reach: BaseGeometry
) -> NDArray[Any]:
    """What of the land is within reach, in the CRS of the grid."""
    if crs.is_geographic:
        # Far land has no place in a polar projection: it goes before it is projected.
        low, high = _latitudes(reach, grid_crs)
        land = shapely.clip_by_rect(land, -180.0, low, 180.0, high)
        land = shapely.segmentize(land[~shapely.is_empty(land)], _EDGE_DEG)
    to_grid = Transformer.from_crs(crs, grid_crs, always_xy=True)

    def move(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_grid.transform(*coordinates.T))

    moved = shapely.make_valid(shapely.transform(shapely.force_2d(land), move))
    clipped = shapely.intersection(moved, reach)
    return np.asarray(clipped[~shapely.is_empty(clipped)])


def _latitudes(reach: BaseGeometry, crs: CRS) -> tuple[float, float]:
    """Least and greatest latitude within reach, with a margin."""
    left, bottom, right, top = reach.bounds
    x, y = np.meshgrid(np.linspace(left, right, 65), np.linspace(bottom, top, 65))
    to_lonlat = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    latitudes = to_lonlat.transform(x, y)[1]
    latitudes = latitudes[np.isfinite(latitudes)]
    step_deg = 2 * max(right - left, top - bottom) / 64 / 111_000
    margin = _MARGIN_DEG + step_deg
    return max(latitudes.min() - margin, -90.0), min(latitudes.max() + margin, 90.0)


def _coast_points(
    land: NDArray[Any], grid: Grid, reach: BaseGeometry
) -> cKDTree | None:
    """Places along the coast, as dense as pixels; edges of `reach` are no coast."""
    spacing = max(grid.pixel_size_m, _LEAST_SPACING_M)
    lines = shapely.intersection(shapely.boundary(land), reach.buffer(-2 * _SNAP_M))
    xy = shapely.get_coordinates(shapely.segmentize(lines, spacing))
    if not len(xy):
        return None
    to_lonlat = Transformer.from_crs(grid.crs, "OGC:CRS84", always_xy=True)
    longitudes, latitudes = to_lonlat.transform(*xy.T)
    return cKDTree(to_ecef(longitudes, latitudes, 0 * latitudes))
