"""Scenes on disk: whole, or refused with the band or file that is wrong."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import pytest
import rasterio
from pystac.extensions.sar import SarExtension

from ml.errors import IncompleteScene, MissingCrs, UnreadableProduct
from ml.folders import appearing
from ml.maps import Grid
from ml.rasters import Raster, read_raster, write_cog
from ml.scene import read_scene
from ml.sim.ice import write_scene


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_scene(tmp_path / "scene", seed=1, shape=(64, 64)).source.path


def _edit(folder: Path, **changes: Any) -> None:
    path = folder / "scene.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_rows_of_a_scene_are_those_of_its_bands(folder: Path) -> None:
    bands = read_scene(folder).read(10, 20)
    for p, name in enumerate(("HH.tif", "HV.tif")):
        whole = read_raster(folder / name).array_BHW[0]
        assert np.array_equal(bands.sigma0_db_PHW[p], whole[10:20], equal_nan=True)
    noise = read_raster(folder / "noise.tif").array_BHW
    assert bands.nesz_db_PHW is not None
    assert np.array_equal(bands.nesz_db_PHW, noise[:, 10:20], equal_nan=True)


def test_the_item_is_read_by_pystac(folder: Path) -> None:
    item = pystac.Item.from_file(str(folder / "scene.json"))
    assert set(item.assets) == {"HH", "HV", "incidence", "noise", "truth"}
    for asset in item.get_assets().values():
        assert asset.media_type == pystac.MediaType.COG
        assert Path(asset.get_absolute_href() or "").is_file()
    assert item.bbox is not None
    assert item.common_metadata.start_datetime is not None
    assert item.properties["proj:code"] == "EPSG:3413"
    sar = SarExtension.ext(item)
    assert (sar.instrument_mode, sar.product_type) == ("EW", "EW_GRDM")
    assert sar.looks_equivalent_number == 10.7


def test_a_scene_may_be_silent_about_noise(folder: Path) -> None:
    item = json.loads((folder / "scene.json").read_text())
    del item["assets"]["noise"]
    _edit(folder, assets=item["assets"])
    assert read_scene(folder).read(0, 5).nesz_db_PHW is None


@pytest.mark.parametrize("name", ["HH", "HV", "incidence", "noise"])
def test_an_absent_band_is_named(folder: Path, name: str) -> None:
    (folder / f"{name}.tif").unlink()
    with pytest.raises(IncompleteScene, match=f"{name}: absent") as caught:
        read_scene(folder)
    assert caught.value.bands == (name,)


def test_a_band_on_another_grid_is_named(folder: Path) -> None:
    grid = read_scene(folder).grid
    smaller = Grid(grid.transform, grid.crs, 32, 64)
    write_cog(folder / "HV.tif", Raster(np.zeros((1, 32, 64), np.float32), smaller))
    with pytest.raises(IncompleteScene, match="HV: on another grid than HH"):
        read_scene(folder)


def test_a_band_with_too_few_layers_is_named(folder: Path) -> None:
    grid = read_scene(folder).grid
    write_cog(folder / "noise.tif", Raster(np.zeros((1, 64, 64), np.float32), grid))
    with pytest.raises(IncompleteScene, match="noise: 1 layers instead of 2"):
        read_scene(folder)


def test_bands_without_a_crs_are_refused_or_told(folder: Path) -> None:
    crs = read_scene(folder).grid.crs
    for path in folder.glob("*.tif"):
        _forget_crs(path)
    with pytest.raises(MissingCrs, match="--crs"):
        read_scene(folder)
    told = read_scene(folder, crs)
    assert (told.grid.crs, told.source.crs_source) == (crs, "option")


def _forget_crs(path: Path) -> None:
    with rasterio.open(path) as dataset:
        profile, array = dataset.profile, dataset.read()
    kept = {k: profile[k] for k in ("count", "height", "width", "dtype", "transform")}
    with rasterio.open(path, "w", driver="GTiff", **kept) as dataset:
        dataset.write(array)


@pytest.mark.parametrize(
    "changes",
    [
        {"assets": None},
        {"assets": {"HH": {}}},
        {"properties": {}},
        {"properties": {"sar:looks_equivalent_number": "many"}},
        {"id": None},
    ],
)
def test_an_item_of_something_else_is_refused(
    folder: Path, changes: dict[str, Any]
) -> None:
    _edit(folder, **changes)
    with pytest.raises(UnreadableProduct, match=r"scene\.json: it is no item"):
        read_scene(folder)


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_damaged_item_is_refused(folder: Path, text: str) -> None:
    (folder / "scene.json").write_text(text)
    with pytest.raises(UnreadableProduct, match="it is no JSON"):
        read_scene(folder)


def test_a_folder_without_an_item_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableProduct, match=r"scene\.json: there is no such file"):
        read_scene(tmp_path)


def test_a_failure_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "scene"
    folder.mkdir()
    (folder / "a").write_text("old")

    def fail() -> None:
        with appearing(folder, {"a"}) as new:
            (new / "a").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["scene"]
    assert (folder / "a").read_text() == "old"
