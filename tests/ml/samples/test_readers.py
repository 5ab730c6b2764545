"""Real labelled samples, as they are read; and files that are broken."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.errors import InvalidSamples, UnreadableSamples
from ml.samples.central_asia import read_central_asia
from ml.samples.polar_patch import CLASSES, read_polar_patch
from ml.samples.worldcereal import read_croptypes, read_parcels
from tests.ml.series import two_crops

PARCELS = "worldcereal/2023_FRA_LPIS_POLY_110.geoparquet"


def test_fields_of_central_asia(data: Path) -> None:
    samples = read_central_asia(data / "crops_central_asia")
    assert samples.values_NTC.shape == (8435, 23, 1)
    assert len(samples.classes) == 40
    common = samples.of_common_classes(100)
    assert (len(common), len(common.classes)) == (8250, 10)
    assert common.classes[common.labels_N[0]] == "cotton"
    assert set(common.groups["region"]) == {
        "Dushanbe",
        "Fergana",
        "Kashkadarya",
        "Khorezm",
        "Samarkand",
    }
    # The fields lie in Uzbekistan and Tajikistan.
    low, high = common.lonlat_N2.min(0), common.lonlat_N2.max(0)
    assert (low > [60, 37]).all()
    assert (high < [73, 42]).all()


def test_parcels_of_france(data: Path) -> None:
    samples = read_parcels(data / PARCELS)
    assert samples.values_NTC.shape == (500, 51, 11)
    assert len(samples.of_common_classes(13).classes) == 10
    reflectance = samples.values_NTC[:, :, 6]
    assert 0.1 < np.nanmedian(reflectance) < 0.5
    assert 0.4 < np.isnan(reflectance).mean() < 0.55
    # VV of land with crops lies around -12 dB, VH some 6 dB below.
    vh_db, vv_db = (np.nanmedian(samples.values_NTC[:, :, c]) for c in (9, 10))
    assert -15 < vv_db < -8
    assert 4 < vv_db - vh_db < 10
    assert samples.days_NT[0, 0] == (
        np.datetime64("2022-09-01") - np.datetime64("2023-01-01")
    ).astype(int)


def test_the_same_rows_in_any_order_are_the_same_parcels(
    data: Path, tmp_path: Path
) -> None:
    table = pd.read_parquet(data / PARCELS)
    shuffled = tmp_path / "2023_FRA_LPIS_POLY_110.geoparquet"
    table.sample(frac=1, random_state=0).to_parquet(shuffled)
    one, other = read_parcels(data / PARCELS), read_parcels(shuffled)
    np.testing.assert_array_equal(one.ids_N, other.ids_N)
    np.testing.assert_array_equal(one.values_NTC, other.values_NTC)
    np.testing.assert_array_equal(one.labels_N, other.labels_N)


def test_patches_of_polar_scenes(data: Path) -> None:
    samples = read_polar_patch(data / "polar_patch")
    assert samples.values_NHWC.shape == (8058, 64, 64, 3)
    counts = np.bincount(samples.labels_N[samples.is_labelled_N])
    assert dict(zip(CLASSES, counts.tolist(), strict=True)) == {
        "ice": 2205,
        "water": 1495,
        "land": 597,
    }
    assert set(samples.scenes_N[samples.is_labelled_N].tolist()).isdisjoint({3, 9})


def test_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSamples, match="time-series"):
        read_central_asia(tmp_path)
    (tmp_path / "labels_corrected.csv").write_text(
        "patch_id,scene,row0,col0,nodata,label_corrected,nn3_unanimous\n1,0,0,0,0,I,1\n"
    )
    (tmp_path / "patches_nonblank.zip").write_bytes(b"no archive")
    with pytest.raises(UnreadableSamples, match="patches_nonblank"):
        read_polar_patch(tmp_path)
    broken = tmp_path / "parcels.parquet"
    pd.DataFrame({"sample_id": ["a"]}).to_parquet(broken)
    with pytest.raises(UnreadableSamples, match=r"parcels\.parquet"):
        read_parcels(broken)


def test_parts_that_do_not_fit_are_refused() -> None:
    samples = two_crops(4)
    with pytest.raises(InvalidSamples, match="labels"):
        replace(samples, labels_N=samples.labels_N[:3])
    with pytest.raises(InvalidSamples, match="twice"):
        replace(samples, ids_N=np.array(["a"] * 4))
    with pytest.raises(InvalidSamples, match="no class has 9"):
        samples.of_common_classes(9)


def test_parcels_are_read_as_the_crop_type_map_has_them(data: Path) -> None:
    path = data / PARCELS
    samples = read_croptypes(path)
    assert samples.values_NTC.shape == (500, 12, 11)
    # Months begin with November, as those of WorldCereal's cubes do.
    assert samples.days_NT[0, :3].tolist() == [-61, -31, 0]
    legend = json.loads((data / "worldcereal/croptype_classes.json").read_text())
    table = pd.read_parquet(path, columns=["sample_id", "timestamp", "ewoc_code"])
    codes = table.groupby("sample_id")["ewoc_code"].first().astype(str)
    known = [
        legend["CROPTYPE9"].get(code) for code in codes.loc[samples.ids_N.tolist()]
    ]
    for row, name in enumerate(known):
        if name is not None:
            assert samples.classes[samples.labels_N[row]].endswith(f"/{name}")
    assert sum(name is not None for name in known) > 150
    raw = read_parcels(path)
    in_july = (raw.days_NT[0] >= 181) & (raw.days_NT[0] < 212)
    seen = np.isfinite(raw.values_NTC[:, in_july]).any(axis=1)
    july = np.asarray(samples.values_NTC)[:, 8]
    expected = np.nanmean(np.asarray(raw.values_NTC)[:, in_july][7], axis=0)
    assert july[7] == pytest.approx(expected, nan_ok=True, rel=1e-5)
    np.testing.assert_array_equal(np.isfinite(july), seen)
