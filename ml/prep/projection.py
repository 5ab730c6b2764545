"""A scene in radar geometry laid on a map grid, tile by tile.

Shape suffixes: B bands, H rows, W columns of a tile; J rows and I columns of its nodes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from ml.maps import Grid
from ml.prep.errors import UnsuitableCrs
from ml.products.georeference import parse_crs
from ml.products.s1_geometry import Geometry, from_ecef, to_ecef
from ml.rasters import BLOCK

_NODE_STEP: Final = 16
"""Pixels between places where range and Doppler are solved.  Between them both are
linear to within 1.3 % of a pixel, for pixels of up to 400 m."""

_EDGE_POINTS: Final = 65

_POLAR_LATITUDE: Final = 60.0
_NORTH_POLAR: Final = "EPSG:3413"
_SOUTH_POLAR: Final = "EPSG:3031"


@dataclass(frozen=True, slots=True)
class Tile:
    """A piece of a grid.

    Attributes:
        row: Its first row.
        column: Its first column.
        height: Rows.
        width: Columns.
    """

    row: int
    column: int
    height: int
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the pixels of a tile are in the image of the radar.

    Attributes:
        lines_HW: Line, 0 being the centre of the first.
        pixels_HW: Pixel.
        incidence_HW: Incidence angle, degrees.
    """

    lines_HW: NDArray[np.float64]
    pixels_HW: NDArray[np.float64]
    incidence_HW: NDArray[np.float32]


def tiles_of(grid: Grid, side: int = BLOCK) -> Iterator[Tile]:
    """The grid in squares, row by row; those at its ends are smaller."""
    for row in range(0, grid.height, side):
        for column in range(0, grid.width, side):
            height, width = min(side, grid.height - row), min(side, grid.width - column)
            yield Tile(row, column, height, width)


def projected_crs(name: str) -> CRS:
    """The CRS of a grid with square pixels in metres.

    Raises:
        UnknownCrs: The text names none.
        UnsuitableCrs: It is not projected in metres.

    Examples:
        >>> projected_crs("EPSG:3413").name
        'WGS 84 / NSIDC Sea Ice Polar Stereographic North'
    """
    crs = parse_crs(name)
    if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1:
        raise UnsuitableCrs(name, "it is not projected in metres")
    return crs


def default_crs(longitude: float, latitude: float) -> str:
    """A CRS for a scene with this centre: polar beyond 60 degrees, else UTM.

    Examples:
        >>> default_crs(20.0, 81.0), default_crs(-179.5, -10.0)
        ('EPSG:3413', 'EPSG:32701')
    """
    if abs(latitude) > _POLAR_LATITUDE:
        return _NORTH_POLAR if latitude > 0 else _SOUTH_POLAR
    zone = int((longitude + 180) % 360 // 6) + 1
    return f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"


def scene_centre(geometry: Geometry, shape: tuple[int, int]) -> tuple[float, float]:
    """Longitude and latitude of the middle of an image."""
    line, pixel = (np.array([n / 2]) for n in shape)
    longitude, latitude, _ = from_ecef(geometry.locate(line, pixel, np.zeros(1)))
    return float(longitude[0]), float(latitude[0])


def covering_grid(
    geometry: Geometry,
    shape: tuple[int, int],
    crs: CRS,
    pixel_m: float,
    height_m: float,
) -> Grid:
    """The least grid around a whole image; pixel edges are multiples of the pixel.

    Args:
        geometry: Where the image is.
        shape: Its lines and samples.
        crs: Projected, in metres.
        pixel_m: Side of a pixel.
        height_m: Of the surface above the ellipsoid.

    Raises:
        UnsuitableCrs: A place of the image has no place in the CRS.
    """
    lines_N, pixels_N = _edge(shape)
    places = geometry.locate(lines_N, pixels_N, np.full(lines_N.shape, height_m))
    longitudes, latitudes, _ = from_ecef(places)
    to_grid = Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    x, y = to_grid.transform(longitudes, latitudes)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UnsuitableCrs(crs.to_string(), "a part of the scene has no place in it")
    left, bottom = (np.floor(v.min() / pixel_m) for v in (x, y))
    right, top = (np.ceil(v.max() / pixel_m) for v in (x, y))
    transform = Affine(pixel_m, 0, left * pixel_m, 0, -pixel_m, top * pixel_m)
    return Grid(transform, crs, int(top - bottom), int(right - left))


def _edge(shape: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lines and pixels around an image, along the outer edges of its pixels."""
    lines, samples = (np.linspace(-0.5, n - 0.5, _EDGE_POINTS) for n in shape)
    first, last = np.full(_EDGE_POINTS, -0.5), np.full(_EDGE_POINTS, shape[0] - 0.5)
    right = np.full(_EDGE_POINTS, shape[1] - 0.5)
    lines_N = np.concatenate([first, lines, last, lines])
    pixels_N = np.concatenate([samples, right, samples, first])
    return lines_N, pixels_N


@dataclass(frozen=True, slots=True)
class Projector:
    """Finds the pixels of a grid in the image of the radar.

    Attributes:
        geometry: Of the image.
        grid: The map grid.
        height_m: Of the surface above the ellipsoid: the sea's is the geoid's.
    """

    geometry: Geometry
    grid: Grid
    height_m: float

    def places(self, tile: Tile) -> Places:
        """Where each pixel of a tile is; exact at nodes, linear between them."""
        columns_I = nodes(tile.column, tile.width, _NODE_STEP)
        rows_J = nodes(tile.row, tile.height, _NODE_STEP)
        x_JI, y_JI = np.broadcast_arrays(
            *self.grid.locate(columns_I[None, :] + 0.5, rows_J[:, None] + 0.5)
        )
        to_lonlat = Transformer.from_crs(self.grid.crs, "OGC:CRS84", always_xy=True)
        longitudes, latitudes = to_lonlat.transform(x_JI, y_JI)
        heights = np.full(longitudes.shape, self.height_m)
        places_JI3 = to_ecef(longitudes, latitudes, heights)
        start = np.full(longitudes.shape, float(np.mean(self.geometry.orbit.x)))
        times_JI, ranges_JI = self.geometry.zero_doppler(places_JI3, start)
        incidence_JI = self.geometry.incidence_deg(places_JI3, times_JI)
        rows = between(rows_J, tile.row + np.arange(tile.height))
        columns = between(columns_I, tile.column + np.arange(tile.width))
        times_HW, ranges_HW, incidence_HW = (
            rows @ values_JI @ columns.T
            for values_JI in (times_JI, ranges_JI, incidence_JI)
        )
        lines_HW, pixels_HW = self.geometry.image_place(times_HW, ranges_HW)
        return Places(lines_HW, pixels_HW, incidence_HW.astype(np.float32))


def nodes(first: int, count: int, step: int) -> NDArray[np.float64]:
    """Every `step`-th of `count` places, and one at or beyond the last.

    Examples:
        >>> nodes(10, 9, 4).tolist(), nodes(0, 10, 4).tolist()
        ([10.0, 14.0, 18.0], [0.0, 4.0, 8.0, 12.0])
    """
    steps = -(-max(count - 1, 1) // step)
    return first + np.linspace(0, steps * step, steps + 1)


def between(at_nodes: NDArray[np.float64], at: NDArray[np.int_]) -> NDArray[np.float64]:
    """The matrix that interpolates linearly from nodes to places among them.

    Examples:
        >>> between(np.array([0.0, 4.0]), np.array([0, 1])).tolist()
        [[1.0, 0.0], [0.75, 0.25]]
    """
    place = (at - at_nodes[0]) / (at_nodes[1] - at_nodes[0])
    before = np.minimum(place.astype(int), len(at_nodes) - 2)
    weights = np.zeros((len(at), len(at_nodes)))
    every = np.arange(len(at))
    weights[every, before] = 1 - (place - before)
    weights[every, before + 1] = place - before
    return weights


def sample_bilinear(
    bands_BLS: NDArray[np.float32],
    lines_HW: NDArray[np.float64],
    samples_HW: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Bands at places between pixels; NaN outside, and beside a pixel that is NaN."""
    _, height, width = bands_BLS.shape
    is_inside_HW = (lines_HW >= 0) & (lines_HW <= height - 1)
    is_inside_HW &= (samples_HW >= 0) & (samples_HW <= width - 1)
    line_N, sample_N = lines_HW[is_inside_HW], samples_HW[is_inside_HW]
    i_N = np.minimum(line_N.astype(np.intp), max(height - 2, 0))
    j_N = np.minimum(sample_N.astype(np.intp), max(width - 2, 0))
    down_N, right_N = (line_N - i_N).astype("f4"), (sample_N - j_N).astype("f4")
    below_N, beside_N = np.minimum(i_N + 1, height - 1), np.minimum(j_N + 1, width - 1)
    result_BHW = np.full((len(bands_BLS), *lines_HW.shape), np.nan, np.float32)
    for band_LS, result_HW in zip(bands_BLS, result_BHW, strict=True):
        upper_N = band_LS[i_N, j_N] * (1 - right_N) + band_LS[i_N, beside_N] * right_N
        lower_N = band_LS[below_N, j_N] * (1 - right_N)
        lower_N += band_LS[below_N, beside_N] * right_N
        result_HW[is_inside_HW] = upper_N * (1 - down_N) + lower_N * down_N
    return result_BHW
