"""NetCDF as a source: cells are those that xarray has, in its order."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
import xarray

from geotriples.errors import SourceError
from geotriples.sources.base import Kind
from tests.geotriples.logical_sources import column, opened, rows

TIMES = np.array(["2020-01-01"], "datetime64[ns]")
POLAR_CF = pyproj.CRS("EPSG:3413").to_cf()


def _cube(shape: tuple[int, int, int] = (2, 3, 4)) -> xarray.Dataset:
    times, height, width = shape
    ice = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    ice[0, 0, 1] = np.nan
    return xarray.Dataset(
        {
            "ice": (("time", "lat", "lon"), ice),
            "depth": (("lat", "lon"), np.ones((height, width), "int16")),
            "pressure": (("level",), np.arange(5.0)),
        },
        coords={
            "time": TIMES[:1] + np.arange(times) * np.timedelta64(36, "h"),
            "lat": ("lat", np.linspace(70, 80, height), {"standard_name": "latitude"}),
            "lon": ("lon", np.linspace(-10, 10, width), {"standard_name": "longitude"}),
        },
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_cells_are_those_of_the_variable(tmp_path: Path, engine: Any) -> None:
    cube = _cube()
    cube.to_netcdf(tmp_path / "c.nc", engine=engine)
    frame = (
        cube[["ice", "depth"]]
        .to_dataframe(dim_order=["time", "lat", "lon"])
        .reset_index()
    )
    with opened(tmp_path, "c.nc", "pyrml:NetCDF", "ice") as source:
        assert source.row_count == len(frame) == 24
        found = rows(source, "time", "lat", "lon", "ice", "depth", "geometry")
        assert source.column("time").kind is Kind.DATE_TIME
        assert source.column("geometry").crs == "OGC:CRS84"
        assert "have no 'pressure'" in str(source.explain("pressure"))
        assert source.read({}).read_all().num_rows == 24
    for (time, lat, lon, ice, depth, point), row in zip(
        found, frame.itertuples(), strict=True
    ):
        expected: Any = row
        assert (time, lat, lon) == (expected.time, expected.lat, expected.lon)
        assert ice == (None if np.isnan(expected.ice) else expected.ice)
        assert depth == expected.depth
        assert shapely.from_wkb(point) == shapely.Point(lon, lat)


def test_a_large_cube_comes_in_batches(tmp_path: Path) -> None:
    cube = _cube((9, 150, 160))
    cube.to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    with opened(tmp_path, "c.nc", "pyrml:NetCDF", "ice") as source:
        values = column(source, "ice")
    expected = cube["ice"].to_numpy().ravel()
    assert values == [None if np.isnan(one) else one for one in expected.tolist()]


def test_projected_cells_are_in_the_crs_of_their_grid_mapping(tmp_path: Path) -> None:
    cube = xarray.Dataset(
        {
            "ice": (("y", "x"), np.ones((2, 2)), {"grid_mapping": "polar"}),
            "polar": ((), 0, POLAR_CF),
        },
        coords={
            "y": ("y", [-1e6, -2e6], {"standard_name": "projection_y_coordinate"}),
            "x": ("x", [1e5, 2e5], {"standard_name": "projection_x_coordinate"}),
        },
    )
    cube.to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    with opened(tmp_path, "c.nc", "pyrml:NetCDF", "ice") as source:
        crs = pyproj.CRS(source.column("geometry").crs)
        points = [shapely.from_wkb(one) for one in column(source, "geometry")]
    assert crs.equals(pyproj.CRS("EPSG:3413"), ignore_axis_order=True)
    assert points[0] == shapely.Point(1e5, -1e6)


def test_what_is_no_cube_is_refused(tmp_path: Path) -> None:
    _cube().to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    for iterator in (None, "snow"):
        with (
            pytest.raises(SourceError, match="of 3: ice, depth, pressure"),
            opened(tmp_path, "c.nc", "pyrml:NetCDF", iterator),
        ):
            pass
    data = (tmp_path / "c.nc").read_bytes()
    for content in (b"", b"no cube", data[: len(data) // 2]):
        (tmp_path / "c.nc").write_bytes(content)
        with (
            pytest.raises(SourceError, match=r"is not NetCDF|cannot be read"),
            opened(tmp_path, "c.nc", "pyrml:NetCDF", "ice") as source,
        ):
            rows(source, "ice")


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("is_zip", [False, True])
def test_zarr_has_the_rows_of_netcdf(
    tmp_path: Path, zarr_format: Any, *, is_zip: bool
) -> None:
    cube = _cube()
    cube.to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    cube.to_zarr(tmp_path / "c.zarr", zarr_format=zarr_format, consolidated=False)
    name = "c.zarr"
    if is_zip:
        name = "z.zip"
        shutil.make_archive(str(tmp_path / "z"), "zip", tmp_path / "c.zarr")
    names = ("time", "lat", "lon", "ice", "depth", "geometry")
    with opened(tmp_path, "c.nc", "pyrml:NetCDF", "ice") as source:
        expected = rows(source, *names)
    with opened(tmp_path, name, "pyrml:Zarr", "ice") as source:
        assert source.row_count == len(expected)
        assert rows(source, *names) == expected


def test_what_is_no_zarr_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.zarr").mkdir()
    (tmp_path / "text.zip").write_text("no archive")
    for name, reason in (
        ("none.zarr", "does not exist"),
        ("empty.zarr", "is not Zarr that can be read"),
        ("text.zip", "is not Zarr that can be read"),
    ):
        with (
            pytest.raises(SourceError, match=reason),
            opened(tmp_path, name, "pyrml:Zarr", "ice"),
        ):
            pass
