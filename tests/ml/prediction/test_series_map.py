"""A network maps a cube pixel by pixel: as it would each series alone."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
import xarray as xr

from ml.errors import MissingBands, NoValidPixels, UnreadableProduct
from ml.evaluation.agreement import compare_maps
from ml.map_files import read_map
from ml.map_rasters import NO_CLASS
from ml.models.calibrated import Calibrated
from ml.models.ltae import Ltae
from ml.models.patch_cnn import PatchCnn
from ml.models.tempcnn import TempCnn
from ml.prediction.errors import UnsuitableModel
from ml.prediction.predict import predict
from ml.prediction.series_map import predict_cube
from ml.products.series_cube import open_cube
from ml.products.worldcereal import read_worldcereal
from ml.registry.store import Registry, Signature
from ml.sim.crop import season, simulate_fields
from ml.sim.crop_cube import CubeSetup, write_cube

pytestmark = pytest.mark.torch
SHAPE = (20, 30)
CROPS = season().crops
IRIS = simulate_fields(season(), 1, 0).classes
TRAINED = {
    "channels": json.dumps(CROPS.channels),
    "days": json.dumps(CROPS.days_T.tolist()),
}


@pytest.fixture(scope="module")
def cube_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cube whose first rows nobody ever saw."""
    folder = tmp_path_factory.mktemp("sim") / "cube"
    write_cube(folder, CubeSetup(SHAPE), seed=3)
    with xr.open_dataset(folder / "cube.nc", engine="h5netcdf") as read:
        cube = read.load()
    for name in CROPS.channels:
        cube[name][:, :3] = np.nan
    path = folder.with_name("cube.nc")
    cube.to_netcdf(path, engine="h5netcdf")
    return path


@pytest.fixture(scope="module")
def model() -> Calibrated:
    torch.manual_seed(0)
    return Calibrated(TempCnn(2, 36, 8, width=8), 0.1).eval()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, model: Calibrated) -> Registry:
    kept = Registry(tmp_path_factory.mktemp("registry"))
    torch.manual_seed(1)
    for name, network, classes, training in (
        ("crops", model, IRIS, TRAINED),
        ("any-dates", Ltae(2, 8, width=16, heads=4, key=4), IRIS, TRAINED),
        ("late", model, IRIS, TRAINED | {"days": json.dumps([*range(36)])}),
        ("short", model, IRIS, TRAINED | {"days": "[1, 2]"}),
        ("silent", model, IRIS, {}),
        ("nameless", model, tuple("abcdefgh"), TRAINED),
        ("radar", model, IRIS, TRAINED | {"channels": '["VH dB", "NDVI"]'}),
        ("patches", PatchCnn(3, 8), IRIS, {}),
    ):
        kept.register(
            name, network, Signature((), ()), classes, metrics={}, training=training
        )
    return kept


def test_rasters_hold_what_the_network_says_of_each_series(
    registry: Registry, model: Calibrated, cube_path: Path, tmp_path: Path
) -> None:
    made = predict(registry, "crops", cube_path, tmp_path / "map")
    cube = open_cube(cube_path, CROPS.channels)
    values = torch.from_numpy(cube.read(0, SHAPE[0])).flatten(0, 1)
    days = torch.from_numpy(cube.days_T).expand(len(values), -1)
    assert cube.days_T.tolist() == CROPS.days_T.tolist()
    with torch.no_grad():
        expected = model(values, days).softmax(1).T.reshape(8, *SHAPE).numpy()
    with rasterio.open(made.probabilities) as raster:
        found = raster.read() * raster.scales[0]
        assert (raster.read()[:, :3] == NO_CLASS).all()
        assert raster.crs.to_epsg() == 32631
        assert raster.descriptions == CROPS.codes
    assert found[:, 3:] == pytest.approx(expected[:, 3:], abs=0.0021)
    item = json.loads(made.item.read_text())
    assert item["properties"]["start_datetime"] == "2022-10-01T00:00:00Z"
    assert set(item["assets"]) == {"class_map", "probabilities", "entropy"}


def test_windows_and_stores_change_nothing(
    registry: Registry, cube_path: Path, tmp_path: Path
) -> None:
    with xr.open_dataset(cube_path, engine="h5netcdf") as read:
        south_up = read.load().isel(y=slice(None, None, -1))
    store = tmp_path / "cube.zarr"
    south_up.to_zarr(store, zarr_format=2, consolidated=False)
    version = registry.find("any-dates")
    network = registry.load(version)
    read_bytes = []
    for path, pixels in ((cube_path, 10_000), (cube_path, 70), (store, 70)):
        folder = tmp_path / f"{path.suffix}{pixels}"
        made = predict_cube(version, network, path, folder, pixels=pixels)
        with rasterio.open(made.class_map) as classes:
            read_bytes.append(classes.read(1))
            assert classes.transform.e < 0
    np.testing.assert_array_equal(read_bytes[0], read_bytes[1])
    np.testing.assert_array_equal(read_bytes[0], read_bytes[2])


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("late", UnsuitableModel, "date 1 of the cube is day -92 of the year and its"),
        ("short", UnsuitableModel, "for 2 dates and the cube has 36"),
        ("silent", UnsuitableModel, "does not say for which channels"),
        ("nameless", UnsuitableModel, "no scheme has its class 'a'"),
        ("radar", MissingBands, "it has no band VH dB; it has NDVI, NDMI"),
        ("patches", UnsuitableModel, "it is for PatchCnn, not for the pixels"),
    ],
)
def test_what_does_not_fit_is_named(
    registry: Registry,
    cube_path: Path,
    tmp_path: Path,
    name: str,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        predict(registry, name, cube_path, tmp_path / "map")
    assert not (tmp_path / "map").exists()


def test_broken_cubes_are_named(
    registry: Registry, cube_path: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableProduct, match="there is no such cube"):
        predict(registry, "crops", tmp_path / "absent.nc", tmp_path / "map")
    broken = tmp_path / "broken.nc"
    broken.write_bytes(cube_path.read_bytes()[:1000])
    with pytest.raises(UnreadableProduct, match="no NetCDF 4 file or Zarr store"):
        predict(registry, "crops", broken, tmp_path / "map")
    with xr.open_dataset(cube_path, engine="h5netcdf") as read:
        cube = read.load()
    for name, changed, message in (
        ("axis", cube.rename(t="time"), "no coordinate t"),
        ("dates", cube.assign_coords(t=np.arange(36.0)), "not dates"),
    ):
        changed.to_netcdf(tmp_path / f"{name}.nc", engine="h5netcdf")
        with pytest.raises(UnreadableProduct, match=message):
            predict(registry, "crops", tmp_path / f"{name}.nc", tmp_path / "map")
    for name in CROPS.channels:
        cube[name][:] = np.nan
    cube.to_netcdf(tmp_path / "clouds.nc", engine="h5netcdf")
    with pytest.raises(NoValidPixels):
        predict(registry, "crops", tmp_path / "clouds.nc", tmp_path / "map")


def test_the_belgian_cube_is_read_and_its_map_compared(
    registry: Registry, data: Path, tmp_path: Path
) -> None:
    folder = data / "worldcereal"
    inputs = folder / "worldcereal_preprocessed_inputs.nc"
    cube = open_cube(inputs, ("S2-L2A-B04 reflectance", "S1-SIGMA0-VH dB", "NDVI"))
    values = cube.read(40, 42)
    assert values.shape == (2, 100, 12, 3)
    with xr.open_dataset(inputs, engine="h5netcdf", mask_and_scale=False) as read:
        red, nir, radar = (
            read[name].values[5, 40:42].astype(float)
            for name in ("S2-L2A-B04", "S2-L2A-B08", "S1-SIGMA0-VH")
        )
    assert values[:, :, 5, 0] == pytest.approx(red / 10_000)
    assert values[:, :, 5, 1] == pytest.approx(20 * np.log10(radar) - 83, rel=1e-5)
    assert values[:, :, 5, 2] == pytest.approx((nir - red) / (nir + red), abs=1e-6)
    # Two of its months have no optical data at all.
    assert np.isnan(values[:, :, 1:3, 0]).all()
    assert cube.days_T[:3].tolist() == [-61, -31, 0]
    made = predict(registry, "any-dates", inputs, tmp_path / "map")
    golden = read_worldcereal(folder / "worldcereal_croptype_classification.nc")
    ours = read_map(made.class_map.parent)
    same = compare_maps(golden, golden, inputs)
    assert (same.agreement, same.kappa, same.pixels) == (1, 1, 10_000)
    found = compare_maps(ours, golden, inputs)
    assert found.agreement == 0
    assert sum(map(sum, found.counts)) == found.pixels == 10_000
    assert "kappa" in str(found)
