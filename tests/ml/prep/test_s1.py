"""Sentinel-1 from a complete product to a scene, against the sigma0 that went in."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation
from typer.testing import CliRunner

from api.cli.main import app
from ml.errors import MissingBands, MissingPart
from ml.prep.coast import read_coast
from ml.prep.errors import MissingNoise, UnsuitableCrs
from ml.prep.projection import (
    Projector,
    Tile,
    covering_grid,
    default_crs,
    projected_crs,
    scene_centre,
)
from ml.prep.s1_product import Options, prepare_s1
from ml.products.s1_geometry import Geometry, from_ecef, to_ecef
from ml.products.sentinel1 import open_sentinel1
from ml.scene import read_scene
from ml.sim.safe import write_safe
from ml.sim.safe_frame import Frame, whole_frame

EW = "S1A_EW_GRDM_1SDH_20221130T014342_20221130T014446_046117_058549_BB15"
OLD = "S1A_IW_GRDH_1SDV_20150222T170725_20150222T170750_004739_005DD8_CEAB.zip"


def _smooth_db(
    lines: NDArray[np.float64], samples: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """HH and HV, dB: linear, so that averages and interpolation keep it."""
    ramp = lines / 100 + samples / 200
    return [-12.0 + 0 * ramp + ramp / 2, -22.0 + ramp / 4]


def _smooth(
    start: int, stop: int, incidence_LS: NDArray[np.float64]
) -> NDArray[np.float32]:
    lines = np.arange(start, stop, dtype=float)[:, None]
    samples = np.arange(incidence_LS.shape[1], dtype=float)[None, :]
    db_PLS = np.stack(np.broadcast_arrays(*_smooth_db(lines, samples)))
    return np.asarray(10 ** (db_PLS / 10), dtype=np.float32)


@pytest.fixture(scope="module")
def template(data: Path) -> Path:
    return data / "sentinel1_safe" / EW


@pytest.fixture(scope="module")
def product(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole swath without speckle, every 24th line and sample."""
    frame = whole_frame(open_sentinel1(template).image, 24)
    out = tmp_path_factory.mktemp("safe") / f"{EW}.SAFE"
    return write_safe(
        template, out, seed=1, frame=frame, surface=_smooth, looks=float("inf")
    )


def test_sigma0_comes_back_where_it_was(product: Path, tmp_path: Path) -> None:
    options = Options(crs="EPSG:3413", pixel_m=960.0, looks=1)
    scene = read_scene(prepare_s1(product, tmp_path / "scene", options).item)
    bands = scene.read(0, scene.grid.height)
    geometry = open_sentinel1(product).geometry()
    tile = Tile(0, 0, scene.grid.height, scene.grid.width)
    places = Projector(geometry, scene.grid, 0.0).places(tile)
    expected = _smooth_db(places.lines_HW, places.pixels_HW)
    is_valid_HW = np.isfinite(bands.sigma0_db_PHW[0])
    assert 0.3 < is_valid_HW.mean() < 0.9
    for found_HW, expected_HW in zip(bands.sigma0_db_PHW, expected, strict=True):
        off = (found_HW - expected_HW)[is_valid_HW]
        # A digital number is rounded: a pixel is off by some hundredths of a dB.
        assert abs(off.mean()) < 0.01
        assert np.abs(off).max() < 0.5
    assert bands.nesz_db_PHW is not None
    # The table holds 0 in the first lines, where there was no echo yet.
    assert np.nanpercentile(bands.nesz_db_PHW, 5) > -36
    assert np.nanmax(bands.nesz_db_PHW) < -19


def test_noise_that_stays_in_is_seen(product: Path, tmp_path: Path) -> None:
    options = Options(pixel_m=1920.0, keep_noise=True, polarizations=("HV",))
    kept = prepare_s1(product, tmp_path / "kept.tif", options)
    without = prepare_s1(
        product, tmp_path / "without.tif", Options(None, 1920.0, None, ("HV",))
    )
    with (
        rasterio.open(kept.files[0]) as noisy,
        rasterio.open(without.files[0]) as clean,
    ):
        assert noisy.count == 2
        assert clean.descriptions == (
            "sigma0 HV dB",
            "incidence angle degrees",
            "NESZ HV dB",
        )
        assert np.nanmean(noisy.read(1) - clean.read(1)) > 0.2
    assert "noise kept" in kept.document["properties"]["processing:lineage"]


@pytest.mark.parametrize("code", ["EPSG:3413", "EPSG:5938", "EPSG:3996"])
def test_pixels_of_polar_grids_are_where_their_places_are(
    template: Path, code: str
) -> None:
    opened = open_sentinel1(template)
    geometry, image = opened.geometry(), opened.image
    shape = image.lines, image.samples
    grid = covering_grid(geometry, shape, projected_crs(code), 80.0, 0.0)
    tile = Tile(grid.height // 2, grid.width // 2, 100, 100)
    places = Projector(geometry, grid, 0.0).places(tile)
    # Independent of the nodes and the inverse: forward, pixel by pixel.
    found = geometry.locate(places.lines_HW, places.pixels_HW, np.zeros((100, 100)))
    x, y = Transformer.from_crs("OGC:CRS84", grid.crs, always_xy=True).transform(
        *from_ecef(found)[:2]
    )
    columns, rows = np.meshgrid(np.arange(100), np.arange(100))
    expected = grid.locate(columns + tile.column + 0.5, rows + tile.row + 0.5)
    assert np.hypot(x - expected[0], y - expected[1]).max() < 0.1 * 40


@pytest.mark.parametrize(
    ("longitude", "latitude"), [(180.0, 80.0), (0.0, 90.0), (30.0, -89.0)]
)
def test_a_scene_may_lie_over_the_antimeridian_or_a_pole(
    template: Path, longitude: float, latitude: float
) -> None:
    opened = open_sentinel1(template)
    shape = opened.image.lines, opened.image.samples
    geometry = _moved(opened.geometry(), longitude, latitude)
    centre = scene_centre(geometry, shape)
    assert centre[1] == pytest.approx(latitude, abs=1.0)
    crs = projected_crs(default_crs(*centre))
    grid = covering_grid(geometry, shape, crs, 80.0, 0.0)
    assert grid.height < 9000
    assert grid.width < 9000
    tile = Tile(grid.height // 2, grid.width // 2, 40, 40)
    places = Projector(geometry, grid, 0.0).places(tile)
    found = geometry.locate(places.lines_HW, places.pixels_HW, np.zeros((40, 40)))
    x, y = Transformer.from_crs("EPSG:4978", crs, always_xy=True).transform(
        *np.moveaxis(found, -1, 0)
    )[:2]
    columns, rows = np.meshgrid(np.arange(40), np.arange(40))
    expected = grid.locate(columns + tile.column + 0.5, rows + tile.row + 0.5)
    assert np.hypot(x - expected[0], y - expected[1]).max() < 0.1 * 40


def _moved(geometry: Geometry, longitude: float, latitude: float) -> Geometry:
    """The same acquisition with its orbit turned so that it sees another place."""
    here = to_ecef(*(np.array(v) for v in (91.0, 79.3, 0.0)))
    there = to_ecef(*(np.array(v) for v in (longitude, latitude, 0.0)))
    turn, _ = Rotation.align_vectors(there[None], here[None])
    old = geometry.orbit
    orbit = CubicHermiteSpline(old.x, turn.apply(old(old.x)), turn.apply(old(old.x, 1)))
    return replace(geometry, orbit=orbit, start_3=turn.apply(geometry.start_3))


def test_a_crs_that_does_not_fit_is_refused(product: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsuitableCrs, match="not projected in metres"):
        prepare_s1(product, tmp_path / "out", Options(crs="EPSG:4326"))
    assert not list(tmp_path.iterdir())


def test_what_is_missing_is_named(product: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingBands, match="it has HH, HV"):
        prepare_s1(product, tmp_path / "out", Options(polarizations=("VV",)))
    damaged = tmp_path / product.name
    shutil.copytree(product, damaged)
    next((damaged / "annotation/calibration").glob("noise-*-hv-*")).unlink()
    with pytest.raises(MissingPart, match="noise table of HV"):
        prepare_s1(damaged, tmp_path / "out")
    next((damaged / "measurement").glob("*-hh-*")).write_bytes(b"")
    with pytest.raises(MissingPart, match="measurement of HH"):
        prepare_s1(damaged, tmp_path / "out", Options(keep_noise=True))
    assert not (tmp_path / "out").exists()


def test_noise_of_nothing_but_zeros_is_no_noise(data: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingNoise, match=r"nothing but 0.*--keep-noise"):
        prepare_s1(data / "sentinel1_safe" / OLD, tmp_path / "out")


def test_the_coast_is_as_far_as_it_is(suites: Path, template: Path) -> None:
    opened = open_sentinel1(template)
    shape = opened.image.lines, opened.image.samples
    crs = projected_crs("EPSG:3413")
    grid = covering_grid(opened.geometry(), shape, crs, 1000.0, 0.0)
    path = suites / "cql2-ats/data/ne110m4cql2.gpkg"
    land = geopandas.read_file(path, layer="ne_110m_admin_0_countries")
    coast = read_coast(path, grid)
    tile = Tile(0, 0, grid.height, grid.width)
    distance_HW = coast.signed_distance_m(tile)
    to_lonlat = Transformer.from_crs(grid.crs, "OGC:CRS84", always_xy=True)
    lines = shapely.union_all(shapely.segmentize(land.boundary.to_numpy(), 0.01))
    vertices = shapely.get_coordinates(shapely.clip_by_rect(lines, 60, 70, 130, 84))
    for row, column in np.random.default_rng(1).integers(0, 400, (20, 2)):
        x, y = grid.locate(np.array([column + 0.5]), np.array([row + 0.5]))
        longitude, latitude = (v[0] for v in to_lonlat.transform(x, y))
        expected = (
            Geod(ellps="WGS84")
            .inv(
                np.full(len(vertices), longitude),
                np.full(len(vertices), latitude),
                *vertices.T,
            )[2]
            .min()
        )
        on_land = land.contains(shapely.Point(longitude, latitude)).any()
        assert (distance_HW[row, column] < 0) == on_land
        assert abs(distance_HW[row, column]) == pytest.approx(expected, abs=1500)


def test_the_command_writes_raster_item_and_picture(
    product: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.tif"
    arguments = ["ml", "prep", "s1", str(product), "-o", str(out), "--json", "-q"]
    result = CliRunner().invoke(
        app, [*arguments, "--crs", "EPSG:3996", "--pixel", "1920"]
    )
    assert result.exit_code == 0, result.output
    files = [Path(f) for f in json.loads(result.stdout)["files"]]
    assert [f.name for f in files] == ["out.tif", "out.json", "out.png"]
    assert all(f.is_file() for f in files)
    with rasterio.open(out) as raster:
        assert raster.crs.to_epsg() == 3996
        assert raster.count == 5
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    item = json.loads(files[1].read_text())
    assert item["links"][0]["title"] == EW
    assert item["properties"]["pytheas:preparation"]["looks"] == 2


def test_the_command_tells_what_a_product_is(template: Path) -> None:
    result = CliRunner().invoke(app, ["ml", "prep", "info", str(template)])
    assert result.exit_code == 0, result.output
    assert "polarizations: HH, HV" in result.stdout
    assert "incidence_deg: 18.88, 46.42" in result.stdout


_MEASURE = """
import re, sys
from pathlib import Path
from ml.prep.s1_product import Options, prepare_s1
prepare_s1(sys.argv[1], Path(sys.argv[2]), Options(pixel_m=80.0))
# Not ru_maxrss: a process inherits that of the one that started it.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) // 1024)
"""


def test_memory_does_not_grow_with_the_scene(template: Path, tmp_path: Path) -> None:
    peaks = []
    for lines in (400, 1600):
        safe = tmp_path / f"{lines}.SAFE"
        frame = Frame(1000, 1000, 1, lines, 1800)
        write_safe(
            template, safe, seed=1, frame=frame, surface=_smooth, looks=float("inf")
        )
        measured = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(safe), str(tmp_path / f"{lines}.tif")],
            capture_output=True,
            check=True,
            text=True,
        )
        peaks.append(int(measured.stdout))
    # Four times the pixels; whole, the bands would take 90 MB more, several times.
    assert peaks[1] < peaks[0] + 100
    assert peaks[1] < 900
