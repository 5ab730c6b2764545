"""Scenes like those of Sentinel-1 EW over sea ice, whose every pixel has a known class.

Simulated are: the classes, their backscatter as a function of the incidence angle, its
texture, thermal noise with the steps between sub-swaths, speckle, and the edge of the
swath.  The whole swath, 19 to 46 degrees, is laid over the scene however small it is: a
scene of 50 km has the incidence angles of one of 400 km.  Not simulated: land, wind on
water, drift between bursts.

Shape suffixes: P polarizations (HH, HV), H rows, W columns.
"""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from ml.errors import InvalidSimulation
from ml.legends import legend_of_codes
from ml.map_rasters import NO_CLASS, class_raster
from ml.maps import Grid, Source
from ml.scene import Bands, Contents, Scene, write_scene_folder
from ml.sim.backscatter import measure, true_sigma0_db
from ml.sim.fields import gaussian_field
from ml.sim.parameters import Parameters, load_parameters
from ml.sim.surface import IceCover, draw_classes
from ml.sim.swath import Swath, lay_swath
from ontologies.progress import Progress, silent

PLATFORM: Final = "sentinel-1-simulator"
PRODUCT_TYPE: Final = "EW_GRDM"
_DURATION: Final = timedelta(seconds=64)
_LEAST_SIDE: Final = 16


@dataclass(frozen=True, slots=True)
class Setup:
    """What is simulated; with a seed it determines every pixel.

    Attributes:
        shape: Rows and columns.
        pixel_m: Side of a pixel, metres.
        crs: A projected CRS in metres.
        centre_lonlat: The centre of the scene, degrees.
        start: Beginning of the acquisition, UTC.
        incidence_deg: Incidence angles at the near and far edge, within 19.01 to 46.3.
        texture_m: Distance at which the texture of a class is correlated by 1/e.
        looks: Equivalent number of looks of a pixel; None for that of EW GRDM.
        has_noise: Whether the receiver adds thermal noise.
        margin: Part of the extent outside the scene, on each side of the swath.
        cover: The ice.
    """

    shape: tuple[int, int] = (640, 640)
    pixel_m: float = 80.0
    crs: str = "EPSG:3413"
    centre_lonlat: tuple[float, float] = (-10.0, 81.0)
    start: datetime = datetime(2022, 4, 21, 8, 0, tzinfo=UTC)
    incidence_deg: tuple[float, float] = (19.1, 46.2)
    texture_m: float = 600.0
    looks: float | None = None
    has_noise: bool = True
    margin: float = 0.04
    cover: IceCover = field(default_factory=IceCover)


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """A scene in memory.

    Attributes:
        grid: Where the pixels lie.
        classes_HW: Position of the true class in the parameters; `NO_CLASS` outside.
        bands: What the radar measured.
        looks: Equivalent number of looks of a pixel.
    """

    grid: Grid
    classes_HW: NDArray[np.uint8]
    bands: Bands
    looks: float


def write_scene(  # noqa: PLR0913 - what users set; `Setup` has the rest
    out_dir: Path,
    *,
    seed: int,
    shape: tuple[int, int] = (640, 640),
    pixel_m: float = 80.0,
    crs: str = "EPSG:3413",
    centre_lonlat: tuple[float, float] = (-10.0, 81.0),
    start: datetime = datetime(2022, 4, 21, 8, 0, tzinfo=UTC),
    progress: Progress = silent,
) -> Scene:
    """Simulate a scene and write it to a folder: COGs, `truth.tif`, `scene.json`.

    The same arguments give the same bytes.

    Args:
        out_dir: The folder; it appears whole, or not at all.
        seed: Of the random numbers.
        shape: Rows and columns.
        pixel_m: Side of a pixel, metres.
        crs: A projected CRS in metres.
        centre_lonlat: The centre of the scene, degrees.
        start: Beginning of the acquisition; without a time zone it is UTC.
        progress: Told of each stage.

    Raises:
        OutputExists: The folder holds something.
        InvalidSimulation: A parameter is out of bounds, or the CRS not in metres.
    """
    instant = start.astimezone(UTC) if start.tzinfo else start.replace(tzinfo=UTC)
    setup = Setup(shape, pixel_m, crs, centre_lonlat, instant)
    simulation = simulate(setup, seed, progress)
    progress("write scene", 0.0)
    scene = write_scene_folder(out_dir, _contents(out_dir, setup, seed, simulation))
    progress("write scene", 1.0)
    return scene


def simulate(setup: Setup, seed: int, progress: Progress = silent) -> Simulation:
    """Everything of a scene but its files.

    Raises:
        InvalidSimulation: A parameter is out of bounds, or the CRS not in metres.
    """
    if seed < 0:
        raise InvalidSimulation("seed", f"{seed} is negative; use 0 or more")
    parameters = load_parameters()
    grid = _grid(setup)
    rng = np.random.default_rng(seed)
    progress("simulate ice", 0.0)
    classes_HW = draw_classes(setup.shape, setup.pixel_m, setup.cover, rng)
    progress("simulate ice", 0.5)
    swath = lay_swath(grid, setup.centre_lonlat, setup.margin)
    incidence_HW, nesz_db_PHW = _across_swath(parameters, setup, swath)
    bands = _observe(parameters, setup, classes_HW, incidence_HW, nesz_db_PHW, rng)
    for band_HW in (*bands.sigma0_db_PHW, incidence_HW, *nesz_db_PHW):
        band_HW[~swath.is_seen_HW] = np.nan
    classes_HW[~swath.is_seen_HW] = NO_CLASS
    progress("simulate ice", 1.0)
    return Simulation(grid, classes_HW, bands, _looks(setup, parameters))


def _looks(setup: Setup, parameters: Parameters) -> float:
    return parameters.looks if setup.looks is None else setup.looks


def _grid(setup: Setup) -> Grid:
    if min(setup.shape) < _LEAST_SIDE:
        reason = f"{setup.shape} is too small: use {_LEAST_SIDE} pixels a side or more"
        raise InvalidSimulation("shape", reason)
    # NaN is neither positive nor negative.
    if not 0 < setup.pixel_m < np.inf:
        reason = f"{setup.pixel_m} is not positive and finite"
        raise InvalidSimulation("pixel_m", reason)
    crs = _projected_crs(setup.crs)
    x, y = Transformer.from_crs("OGC:CRS84", crs, always_xy=True).transform(
        *setup.centre_lonlat
    )
    if not np.isfinite([x, y]).all():
        reason = f"{setup.centre_lonlat} has no place in {setup.crs}"
        raise InvalidSimulation("centre_lonlat", reason)
    height, width = setup.shape
    # Pixel edges at multiples of the pixel: scenes of one pixel size share a grid.
    left = round(x / setup.pixel_m - width / 2) * setup.pixel_m
    top = round(y / setup.pixel_m + height / 2) * setup.pixel_m
    transform = Affine(setup.pixel_m, 0, left, 0, -setup.pixel_m, top)
    return Grid(transform, crs, height, width)


def _projected_crs(name: str) -> CRS:
    try:
        crs = CRS.from_user_input(name)
    except CRSError as error:
        reason = f"{name!r} is unknown; use for example EPSG:3413"
        raise InvalidSimulation("crs", reason) from error
    if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1:
        reason = f"{name!r} is not projected in metres; use for example EPSG:3413"
        raise InvalidSimulation("crs", reason)
    return crs


def _across_swath(
    parameters: Parameters, setup: Setup, swath: Swath
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Incidence angle and NESZ of each pixel, as functions of its position in range."""
    noise = parameters.noise
    lowest, highest = noise.incidence_N[[0, -1]]
    near, far = setup.incidence_deg
    if not lowest <= near < far <= highest:
        reason = f"{setup.incidence_deg} is not an interval in {lowest} to {highest}"
        raise InvalidSimulation("incidence_deg", reason)
    ends = np.interp([near, far], noise.incidence_N, noise.range_fraction_N)
    place_HW = ends[0] + swath.range_fraction_HW * (ends[1] - ends[0])
    incidence_HW, *nesz_db = (
        np.interp(place_HW, noise.range_fraction_N, values_N).astype(np.float32)
        for values_N in (noise.incidence_N, *noise.nesz_db_2N)
    )
    return incidence_HW, np.stack(nesz_db)


def _observe(
    parameters: Parameters,
    setup: Setup,
    classes_HW: NDArray[np.uint8],
    incidence_HW: NDArray[np.float32],
    nesz_db_PHW: NDArray[np.float32],
    rng: np.random.Generator,
) -> Bands:
    length_px = setup.texture_m / setup.pixel_m
    texture_PHW = np.stack(
        [gaussian_field(setup.shape, length_px, rng) for _ in range(2)]
    )
    sigma0_db_PHW = true_sigma0_db(
        parameters.ice, classes_HW, incidence_HW, texture_PHW
    )
    return Bands(
        sigma0_db_PHW=measure(
            sigma0_db_PHW,
            nesz_db_PHW if setup.has_noise else None,
            _looks(setup, parameters),
            rng,
        ),
        incidence_HW=incidence_HW,
        nesz_db_PHW=nesz_db_PHW if setup.has_noise else None,
    )


def _contents(
    out_dir: Path, setup: Setup, seed: int, simulation: Simulation
) -> Contents:
    parameters = load_parameters()
    legend = legend_of_codes(parameters.ice.scheme, parameters.ice.codes)
    is_seen_HW = simulation.classes_HW != NO_CLASS
    indices_HW = simulation.classes_HW + np.uint8(1)
    truth = class_raster(simulation.grid, indices_HW, is_seen_HW, legend)
    return Contents(
        source=_source(out_dir, setup, seed),
        grid=simulation.grid,
        looks=simulation.looks,
        bands=simulation.bands,
        properties={
            "sar:instrument_mode": "EW",
            "sar:frequency_band": "C",
            "pytheas:simulation": _record(setup, seed, parameters),
        },
        others={"truth": truth},
    )


def _record(setup: Setup, seed: int, parameters: Parameters) -> dict[str, Any]:
    """What the item says about how the scene came about."""
    return {
        "seed": seed,
        "setup": asdict(setup) | {"start": setup.start.isoformat()},
        "backscatter_source": parameters.ice.source,
        "noise_source": parameters.noise.source,
        "looks_source": parameters.looks_source,
    }


def _source(out_dir: Path, setup: Setup, seed: int) -> Source:
    end = setup.start + _DURATION
    period = "_".join(f"{t:%Y%m%dT%H%M%S}" for t in (setup.start, end))
    digest = hashlib.sha256(repr((setup, seed)).encode()).hexdigest()
    return Source(
        # After Sentinel-1's names; the prefix tells that no satellite was there, and
        # the seed stands for the orbit.
        scene_id=f"SIM_S1A_EW_GRDM_1SDH_{period}_{seed:06d}_{digest[:4].upper()}",
        path=out_dir,
        platform=PLATFORM,
        product_type=PRODUCT_TYPE,
        time_start=setup.start,
        time_end=end,
        crs_source="file",
    )
