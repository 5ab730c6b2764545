"""Class maps as sources: polygons and cells, held to what numpy and shapely say."""

from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from affine import Affine

from geotriples.errors import SourceError
from geotriples.mapping.model import Representation
from geotriples.sources.base import Kind
from tests.geotriples.logical_sources import opened, rows

NORTH_UP = Affine(100, 0, 10_000, 0, -100, 50_000)
TURNED = NORTH_UP @ Affine.rotation(30)
CLASSES = np.array(
    [[1, 1, 2, 0], [1, 3, 2, 2], [1, 1, 1, 3], [0, 0, 3, 3]], dtype="uint8"
)


def _write(
    folder: Path, *bands: Any, transform: Any = NORTH_UP, crs: str | None = "EPSG:3413"
) -> Path:
    path = folder / "c.tif"
    height, width = bands[0].shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=height,
        width=width,
        count=len(bands),
        dtype=bands[0].dtype,
        nodata=0,
        crs=crs,
        transform=transform,
    ) as raster:
        for number, band in enumerate(bands, 1):
            raster.write(band, number)
    return path


@pytest.mark.parametrize("transform", [NORTH_UP, TURNED])
def test_polygons_cover_the_cells_of_their_class(
    tmp_path: Path, transform: Any
) -> None:
    _write(tmp_path, CLASSES, transform=transform)
    with opened(tmp_path, "c.tif", "pyrml:Raster") as source:
        assert pyproj.CRS(source.column("geometry").crs).to_epsg() == 3413
        found = [(v, shapely.from_wkb(g)) for v, g in rows(source, "value", "geometry")]
    assert sorted(value for value, _ in found) == [1, 2, 3, 3]
    for row, column in np.ndindex(CLASSES.shape):
        centre = shapely.Point(*(transform @ (column + 0.5, row + 0.5)))
        here = [value for value, shape in found if shape.covers(centre)]
        assert here == [one for one in [CLASSES[row, column]] if one != 0]


@pytest.mark.parametrize("transform", [NORTH_UP, TURNED])
def test_cells_are_those_with_data(tmp_path: Path, transform: Any) -> None:
    second = np.where(CLASSES == 2, 0, CLASSES + 10).astype("uint8")
    _write(tmp_path, CLASSES, second, transform=transform)
    with opened(tmp_path, "c.tif", "pyrml:Raster", "cells") as source:
        assert source.column("band_2").kind is Kind.INTEGER
        names = ("row", "column", "value", "band_2", "geometry", "centre")
        found = rows(source, *names)
        assert source.read({}).read_all().num_rows == len(found)
    kept = (CLASSES != 0) | (second != 0)
    assert len(found) == kept.sum()
    for row, column, value, other, square, centre in found:
        assert (value or 0) == CLASSES[row, column]
        assert (other or 0) == second[row, column]
        middle = shapely.Point(*(transform @ (column + 0.5, row + 0.5)))
        assert shapely.from_wkb(centre).equals_exact(middle, 1e-6)
        shape: Any = shapely.from_wkb(square)
        assert shape.area == pytest.approx(10_000)
        assert shape.centroid.equals_exact(middle, 1e-6)


def test_cells_of_a_tall_raster_come_in_batches(tmp_path: Path) -> None:
    values = np.arange(1, 300_001, dtype="int32").reshape(1_000, 300)
    _write(tmp_path, values)
    with opened(tmp_path, "c.tif", "pyrml:Raster", "cells") as source:
        found = rows(source, "row", "column", "value")
    assert [value for _, _, value in found] == list(range(1, 300_001))
    assert found[-1] == (999, 299, 300_000)


def test_measured_values_have_cells_and_no_polygons(tmp_path: Path) -> None:
    _write(tmp_path, CLASSES.astype("float64"))
    with opened(tmp_path, "c.tif", "pyrml:Raster", "cells") as source:
        assert source.column("value").kind is Kind.DOUBLE
    with (
        pytest.raises(SourceError, match="is float64, which is no class"),
        opened(tmp_path, "c.tif", "pyrml:Raster"),
    ):
        pass


def test_a_missing_crs_is_an_error_with_a_cure(tmp_path: Path) -> None:
    _write(tmp_path, CLASSES, crs=None)
    with opened(tmp_path, "c.tif", "pyrml:Raster") as source:
        assert "names no CRS" in str(source.explain("geometry"))
        assert source.explain("value") is None
    told = Representation(crs="EPSG:3995")
    with opened(tmp_path, "c.tif", "pyrml:Raster", representation=told) as source:
        assert source.column("geometry").crs == "EPSG:3995"


def test_what_is_no_raster_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, np.ones((500, 500), "uint8"))
    with (
        pytest.raises(SourceError, match="'squares' is neither polygons nor cells"),
        opened(tmp_path, "c.tif", "pyrml:Raster", "squares"),
    ):
        pass
    with opened(tmp_path, "c.tif", "pyrml:Raster") as source:
        assert "have no 'area'" in str(source.explain("area"))
    data = path.read_bytes()
    for content in (b"", b"no raster", data[: len(data) // 2]):
        path.write_bytes(content)
        with (
            pytest.raises(SourceError, match=r"not GeoTIFF|cannot be read"),
            opened(tmp_path, "c.tif", "pyrml:Raster") as source,
        ):
            rows(source, "value")
    path.unlink()
    with (
        pytest.raises(SourceError, match="does not exist"),
        opened(tmp_path, "c.tif", "pyrml:Raster"),
    ):
        pass
