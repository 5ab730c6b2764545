"""Metadata of Sentinel products as a source: real products, as folders and archives."""

import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely

from geotriples.errors import SourceError
from geotriples.sources.base import Kind
from ml.products.files import open_files
from ml.products.safe import read_manifest
from tests.geotriples.logical_sources import column, opened, rows

ICE = "S1A_EW_GRDM_1SDH_20221130T014342_20221130T014446_046117_058549_BB15"
LAND = "S1A_IW_GRDH_1SDV_20210119T031653_20210119T031718_036201_043ED0_8255"
OPTICAL = "S2A_MSIL1C_20210403T101021_N0300_R022_T33TUM_20210403T110551"


@pytest.fixture
def products(data: Path) -> Path:
    return data / "sentinel1_safe"


@pytest.mark.parametrize("place", [ICE, f"{ICE}/manifest.safe", f"{LAND}.zip"])
def test_a_product_is_a_row(products: Path, place: str) -> None:
    """What another reader of ours, for measurements, finds in the manifest."""
    folder = products / place
    files = open_files(folder.parent if place.endswith(".safe") else folder)
    expected = read_manifest(files)
    names = ("identifier", "mode", "product_type", "polarisation", "start", "stop")
    more = ("orbit", "relative_orbit", "pass", "processor_version", "platform")
    with opened(products, place, "pyrml:SAFE") as source:
        assert source.column("start").kind is Kind.DATE_TIME_UTC
        assert source.column("geometry").crs == "OGC:CRS84"
        assert source.row_count == 1
        ((*found,),) = rows(source, *names)
        ((*further,),) = rows(source, *more)
    assert found == [
        *(expected.product_id, expected.mode, expected.product_type),
        *([*expected.polarizations], expected.start, expected.stop),
    ]
    orbit = (expected.absolute_orbit, expected.relative_orbit)
    assert further[:2] == [*orbit]
    assert further[2].lower() == expected.orbit_pass
    assert float(further[3]) == float(expected.processor)
    assert further[4].lower() == expected.platform


def test_a_footprint_is_in_longitude_and_latitude(products: Path) -> None:
    with opened(products, ICE, "pyrml:SAFE") as source:
        (wkb,) = column(source, "geometry")
    corners = [[91.651596, 76.879097], [75.348396, 78.260895]]
    assert shapely.get_coordinates(shapely.from_wkb(wkb))[:2].tolist() == corners


def test_a_footprint_over_the_antimeridian_is_cut(
    products: Path, tmp_path: Path
) -> None:
    text = (products / ICE / "manifest.safe").read_text()
    old = "76.879097,91.651596 78.260895,75.348396 81.972343,81.596954"
    assert old in text
    moved = "70,170 70,-170 75,-170 75,170"
    whole = f"{old} 80.113571,102.789734"
    (tmp_path / "manifest.safe").write_text(text.replace(whole, moved))
    with opened(tmp_path, "manifest.safe", "pyrml:SAFE") as source:
        (wkb,) = column(source, "geometry")
    found = shapely.from_wkb(wkb)
    assert found.geom_type == "MultiPolygon"
    assert found.area == pytest.approx(100)


def test_sentinel_2_says_what_its_manifest_and_its_metadata_say(
    products: Path, tmp_path: Path
) -> None:
    with opened(products, f"{OPTICAL}.SAFE", "pyrml:SAFE") as source:
        names = ("identifier", "platform", "start", "orbit", "cloud_cover", "pass")
        ((*found,),) = rows(source, *names)
    assert found[:4] == [
        *(OPTICAL, "Sentinel-2A"),
        *(datetime(2021, 4, 3, 10, 10, 21, 24_000, UTC), 30192),
    ]
    assert found[4:] == [None, "DESCENDING"]
    folder = tmp_path / "P.SAFE"
    shutil.copytree(products / f"{OPTICAL}.SAFE", folder)
    (folder / "MTD_MSIL1C.xml").write_text(
        '<n1:P xmlns:n1="urn:p"><Product_Info>'
        "<PRODUCT_STOP_TIME>2021-04-03T10:10:22Z</PRODUCT_STOP_TIME>"
        "<PRODUCT_TYPE>S2MSI1C</PRODUCT_TYPE></Product_Info>"
        "<Cloud_Coverage_Assessment>7.25</Cloud_Coverage_Assessment></n1:P>"
    )
    with opened(tmp_path, "P.SAFE", "pyrml:SAFE") as source:
        found = rows(source, "product_type", "cloud_cover", "stop")
    assert found == [("S2MSI1C", 7.25, datetime(2021, 4, 3, 10, 10, 22, 0, UTC))]


def test_annotations_and_files_are_rows(products: Path) -> None:
    with opened(products, ICE, "pyrml:SAFE", "annotations") as source:
        found = rows(source, "href", "polarisation", "swath", "samples", "identifier")
    hrefs = [f"annotation/ew-{one}.xml" for one in ("hh", "hv")]
    assert [one[0] for one in found] == hrefs
    assert [one[1:3] for one in found] == [("HH", "EW"), ("HV", "EW")]
    assert all(one[3] > 9000 for one in found)
    assert {one[4] for one in found} == {ICE}
    with opened(products, f"{OPTICAL}.SAFE", "pyrml:SAFE", "files") as source:
        files = rows(source, "href", "size", "media_type", "checksum_name")
    assert ("MTD_MSIL1C.xml", 44509, "text/xml", "MD5") in files


def test_what_is_no_product_is_told(products: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.safe").write_text("<a>")
    (tmp_path / "text.zip").write_text("no archive")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a/b.txt", "x")
    bomb = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    (tmp_path / "bomb").mkdir()
    (tmp_path / "bomb" / "manifest.safe").write_text(bomb)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.safe").write_text("<a/>")
    for place, reason in (
        ("none.zip", "does not exist"),
        ("empty", "has no manifest.safe"),
        ("broken", "manifest.safe is not XML"),
        ("bomb", "manifest.safe is not XML"),
        ("other", "names no platform"),
        ("text.zip", "is no folder and no zip"),
        ("other.zip", "holds 0 of manifest.safe"),
    ):
        with (
            pytest.raises(SourceError, match=reason),
            opened(tmp_path, place, "pyrml:SAFE"),
        ):
            pass
    with (
        pytest.raises(SourceError, match="the iterator is 'x'; there are product"),
        opened(products, ICE, "pyrml:SAFE", "x"),
    ):
        pass
