"""Several Sentinel-2 products become a cube: dates, composites, item."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pystac
import pytest
import rasterio
import xarray as xr
from numpy.typing import NDArray
from pystac.validation.stac_validator import JsonSchemaSTACValidator

from ml.errors import MissingBands, OutputExists, UnreadableRaster
from ml.prep.cloud_mask import MaskRule
from ml.prep.composites import Period
from ml.prep.s2_cube import CubeOptions, write_cube
from ml.prep.s2_series import Options, Series, plan_series
from ml.products.observations import observation_of
from ml.products.sentinel2 import open_sentinel2
from ml.products.series_cube import open_cube
from tests.ml.products.sentinel2_files import SIZE, WHEN, reflectances, write_product

BANDS = ("B02", "B08")
DAYS = (0, 5, 10, 40, 100)


def _classes(seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return rng.choice([4, 9, 0], (SIZE // 2,) * 2, p=[0.6, 0.35, 0.05]).astype("u1")


def _known(seed: int) -> dict[str, NDArray[np.float32]]:
    # Products before baseline 04.00 have no numbers for less.
    least = np.float32(1e-4)
    return {b: np.abs(v).clip(least) for b, v in reflectances(seed).items()}


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Of five dates, in no order; the offsets change between them."""
    folder = tmp_path_factory.mktemp("products")
    written = [
        write_product(
            folder,
            _known(seed),
            _classes(seed),
            start=WHEN + timedelta(days=day),
            baseline="02.12" if day < 10 else "05.09",
            relative_orbit=22 if day % 10 == 0 else 65,
        )
        for seed, day in enumerate(DAYS)
    ]
    return written[::-1]


def _series(products: list[Path]) -> Series:
    observations = [observation_of(open_sentinel2(p)) for p in products]
    return plan_series(observations, Options(BANDS, rule=MaskRule()))


def _expected() -> xr.DataArray:
    dates = []
    for seed in range(len(DAYS)):
        known = _known(seed)
        is_kept = np.kron(_classes(seed) == 4, np.ones((2, 2), bool))
        dates.append([np.where(is_kept, known[band], np.nan) for band in BANDS])
    starts = [WHEN.replace(tzinfo=None) + timedelta(days=day) for day in DAYS]
    return xr.DataArray(
        np.array(dates),
        dims=("time", "band", "y", "x"),
        coords={"time": np.array(starts, "M8[ns]"), "band": list(BANDS)},
    )


def test_dates_and_composites_are_what_they_are(
    products: list[Path], tmp_path: Path
) -> None:
    done = write_cube(_series(products), tmp_path / "cube", draws=True)
    assert done.picture is not None
    assert done.picture.stat().st_size > 10_000
    expected = _expected()
    with xr.open_zarr(tmp_path / "cube/raw.zarr", consolidated=False) as raw:
        np.testing.assert_allclose(raw.reflectance, expected, atol=1e-6)
        np.testing.assert_array_equal(raw["mask"] == 0, np.isfinite(expected[:, 0]))
        assert raw.time.to_index().equals(expected.time.to_index())
        assert raw.relative_orbit.to_numpy().tolist() == [22, 65, 22, 22, 22]
        assert raw.day_of_year.to_numpy().tolist()[:2] == [176, 181]
        assert raw.band.to_numpy().tolist() == list(BANDS)
        assert raw.x.to_numpy()[0] == 300_005
        assert raw.y.to_numpy()[0] == 5_399_995
        assert 'EPSG",32633' in raw.spatial_ref.attrs["crs_wkt"]
        assert raw["product"].to_numpy().tolist() == sorted(p.stem for p in products)
    monthly = expected.resample(time="MS").median()
    # The middles of June to October.
    middles = [15.0, 45.5, 76.5, 107.0, 137.5]
    table = pd.DataFrame(monthly.to_numpy().reshape(5, -1), index=middles)
    filled = table.interpolate("index", limit_direction="both").to_numpy()
    with xr.open_zarr(tmp_path / "cube/monthly.zarr", consolidated=False) as made:
        found = made.reflectance.to_numpy().reshape(5, -1)
        np.testing.assert_allclose(found, filled, atol=0.51e-4)
        labels = made.label.to_numpy().tolist()
        assert labels == ["2023-06", "2023-07", "2023-08", "2023-09", "2023-10"]


def test_the_item_tells_of_the_cube(products: list[Path], tmp_path: Path) -> None:
    options = CubeOptions((Period.DEKADAL,), fills_gaps=False, as_cogs=True)
    done = write_cube(_series(products), tmp_path / "cube", options)
    document = json.loads(done.item.read_text())
    schemas = JsonSchemaSTACValidator()
    schemas.validate_core(document, pystac.STACObjectType.ITEM, "1.1.0")
    assert document["id"] == "T33UUP_L2A_20230625_20231003"
    assert len(document["links"]) == len(DAYS)
    properties = document["properties"]
    assert properties["start_datetime"].startswith("2023-06-25")
    assert properties["cube:dimensions"]["band"]["values"] == list(BANDS)
    scales = properties["pytheas:preparation"]["scale"]
    offsets = [scales[p.stem]["all"]["offset"] for p in sorted(products)]
    assert offsets == [0, 0, -0.1, -0.1, -0.1]
    kept = [date["pixels_kept"] for date in properties["pytheas:dates"]]
    assert kept == [4 * int((_classes(s) == 4).sum()) for s in range(len(DAYS))]
    cogs = [a for a in document["assets"].values() if a["href"].endswith(".tif")]
    assert len(cogs) == len(DAYS) + 11
    with xr.open_zarr(tmp_path / "cube/dekadal.zarr", consolidated=False) as made:
        values = made.reflectance.to_numpy()
        assert np.isnan(values[2]).all()
    for position, asset in enumerate(cogs[len(DAYS) :]):
        with rasterio.open(tmp_path / "cube" / asset["href"]) as cog:
            found = cog.read(masked=True).astype("f8").filled(np.nan) * cog.scales[0]
            np.testing.assert_allclose(found, values[position], atol=1e-6)
            assert cog.descriptions == BANDS


def test_a_cube_may_be_cogs_alone(products: list[Path], tmp_path: Path) -> None:
    options = CubeOptions((), as_zarr=False, as_cogs=True)
    done = write_cube(_series(products), tmp_path / "cube", options)
    assert [f.name for f in done.files] == ["raw"]
    names = sorted(p.name for p in (tmp_path / "cube/raw").iterdir())
    assert names[:2] == ["20230625T101021.mask.tif", "20230625T101021.tif"]
    assert not list((tmp_path / "cube").glob("*.zarr"))
    # What an earlier run left is replaced.
    write_cube(_series(products[:2]), tmp_path / "cube", options)
    assert len(list((tmp_path / "cube/raw").iterdir())) == 4


def test_a_cube_that_fails_leaves_what_was(
    products: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "cube"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(OutputExists):
        write_cube(_series(products), out)
    broken = write_product(tmp_path, start=WHEN + timedelta(days=200))
    band = next(broken.glob("GRANULE/*/IMG_DATA/R10m/*_B08_10m.jp2"))
    band.write_bytes(band.read_bytes()[:9000])
    with pytest.raises(UnreadableRaster, match="B08_10m"):
        write_cube(_series([*products, broken]), tmp_path / "other")
    assert sorted(p.name for p in tmp_path.iterdir()) == [broken.name, "cube"]


def test_networks_for_series_read_what_was_prepared(
    products: list[Path], tmp_path: Path
) -> None:
    write_cube(_series(products), tmp_path / "cube")
    names = ("S2-L2A-B08 reflectance", "NDVI")
    with pytest.raises(MissingBands, match="NDVI"):
        open_cube(tmp_path / "cube/raw.zarr", names)
    cube = open_cube(tmp_path / "cube/raw.zarr", (names[0], "S2-L2A-B02"))
    assert cube.days_T.tolist() == [175, 180, 185, 215, 275]
    assert cube.grid.crs.to_epsg() == 32633
    expected_HWTC = _expected().transpose("y", "x", "time", "band").to_numpy()
    np.testing.assert_allclose(
        cube.read(2, 9), expected_HWTC[2:9, ..., ::-1], atol=1e-6
    )
    composites = open_cube(tmp_path / "cube/monthly.zarr", (names[0],))
    assert len(composites.days_T) == 5
    is_seen_HW = np.isfinite(expected_HWTC[..., 1]).any(axis=2)
    # Gaps are filled, so that a pixel has all dates or was never seen.
    is_filled_HWT1 = np.isfinite(composites.read(0, SIZE))
    assert (is_filled_HWT1 == is_seen_HW[..., None, None]).all()
