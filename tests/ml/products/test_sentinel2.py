"""Sentinel-2 products: what went into the simulator comes out of the reader."""

import re
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window

from ml.errors import (
    InvalidSimulation,
    MissingBands,
    MissingPart,
    MlError,
    UnreadableProduct,
    UnreadableRaster,
    UnsuitableProduct,
)
from ml.products.errors import MissingGeolocation, UnknownScaling
from ml.products.s2_bands import BANDS, SCENE_CLASSES
from ml.products.sentinel2 import Radiometry, Sentinel2Msi, open_sentinel2
from ml.sim.safe_s2_metadata import S2Acquisition, sun_planes
from tests.ml.products.sentinel2_files import SIZE, WHEN, reflectances, write_product

# Level, baseline, offset of the digital numbers.
KINDS = [
    ("L2A", "02.12", 0),
    ("L2A", "05.09", -1000),
    ("L1C", "03.01", 0),
    ("L1C", "05.11", -1000),
]


def _read(product: Sentinel2Msi, band: str, pixel_m: float = 0) -> NDArray[np.float32]:
    layer = product.layer(band, pixel_m)
    with layer.opened() as pixels:
        return pixels.read(0, 0, layer.grid.height, layer.grid.width)


@pytest.mark.parametrize(("level", "baseline", "offset"), KINDS)
def test_the_reflectances_are_those_that_went_in(
    tmp_path: Path, level: str, baseline: str, offset: int
) -> None:
    safe = write_product(tmp_path, level=level, baseline=baseline)
    product = open_sentinel2(safe)
    assert (product.level, product.baseline) == (level, baseline)
    assert product.product_id == safe.stem
    assert safe.name.startswith(f"S2A_MSI{level}_20230625T101021_N{baseline[:2]}")
    assert product.radiometry.offsets.get(3, 0) == offset
    known = reflectances()
    # Of old products a number cannot stand for less than nothing.
    least = (1 - 0) / 10_000 if offset == 0 else -0.0999
    for band in ("B02", "B08"):
        expected = np.maximum(known[band], np.float32(least))
        np.testing.assert_allclose(_read(product, band), expected, atol=1e-6)
    coarse = known["B11"].reshape(60, 2, 60, 2).mean((1, 3), dtype="f8")
    np.testing.assert_allclose(
        _read(product, "B11"), coarse.clip(least), atol=0.5e-4 + 1e-6
    )
    absent = "B10" if level == "L2A" else "SCL"
    with pytest.raises(MissingBands, match=absent):
        product.layer(absent)


def test_a_window_is_that_of_the_raster(tmp_path: Path) -> None:
    product = open_sentinel2(write_product(tmp_path))
    layer = product.layer("B04")
    with rasterio.open(layer.path) as dataset:
        numbers = dataset.read(1, window=Window(31, 17, 40, 25)).astype("f8")
        assert dataset.driver == "JP2OpenJPEG"
    with layer.opened() as pixels:
        found = pixels.read(17, 31, 25, 40)
    np.testing.assert_allclose(found, (numbers - 1000) / 10_000, atol=1e-7)


def test_nothing_and_too_much_are_no_reflectances(tmp_path: Path) -> None:
    known = reflectances()
    known["B04"][0, :5] = [np.nan, np.inf, 6.4534, 0.0, -0.0999]
    product = open_sentinel2(write_product(tmp_path, known))
    found = _read(product, "B04")[0, :5]
    np.testing.assert_allclose(found, [np.nan, np.nan, 6.4534, 0, -0.0999], atol=1e-6)


def test_the_metadata_say_where_when_and_how(tmp_path: Path) -> None:
    classes = np.full((SIZE // 2, SIZE // 2), 4, np.uint8)
    classes[:15] = 9
    classes[15:18] = 0
    safe = write_product(tmp_path, classes_HW=classes)
    product = open_sentinel2(safe)
    assert product.sensing_start == WHEN
    assert product.tile.sensing_time == WHEN + timedelta(seconds=9)
    assert (product.platform, product.relative_orbit) == ("sentinel-2a", 22)
    assert product.orbit_pass.startswith("descending")
    assert product.tile.tile_id == "T33UUP"
    assert product.bands == tuple(b.name for b in BANDS if b.name != "B10")
    # 15 of the 57 rows that say something.
    assert product.cloud_cover == pytest.approx(100 * 15 / 57)
    assert product.tile.quality["VEGETATION_PERCENTAGE"] == pytest.approx(100 * 42 / 57)
    assert product.tile.quality["NODATA_PIXEL_PERCENTAGE"] == pytest.approx(5)
    for resolution, grid in product.tile.grids.items():
        with rasterio.open(product.layer("B02", resolution).path) as dataset:
            assert dataset.transform == grid.transform
            assert dataset.shape == (grid.height, grid.width)
            assert dataset.crs.to_epsg() == grid.crs.to_epsg() == 32633
    np.testing.assert_array_equal(_read(product, "SCL"), classes)


def test_a_band_is_read_at_the_resolution_that_fits(tmp_path: Path) -> None:
    product = open_sentinel2(write_product(tmp_path))
    wanted = [(0, 10), (10, 10), (15, 10), (20, 20), (60, 60), (100, 60)]
    assert [product.resolution("B02", p) for p, _ in wanted] == [r for _, r in wanted]
    assert product.resolution("B08", 60) == 10
    assert product.resolution("B05", 10) == 20
    assert product.resolution("SCL", 10) == 20


def test_angles_are_those_of_the_grids(tmp_path: Path) -> None:
    product = open_sentinel2(write_product(tmp_path))
    sun = product.tile.sun_angles()
    scene = S2Acquisition(WHEN, size=SIZE)
    zenith, azimuth = sun_planes(scene)
    np.testing.assert_allclose(sun.zenith_deg_YX, zenith, atol=1e-3)
    np.testing.assert_allclose(sun.azimuth_deg_YX, azimuth, atol=1e-3)
    assert (sun.column_step_m, sun.row_step_m) == (5000, 5000)
    assert product.tile.sun.zenith_deg == pytest.approx(zenith.mean())
    view = product.tile.view_angles(3)
    # One detector, both, the other.
    np.testing.assert_allclose(view.zenith_deg_YX, [[3.5, 3.0]] * 2, atol=1e-6)
    np.testing.assert_allclose(view.azimuth_deg_YX, [[106, 105]] * 2, atol=1e-6)


def test_an_archive_is_read_as_the_folder_in_it(tmp_path: Path) -> None:
    safe = write_product(tmp_path)
    archive = tmp_path / "product.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for file in safe.rglob("*"):
            written.write(file, file.relative_to(tmp_path).as_posix())
    inside, outside = open_sentinel2(archive), open_sentinel2(safe)
    assert inside.product_id == outside.product_id
    np.testing.assert_array_equal(_read(inside, "B8A"), _read(outside, "B8A"))
    metadata = open_sentinel2(safe / "MTD_MSIL2A.xml")
    assert metadata.product_id == outside.product_id


def _without(text: str, element: str) -> str:
    return re.sub(rf"<{element}\b.*?</{element}>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        (r"<BOA_ADD_OFFSET_VALUES_LIST>.*</BOA_ADD_OFFSET_VALUES_LIST>", "",
         UnknownScaling, r"baseline is 05.09, and it has no BOA_ADD_OFFSET; state it"),
        (r'<BOA_ADD_OFFSET band_id="7">-1000</BOA_ADD_OFFSET>', "",
         UnknownScaling, r"no BOA_ADD_OFFSET for B08"),
        (r"<BOA_QUANT.*</BOA_QUANTIFICATION_VALUE>", "",
         UnknownScaling, "lack BOA_QUANTIFICATION_VALUE"),
        (r">10000</BOA_Q", ">0</BOA_Q", UnreadableProduct, "is 0, not positive"),
        ("Level-2A</PROC", "Level-1B</PROC", UnsuitableProduct, "is Level-1B, not"),
        ("</n1:Level-2A_User_Product>", "", UnreadableProduct, "no XML"),
        (r"<SPACECRAFT_NAME>.*</SPACECRAFT_NAME>", "", UnreadableProduct, "SPACECRAFT"),
    ],
)  # fmt: skip
def test_what_product_metadata_lack_is_named(
    tmp_path: Path, old: str, new: str, error: type[MlError], match: str
) -> None:
    safe = write_product(tmp_path)
    path = safe / "MTD_MSIL2A.xml"
    text, count = re.subn(old, new, path.read_text(), flags=re.DOTALL)
    assert count
    path.write_text(text)
    with pytest.raises(error, match=match):
        open_sentinel2(safe)


def test_surface_reflectance_needs_no_offset_of_the_cirrus_band(
    tmp_path: Path,
) -> None:
    for level, element in (("L2A", "BOA"), ("L1C", "RADIO")):
        safe = write_product(tmp_path, level=level)
        path = safe / f"MTD_MSI{level}.xml"
        gone = f'<{element}_ADD_OFFSET band_id="10">-1000</{element}_ADD_OFFSET>'
        assert gone in path.read_text()
        path.write_text(path.read_text().replace(gone, ""))
    assert open_sentinel2(tmp_path / S2Acquisition(WHEN).name).level == "L2A"
    with pytest.raises(UnknownScaling, match="no RADIO_ADD_OFFSET for B10"):
        open_sentinel2(safe)


@pytest.mark.parametrize("baseline", ["4.0", "none", "99.99"])
def test_an_unknown_baseline_must_name_its_offsets(
    tmp_path: Path, baseline: str
) -> None:
    safe = write_product(tmp_path)
    path = safe / "MTD_MSIL2A.xml"
    text = path.read_text().replace(">05.09<", f">{baseline}<")
    path.write_text(text)
    assert open_sentinel2(safe).radiometry.offsets[3] == -1000
    path.write_text(_without(text, "BOA_ADD_OFFSET_VALUES_LIST"))
    with pytest.raises(UnknownScaling, match=r"--offset"):
        open_sentinel2(safe)
    stated = open_sentinel2(safe, Radiometry(10_000, {}, "option"))
    assert stated.layer("B02").scaling.source == "option"


def test_offsets_are_read_and_not_concluded_from_the_baseline(tmp_path: Path) -> None:
    # A provider that took the offset away says so by offsets of 0.
    safe = write_product(tmp_path, baseline="05.09", offset=0.0)
    product = open_sentinel2(safe)
    assert set(product.radiometry.offsets.values()) == {0}
    expected = np.maximum(reflectances()["B03"], 1e-4)
    np.testing.assert_allclose(_read(product, "B03"), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        (r"<Tile_Geocoding.*</Tile_Geocoding>", "", MissingGeolocation, "Geocoding"),
        (r'<Geoposition resolution="60">.*?</Geoposition>', "", MissingGeolocation,
         "Geoposition at 60 m"),
        ("EPSG:32633", "EPSG:999999", UnreadableProduct, "is no CRS"),
        (r"<NROWS>\d+", "<NROWS>0", UnreadableProduct, "not positive"),
        ("_T33UUP_", "_", UnreadableProduct, "names no tile"),
    ],
)  # fmt: skip
def test_what_tile_metadata_lack_is_named(
    tmp_path: Path, old: str, new: str, error: type[MlError], match: str
) -> None:
    safe = write_product(tmp_path)
    path = next(safe.glob("GRANULE/*/MTD_TL.xml"))
    text, count = re.subn(old, new, path.read_text(), flags=re.DOTALL)
    assert count
    path.write_text(text)
    with pytest.raises(error, match=match):
        open_sentinel2(safe)


def test_what_is_absent_is_named(tmp_path: Path) -> None:
    safe = write_product(tmp_path)
    tile = next(safe.glob("GRANULE/*/MTD_TL.xml"))
    band = next(safe.glob("GRANULE/*/IMG_DATA/R10m/*_B08_10m.jp2"))
    band.write_bytes(b"")
    with pytest.raises(MissingPart, match="B08 at 10 m"):
        open_sentinel2(safe).layer("B08")
    band.unlink()
    with pytest.raises(MissingBands, match="it has B01, B02"):
        open_sentinel2(safe).layer("B08")
    tile.unlink()
    with pytest.raises(MissingPart, match="tile metadata"):
        open_sentinel2(safe)
    (safe / "MTD_MSIL2A.xml").unlink()
    with pytest.raises(MissingPart, match="product metadata"):
        open_sentinel2(safe)


def test_a_band_that_was_cut_short_is_no_band(tmp_path: Path) -> None:
    safe = write_product(tmp_path, reflectances(size=240))
    path = next(safe.glob("GRANULE/*/IMG_DATA/R10m/*_B02_10m.jp2"))
    whole = path.read_bytes()
    # GDAL's threads would read them all, with nonsense in them.
    for share in (0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(UnreadableRaster, match="truncated"):
            _read(open_sentinel2(safe), "B02")
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(UnreadableRaster, match="no raster"):
        _read(open_sentinel2(safe), "B02")


def test_a_band_of_another_size_is_refused(tmp_path: Path) -> None:
    safe = write_product(tmp_path)
    small = next(safe.glob("GRANULE/*/IMG_DATA/R20m/*_B02_20m.jp2"))
    shutil.copyfile(small, next(safe.glob("GRANULE/*/IMG_DATA/R10m/*_B02_10m.jp2")))
    with pytest.raises(UnreadableRaster, match="it has 60 x 60 pixels"):
        _read(open_sentinel2(safe), "B02")


@pytest.mark.parametrize(
    ("field", "value", "match"),
    [
        ("upper_left", (300_000.0, 5_300_040.0), "its corner is at"),
        ("epsg", 32634, "zone 34N, its metadata say WGS 84 / UTM zone 33N"),
    ],
)
def test_a_band_of_another_tile_is_refused(
    tmp_path: Path, field: str, value: Any, match: str
) -> None:
    safe = write_product(tmp_path)
    other = write_product(tmp_path / "other", **{field: value})
    band = next(other.glob("GRANULE/*/IMG_DATA/R10m/*_B02_10m.jp2"))
    shutil.copyfile(band, safe / band.relative_to(other))
    with pytest.raises(UnreadableRaster, match=match):
        _read(open_sentinel2(safe), "B02")


def test_what_cannot_be_simulated_is_refused() -> None:
    with pytest.raises(InvalidSimulation, match="no multiple of 6"):
        S2Acquisition(WHEN, size=100)
    with pytest.raises(InvalidSimulation, match="neither"):
        S2Acquisition(WHEN, level="L1B")
    assert [c.value for c in SCENE_CLASSES] == list(range(12))
