"""Bad input: one message with place and cure, exit code 1, and nothing half-loaded."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import rasterio
import xarray as xr
from rasterio.shutil import copy as copy_raster

from strabon_store.errors import LoadError
from strabon_store.store import Store
from tests.end_to_end.conftest import Job, dump, files, pytheas

PRODUCT = "worldcereal_croptype_classification.nc"
Spoil = Callable[[Path, Path], Path]


def without_crs(source: Path, folder: Path) -> Path:
    # The product itself names none; the companions that do stay behind.
    shutil.copyfile(source, folder / PRODUCT)
    return folder / PRODUCT


def with_unknown_class(source: Path, folder: Path) -> Path:
    dataset = xr.load_dataset(source, engine="h5netcdf")
    name = next(n for n, v in dataset.data_vars.items() if "bands" in v.dims)
    dataset[name].loc[{"bands": "classification"}][10:12, 20] = 77
    dataset.to_netcdf(folder / PRODUCT, engine="h5netcdf")
    return folder / PRODUCT


def empty(source: Path, folder: Path) -> Path:
    del source
    (folder / PRODUCT).touch()
    return folder / PRODUCT


def truncated(source: Path, folder: Path) -> Path:
    content = source.read_bytes()
    (folder / PRODUCT).write_bytes(content[: len(content) // 2])
    return folder / PRODUCT


def absent(source: Path, folder: Path) -> Path:
    del source
    return folder / PRODUCT


BAD_PRODUCTS: list[tuple[Spoil, tuple[str, ...], tuple[str, ...]]] = [
    (without_crs, (), ("CRS", "--crs")),
    (with_unknown_class, ("--crs", "EPSG:32631"), ("77", "row 10, column 20")),
    (empty, (), ("empty",)),
    (truncated, (), ()),
    (absent, (), ()),
]


def assert_refused(result: object, path: Path, *words: str) -> None:
    code, out, err = (getattr(result, n) for n in ("exit_code", "stdout", "stderr"))
    assert code == 1, getattr(result, "exception", None)
    assert out == ""
    message = err[err.index("pytheas: ") :]
    assert "Traceback" not in err
    assert str(path) in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("spoil", "options", "words"),
    BAD_PRODUCTS,
    ids=[b[0].__name__ for b in BAD_PRODUCTS],
)
def test_a_bad_product_is_named_and_leaves_no_trace(
    spoil: Spoil,
    options: tuple[str, ...],
    words: tuple[str, ...],
    data: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "in").mkdir()
    product = spoil(data / "worldcereal" / PRODUCT, tmp_path / "in")
    location = tmp_path / "store"
    result = pytheas("run", "crop", product, "-l", location, *options)
    assert_refused(result, product, *words)
    assert not location.exists()


@pytest.mark.parametrize("spoil", [empty, truncated])
def test_a_store_in_use_holds_what_it_held(
    spoil: Spoil, crop: Job, tmp_path: Path
) -> None:
    job = crop.copied(tmp_path)
    product = spoil(crop.product, tmp_path)
    result = pytheas("run", "crop", product, "-l", job.location)
    assert_refused(result, product)
    assert files(job.folder.parent) == files(crop.folder.parent)
    assert dump(job.location) == dump(crop.location)


def test_a_scene_without_a_crs_is_refused(ice: Job, tmp_path: Path) -> None:
    scene = tmp_path / "scene"
    shutil.copytree(ice.product, scene)
    for path in scene.glob("*.tif"):
        with rasterio.open(path) as source:
            copy_raster(source, tmp_path / path.name, driver="GTiff")
        with rasterio.open(tmp_path / path.name, "r+") as stripped:
            stripped.crs = rasterio.CRS()
        shutil.move(tmp_path / path.name, path)
    result = pytheas("run", "seaice", scene, "-l", tmp_path / "store")
    assert_refused(result, scene, "CRS")
    assert not (tmp_path / "store").exists()


def test_a_failed_load_leaves_no_files(
    ice: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LoadError("the disk is full")

    monkeypatch.setattr(Store, "load", refuse)
    result = pytheas("run", "seaice", ice.product, "-l", tmp_path / "store")
    assert result.exit_code == 1
    assert "the disk is full" in result.stderr
    assert not (tmp_path / "store").exists()


def test_an_unknown_crs_option_is_refused(data: Path, tmp_path: Path) -> None:
    product = data / "worldcereal" / PRODUCT
    result = pytheas(
        "run", "crop", product, "-l", tmp_path / "store", "--crs", "EPSG:999999"
    )
    assert result.exit_code == 1
    assert "EPSG:999999" in result.stderr


def test_a_crs_for_a_scene_is_refused(ice: Job, tmp_path: Path) -> None:
    result = pytheas(
        "run", "seaice", ice.product, "-l", tmp_path / "store", "--crs", "EPSG:3413"
    )
    assert result.exit_code == 1
    assert "--crs" in result.stderr


@pytest.mark.parametrize("text", ["", "[]", '{"wheat": 1}', "{"])
def test_a_class_table_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    table = tmp_path / "classes.json"
    table.write_text(text)
    result = pytheas("run", "crop", "x.tif", "-l", tmp_path / "s", "--classes", table)
    assert_refused(result, table, "class table")


def test_codes_of_a_geotiff_mean_what_the_class_table_says(
    ice: Job, tmp_path: Path
) -> None:
    with rasterio.open(ice.folder / "class_map.tif") as source:
        profile = {**source.profile, "driver": "GTiff", "count": 1}
        codes = source.read(1)
    seen = sorted(set(codes.ravel().tolist()) - {int(profile["nodata"])})
    product, table = tmp_path / "codes.tif", tmp_path / "classes.json"
    with rasterio.open(product, "w", **profile) as target:
        target.write(codes, 1)
    names = ("wheat", "maize", "barley", "rye", "sunflower")
    known = dict(zip(map(str, seen), names, strict=False))
    table.write_text(json.dumps(known))
    options = ("-l", tmp_path / "store", "--classes", table)
    result = pytheas("run", "crop", product, *options)
    assert result.exit_code == 0, result.stderr
    known.popitem()
    table.write_text(json.dumps(known))
    other = ("-l", tmp_path / "other", "--classes", table)
    assert_refused(pytheas("run", "crop", product, *other), product, str(seen[-1]))
