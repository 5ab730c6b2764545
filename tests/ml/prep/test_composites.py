"""Composites are xarray's medians, and pandas' interpolation."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import CRS

from ml.maps import Grid
from ml.prep.composites import Period, fill_composites, interpolated, median, spans
from ml.prep.projection import Tile
from ml.prep.s2_reading import STORED_NODATA
from ml.prep.zarr_cube import CubeFrame, create_composites, create_raw
from ontologies.progress import silent

START = datetime(2023, 3, 28, 10, 10, 21, 24_000, tzinfo=UTC)
HEIGHT, WIDTH = 9, 13


def _numbers(seed: int, dates: int) -> NDArray[np.int16]:
    rng = np.random.default_rng(seed)
    numbers = rng.integers(-500, 9000, (dates, 2, HEIGHT, WIDTH)).astype(np.int16)
    is_hidden = rng.uniform(size=(dates, 1, HEIGHT, WIDTH)) < 0.6
    return np.where(is_hidden, STORED_NODATA, numbers).astype(np.int16)


def _times(seed: int, dates: int) -> tuple[datetime, ...]:
    days = np.random.default_rng(seed).choice(100, dates, replace=False)
    return tuple(START + timedelta(days=int(day)) for day in sorted(days))


def _naive(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.replace(tzinfo=None), "ms")


@pytest.mark.parametrize("period", Period)
@pytest.mark.parametrize("fills_gaps", [False, True])
def test_a_cube_of_composites_is_that_of_xarray(
    tmp_path: Path, period: Period, *, fills_gaps: bool
) -> None:
    numbers, times = _numbers(4, 12), _times(4, 12)
    grid = Grid(Affine(10, 0, 3e5, 0, -10, 5.4e6), CRS.from_epsg(32633), HEIGHT, WIDTH)
    raw = create_raw(tmp_path / "raw.zarr", CubeFrame(grid, ("a", "b"), times), {})
    for position, each in enumerate(numbers):
        mask = np.where(each[0] == STORED_NODATA, 1, 0)
        raw.write(position, Tile(0, 0, HEIGHT, WIDTH), each, mask)
    periods = spans(period, times[0], times[-1])
    frame = CubeFrame(
        grid,
        ("a", "b"),
        tuple(span.start for span in periods),
        tuple((span.start, span.end) for span in periods),
    )
    made = create_composites(tmp_path / "made.zarr", frame, {})
    fill_composites(raw, made, fills_gaps=fills_gaps, progress=silent)

    with xr.open_zarr(tmp_path / "raw.zarr", consolidated=False) as opened:
        dates = opened.load()
    with xr.open_zarr(tmp_path / "made.zarr", consolidated=False) as opened:
        found = opened.load()
    seen = dates.reflectance.where(dates["mask"] == 0)
    starts = [_naive(span.start) for span in periods]
    of_date = (
        np.searchsorted(starts, dates.time.to_numpy().astype("M8[ms]"), "right") - 1
    )
    grouped = seen.assign_coords(period=("time", of_date)).groupby("period")
    expected = grouped.median().reindex(period=np.arange(len(periods)))
    if fills_gaps:
        days = [span.middle.timestamp() / 86_400 for span in periods]
        table = pd.DataFrame(expected.to_numpy().reshape(len(periods), -1), index=days)
        filled = table.interpolate("index", limit_direction="both")
        expected = expected.copy(data=filled.to_numpy().reshape(expected.shape))
    np.testing.assert_allclose(found.reflectance, expected, atol=0.51e-4, rtol=0)
    counted = np.isfinite(seen.isel(band=0)).assign_coords(period=("time", of_date))
    counts = counted.groupby("period").sum().reindex(period=np.arange(len(periods)))
    np.testing.assert_array_equal(found["count"], counts.fillna(0))
    assert found.time.to_numpy()[0] == starts[0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_a_median_is_numpys(seed: int, dates: int) -> None:
    numbers = _numbers(seed, dates)[:, 0]
    values = np.where(numbers == STORED_NODATA, np.nan, numbers.astype("f4"))
    expected = pd.DataFrame(values.reshape(dates, -1)).median().to_numpy()
    np.testing.assert_array_equal(median(numbers).ravel(), expected)


def test_a_median_of_nothing_is_nothing() -> None:
    assert np.isnan(median(np.empty((0, 2, 2), np.int16))).all()


def test_gaps_are_filled_and_ends_repeated() -> None:
    values = np.array([np.nan, 1, np.nan, np.nan, 4, np.nan], "f4").reshape(6, 1, 1)
    days = np.array([0.0, 1, 2, 3, 11, 20])
    found = interpolated(values, days).ravel()
    np.testing.assert_allclose(found, [1, 1, 1.3, 1.6, 4, 4], rtol=1e-6)
    nothing = np.full((3, 1, 1), np.nan, "f4")
    assert np.isnan(interpolated(nothing, days[:3])).all()


@given(st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1)), st.integers(0, 800))  # noqa: DTZ001
def test_periods_follow_each_other_and_hold_all_dates(
    first: datetime, days: int
) -> None:
    begin = first.replace(tzinfo=UTC)
    end = begin + timedelta(days=days)
    for period in Period:
        found = spans(period, begin, end)
        assert found[0].start <= begin < found[0].end
        assert found[-1].start <= end < found[-1].end
        for before, after in pairwise(found):
            assert before.end == after.start
        assert all(span.start.day in {1, 11, 21} for span in found)
