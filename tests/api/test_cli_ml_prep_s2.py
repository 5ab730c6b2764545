"""`pytheas ml prep s2` and `info`: files appear, errors have their cure."""

import json
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from typer.testing import CliRunner

from api.cli.main import app
from tests.ml.products.sentinel2_files import WHEN, write_product
from tests.object_server import object_server


def _run(*arguments: object) -> dict[str, object]:
    texts = ["ml", "prep", *map(str, arguments)]
    result = CliRunner().invoke(app, [*texts, "--json"])
    assert result.exit_code == 0, result.output
    document: dict[str, object] = json.loads(result.stdout)
    return document


def _fail(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["ml", "prep", *map(str, arguments), "-q"])
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


def test_a_scene_has_its_mask_item_and_picture(tmp_path: Path) -> None:
    safe = write_product(tmp_path)
    out = tmp_path / "out.tif"
    chosen = ("--band", "red,nir", "--band", "B11", "--pixel", 20, "--keep", 7)
    done = _run("s2", safe, "-o", out, "-q", *chosen)
    names = ["out.tif", "out.mask.tif", "out.json", "out.png"]
    assert done["files"] == [str(tmp_path / name) for name in names]
    assert all((tmp_path / name).is_file() for name in names)
    with rasterio.open(out) as raster:
        assert raster.descriptions == ("B04", "B08", "B11")
        assert raster.shape == (60, 60)
    assert "4, 5, 6, 7 kept" in str(done["lineage"])


def test_a_cube_has_dates_and_composites(tmp_path: Path) -> None:
    safes = [
        write_product(tmp_path, start=WHEN + timedelta(days=day)) for day in (0, 25)
    ]
    out = tmp_path / "cube"
    chosen = ("--band", "B02", "--composite", "dekadal", "--no-fill", "--dilate", 40)
    done = _run("s2", *safes, "-o", out, "-q", *chosen)
    names = ["raw.zarr", "dekadal.zarr", "item.json", "quicklook.png"]
    assert done["files"] == [str(out / name) for name in names]
    with xr.open_zarr(out / "dekadal.zarr", consolidated=False) as cube:
        assert cube["count"].max() == 1
        assert len(cube.time) == 3


def test_what_a_product_is_is_told(tmp_path: Path) -> None:
    told = _run("info", write_product(tmp_path, level="L1C", baseline="02.06"))
    assert told["level"] == "L1C"
    assert told["offsets"] == "none"
    assert told["quantification"] == 10_000
    assert told["scene_classes"] is False


def test_products_come_from_services_that_are_allowed(tmp_path: Path) -> None:
    safe = write_product(tmp_path, {b: np.full((60, 60), 0.2, "f4") for b in ("B02",)})
    scene = tmp_path / "scene.tif"
    _run("s2", safe, "-o", scene, "-q", "--band", "B02", "--no-quicklook")
    item = "s3://maps/scenes/scene.json"
    with object_server() as server:
        for file in safe.rglob("*"):
            if file.is_file():
                server.put(f"eo/{file.relative_to(tmp_path).as_posix()}", file)
        for name in ("scene.json", "scene.tif", "scene.mask.tif"):
            server.put(f"scenes/{name}", tmp_path / name)
        allow = ("--allow-bucket", "maps")
        told = _run("info", f"s3://maps/eo/{safe.name}", *allow)
        assert told["product"] == safe.stem
        assert _run("info", item, *allow)["bands"] == ["B02"]
        for number, product in enumerate((f"s3://maps/eo/{safe.name}", item)):
            out = tmp_path / f"{number}.tif"
            quiet = ("-q", "--no-quicklook", "--no-mask", "--band", "B02")
            _run("s2", product, "-o", out, *quiet, *allow)
            with rasterio.open(out) as found, rasterio.open(scene) as expected:
                np.testing.assert_array_equal(found.read(), expected.read())
            document = json.loads(out.with_suffix(".json").read_text())
            # Where it was fetched to is nobody's affair.
            assert document["links"][0]["href"].startswith("s3://maps/")


def test_what_a_cube_is_is_told(tmp_path: Path) -> None:
    safe = write_product(tmp_path, {b: np.full((60, 60), 0.2, "f4") for b in ("B02",)})
    out = tmp_path / "cube"
    chosen = ("--band", "B02,B03", "--format", "both", "--no-quicklook")
    _run("s2", safe, "-o", out, "-q", *chosen)
    told = _run("info", out / "raw.zarr")
    assert (told["bands"], told["times"]) == (["B02", "B03"], 1)
    assert told["crs"] == "EPSG:32633"
    cog = _run("info", out / "raw/20230625T101021.tif")
    assert cog["bands"] == ["B02", "B03"]
    assert cog["scaling"] == ["0.0001 x + 0"] * 2
    assert _run("info", out)["kind"] == "STAC item"


def test_errors_have_their_cure(tmp_path: Path) -> None:
    safe = write_product(tmp_path)
    out = ("-o", tmp_path / "out.tif")
    assert "--allow-bucket" in _fail("s2", "s3://eo/a.SAFE", *out)
    assert "no band B10" in _fail("s2", safe, *out, "--band", "cirrus")
    top = write_product(tmp_path, level="L1C")
    assert "--no-mask" in _fail("s2", top, *out)
    assert "different levels" in _fail("s2", top, safe, *out)
    assert not (tmp_path / "out.tif").exists()


@pytest.mark.parametrize(
    "chosen",
    [
        ("--bounds", "nan", "0", "1", "1"),
        ("--pixel", "inf"),
        ("--dilate", "inf"),
        ("--quantification", "inf"),
        ("--offset", "nan"),
    ],
)
def test_numbers_are_finite(tmp_path: Path, chosen: tuple[str, ...]) -> None:
    texts = ["ml", "prep", "s2", "absent", "-o", str(tmp_path / "out.tif"), *chosen]
    result = CliRunner().invoke(app, texts)
    assert result.exit_code == 2
    assert chosen[0] in result.output
    assert "must be finite" in result.output


def test_without_a_painter_there_is_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    safe = write_product(tmp_path)
    texts = ["ml", "prep", "s2", str(safe), "-o", str(tmp_path / "out.tif")]
    result = CliRunner().invoke(app, [*texts, "--band", "B02"])
    assert result.exit_code == 0, result.output
    assert "no picture: matplotlib is not installed: pip install" in result.output
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(("offset", "least"), [(-1000, -0.1), (0, 0.0)])
def test_offsets_may_be_stated(tmp_path: Path, offset: int, least: float) -> None:
    safe = write_product(tmp_path)
    out = tmp_path / "out.tif"
    _run("s2", safe, "-o", out, "-q", "--no-quicklook", "--offset", offset)
    item = json.loads((tmp_path / "out.json").read_text())
    made = item["properties"]["pytheas:preparation"]
    scale = made["scale"][safe.stem]["all"]
    assert scale == {"scale": 1e-4, "offset": least, "source": "option"}
