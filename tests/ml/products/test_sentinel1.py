"""Sentinel-1 GRD products, by real metadata: tables, geometry, what is missing."""

import shutil
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from ml.errors import (
    MissingBands,
    MissingPart,
    UnreadableProduct,
    UnsuitableProduct,
)
from ml.products.errors import MissingGeolocation
from ml.products.s1_geometry import from_ecef, to_ecef
from ml.products.sentinel1 import Sentinel1Grd, open_sentinel1

EW = "S1A_EW_GRDM_1SDH_20221130T014342_20221130T014446_046117_058549_BB15"
# The new form of noise (IPF 3), and the old one (IPF 2.4).
IW = "S1B_IW_GRDH_1SDV_20210401T052623_20210401T052648_026269_032297_ECC8.SAFE"
OLD = "S1A_IW_GRDH_1SDV_20150222T170725_20150222T170750_004739_005DD8_CEAB.zip"
SHAPE = (10708, 10487)
SLC = "S1A_EW_SLC__1SDH_20210403T122536_20210403T122630_037286_046484_8152.SAFE"


@pytest.fixture(scope="module")
def safe(data: Path) -> Path:
    return data / "sentinel1_safe"


@pytest.fixture(scope="module")
def arctic(safe: Path) -> Sentinel1Grd:
    return open_sentinel1(safe / EW)


def test_the_manifest_says_what_it_is(arctic: Sentinel1Grd) -> None:
    manifest, image = arctic.manifest, arctic.image
    assert (manifest.platform, manifest.mode) == ("sentinel-1a", "EW")
    assert (manifest.product_type, manifest.polarizations) == ("GRD", ("HH", "HV"))
    assert manifest.start.isoformat().startswith("2022-11-30T01:43:42")
    assert (image.lines, image.samples) == SHAPE
    assert image.pixel_spacing_m == pytest.approx(40, abs=1)
    assert image.swaths == ("EW1", "EW2", "EW3", "EW4", "EW5")
    assert not image.is_noise_corrected


def _vectors(file: Path, element: str, name: str) -> list[tuple[int, str, str]]:
    """Line, pixels and values, as the file has them."""
    root = ET.parse(file).getroot()
    return [
        (int(v.findtext("line", "")), v.findtext("pixel", ""), v.findtext(name, ""))
        for v in root.iter(element)
    ]


def _numbers(text: str) -> NDArray[np.float64]:
    return np.array(text.split(), np.float64)


def _interpolated(
    vectors: list[tuple[int, str, str]], lines: NDArray[np.float64], samples: int
) -> NDArray[np.float64]:
    """Bilinear, in doubles, by a library."""
    columns = np.arange(samples)
    rows = [
        np.interp(columns, _numbers(pixels), _numbers(values))
        for _, pixels, values in vectors
    ]
    at = np.array([v[0] for v in vectors], float)
    table = RegularGridInterpolator((at, columns), np.array(rows))
    grid = np.meshgrid(lines.clip(at[0], at[-1]), columns, indexing="ij")
    return np.asarray(table(tuple(grid)))


@pytest.mark.parametrize("polarization", ["HH", "HV"])
def test_the_calibration_table_is_that_of_the_file(
    arctic: Sentinel1Grd, safe: Path, polarization: str
) -> None:
    file = (
        safe / EW / f"annotation/calibration/calibration-ew-{polarization.lower()}.xml"
    )
    vectors = _vectors(file, "calibrationVector", "sigmaNought")
    lines = np.array([0.0, 1.0, 517.0, 5001.0, 9999.0])
    expected = _interpolated(vectors, lines, arctic.image.samples)
    table = arctic.sigma_nought(polarization)
    for line, row in zip(lines.astype(int).tolist(), expected, strict=True):
        difference_db = 20 * np.log10(table.rows(line, line + 1)[0] / row)
        assert np.abs(difference_db).max() < 0.01


@pytest.mark.parametrize("polarization", ["HH", "HV"])
def test_noise_is_range_times_azimuth(
    arctic: Sentinel1Grd, safe: Path, polarization: str
) -> None:
    file = safe / EW / f"annotation/calibration/noise-ew-{polarization.lower()}.xml"
    lines = np.array([0.0, 700.0, 5001.0, 9000.0])
    expected = _interpolated(
        _vectors(file, "noiseRangeVector", "noiseRangeLut"), lines, arctic.image.samples
    )
    for block in ET.parse(file).getroot().iter("noiseAzimuthVector"):
        first, last, left, right = (
            int(block.findtext(name, ""))
            for name in (
                "firstAzimuthLine",
                "lastAzimuthLine",
                "firstRangeSample",
                "lastRangeSample",
            )
        )
        at, factors = (
            _numbers(block.findtext(name, "")) for name in ("line", "noiseAzimuthLut")
        )
        for row, line in enumerate(lines):
            if first <= line <= last:
                expected[row, left : right + 1] *= np.interp(line, at, factors)
    noise = arctic.noise(polarization)
    assert not noise.is_empty
    for line, row in zip(lines.astype(int).tolist(), expected, strict=True):
        found = noise.rows(line, line + 1)[0]
        difference_db = 10 * np.log10(found[row > 0] / row[row > 0])
        assert np.abs(difference_db).max() < 0.01


@pytest.mark.parametrize("name", [EW, IW])
def test_held_out_grid_points_are_found_within_a_tenth_of_a_pixel(
    safe: Path, name: str
) -> None:
    product = open_sentinel1(safe / name)
    points = product.grid_points()
    is_held_out = np.arange(len(points.lines_N)) % 3 == 1
    geometry = product.geometry(points[~is_held_out])
    held = points[is_held_out]
    places = to_ecef(held.longitudes_N, held.latitudes_N, held.heights_N)
    lines, pixels = geometry.find(places)
    assert np.abs(lines - held.lines_N).max() < 0.1
    assert np.abs(pixels - held.pixels_N).max() < 0.1
    back = geometry.locate(held.lines_N, held.pixels_N, held.heights_N)
    spacing = product.image.pixel_spacing_m
    assert np.linalg.norm(back - places, axis=-1).max() < 0.15 * spacing
    incidence = geometry.incidence_deg(places, held.times_N)
    assert incidence == pytest.approx(held.incidence_N, abs=0.01)


def test_places_come_back_from_ecef() -> None:
    degrees = np.array([[-180.0, 179.9, 12.0], [89.9, -89.9, 0.0], [0.0, 100.0, -50.0]])
    longitude, latitude, height = from_ecef(to_ecef(*degrees))
    assert np.cos(np.radians(longitude - degrees[0])) == pytest.approx(1)
    assert latitude == pytest.approx(degrees[1])
    assert height == pytest.approx(degrees[2], abs=1e-6)


def test_an_archive_is_read_as_the_folder_in_it(safe: Path, tmp_path: Path) -> None:
    archive = tmp_path / "product.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for file in (safe / EW).rglob("*"):
            if file.suffix in {".xml", ".safe"}:
                name = Path("inner.SAFE") / file.relative_to(safe / EW)
                written.write(file, name.as_posix())
    inside, outside = open_sentinel1(archive), open_sentinel1(safe / EW)
    assert inside.image == outside.image
    assert inside.manifest.product_id == "inner"
    row = slice(100, 101)
    np.testing.assert_array_equal(
        inside.sigma_nought("HH").rows(row.start, row.stop),
        outside.sigma_nought("HH").rows(row.start, row.stop),
    )


def test_tables_of_old_processors_are_read(safe: Path) -> None:
    product = open_sentinel1(safe / OLD)
    noise = product.noise("VV")
    assert noise.blocks == ()
    assert (noise.rows(10, 12) >= 0).all()
    assert (product.sigma_nought("VV").rows(0, 2) > 0).all()


def test_what_a_product_lacks_is_named(safe: Path, tmp_path: Path) -> None:
    product = open_sentinel1(safe / EW)
    with pytest.raises(MissingBands, match="VV; it has HH, HV"):
        product.noise("VV")
    # The measurements of this one are empty files.
    with (
        pytest.raises(MissingPart, match="measurement of HH"),
        product.measurement("HH"),
    ):
        pass
    with pytest.raises(UnsuitableProduct, match="SLC"):
        open_sentinel1(safe / SLC)
    with pytest.raises(UnreadableProduct, match="no such product"):
        open_sentinel1(tmp_path / "nowhere")
    with pytest.raises(MissingPart, match="manifest"):
        open_sentinel1(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "error"),
    [
        (
            "annotation/ew-hh.xml",
            "<geolocationGridPoint>",
            "<gone>",
            MissingGeolocation,
        ),
        ("annotation/ew-hh.xml", "</product>", "", UnreadableProduct),
        (
            "annotation/calibration/calibration-ew-hh.xml",
            "<sigmaNought",
            "<gone",
            UnreadableProduct,
        ),
    ],
)
def test_damaged_metadata_are_named(
    safe: Path, tmp_path: Path, file: str, old: str, new: str, error: type[Exception]
) -> None:
    copy = tmp_path / "copy.SAFE"
    shutil.copytree(safe / EW, copy, copy_function=shutil.copyfile)
    path = copy / file
    text = path.read_text().replace(old, new)
    path.write_text(text.replace(old.replace("<", "</"), new.replace("<", "</")))

    def read() -> None:
        product = open_sentinel1(copy)
        product.sigma_nought("HH")
        product.grid_points()

    with pytest.raises(error):
        read()
