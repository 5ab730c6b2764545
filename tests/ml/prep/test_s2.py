"""Sentinel-2 products become scenes: reflectances, masks and items are true."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pystac
import pytest
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from pystac.validation.stac_validator import JsonSchemaSTACValidator
from rio_cogeo.cogeo import cog_validate

from ml.errors import MissingBands, NoValidPixels, UnreadableRaster, UnsuitableProduct
from ml.prep.cloud_mask import MaskRule
from ml.prep.errors import (
    DifferentTiles,
    MissingSceneClasses,
    MixedLevels,
    NoOverlap,
    UnsuitableCrs,
)
from ml.prep.s2_reading import side_of
from ml.prep.s2_scene import PreparedDate, only_date, write_date
from ml.prep.s2_series import Options, Series, plan_series
from ml.products.observations import observation_of
from ml.products.sentinel2 import open_sentinel2
from tests.ml.products.sentinel2_files import SIZE, WHEN, reflectances, write_product

BANDS = ("B02", "B04", "B8A", "B11")
EVERYTHING = Options(BANDS, rule=None)


def plan(*safes: Path, options: Options = EVERYTHING) -> Series:
    return plan_series([observation_of(open_sentinel2(s)) for s in safes], options)


def prepare(
    out: Path, *safes: Path, options: Options = EVERYTHING
) -> tuple[PreparedDate, NDArray[np.float64], NDArray[np.uint8]]:
    series = plan(*safes, options=options)
    done = write_date(series, only_date(series), out)
    with rasterio.open(done.files[0]) as raster, rasterio.open(done.files[1]) as mask:
        values = raster.read(masked=True).astype("f8").filled(np.nan)
        assert raster.nodata == -32768
        assert raster.crs == mask.crs
        return done, values * raster.scales[0], mask.read(1)


def _classes() -> NDArray[np.uint8]:
    rng = np.random.default_rng(9)
    shares = [0.5, 0.2, 0.1, 0.1, 0.05, 0.05]
    return rng.choice([4, 5, 6, 9, 3, 0], (SIZE // 2,) * 2, p=shares).astype("u1")


@pytest.mark.parametrize(
    ("level", "baseline"), [("L2A", "02.12"), ("L2A", "05.11"), ("L1C", "05.09")]
)
def test_reflectances_are_those_that_went_in(
    tmp_path: Path, level: str, baseline: str
) -> None:
    known = {b: np.abs(v) + np.float32(0.001) for b, v in reflectances().items()}
    known["B04"][:7, :5] = np.nan
    safe = write_product(tmp_path, known, level=level, baseline=baseline)
    done, values, mask = prepare(tmp_path / "out.tif", safe)
    assert done.bands == BANDS
    # int16 steps of what was rounded to 1e-4 already.
    np.testing.assert_allclose(
        values[:2], np.stack([known["B02"], known["B04"]]), atol=1e-6
    )
    coarse = known["B11"].reshape(60, 2, 60, 2).mean((1, 3), dtype="f8")
    inner = np.abs(values[3].reshape(60, 2, 60, 2).mean((1, 3)) - coarse)[1:-1, 1:-1]
    assert inner.max() < 0.35
    assert (mask == 0).all()
    assert cog_validate(done.files[0])[0]
    with rasterio.open(done.files[0]) as raster:
        assert raster.descriptions == BANDS
        assert raster.transform[:6] == (10, 0, 300_000, 0, -10, 5_400_000)


def test_what_is_masked_is_gone(tmp_path: Path) -> None:
    classes, known = _classes(), reflectances()
    safe = write_product(tmp_path, known, classes)
    options = Options(BANDS, rule=MaskRule(frozenset({4, 5}), 25.0))
    _, values, mask = prepare(tmp_path / "out.tif", safe, options=options)
    is_cloud = np.isin(classes, [3, 9])
    # 25 m reach the four pixels of 20 m beside a cloud, and none further.
    grown = is_cloud.copy()
    grown[1:] |= is_cloud[:-1]
    grown[:-1] |= is_cloud[1:]
    grown[:, 1:] |= is_cloud[:, :-1]
    grown[:, :-1] |= is_cloud[:, 1:]
    expected = np.where(np.isin(classes, [4, 5]) & ~grown, 0, 1)
    expected[classes == 0] = 255
    np.testing.assert_array_equal(mask, np.kron(expected, np.ones((2, 2), "u1")))
    kept = np.where(mask == 0, known["B02"], np.nan)
    np.testing.assert_allclose(values[0], kept, atol=1e-6)
    assert (np.isnan(values) == (mask != 0)).all()


def test_bands_pixel_and_part_are_chosen(tmp_path: Path) -> None:
    known = reflectances()
    safe = write_product(tmp_path, known)
    bounds = (300_130.0, 5_399_000.0, 300_451.0, 5_399_770.0)
    options = Options(("B11", "B02"), 20.0, bounds, None)
    done, values, _ = prepare(tmp_path / "out.tif", safe, options=options)
    # Outward to multiples of 20 m from the corner.
    assert list(done.grid.bounds) == [300_120, 5_399_000, 300_460, 5_399_780]
    part = np.s_[11:50, 6:23]
    for found, band in zip(values, ("B11", "B02"), strict=True):
        expected = known[band].reshape(60, 2, 60, 2).mean((1, 3), dtype="f8")[part]
        np.testing.assert_allclose(found, expected, atol=0.5e-4 + 1e-6)


def test_of_large_pixels_little_is_read_at_once(tmp_path: Path) -> None:
    known = reflectances()
    safe = write_product(tmp_path, known)
    options = Options(("B08", "B02"), 120.0, rule=None)
    sides = [side_of(plan(safe, options=o)) for o in (EVERYTHING, options)]
    # Of the near infrared there are pixels of 10 m alone: 12 of them for one.
    assert sides == [1024, 128]
    _, values, _ = prepare(tmp_path / "out.tif", safe, options=options)
    for found, band in zip(values, ("B08", "B02"), strict=True):
        expected = known[band].reshape(10, 12, 10, 12).mean((1, 3), dtype="f8")
        # The other one comes from the product's own pixels of 60 m.
        np.testing.assert_allclose(found, expected, atol=1.1e-4)


def test_bands_of_20_m_are_interpolated(tmp_path: Path) -> None:
    known = reflectances()
    ramp = np.linspace(0.1, 0.5, SIZE // 2)
    known["B11"] = np.kron(np.add.outer(ramp, ramp) / 2, np.ones((2, 2))).astype("f4")
    safe = write_product(tmp_path, known)
    done, values, _ = prepare(tmp_path / "out.tif", safe)
    place = ((np.arange(SIZE) + 0.5) / 2 - 0.5).clip(0, SIZE // 2 - 1)
    along = np.interp(place, np.arange(SIZE // 2), ramp)
    np.testing.assert_allclose(
        values[3], np.add.outer(along, along) / 2, atol=1.1e-4, rtol=0
    )
    how = done.document["properties"]["pytheas:preparation"]["resampling"]
    assert how == {
        "B02": "as it is",
        "B04": "as it is",
        "B8A": "bilinear",
        "B11": "bilinear",
    }


def test_the_item_says_what_was_done(tmp_path: Path) -> None:
    safe = write_product(tmp_path, classes_HW=_classes())
    done, _, mask = prepare(tmp_path / "out.tif", safe, options=Options(BANDS))
    item = json.loads((tmp_path / "out.json").read_text())
    assert item == done.document
    assert item["id"] == safe.stem
    properties = item["properties"]
    assert properties["datetime"].startswith("2023-06-25T10:10:21.024")
    assert properties["proj:code"] == "EPSG:32633"
    assert properties["s2:processing_baseline"] == "05.09"
    assert properties["view:sun_elevation"] == pytest.approx(50, abs=1)
    made = properties["pytheas:preparation"]
    assert made["level"] == "L2A"
    scale = made["scale"][safe.stem]["all"]
    assert scale == {"scale": 1e-4, "offset": -0.1, "source": "BOA_ADD_OFFSET"}
    assert made["kept_scene_classes"] == [4, 5, 6]
    bands = item["assets"]["reflectance"]["bands"]
    assert [b["name"] for b in bands] == list(BANDS)
    assert bands[1]["eo:common_name"] == "red"
    assert bands[0]["raster:scale"] == 1e-4
    assert item["links"][0]["title"] == safe.stem
    footprint = shapely.geometry.shape(item["geometry"])
    assert footprint.is_valid
    assert (mask == 255).any()


def test_the_item_is_valid(tmp_path: Path) -> None:
    done, _, _ = prepare(tmp_path / "out.tif", write_product(tmp_path))
    parsed = pystac.Item.from_dict(done.document)
    assert set(parsed.assets) == {"reflectance", "mask"}
    assert parsed.get_datetime() == WHEN
    # By the schema that pystac brings.
    schemas = JsonSchemaSTACValidator()
    schemas.validate_core(done.document, pystac.STACObjectType.ITEM, "1.1.0")


def test_a_tile_at_the_antimeridian_has_its_footprint_on_both_sides(
    tmp_path: Path,
) -> None:
    # Zone 1 begins at the antimeridian.
    to_zone = Transformer.from_crs("OGC:CRS84", "EPSG:32601", always_xy=True)
    east_of, north = to_zone.transform(180.0, 66.7)
    corner = round(east_of - 600, -1), round(north + 600, -1)
    safe = write_product(tmp_path, tile_id="T01WCP", epsg=32601, upper_left=corner)
    done, _, _ = prepare(tmp_path / "out.tif", safe)
    west, _, east, _ = done.document["bbox"]
    assert 179.9 < west < 180
    assert -180 < east < -179.9
    assert done.document["geometry"]["type"] == "MultiPolygon"


def test_of_a_tile_that_was_processed_twice_the_newest_baseline_counts(
    tmp_path: Path,
) -> None:
    old, new = ({b: np.full((SIZE, SIZE), v, "f4") for b in BANDS} for v in (0.2, 0.4))
    first = write_product(tmp_path / "a", old, baseline="02.12")
    second = write_product(tmp_path / "b", new, baseline="05.00")
    done, values, _ = prepare(tmp_path / "out.tif", first, second)
    np.testing.assert_allclose(values, 0.4, atol=1e-6)
    made = done.document["properties"]["pytheas:preparation"]
    assert made["superseded"] == [first.stem]


def test_parts_of_a_tile_complete_each_other(tmp_path: Path) -> None:
    parts = []
    for half, value in enumerate((0.2, 0.4)):
        bands = {b: np.full((SIZE, SIZE), value, "f4") for b in BANDS}
        for band in bands.values():
            band[:, 60 * half : 60 * half + 60] = np.nan
        classes = np.full((SIZE // 2,) * 2, 4, np.uint8)
        classes[:, 30 * half : 30 * half + 30] = 0
        folder = tmp_path / str(half)
        parts.append(write_product(folder, bands, classes))
    _, values, mask = prepare(tmp_path / "out.tif", *parts, options=Options(BANDS))
    assert (mask == 0).all()
    np.testing.assert_allclose(values[0, :, 60:], 0.2, atol=1e-6)
    np.testing.assert_allclose(values[0, :, :60], 0.4, atol=1e-6)


def test_tiles_of_another_zone_are_warped_where_that_is_wanted(tmp_path: Path) -> None:
    # The same ground in two zones; of the first one half of it says nothing.
    bands = {b: np.full((SIZE, SIZE), 0.3, "f4") for b in BANDS}
    corner = 299_700.0, 5_400_000.0
    to_other = Transformer.from_crs("EPSG:32633", "EPSG:32632", always_xy=True)
    x, y = (round(v, -1) for v in to_other.transform(*corner))
    there = write_product(
        tmp_path, bands, tile_id="T32UQU", epsg=32632, upper_left=(x - 10, y + 10)
    )
    for band in bands.values():
        band[:, 60:] = np.nan
    here = write_product(tmp_path, bands, upper_left=corner)
    onto = Options(BANDS, rule=None, onto="T33UUP")
    done, values, mask = prepare(tmp_path / "out.tif", there, here, options=onto)
    assert done.grid.crs.to_epsg() == 32633
    assert len(done.document["links"]) == 2
    # What the other zone sees of it: its edges are tilted against these.
    assert (mask == 0)[30:90, :90].all()
    np.testing.assert_allclose(values[:, mask == 0], 0.3, atol=1e-4)
    with pytest.raises(DifferentTiles, match=r"T33UUP, T32UQU.*--onto T33UUP"):
        plan(here, there)
    with pytest.raises(NoOverlap, match="T31UFP"):
        plan(here, there, options=Options(BANDS, rule=None, onto="T31UFP"))
    far = write_product(tmp_path, tile_id="T33UVP", upper_left=(399_960.0, 5_400_000.0))
    with pytest.raises(NoOverlap, match="grid of T33UUP"):
        plan(here, far, options=Options(BANDS, rule=None, onto="33UUP"))


def test_levels_are_not_mixed(tmp_path: Path) -> None:
    one = write_product(tmp_path, level="L1C")
    other = write_product(tmp_path, start=WHEN + timedelta(days=5))
    with pytest.raises(MixedLevels, match=r"is L1C; .* is L2A"):
        plan(one, other)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    safe = write_product(tmp_path)
    with pytest.raises(MissingBands, match="B10; it has B01"):
        plan(safe, options=Options(("B10",)))
    with pytest.raises(NoOverlap, match=r"\(0, 0, 9, 9\)"):
        plan(safe, options=Options(BANDS, bounds=(0, 0, 9, 9)))
    top = write_product(tmp_path, level="L1C")
    with pytest.raises(MissingSceneClasses, match="--no-mask"):
        plan(top, options=Options(BANDS))
    later = write_product(tmp_path, start=WHEN + timedelta(days=5))
    with pytest.raises(UnsuitableProduct, match="2023-06-25, 2023-06-30"):
        only_date(plan(safe, later))
    assert UnsuitableCrs("EPSG:4326", "x").text == "EPSG:4326"


def test_nothing_is_left_of_what_fails(tmp_path: Path) -> None:
    empty: dict[str, Any] = {b: np.full((SIZE, SIZE), np.nan, "f4") for b in BANDS}
    safe = write_product(tmp_path / "in", empty)
    out = tmp_path / "out"
    with pytest.raises(NoValidPixels):
        prepare(out / "out.tif", safe)
    assert not list(out.iterdir())
    shutil.rmtree(safe)
    safe = write_product(tmp_path / "in", reflectances(size=240))
    path = next(safe.glob("GRANULE/*/IMG_DATA/R20m/*_B11_20m.jp2"))
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(UnreadableRaster, match=r"B11_20m.jp2.*truncated"):
        prepare(out / "out.tif", safe)
    assert not list(out.iterdir())
