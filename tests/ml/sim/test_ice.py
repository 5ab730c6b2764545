"""Simulated scenes: georeferenced, reproducible, and noisy as the real ones are."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from rio_cogeo.cogeo import cog_validate

from ml.errors import InvalidSimulation, OutputExists
from ml.map_rasters import parse_legend
from ml.rasters import read_raster
from ml.scene import Scene, read_scene
from ml.sim.ice import Setup, simulate, write_scene

FILES = ("HH.tif", "HV.tif", "incidence.tif", "noise.tif", "truth.tif")
SHAPE = (320, 360)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return write_scene(tmp_path_factory.mktemp("ice") / "scene", seed=3, shape=SHAPE)


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_a_valid_cog(scene: Scene, name: str) -> None:
    is_valid, errors, warnings = cog_validate(scene.source.path / name, strict=True)
    assert (is_valid, errors, warnings) == (True, [], [])


def test_a_scene_is_read_as_it_was_written(scene: Scene) -> None:
    assert read_scene(scene.source.path) == scene
    assert read_scene(scene.source.path / "scene.json") == scene
    assert (scene.grid.height, scene.grid.width) == SHAPE
    assert scene.looks == 10.7


def test_the_same_seed_gives_the_same_bytes(scene: Scene, tmp_path: Path) -> None:
    again = write_scene(tmp_path / "again", seed=3, shape=SHAPE)
    for name in (*FILES, "scene.json"):
        first, second = (s.source.path / name for s in (scene, again))
        assert first.read_bytes() == second.read_bytes(), name


def test_another_seed_gives_another_scene(scene: Scene, tmp_path: Path) -> None:
    other = write_scene(tmp_path / "other", seed=4, shape=SHAPE)
    assert other.source.scene_id != scene.source.scene_id
    for name in ("HH.tif", "truth.tif"):
        first, second = (
            read_raster(s.source.path / name).array_BHW for s in (scene, other)
        )
        assert not np.array_equal(first, second, equal_nan=first.dtype.kind == "f")


def test_the_scene_says_that_it_is_simulated_and_when(scene: Scene) -> None:
    assert scene.source.scene_id.startswith(
        "SIM_S1A_EW_GRDM_1SDH_20220421T080000_20220421T080104_000003_"
    )
    item = json.loads((scene.source.path / "scene.json").read_text())
    simulation = item["properties"]["pytheas:simulation"]
    assert simulation["seed"] == 3
    assert "Lohse" in simulation["backscatter_source"]
    assert item["properties"]["platform"] == "sentinel-1-simulator"


def test_the_scene_lies_in_the_arctic_without_pole_or_antimeridian(
    scene: Scene,
) -> None:
    item = json.loads((scene.source.path / "scene.json").read_text())
    footprint = shapely.geometry.shape(item["geometry"])
    assert footprint.is_valid
    assert footprint.contains(shapely.Point(-10, 81))
    west, south, east, north = footprint.bounds
    assert -15 < west < east < -5
    assert 80 < south < north < 82


def test_every_class_occurs_and_has_its_colour(scene: Scene) -> None:
    path = scene.source.path / "truth.tif"
    truth = read_raster(path)
    legend = parse_legend(path, truth)
    counts = np.bincount(truth.array_BHW.ravel(), minlength=256)
    assert {c.code: c.index for c in legend} == {
        "leads-water-new": 1,
        "leads-young": 2,
        "level": 3,
        "deformed": 4,
    }
    assert (counts[[1, 2, 3, 4]] > 1000).all()
    assert counts[255] == np.prod(SHAPE) - counts[[1, 2, 3, 4]].sum()
    for c in legend:
        assert c.colour is not None
        assert bytes(truth.colormap[c.index][:3]) == bytes.fromhex(c.colour[1:])


def test_bands_and_truth_have_the_same_edge(scene: Scene) -> None:
    valid = [read_raster(scene.source.path / n).is_valid_BHW[0] for n in FILES]
    for other in valid[1:]:
        assert np.array_equal(valid[0], other)
    assert not valid[0].all()


def test_the_incidence_angle_spans_the_swath(scene: Scene) -> None:
    incidence = read_raster(scene.source.path / "incidence.tif").array_BHW[0]
    assert np.nanmin(incidence) == pytest.approx(19.1, abs=0.2)
    assert np.nanmax(incidence) == pytest.approx(46.2, abs=0.2)


def test_the_noise_floor_steps_between_sub_swaths(scene: Scene) -> None:
    bands = scene.read(0, scene.grid.height)
    assert bands.nesz_db_PHW is not None
    steps = {}
    order = np.argsort(bands.incidence_HW, axis=None)
    angles = bands.incidence_HW.ravel()[order]
    nesz = bands.nesz_db_PHW[1].ravel()[order]
    for edge in (28.6, 33.77, 39.0, 43.3):
        before = nesz[np.abs(angles - (edge - 0.15)) < 0.05].mean()
        after = nesz[np.abs(angles - (edge + 0.15)) < 0.05].mean()
        steps[edge] = before - after
    assert steps[28.6] > 4
    assert steps[39.0] > 2
    assert steps[43.3] > 2


def test_classes_have_their_mean_backscatter_at_each_incidence_angle() -> None:
    setup = Setup(shape=(400, 400), has_noise=False, looks=200.0, texture_m=160.0)
    simulation = simulate(setup, seed=2)
    bands = simulation.bands
    level = (simulation.classes_HW == 2) & (np.abs(bands.incidence_HW - 30) < 3)
    angle = bands.incidence_HW[level]
    for p, (intercept, slope) in enumerate(((-5.57, -0.333), (-22.473, -0.275))):
        expected = (intercept + slope * angle).mean()
        assert bands.sigma0_db_PHW[p][level].mean() == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize(
    ("centre", "inside"),
    [((180.0, 80.0), (180.0, 80.0)), ((0.0, 90.0), (45.0, 89.99))],
)
def test_scenes_may_cross_the_antimeridian_or_hold_the_pole(
    tmp_path: Path, centre: tuple[float, float], inside: tuple[float, float]
) -> None:
    scene = write_scene(
        tmp_path / "scene", seed=1, shape=(64, 64), centre_lonlat=centre
    )
    item = json.loads((tmp_path / "scene" / "scene.json").read_text())
    footprint = shapely.geometry.shape(item["geometry"])
    assert footprint.is_valid
    assert footprint.intersects(shapely.Point(inside))
    x, y = Transformer.from_crs("OGC:CRS84", scene.grid.crs, always_xy=True).transform(
        *centre
    )
    left, low, right, high = scene.grid.bounds
    assert left < x < right
    assert low < y < high


def test_a_start_without_a_time_zone_is_utc(tmp_path: Path) -> None:
    start = datetime(2023, 3, 1, 12, 0)  # noqa: DTZ001 - the case at hand
    scene = write_scene(tmp_path / "scene", seed=1, shape=(64, 64), start=start)
    assert scene.source.time_start is not None
    assert scene.source.time_start.isoformat() == "2023-03-01T12:00:00+00:00"


def test_an_earlier_scene_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "scene"
    for seed in (1, 2):
        scene = write_scene(folder, seed=seed, shape=(64, 64))
    assert read_scene(folder).source.scene_id == scene.source.scene_id
    assert [p.name for p in tmp_path.iterdir()] == ["scene"]


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputExists, match="not empty"):
        write_scene(tmp_path, seed=1, shape=(64, 64))
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"crs": "EPSG:4326"}, "not projected in metres"),
        ({"crs": "EPSG:2225"}, "not projected in metres"),
        ({"crs": "EPSG:nowhere"}, "is unknown"),
        ({"shape": (8, 100)}, "too small"),
        ({"pixel_m": 0.0}, "not positive"),
        ({"pixel_m": float("nan")}, "not positive"),
        ({"seed": -1}, "is negative"),
        ({"centre_lonlat": (0.0, 95.0)}, "has no place"),
        ({"centre_lonlat": (0.0, float("nan"))}, "has no place"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    arguments: dict[str, object] = {"seed": 1, **options}
    with pytest.raises(InvalidSimulation, match=message):
        write_scene(tmp_path / "scene", **arguments)  # type: ignore[arg-type] # on purpose
    assert list(tmp_path.iterdir()) == []


def test_incidence_angles_outside_the_profile_are_refused() -> None:
    with pytest.raises(InvalidSimulation, match="incidence_deg"):
        simulate(Setup(shape=(64, 64), incidence_deg=(10.0, 40.0)), seed=1)
