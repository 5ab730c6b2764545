"""Vector files: what geopandas reads of them, and broken ones."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyproj
import pytest
import shapely

from geotriples.errors import SourceError
from geotriples.mapping.model import Representation
from geotriples.sources.base import Column, Kind
from tests.geotriples.logical_sources import column, opened, rows
from tests.geotriples.vector_files import (
    ENDINGS,
    GEOGRAPHIC,
    POLAR,
    features,
    write,
)


def _frame(kind: str) -> geopandas.GeoDataFrame:
    return features("OGC:CRS84" if kind in GEOGRAPHIC else "EPSG:3413")


@pytest.mark.parametrize("kind", ENDINGS)
def test_features_are_what_geopandas_reads(tmp_path: Path, kind: str) -> None:
    frame = _frame(kind)
    path = write(tmp_path, kind, frame)
    name = "Name" if kind == "KML" else "name"
    with opened(tmp_path, path.name, f"pyrml:{kind}") as source:
        assert sorted(column(source, name)) == ["b", "Øst"]
        found = dict(rows(source, name, "geometry"))
        assert source.column("geometry").kind is Kind.GEOMETRY
        crs = pyproj.CRS.from_user_input(source.column("geometry").crs)
    expected = geopandas.read_file(path)
    assert crs.equals(pyproj.CRS(frame.crs), ignore_axis_order=True)
    for row in expected.itertuples():
        shape: Any = shapely.from_wkb(found[getattr(row, name)])
        assert shape.normalize().equals_exact(row.geometry.normalize(), 1e-9)
    # Nothing is left beside the file.
    assert {one.stem for one in tmp_path.iterdir()} == {"f"}
    assert not (tmp_path / "f.gfs").exists()


@pytest.mark.parametrize("kind", sorted(set(ENDINGS) - {"KML"}))
def test_attributes_keep_their_types(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind, _frame(kind))
    with opened(tmp_path, path.name, f"pyrml:{kind}") as source:
        assert source.column("count") == Column(Kind.INTEGER)
        assert source.column("share") == Column(Kind.DOUBLE)
        assert source.column("name") == Column(Kind.STRING)
        assert sorted(rows(source, "count", "share")) == [(7, 0.5), (8, 1.25)]
        assert sorted(column(source, "fid")) in ([0, 1], [1, 2])
        assert "no attribute 'area'" in str(source.explain("area"))


def test_geometries_are_of_any_type(tmp_path: Path) -> None:
    shapes = [
        shapely.Point(1, 2),
        shapely.LineString([(0, 0), (1, 1)]),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3)]),
        None,
    ]
    frame = geopandas.GeoDataFrame({"n": range(4)}, geometry=shapes, crs="OGC:CRS84")
    for kind in ("GeoPackage", "GeoJSON", "GML"):
        path = write(tmp_path, kind, frame)
        with opened(tmp_path, path.name, f"pyrml:{kind}") as source:
            found = dict(rows(source, "n", "geometry"))
        for n, shape in enumerate(shapes):
            read = shapely.from_wkb(found[n])
            assert read == shape or shapely.equals_exact(read, shape, 1e-9), kind


# -- CRS -----------------------------------------------------------------------------


def _shapefile(folder: Path, projection: str | None) -> Path:
    path = write(folder, "Shapefile", features())
    path.with_suffix(".prj").unlink()
    if projection is not None:
        path.with_suffix(".prj").write_text(projection)
    return path


def test_a_crs_without_code_is_kept_exactly(tmp_path: Path) -> None:
    _shapefile(tmp_path, POLAR)
    with opened(tmp_path, "f.shp", "pyrml:Shapefile") as source:
        crs = source.column("geometry").crs
    assert pyproj.CRS.from_user_input(crs).to_epsg() is None
    assert pyproj.CRS.from_user_input(crs) == pyproj.CRS.from_wkt(POLAR)


def test_a_missing_prj_is_an_error_with_a_cure(tmp_path: Path) -> None:
    _shapefile(tmp_path, None)
    with opened(tmp_path, "f.shp", "pyrml:Shapefile") as source:
        assert column(source, "count") == [7, 8]
        assert "f.prj is missing" in str(source.explain("geometry"))
        assert 'pyrml:crs "EPSG:..."' in str(source.explain("geometry"))
    told = Representation(crs="EPSG:3413")
    with opened(tmp_path, "f.shp", "pyrml:Shapefile", representation=told) as source:
        assert source.explain("geometry") is None
        assert source.column("geometry").crs == "EPSG:3413"


def test_what_a_file_says_of_its_crs_comes_first(tmp_path: Path) -> None:
    write(tmp_path, "GeoPackage", features())
    told = Representation(crs="EPSG:3995")
    with opened(tmp_path, "f.gpkg", "pyrml:GeoPackage", representation=told) as source:
        assert source.column("geometry").crs == "EPSG:3413"


def test_a_prj_that_is_no_crs_is_refused(tmp_path: Path) -> None:
    _shapefile(tmp_path, "somewhere cold")
    with (
        pytest.raises(SourceError, match=r"f\.prj is no CRS"),
        opened(tmp_path, "f.shp", "pyrml:Shapefile"),
    ):
        pass


def test_coordinates_of_gml_are_east_then_north(tmp_path: Path) -> None:
    """EPSG:4326 has latitude first, and GML is written so."""
    text = """<?xml version="1.0"?>
<r:c xmlns:r="http://r" xmlns:gml="http://www.opengis.net/gml/3.2">
<gml:featureMember><r:p gml:id="a"><r:n>1</r:n><r:g>
<gml:Point srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>78 15</gml:pos></gml:Point>
</r:g></r:p></gml:featureMember></r:c>"""
    (tmp_path / "p.gml").write_text(text)
    with opened(tmp_path, "p.gml", "pyrml:GML") as source:
        (wkb,) = column(source, "geometry")
    assert shapely.from_wkb(wkb) == shapely.Point(15, 78)


# -- layers, archives, encodings -----------------------------------------------------


def test_the_iterator_names_a_layer_of_several(tmp_path: Path) -> None:
    path = tmp_path / "f.gpkg"
    features().to_file(path, layer="ice", driver="GPKG")
    features()[:1].to_file(path, layer="coast", driver="GPKG")
    with opened(tmp_path, "f.gpkg", "pyrml:GeoPackage", "coast") as source:
        assert len(column(source, "name")) == 1
    for layer in (None, "sea"):
        with (
            pytest.raises(SourceError, match="of 2: ice, coast"),
            opened(tmp_path, "f.gpkg", "pyrml:GeoPackage", layer),
        ):
            pass


def test_a_shapefile_may_come_in_an_archive(tmp_path: Path) -> None:
    write(tmp_path, "Shapefile", features())
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        for one in tmp_path.glob("f.*"):
            if one.suffix != ".zip":
                archive.write(one, f"folder/{one.name}")
    with opened(tmp_path, "f.zip", "pyrml:Shapefile") as source:
        assert column(source, "name") == ["Øst", "b"]
        assert "3413" in str(pyproj.CRS(source.column("geometry").crs).to_epsg())


def _in_latin_1(folder: Path) -> Path:
    path = folder / "f.shp"
    features().to_file(path, encoding="ISO-8859-1")
    return path


def test_the_encoding_of_attributes_is_that_of_the_cpg(tmp_path: Path) -> None:
    path = _in_latin_1(tmp_path)
    assert path.with_suffix(".cpg").read_text() == "ISO-8859-1"
    with opened(tmp_path, "f.shp", "pyrml:Shapefile") as source:
        assert column(source, "name") == ["Øst", "b"]
    path.with_suffix(".cpg").write_text("UTF-8")
    with (
        opened(tmp_path, "f.shp", "pyrml:Shapefile") as source,
        pytest.raises(SourceError, match="row 1: 'name' is not in the encoding"),
    ):
        column(source, "name")
    told = Representation("ISO-8859-1")
    with opened(tmp_path, "f.shp", "pyrml:Shapefile", representation=told) as source:
        assert column(source, "name") == ["Øst", "b"]


# -- broken files --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_file_of_another_format_is_refused(tmp_path: Path, kind: str) -> None:
    vrt = '<OGRVRTDataSource><OGRVRTLayer name="x"/></OGRVRTDataSource>'
    for content in (b"", b"no geometry here", vrt.encode()):
        (tmp_path / f"f{ENDINGS[kind]}").write_bytes(content)
        with (
            pytest.raises(SourceError, match=r"f\.\w+: .*is not "),
            opened(tmp_path, f"f{ENDINGS[kind]}", f"pyrml:{kind}"),
        ):
            pass
    with (
        pytest.raises(SourceError, match="does not exist"),
        opened(tmp_path, "absent", f"pyrml:{kind}"),
    ):
        pass


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, kind: str) -> None:
    many = geopandas.GeoDataFrame(
        {"n": np.arange(3_000)},
        geometry=shapely.points(np.arange(3_000) / 50, np.arange(3_000) / 50),
        crs="OGC:CRS84",
    )
    path = write(tmp_path, kind, many)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with (
        pytest.raises(SourceError),
        opened(tmp_path, path.name, f"pyrml:{kind}") as source,
    ):
        rows(source, "geometry")


def test_a_shapefile_without_attributes_has_geometries(tmp_path: Path) -> None:
    path = write(tmp_path, "Shapefile", features())
    path.with_suffix(".dbf").unlink()
    with opened(tmp_path, "f.shp", "pyrml:Shapefile") as source:
        assert len(rows(source, "geometry")) == 2
        assert "no attribute 'name'" in str(source.explain("name"))


def test_a_shapefile_without_index_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "Shapefile", features())
    path.with_suffix(".shx").unlink()
    with (
        pytest.raises(SourceError, match="SHX"),
        opened(tmp_path, "f.shp", "pyrml:Shapefile"),
    ):
        pass


def test_no_features_are_no_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "GeoPackage", features()[:0])
    with opened(tmp_path, path.name, "pyrml:GeoPackage") as source:
        assert rows(source, "name", "geometry") == []


def test_curves_are_told_with_their_row(tmp_path: Path) -> None:
    text = """<?xml version="1.0"?>
<r:c xmlns:r="http://r" xmlns:gml="http://www.opengis.net/gml/3.2">
<gml:featureMember><r:p gml:id="a"><r:g><gml:Curve srsName="EPSG:25832"><gml:segments>
<gml:Arc><gml:posList>0 0 1 1 2 0</gml:posList></gml:Arc>
</gml:segments></gml:Curve></r:g></r:p></gml:featureMember></r:c>"""
    (tmp_path / "p.gml").write_text(text)
    with (
        opened(tmp_path, "p.gml", "pyrml:GML") as source,
        pytest.raises(SourceError, match="row 1: has curves"),
    ):
        rows(source, "geometry")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    shutil.copytree(tmp_path, tmp_path / "f.gpkg", ignore=lambda *_: {"f.gpkg"})
    with (
        pytest.raises(SourceError, match="cannot be read"),
        opened(tmp_path, "f.gpkg", "pyrml:GeoPackage"),
    ):
        pass
