"""A network maps a scene in tiles: as it would the whole, in files that say so."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch

from ml.errors import NoSuchModel, UnreadableProduct
from ml.map_files import read_map, vectorize
from ml.map_rasters import NO_CLASS, PROBABILITY_STEP
from ml.maps import Generalization
from ml.models.calibrated import Calibrated
from ml.models.unet import UNet
from ml.polygons import read_polygons
from ml.prediction.errors import InvalidTiling, UnsuitableModel
from ml.prediction.map_writer import PredictedMap
from ml.prediction.predict import predict
from ml.prediction.scene_map import (
    network_of,
    predict_scene,
    reader_of,
)
from ml.prediction.tiles import Tiling, blended_rows
from ml.registry.store import Registry, Signature
from ml.scene import Scene
from ml.sim.ice import write_scene
from tests.ml.series import CLASSES, tempcnn, two_crops

pytestmark = pytest.mark.torch
CODES = ("leads-water-new", "leads-young", "level", "deformed")
SHAPE = (150, 230)


@pytest.fixture(scope="module")
def model() -> Calibrated:
    """A U-Net that has learned nothing, and is sure of it."""
    torch.manual_seed(0)
    net = UNet(3, 4, width=4, depth=1)
    net.mean_C.copy_(torch.tensor([-12.0, -22.0, 32.0]))
    net.scale_C.copy_(torch.tensor([4.0, 4.0, 8.0]))
    return Calibrated(net, 0.05).eval()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return write_scene(tmp_path_factory.mktemp("sim") / "scene", seed=1, shape=SHAPE)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, model: Calibrated) -> Registry:
    kept = Registry(tmp_path_factory.mktemp("registry"))
    iris = tuple(f"https://w3id.org/pytheas/code/icetype/{code}" for code in CODES)
    for name, classes in (("ice", iris), ("nameless", CODES)):
        kept.register(name, model, Signature((), ()), classes, metrics={}, training={})
    kept.register(
        "crops",
        tempcnn(two_crops()),
        Signature((), ()),
        CLASSES,
        metrics={},
        training={},
    )
    return kept


@pytest.fixture(scope="module")
def made(
    registry: Registry, scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> PredictedMap:
    out = tmp_path_factory.mktemp("maps") / "map"
    return predict(registry, "ice@1", scene.source.path, out, tile_px=80)


def _whole(model: Calibrated, scene: Scene) -> np.ndarray:
    """Probabilities (K, H, W) of the scene at once."""
    values_HWC = reader_of(scene)(0, SHAPE[0])
    with torch.no_grad():
        logits = model(torch.from_numpy(values_HWC)[None])
    probabilities: np.ndarray = logits.softmax(1)[0].numpy()
    return probabilities


@pytest.mark.parametrize("size", [48, 80, 512])
def test_tiles_say_what_the_whole_says(
    model: Calibrated, scene: Scene, size: int
) -> None:
    tiling = Tiling(size, halo=10, ramp=4, batch=3)
    rows = list(blended_rows(reader_of(scene), SHAPE, network_of(model), tiling))
    starts = np.cumsum([0, *(part.shape[1] for _, part in rows)])
    assert [start for start, _ in rows] == starts[:-1].tolist()
    tiled_KHW = np.concatenate([part for _, part in rows], axis=1)
    np.testing.assert_allclose(tiled_KHW, _whole(model, scene), atol=1e-3)


def test_weights_of_tiles_are_one_everywhere() -> None:
    tiling = Tiling(32, halo=4, ramp=4)
    for length in (5, 12, 20, 32, 33, 52, 53, 200):
        total = np.zeros(length)
        for a, b in tiling.spans(length):
            total[a:b] += tiling.weights((a, b), length)
        assert total == pytest.approx(np.ones(length))
    with pytest.raises(InvalidTiling, match="use 24 or more"):
        Tiling(20, halo=4, ramp=4)


def test_a_tile_that_ends_in_its_halo_would_differ(
    model: Calibrated, scene: Scene
) -> None:
    tiling = Tiling(48, halo=0, ramp=2)
    rows = blended_rows(reader_of(scene), SHAPE, network_of(model), tiling)
    tiled_KHW = np.concatenate([part for _, part in rows], axis=1)
    assert np.abs(tiled_KHW - _whole(model, scene)).max() > 1e-2


def test_rasters_hold_what_the_network_says(
    model: Calibrated, scene: Scene, made: PredictedMap
) -> None:
    expected_KHW = _whole(model, scene)
    with rasterio.open(scene.assets["HH"]) as band:
        valid_HW = np.isfinite(band.read(1))
    assert 0 < valid_HW.sum() < valid_HW.size
    with rasterio.open(made.probabilities) as raster:
        assert raster.descriptions == CODES
        found_KHW = raster.read() * raster.scales[0]
        assert raster.read(1)[~valid_HW].tolist() == [NO_CLASS] * (~valid_HW).sum()
    step = PROBABILITY_STEP / 2 + 1e-3
    assert np.abs(found_KHW - expected_KHW)[:, valid_HW].max() <= step
    with rasterio.open(made.class_map) as raster:
        assert raster.crs.to_epsg() == 3413
        classes_HW = raster.read(1)
        assert raster.colormap(1)[NO_CLASS][3] == 0
    top_KHW = np.sort(expected_KHW, axis=0)
    is_clear = valid_HW & (top_KHW[-1] - top_KHW[-2] > 1e-3)
    right_HW = classes_HW == expected_KHW.argmax(axis=0) + 1
    assert right_HW[is_clear].all()
    with rasterio.open(made.entropy) as raster:
        bits_HW = raster.read(1) * raster.scales[0]
    log_KHW = np.log2(np.maximum(expected_KHW, 1e-30))
    entropy_HW = -(expected_KHW * log_KHW).sum(axis=0)
    assert bits_HW[valid_HW] == pytest.approx(entropy_HW[valid_HW], abs=5e-3)


def test_the_item_says_what_was_made_of_what(
    registry: Registry, scene: Scene, made: PredictedMap
) -> None:
    item = json.loads(made.item.read_text())
    assert item["id"] == scene.source.scene_id
    assert set(item["assets"]) == {"class_map", "probabilities", "entropy"}
    sha256 = registry.get("ice").sha256
    assert item["properties"]["pytheas:model"] == {
        "name": "ice",
        "version": sha256[:12],
    }
    classes = item["assets"]["class_map"]["classification:classes"]
    with rasterio.open(made.class_map) as raster:
        counts = np.bincount(raster.read(1).ravel(), minlength=256)[1:5]
    assert [each["count"] for each in classes] == counts.tolist()


def test_polygons_of_a_map_cover_it(
    scene: Scene, made: PredictedMap, tmp_path: Path
) -> None:
    folder = made.class_map.parent
    vectorize(folder, tmp_path / "polygons.parquet", Generalization())
    polygons = read_polygons(tmp_path / "polygons.parquet")
    read = read_map(folder)
    assert sum(polygons.table["n_pixels"].to_pylist()) == read.valid_HW.sum()
    assert set(polygons.table["scene_id"].to_pylist()) == {scene.source.scene_id}
    assert set(polygons.table["time_start"].to_pylist()) == {scene.source.time_start}
    assert set(polygons.table["model_name"].to_pylist()) == {"ice"}


def test_nothing_is_written_by_what_does_not_fit(
    registry: Registry, scene: Scene, tmp_path: Path
) -> None:
    out, path = tmp_path / "map", scene.source.path
    for name, error, message in (
        ("ships", NoSuchModel, "there are crops, ice, nameless"),
        ("crops", UnsuitableModel, "crops 1: it does not say for which channels"),
        ("nameless", UnsuitableModel, "no scheme has its class 'leads-water-new'"),
    ):
        with pytest.raises(error, match=message):
            predict(registry, name, path, out)
    crops = registry.get("crops")
    with pytest.raises(UnsuitableModel, match="crops 1: it is for TempCnn, not for"):
        predict_scene(crops, registry.load(crops), path, out)
    with pytest.raises(UnreadableProduct, match="no such file"):
        predict(registry, "ice", tmp_path / "absent", out)
    assert not out.exists()
