"""COGs, cubes and STAC items are read as the products that they were made of."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from ml.errors import (
    MissingBands,
    MissingCrs,
    UnreadableProduct,
    UnreadableRaster,
    UnsuitableProduct,
)
from ml.prep.s2_cube import CubeOptions, write_cube
from ml.prep.s2_scene import only_date, write_date
from ml.prep.s2_series import Options, plan_series
from ml.products.access import Access
from ml.products.errors import ForbiddenPlace, UnknownScaling
from ml.products.observations import Observation, observation_of
from ml.products.opening import ProductKind, kind_of, open_observations
from ml.products.s2_bands import BANDS as BANDS_OF_S2
from ml.products.sentinel2 import Radiometry, open_sentinel2
from tests.ml.products.sentinel2_files import WHEN, reflectances, write_product

BANDS = ("B02", "B04")
SHAPE = (9, 13)
CORNER = Affine(10, 0, 300_000, 0, -10, 5_400_000)
DN = Radiometry(10_000, {}, "option")


@pytest.fixture
def access(tmp_path: Path) -> Access:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Access(scratch)


def _open(location: Path, access: Access, *more: Any) -> list[Observation]:
    return list(open_observations(str(location), access, *more))


def _read(observation: Observation, band: str) -> NDArray[np.float32]:
    layer = observation.layer(band)
    with layer.opened() as pixels:
        whole = pixels.read(0, 0, layer.grid.height, layer.grid.width)
        np.testing.assert_array_equal(pixels.read(2, 1, 3, 4), whole[2:5, 1:5])
    return whole


def _numbers(dtype: str = "uint16") -> NDArray[Any]:
    return np.random.default_rng(8).integers(1, 9000, (2, *SHAPE)).astype(dtype)


def _raster(path: Path, numbers_BHW: NDArray[Any], **more: Any) -> Path:
    descriptions = more.pop("descriptions", BANDS)
    tags = more.pop("tags", {"TIFFTAG_DATETIME": "2023:06:25 10:10:21"})
    scales, offsets = more.pop("scales", None), more.pop("offsets", None)
    profile = {
        "driver": "GTiff",
        "count": len(numbers_BHW),
        "height": SHAPE[0],
        "width": SHAPE[1],
        "dtype": numbers_BHW.dtype,
        "crs": "EPSG:32633",
        "transform": CORNER,
        **more,
    }
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(numbers_BHW)
        dataset.update_tags(**tags)
        if scales:
            dataset.scales, dataset.offsets = scales, offsets
        for number, text in enumerate(descriptions, start=1):
            dataset.set_band_description(number, text)
    return path


def test_a_raster_is_read_by_its_own_scale(tmp_path: Path, access: Access) -> None:
    numbers = _numbers()
    numbers[0, 0, :2] = [0, 65535]
    path = _raster(
        tmp_path / "a.tif",
        numbers,
        nodata=0,
        scales=(1e-4, 2e-4),
        offsets=(-0.1, 0.0),
    )
    (observation,) = _open(path, access)
    assert observation.time == datetime(2023, 6, 25, 10, 10, 21, tzinfo=UTC)
    assert observation.bands == BANDS
    expected = numbers[0] * 1e-4 - 0.1
    expected[0, :2] = np.nan
    np.testing.assert_allclose(_read(observation, "B02"), expected, atol=1e-6)
    np.testing.assert_allclose(_read(observation, "B04"), numbers[1] * 2e-4, atol=1e-6)


def test_integers_without_a_scale_are_refused(tmp_path: Path, access: Access) -> None:
    path = _raster(tmp_path / "a.tif", _numbers())
    with pytest.raises(UnknownScaling, match=r"B02 holds integers .* --offset"):
        _open(path, access)
    (observation,) = _open(path, access, (), DN)
    expected = _numbers()[1] / 1e4
    np.testing.assert_allclose(_read(observation, "B04"), expected, atol=1e-6)
    floats = _raster(tmp_path / "b.tif", _numbers() / np.float32(1e4))
    (as_it_is,) = _open(floats, access)
    np.testing.assert_allclose(_read(as_it_is, "B04"), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("more", "error", "match"),
    [
        ({"tags": {}}, UnreadableProduct, "when it was seen; name the STAC item"),
        ({"tags": {"time": "June"}}, UnreadableProduct, "'June' is none"),
        ({"crs": None}, MissingCrs, "declares no CRS"),
        ({"descriptions": ("ndvi", "evi")}, MissingBands, "it has NDVI, EVI"),
    ],
)
def test_what_a_raster_lacks_is_named(
    tmp_path: Path, access: Access, more: Any, error: type[Exception], match: str
) -> None:
    path = _raster(tmp_path / "a.tif", _numbers() / np.float32(1e4), **more)
    with pytest.raises(error, match=match):
        _open(path, access)


def _cube(*, upward: bool = False, banded: bool = False) -> xr.Dataset:
    rng = np.random.default_rng(11)
    values = rng.uniform(0, 0.9, (3, 2, *SHAPE)).astype("f4")
    y = 5_400_000 - 10 * np.arange(SHAPE[0]) - 5.0
    coordinates: dict[str, Any] = {
        "time": np.array(["2023-05-01", "2023-05-11", "2023-06-01T10"], "M8[ns]"),
        "y": y[::-1] if upward else y,
        "x": 300_005 + 10.0 * np.arange(SHAPE[1]),
        "spatial_ref": ((), 0, CRS.from_epsg(32633).to_cf()),
    }
    arranged = values[:, :, ::-1] if upward else values
    if banded:
        coordinates["band"] = list(BANDS)
        arrays = {"data": (("time", "band", "y", "x"), arranged)}
        return xr.Dataset(arrays, coordinates)
    each = {b: (("time", "y", "x"), arranged[:, i]) for i, b in enumerate(BANDS)}
    return xr.Dataset(each, coordinates)


@pytest.mark.parametrize("upward", [False, True])
@pytest.mark.parametrize("form", ["nc", "zarr2", "zarr3"])
def test_a_cube_has_an_observation_for_each_time(
    tmp_path: Path, access: Access, form: str, *, upward: bool
) -> None:
    cube = _cube(upward=upward, banded=form == "nc")
    path = tmp_path / f"a.{form}"
    if form == "nc":
        cube.to_netcdf(path, engine="h5netcdf")
    else:
        cube.to_zarr(path, zarr_format=int(form[-1]), consolidated=False)
    observations = _open(path, access)
    assert [o.time.day for o in observations] == [1, 11, 1]
    assert observations[0].grid.transform == CORNER
    expected = _cube(banded=True).data.to_numpy()
    for position, observation in enumerate(observations):
        for band, name in enumerate(BANDS):
            found = _read(observation, name)
            np.testing.assert_array_equal(found, expected[position, band])


def test_cf_says_of_scale_and_fill(tmp_path: Path, access: Access) -> None:
    numbers = _numbers("int16")
    numbers[0, 0, 0] = -999
    cube = _cube().isel(time=0, drop=False)
    for band, name in enumerate(BANDS):
        cube[name] = ("y", "x"), numbers[band]
        cube[name].attrs = {
            "scale_factor": 1e-4,
            "add_offset": 0.01,
            "_FillValue": -999,
        }
    path = tmp_path / "a.nc"
    cube.to_netcdf(path, engine="h5netcdf")
    (observation,) = _open(path, access)
    found = _read(observation, "B02")
    assert np.isnan(found[0, 0])
    np.testing.assert_allclose(found[1:], numbers[0, 1:] * 1e-4 + 0.01, atol=1e-6)
    scaling = observation.layer("B02").scaling
    assert (scaling.scale, scaling.offset) == (1e-4, 0.01)


def test_the_cube_of_worldcereal_is_one(data: Path, access: Access) -> None:
    path = data / "worldcereal" / "worldcereal_preprocessed_inputs.nc"
    with pytest.raises(UnknownScaling, match=r"integers \(uint16\)"):
        _open(path, access)
    observations = _open(path, access, (), DN)
    assert len(observations) == 12
    assert observations[0].time == datetime(2020, 11, 1, tzinfo=UTC)
    assert observations[0].grid.crs.to_epsg() == 32631
    with xr.open_dataset(path, engine="h5netcdf") as cube:
        expected = cube["S2-L2A-B04"][5].to_numpy().astype("f8")
        expected[expected == 65535] = np.nan
    np.testing.assert_allclose(_read(observations[5], "B04"), expected / 1e4, atol=1e-6)
    series = plan_series(observations, Options(rule=None))
    assert set(series.bands) < {band.name for band in BANDS_OF_S2}


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda c: c.drop_vars("time"), "no coordinate time"),
        (lambda c: c.drop_vars("x"), "no axes y and x"),
        (lambda c: c.drop_vars("spatial_ref"), "declares no CRS"),
        (lambda c: c[["time", "x", "y", "spatial_ref"]], "no bands over"),
        (lambda c: c.rename(B02="a", B04="b"), "name some"),
    ],
)
def test_what_a_cube_lacks_is_named(
    tmp_path: Path, access: Access, damage: Any, match: str
) -> None:
    path = tmp_path / "a.nc"
    damage(_cube()).to_netcdf(path, engine="h5netcdf")
    with pytest.raises((UnreadableProduct, MissingCrs, MissingBands), match=match):
        _open(path, access)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(UnreadableProduct, match="truncated"):
        _open(path, access)


def _item(folder: Path, **properties: Any) -> dict[str, Any]:
    """An item of STAC 1.0, as catalogues of Sentinel-2 have it."""
    numbers = _numbers()
    for band, name in enumerate(BANDS):
        _raster(folder / f"{name}.tif", numbers[band : band + 1], descriptions=("",))
    scl = np.full((1, *SHAPE), 4, np.uint8)
    _raster(folder / "SCL.tif", scl, descriptions=("",))
    scaled = {"nodata": 0, "scale": 1e-4, "offset": -0.1}
    tiff = "image/tiff; application=geotiff; profile=cloud-optimized"
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "S2A_33UUP_20230625_0_L2A",
        "geometry": None,
        "links": [],
        "properties": {
            "datetime": "2023-06-25T10:18:03.4Z",
            "platform": "sentinel-2a",
            "grid:code": "MGRS-33UUP",
            "s2:product_type": "S2MSI2A",
            "s2:processing_baseline": "05.09",
            "s2:datatake_id": "GS2A_20230625T101021_041818_N05.09",
            **properties,
        },
        "assets": {
            "visual": {
                "href": "./TCI.tif", "type": tiff, "roles": ["visual"],
                "eo:bands": [{"name": n, "common_name": n} for n in ("red", "blue")],
            },
            "blue": {
                "href": "./B02.tif", "type": tiff, "roles": ["data", "reflectance"],
                "eo:bands": [{"name": "blue", "common_name": "blue"}],
                "raster:bands": [scaled],
            },
            "B04": {
                "href": "B04.tif", "type": tiff, "roles": ["data"],
                "raster:bands": [scaled],
            },
            "scl": {
                "href": "./SCL.tif", "type": tiff, "roles": ["data"],
                "raster:bands": [{"nodata": 0, "data_type": "uint8"}],
            },
            "nir": {
                "href": "./B08.jp2", "type": "image/jp2", "roles": ["data"],
                "eo:bands": [{"name": "nir", "common_name": "nir"}],
            },
        },
    }  # fmt: skip


def _written(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "item.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("properties", "offset", "source"),
    [
        ({}, -0.1, "raster:scale"),
        ({"earthsearch:boa_offset_applied": False}, -0.1, "raster:scale"),
        ({"earthsearch:boa_offset_applied": True}, 0.0, "boa_offset_applied"),
        ({"sentinel:boa_offset_applied": True}, 0.0, "boa_offset_applied"),
    ],
)
def test_an_item_says_whether_the_offset_was_added(
    tmp_path: Path, access: Access, properties: Any, offset: float, source: str
) -> None:
    path = _written(tmp_path, _item(tmp_path, **properties))
    (observation,) = _open(path, access, BANDS)
    assert (observation.level, observation.tile) == ("L2A", "T33UUP")
    assert observation.time == datetime(2023, 6, 25, 10, 10, 21, tzinfo=UTC)
    assert observation.layer("B02").scaling.source == source
    expected = _numbers()[0] * 1e-4 + offset
    np.testing.assert_allclose(_read(observation, "B02"), expected, atol=1e-6)
    assert (_read(observation, "SCL") == 4).all()
    stated = _open(path, access, BANDS, DN)[0].layer("B02").scaling
    assert (stated.offset, stated.source) == (0, "option")


def test_of_an_item_what_it_lacks_is_named(tmp_path: Path, access: Access) -> None:
    document = _item(tmp_path)
    path = _written(tmp_path, document)
    with pytest.raises(MissingBands, match="B11; it has B02, B04, SCL, B08"):
        _open(path, access, ("B11",))
    with pytest.raises(UnreadableRaster, match=r"B08\.jp2"):
        _open(path, access, ("B08",))
    del document["assets"]["B04"]["raster:bands"]
    with pytest.raises(UnknownScaling, match="B04 holds integers"):
        _open(_written(tmp_path, document), access, BANDS)
    document["assets"]["blue"]["href"] = "../../etc/B02.tif"
    with pytest.raises(ForbiddenPlace, match="--allow-folder"):
        _open(_written(tmp_path, document), access, ("B02",))
    document["assets"]["blue"]["href"] = "s3://eo/B02.tif"
    with pytest.raises(ForbiddenPlace, match="--allow-bucket"):
        _open(_written(tmp_path, document), access, ("B02",))
    for text in ("{", "[]", '{"type": "Catalog"}', '{"type": "Feature"}'):
        path.write_text(text)
        with pytest.raises(UnreadableProduct, match="name a STAC item"):
            _open(path, access)


def test_what_is_fetched_is_what_is_wanted(tmp_path: Path) -> None:
    asked = []

    def fetch(url: str, folder: Path, *, accept: str) -> Path:
        assert accept == "*/*"
        asked.append(url)
        name = url.rpartition("/")[2]
        shutil.copyfile(tmp_path / name, folder / name)
        return folder / name

    _written(tmp_path, _item(tmp_path))
    (tmp_path / "scratch").mkdir()
    access = Access(tmp_path / "scratch", fetch)
    url = "s3://eo/tiles/33/item.json"
    (observation,) = open_observations(url, access, ("B02",))
    assert observation.location == url
    assert asked == [url, "s3://eo/tiles/33/B02.tif", "s3://eo/tiles/33/SCL.tif"]
    np.testing.assert_allclose(
        _read(observation, "B02"), _numbers()[0] * 1e-4 - 0.1, atol=1e-6
    )


def test_what_we_write_is_read(tmp_path: Path, access: Access) -> None:
    known = {b: np.abs(v) for b, v in reflectances().items()}
    safes = [
        write_product(tmp_path, known, start=WHEN + timedelta(days=day))
        for day in (0, 20)
    ]
    every = [observation_of(open_sentinel2(safe)) for safe in safes]
    options = Options(BANDS, rule=None)
    one = plan_series(every[:1], options)
    scene = write_date(one, only_date(one), tmp_path / "scene.tif")
    cube = write_cube(
        plan_series(every, options), tmp_path / "cube", CubeOptions(as_cogs=True)
    )
    places = {
        scene.item: 1,
        tmp_path / "cube/raw.zarr": 2,
        tmp_path / "cube": 2,
        cube.item: 2,
        tmp_path / "cube/monthly.zarr": 2,
        tmp_path / "cube/raw/20230625T101021.tif": 1,
    }
    for place, count in places.items():
        observations = _open(place, access, BANDS)
        assert len(observations) == count
        np.testing.assert_allclose(
            _read(observations[0], "B04"), known["B04"], atol=1e-6
        )
    again = plan_series(_open(scene.item, access, BANDS), options)
    copy = write_date(again, only_date(again), tmp_path / "copy.tif")
    with rasterio.open(scene.files[0]) as first, rasterio.open(copy.files[0]) as second:
        np.testing.assert_array_equal(first.read(), second.read())
    cogs = CubeOptions((), as_zarr=False, as_cogs=True)
    write_cube(plan_series(every, options), tmp_path / "cogs", cogs)
    with pytest.raises(UnsuitableProduct, match="name the rasters"):
        _open(tmp_path / "cogs", access, BANDS)


def test_products_are_told_apart(tmp_path: Path, access: Access, data: Path) -> None:
    safe = write_product(tmp_path)
    assert kind_of(safe) is ProductKind.SENTINEL2
    assert kind_of(safe / "MTD_MSIL2A.xml") is ProductKind.SENTINEL2
    assert kind_of(_raster(tmp_path / "a.tif", _numbers())) is ProductKind.RASTER
    radar = next((data / "sentinel1_safe").glob("S1A_EW_GRDM*"))
    assert kind_of(radar) is ProductKind.SENTINEL1
    with pytest.raises(UnsuitableProduct, match="ml prep s1"):
        _open(radar, access)
    with pytest.raises(UnreadableProduct, match="no such product"):
        _open(tmp_path / "nothing", access)
