"""The sea-ice use case on a simulated scene."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from ml import seaice
from ml.errors import UnreadableProduct
from ml.maps import MapProduct
from ml.polygons import read_polygons
from ml.rasters import read_raster
from ml.sim.ice import write_scene

pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ice") / "scene"
    write_scene(folder, seed=4, shape=(256, 256))
    return folder


@pytest.fixture(scope="module")
def product(scene: Path) -> MapProduct:
    return seaice.run(scene, scene.parent / "map")


def test_polygons_are_a_coverage_of_the_scene(product: MapProduct) -> None:
    polygons = read_polygons(product.polygons)
    assert shapely.is_valid(polygons.geometries).all()
    assert shapely.coverage_is_valid(polygons.geometries)
    raster = read_raster(product.class_map)
    seen = int(raster.is_valid_BHW.sum())
    assert np.sum(polygons.table["n_pixels"].to_numpy()) == seen
    area = shapely.area(polygons.geometries).sum()
    assert area == pytest.approx(seen * raster.grid.pixel_area_m2, rel=1e-9)


def test_rows_name_ice_types_scene_and_model(product: MapProduct) -> None:
    table = read_polygons(product.polygons).table
    codes = set(table["class_code"].to_pylist())
    assert codes <= {"leads-water-new", "leads-young", "level", "deformed"}
    assert len(codes) > 1
    row = table.slice(0, 1).to_pylist()[0]
    assert row["class_iri"].startswith("https://w3id.org/pytheas/code/icetype/")
    assert row["platform"] == "sentinel-1-simulator"
    assert row["model_name"] == "gaussian-incidence-angle"
    assert row["time_start"] < row["time_end"]
    assert (row["mmu_m2"], row["tolerance_m"]) == (100_000.0, 80.0)


def test_no_polygon_is_smaller_than_the_minimum_mapping_unit(
    product: MapProduct,
) -> None:
    table = read_polygons(product.polygons).table
    assert min(table["n_pixels"].to_pylist()) * 80.0**2 >= 100_000


def test_the_map_agrees_with_the_truth(scene: Path, product: MapProduct) -> None:
    truth = read_raster(scene / "truth.tif")
    classes = read_raster(product.class_map)
    both = truth.is_valid_BHW & classes.is_valid_BHW
    assert (truth.array_BHW == classes.array_BHW)[both].mean() > 0.9


def test_two_runs_give_the_same_polygons(scene: Path, product: MapProduct) -> None:
    again = seaice.run(scene, scene.parent / "again")
    assert again.polygons.read_bytes() == product.polygons.read_bytes()


def test_a_folder_without_a_scene_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableProduct, match=r"scene\.json"):
        seaice.run(tmp_path, tmp_path / "map")
    assert list(tmp_path.iterdir()) == []
