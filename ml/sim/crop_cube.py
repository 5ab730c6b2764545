"""Cubes of simulated fields: parcels on a grid, each with the series of its crop.

Parcels are the Voronoi cells of random points.  A pixel is its parcel plus noise.
Clouds are the highest parts of a smooth random field, as many as the dekad has.

Shape suffixes: P parcels, T dekads, C channels, H rows, W columns.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from scipy.spatial import cKDTree

from ml.errors import InvalidSimulation
from ml.folders import appearing
from ml.legends import legend_of_codes
from ml.map_rasters import class_raster
from ml.maps import Grid
from ml.rasters import write_cog
from ml.sim.crop import Season, draw_fields, season
from ml.sim.fields import gaussian_field

CUBE: Final = "cube.nc"
TRUTH: Final = "truth.tif"
_LEAST_SIDE: Final = 16
_CRS: Final = "EPSG:32631"
_CORNER: Final = (390_000.0, 4_850_000.0)
"""Of the first pixel, in the south-west of France."""

_YEAR: Final = 2023
_CLOUD_PX: Final = 30.0


@dataclass(frozen=True, slots=True)
class CubeSetup:
    """What is simulated; with a seed it determines every pixel.

    Attributes:
        shape: Rows and columns.
        pixel_m: Side of a pixel, metres.
        parcel_px: Side of a square as large as a parcel is on average, pixels.
        noise: Standard deviation of a pixel within its parcel.
    """

    shape: tuple[int, int] = (128, 128)
    pixel_m: float = 10.0
    parcel_px: float = 12.0
    noise: float = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """A cube in memory.

    Attributes:
        grid: Where the pixels lie.
        classes_HW: Position of the class of each pixel.
        parcels_HW: The parcel of each.
        values_TCHW: What was seen; NaN under clouds.
    """

    grid: Grid
    classes_HW: NDArray[np.int64]
    parcels_HW: NDArray[np.int64]
    values_TCHW: NDArray[np.float32]


def write_cube(out_dir: Path, setup: CubeSetup, seed: int) -> Cube:
    """Simulate a cube and write it to a folder: `cube.nc`, `truth.tif`.

    Raises:
        OutputExists: The folder holds something else.
        InvalidSimulation: A parameter is out of bounds.
    """
    how = season()
    cube = simulate_cube(how, setup, seed)
    legend = legend_of_codes(how.crops.scheme, how.crops.codes)
    truth = class_raster(
        cube.grid, cube.classes_HW + 1, np.ones(setup.shape, bool), legend
    )
    with appearing(out_dir, [CUBE, TRUTH]) as folder:
        write_cog(folder / TRUTH, truth)
        dataset(how, cube).to_netcdf(folder / CUBE, engine="h5netcdf")
    return cube


def simulate_cube(how: Season, setup: CubeSetup, seed: int) -> Cube:
    """Everything of a cube but its files.

    Raises:
        InvalidSimulation: A parameter is out of bounds.
    """
    if min(setup.shape) < _LEAST_SIDE:
        reason = f"is {setup.shape}: use {_LEAST_SIDE} pixels a side or more"
        raise InvalidSimulation("shape", reason)
    rng = np.random.default_rng(seed)
    parcels_HW = _draw_parcels(setup, rng)
    count = int(parcels_HW.max()) + 1
    clear = Season(how.crops, has_gaps=False)
    labels_P, values_PTC = draw_fields(clear, count, rng)
    values_TCHW = np.moveaxis(values_PTC[parcels_HW], (2, 3), (0, 1)).copy()
    values_TCHW += setup.noise * rng.standard_normal(values_TCHW.shape, np.float32)
    for place, gap in enumerate(how.crops.gap_T if how.has_gaps else ()):
        cloud_HW = gaussian_field(setup.shape, _CLOUD_PX, rng)
        values_TCHW[place, :, cloud_HW > np.quantile(cloud_HW, 1 - gap)] = np.nan
    return Cube(_grid(setup), labels_P[parcels_HW], parcels_HW, values_TCHW)


def _draw_parcels(setup: CubeSetup, rng: np.random.Generator) -> NDArray[np.int64]:
    height, width = setup.shape
    count = max(1, round(height * width / setup.parcel_px**2))
    points = rng.uniform((0, 0), (height, width), (count, 2))
    rows_HW, columns_HW = np.mgrid[:height, :width]
    _, nearest_HW = cKDTree(points).query(np.stack([rows_HW, columns_HW], 2) + 0.5)
    return np.asarray(nearest_HW, dtype=np.int64)


def _grid(setup: CubeSetup) -> Grid:
    left, top = _CORNER
    transform = Affine(setup.pixel_m, 0, left, 0, -setup.pixel_m, top)
    return Grid(transform, CRS.from_user_input(_CRS), *setup.shape)


def dataset(how: Season, cube: Cube) -> xr.Dataset:
    """A cube as CF has it: a variable for each channel over t, y, x."""
    height, width = cube.classes_HW.shape
    x, _ = cube.grid.locate(np.arange(width) + 0.5, np.zeros(width))
    _, y = cube.grid.locate(np.zeros(height), np.arange(height) + 0.5)
    first = date(_YEAR, 1, 1)
    days = [first + timedelta(days=float(day)) for day in how.crops.days_T]
    variables = {
        name: (("t", "y", "x"), cube.values_TCHW[:, c], {"grid_mapping": "crs"})
        for c, name in enumerate(how.crops.channels)
    }
    return xr.Dataset(
        {**variables, "crs": ((), np.int8(0), cube.grid.crs.to_cf())},
        coords={"t": np.array(days, "datetime64[ns]"), "y": y, "x": x},
        attrs={"Conventions": "CF-1.9", "source": how.crops.source},
    )
