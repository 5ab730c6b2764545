"""Parcels with HCAT codes and a cube, and splits of them that do not leak."""

import warnings
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr
from pyproj import CRS
from typer.testing import CliRunner

from api.cli.main import app
from engines.geodesy.distance import distance_m
from ml.errors import InvalidSamples, InvalidSplit, UnreadableSamples
from ml.products.series_cube import LEVEL, open_cube
from ml.samples.parcels import CubeOptions, parcel_series, parcel_table, read_parcels
from ml.samples.shards.reader import open_shards
from ml.samples.shards.sources import series_of
from ml.samples.splits import (
    OBJECT,
    check_footprints,
    check_split,
    grouped_folds,
    leave_one_out,
    spatial_blocks,
)

UTM = "EPSG:32631"
X, Y, PIXEL = 500_000.0, 5_600_000.0, 10.0
CODES = ("3301010600", "3301010700", "3301060300", "3301110000")


def _frame() -> geopandas.GeoDataFrame:
    """Four parcels side by side, 50 m wide; the last one lies beyond the cube."""
    lefts = [X, X + 50, X + 100, X + 5000]
    boxes = [shapely.box(x, Y - 40, x + 50, Y) for x in lefts]
    table = {"parcel": list("abcd"), "EC_hcat_c": list(CODES)}
    return geopandas.GeoDataFrame(table, geometry=boxes, crs=UTM).to_crs("EPSG:3035")


def _cube(path: Path, *, banded: bool) -> xr.Dataset:
    """15 x 4 pixels and three dates: NaN at one date in the first parcel."""
    rng = np.random.default_rng(0)
    values = rng.random((3, 2, 4, 15)).round(3)
    values[1, 0, :, :5] = np.nan
    values[0, 1, 0, 5] = 9999.0
    coords = {
        "time": pd.to_datetime(["2022-03-01", "2022-05-01", "2022-07-11"]),
        "y": Y - PIXEL * (np.arange(4) + 0.5),
        "x": X + PIXEL * (np.arange(15) + 0.5),
    }
    dims = ("time", "y", "x")
    if banded:
        data = {"reflectance": (("time", "band", "y", "x"), values)}
        bands = np.array(["B04", "B08"], np.dtypes.StringDType())
        dataset = xr.Dataset(data, {**coords, "band": bands})
    else:
        layers = {"B04": (dims, values[:, 0]), "B08": (dims, values[:, 1])}
        dataset = xr.Dataset(layers, coords)
    dataset["spatial_ref"] = ((), 0, CRS(UTM).to_cf())
    if path.suffix == ".nc":
        dataset.to_netcdf(path, engine="h5netcdf")
    else:
        dataset.to_zarr(path, zarr_format=3, consolidated=False)
    return dataset


@pytest.mark.parametrize("ending", [".shp", ".parquet", ".gpkg"])
def test_parcels_are_read_from_any_format(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"parcels{ending}"
    if ending == ".parquet":
        _frame().to_parquet(path)
    else:
        _frame().to_file(path)
    found = read_parcels(path, "parcel")
    assert found.ids_N.tolist() == list("abcd")
    assert found.codes_N.tolist() == list(CODES)
    assert read_parcels(path).ids_N[0] == "row-1"


@pytest.mark.parametrize("name", ["cube.nc", "cube.zarr"])
def test_a_parcel_has_the_mean_of_its_pixels(tmp_path: Path, name: str) -> None:
    banded = name == "cube.zarr"
    path = tmp_path / "parcels.parquet"
    _frame().to_parquet(path)
    dataset = _cube(tmp_path / name, banded=banded)
    parcels = read_parcels(path, "parcel")
    options = CubeOptions(nodata=9999.0)
    samples = parcel_series(parcels, tmp_path / name, options)
    assert samples.ids_N.tolist() == ["a", "b", "c"]
    assert samples.channels == ("B04", "B08")
    assert samples.days_NT[0].tolist() == [59, 120, 191]
    assert samples.groups["year"].tolist() == ["2022"] * 3
    assert samples.classes[0] == "https://w3id.org/pytheas/code/hcat/3301010600"
    for channel, band in enumerate(samples.channels):
        layer = dataset["reflectance"].sel(band=band) if banded else dataset[band]
        known = layer.where(layer != 9999.0).to_numpy()
        for row in range(3):
            with np.errstate(invalid="ignore"):
                pixels = known[:, :, 5 * row : 5 * row + 5].reshape(3, -1)
                seen = np.isfinite(pixels).sum(1)
                expected = np.nansum(pixels, 1) / seen
            assert samples.values_NTC[row, :, channel] == pytest.approx(
                expected, abs=1e-6, nan_ok=True
            )
    assert np.isnan(samples.values_NTC[0, 1, 0])


def test_channels_are_those_of_cubes_that_are_mapped(tmp_path: Path) -> None:
    path = tmp_path / "parcels.parquet"
    _frame().to_parquet(path)
    parcels = read_parcels(path, "parcel")
    read = _cube(tmp_path / "cube.zarr", banded=True).assign_attrs({LEVEL: "L2A"})
    read.to_zarr(tmp_path / "levelled.zarr", zarr_format=3, consolidated=False)
    packed = xr.Dataset(attrs=read.attrs)
    for name in ("S2-L2A-B04", "S1-SIGMA0-VV"):
        layer = read["reflectance"].isel(band=0, drop=True).rename(time="t")
        layer = (layer * 10_000).fillna(65_535).astype(np.uint16)
        packed[name] = layer.drop_attrs()
    packed.assign(spatial_ref=read["spatial_ref"]).to_netcdf(
        tmp_path / "packed.nc", engine="h5netcdf"
    )
    for cube in (tmp_path / "levelled.zarr", tmp_path / "packed.nc"):
        samples = parcel_series(parcels, cube)
        mapped = open_cube(cube, samples.channels)
        assert mapped.channels == samples.channels
        assert mapped.days_T.tolist() == samples.days_NT[0].tolist()
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
            expected = np.nanmean(mapped.read(0, 4)[:, :5], axis=(0, 1))
        np.testing.assert_allclose(samples.values_NTC[0], expected, rtol=1e-5)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_table_of_means_gives_the_series_of_its_cube(
    tmp_path: Path, ending: str
) -> None:
    _frame().to_parquet(tmp_path / "parcels.parquet")
    parcels = read_parcels(tmp_path / "parcels.parquet", "parcel")
    _cube(tmp_path / "cube.nc", banded=False)
    expected = parcel_series(parcels, tmp_path / "cube.nc")
    dates = ["2022-03-01", "2022-05-01", "2022-07-11"]
    table = pd.DataFrame(
        {
            "field": np.repeat(expected.ids_N, 3),
            "day": dates * 3,
            **{
                name: expected.values_NTC[:, :, place].ravel()
                for place, name in enumerate(expected.channels)
            },
        }
    )
    # Rows in any order, and one of a parcel that nobody knows.
    table = pd.concat([table, table.tail(1).assign(field="z")]).sample(frac=1)
    path = tmp_path / f"series{ending}"
    if ending == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    names = {"id_column": "field", "time_column": "day"}
    found = parcel_table(parcels, path, expected.channels, **names)
    assert found.ids_N.tolist() == expected.ids_N.tolist()
    assert found.classes == expected.classes
    np.testing.assert_array_equal(found.days_NT, expected.days_NT[:])
    np.testing.assert_allclose(found.values_NTC[:], expected.values_NTC[:], rtol=1e-6)
    pd.concat([table, table]).to_csv(tmp_path / "twice.csv")
    with pytest.raises(InvalidSamples, match="two rows of one date"):
        parcel_table(parcels, tmp_path / "twice.csv", ("B04",), **names)
    table.assign(field="z").to_csv(tmp_path / "other.csv")
    with pytest.raises(InvalidSamples, match="none of the parcels"):
        parcel_table(parcels, tmp_path / "other.csv", ("B04",), **names)
    with pytest.raises(UnreadableSamples, match="B99"):
        parcel_table(parcels, tmp_path / "other.csv", ("B99",), **names)


def test_parcels_become_shards(tmp_path: Path) -> None:
    _frame().to_file(tmp_path / "parcels.shp")
    _cube(tmp_path / "cube.nc", banded=False)
    done = CliRunner().invoke(
        app,
        [
            *("ml", "samples", "parcels", str(tmp_path / "parcels.shp")),
            *("--cube", str(tmp_path / "cube.nc"), "--id", "parcel"),
            *("--channel", "B08", "-o", str(tmp_path / "shards"), "--quiet"),
        ],
    )
    assert done.exit_code == 0, done.output
    samples = series_of(open_shards(tmp_path / "shards"))
    assert samples.channels == ("B08",)
    assert samples.groups[OBJECT].tolist() == ["a", "b", "c"]
    assert samples.lonlat_N2[:, 0] == pytest.approx(3.0, abs=0.01)


def test_what_is_wrong_in_parcels_and_cubes_is_named(tmp_path: Path) -> None:
    frame = _frame()
    path = tmp_path / "parcels.parquet"
    frame.to_parquet(path)
    parcels = read_parcels(path)
    _cube(tmp_path / "cube.nc", banded=False)
    with pytest.raises(UnreadableSamples, match=r"no channel \['B99'\].*B04, B08"):
        parcel_series(parcels, tmp_path / "cube.nc", CubeOptions(("B99",)))
    elsewhere = CubeOptions(crs=CRS("EPSG:32633"))
    with pytest.raises(InvalidSamples, match="no pixel lies in a parcel"):
        parcel_series(parcels, tmp_path / "cube.nc", elsewhere)
    with pytest.raises(UnreadableSamples, match="has no column 'crop'; it has parcel"):
        read_parcels(path, code_column="crop")
    with pytest.raises(UnreadableSamples, match="absent"):
        read_parcels(tmp_path / "absent.shp")
    frame["EC_hcat_c"] = ["3301010600", "99", "3301010600.0", ""]
    frame.to_parquet(path)
    with pytest.raises(InvalidSamples, match="2 codes are not in HCAT: row 2: '99'"):
        read_parcels(path)
    frame["EC_hcat_c"], frame["parcel"] = list(CODES), list("aabb")
    frame.to_parquet(path)
    with pytest.raises(InvalidSamples, match="2 parcels stand in it twice"):
        read_parcels(path, "parcel")


def test_footprints_that_overlap_are_a_leak() -> None:
    boxes = np.array(
        [
            shapely.box(0, 50, 1, 51),
            shapely.box(1, 50, 2, 51),
            shapely.box(5, 50, 6, 51),
        ]
    )
    check_footprints(np.array([0, 1, 1]), boxes)
    check_footprints(np.array([0, 0, 1]), boxes, 200_000)
    apart = float(distance_m(boxes[1], boxes[2])[0])
    with pytest.raises(InvalidSplit, match=r"1 pairs .* rows \[\[1, 2\]\]"):
        check_footprints(np.array([0, 0, 1]), boxes, apart + 1)
    check_footprints(np.array([0, 0, 1]), boxes, apart - 1)
    boxes[1] = shapely.box(0.9, 50, 2, 51)
    with pytest.raises(InvalidSplit, match="overlap"):
        check_footprints(np.array([0, 1, 1]), boxes)
    with pytest.raises(InvalidSplit, match="within 10 m"):
        check_footprints(
            np.array([0, 1]),
            np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]),
            10,
        )


def test_footprints_are_near_over_the_antimeridian_and_the_pole() -> None:
    for one, other in (
        (shapely.box(179.9, 10, 180, 11), shapely.box(-180, 10, -179.95, 11)),
        (shapely.Point(10, 89.9), shapely.Point(-170, 89.9)),
        (shapely.Point(179.9, 70), shapely.Point(-179.9, 70)),
    ):
        pair = np.array([one, other], dtype=object)
        apart = float(distance_m(one, other)[0])
        with pytest.raises(InvalidSplit):
            check_footprints(np.array([0, 1]), pair, apart + 1)
        if apart > 1:
            check_footprints(np.array([0, 1]), pair, apart - 1)


def test_a_parcel_of_two_years_stays_in_one_fold() -> None:
    objects = np.array([f"p{n % 10}" for n in range(20)])
    years = np.repeat(["2021", "2022"], 10)
    folds = grouped_folds(objects, 5)
    check_split(folds, objects)
    assert np.bincount(folds).tolist() == [4] * 5
    with pytest.raises(InvalidSplit, match="10 objects stand in several folds"):
        check_split(leave_one_out(years), objects)
    places = np.random.default_rng(0).uniform([0, 45], [9, 54], (20, 2))
    check_split(spatial_blocks(places, 3, 4), np.arange(20))
