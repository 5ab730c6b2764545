"""Composites: the median of what each month, or ten days, shows; gaps interpolated.

Shape suffixes: T dates, P periods, B bands, Y rows, X columns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.prep.cloud_mask import KEPT
from ml.prep.projection import Tile, tiles_of
from ml.prep.s2_reading import STORED_NODATA
from ml.prep.zarr_cube import CHUNK, Cube
from ontologies.progress import Progress

_DEKAD_STARTS: Final = (1, 11, 21)
_MONTHS: Final = 12
_DAY_S: Final = 86_400.0
_MOST_VALUES: Final = 1 << 27
"""How many numbers of two bytes are held of the dates of a tile."""

_STRIP: Final = 64
"""Rows whose gaps are filled at once, which takes many numbers a pixel."""


class Period(StrEnum):
    """What one composite stands for."""

    MONTHLY = "monthly"
    DEKADAL = "dekadal"
    """Ten days; the last ones of a month are 8 to 11."""


@dataclass(frozen=True, slots=True)
class Span:
    """A period: from its beginning to, but not including, its end, UTC."""

    start: datetime
    end: datetime

    @property
    def middle(self) -> datetime:
        """Where its composite stands when gaps are interpolated."""
        return self.start + (self.end - self.start) / 2


def spans(period: Period, first: datetime, last: datetime) -> tuple[Span, ...]:
    """All periods from that of one instant to that of another one.

    Examples:
        >>> june, july = (datetime(2023, m, 25, tzinfo=UTC) for m in (6, 7))
        >>> [f"{s.start:%m-%d}" for s in spans(Period.DEKADAL, june, july)]
        ['06-21', '07-01', '07-11', '07-21']
    """
    starts = (1,) if period is Period.MONTHLY else _DEKAD_STARTS
    found = []
    for year, month in _months(first, last):
        begins = [datetime(year, month, day, tzinfo=UTC) for day in starts]
        ends = [*begins[1:], _after(year, month)]
        found += [Span(b, e) for b, e in zip(begins, ends, strict=True)]
    return tuple(s for s in found if s.end > first and s.start <= last)


def _months(first: datetime, last: datetime) -> Iterator[tuple[int, int]]:
    for count in range(
        first.year * _MONTHS + first.month - 1, last.year * _MONTHS + last.month
    ):
        yield count // _MONTHS, count % _MONTHS + 1


def _after(year: int, month: int) -> datetime:
    """The beginning of the next month."""
    next_year, next_month = (year + 1, 1) if month == _MONTHS else (year, month + 1)
    return datetime(next_year, next_month, 1, tzinfo=UTC)


def members(times: Sequence[datetime], span: Span) -> slice:
    """Which of some ascending times lie in a period."""
    inside = [i for i, time in enumerate(times) if span.start <= time < span.end]
    return slice(inside[0], inside[-1] + 1) if inside else slice(0, 0)


def median(values_TYX: NDArray[np.int16]) -> NDArray[np.float32]:
    """The median along time of what is not `STORED_NODATA`; NaN where nothing is.

    Of an even number it is the mean of the two in the middle.
    """
    if not len(values_TYX):
        return np.full(values_TYX.shape[1:], np.nan, np.float32)
    # No data are the least number: they come first.
    ordered_TYX = np.sort(values_TYX, axis=0)
    nothing_YX = (values_TYX == STORED_NODATA).sum(axis=0)
    count_YX = len(values_TYX) - nothing_YX
    last = len(values_TYX) - 1
    low_YX = np.minimum(nothing_YX + (count_YX - 1) // 2, last)
    high_YX = np.minimum(nothing_YX + count_YX // 2, last)
    low, high = (
        np.take_along_axis(ordered_TYX, index_YX[None], axis=0)[0].astype(np.float32)
        for index_YX in (low_YX, high_YX)
    )
    middle_YX = (low + high) / 2
    middle_YX[count_YX == 0] = np.nan
    return np.asarray(middle_YX, np.float32)


def interpolated(
    values_PYX: NDArray[np.float32], days_P: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Gaps filled linearly in time; before the first and after the last repeated.

    What was never seen stays NaN.
    """
    is_seen_PYX = np.isfinite(values_PYX)
    count = len(values_PYX)
    place_P11 = np.arange(count)[:, None, None]
    before_PYX = np.maximum.accumulate(np.where(is_seen_PYX, place_P11, -1), axis=0)
    after_PYX = np.minimum.accumulate(
        np.where(is_seen_PYX, place_P11, count)[::-1], axis=0
    )[::-1]
    first_PYX = np.where(before_PYX < 0, after_PYX, before_PYX).clip(0, count - 1)
    last_PYX = np.where(after_PYX >= count, before_PYX, after_PYX).clip(0, count - 1)
    start_PYX, end_PYX = days_P[first_PYX], days_P[last_PYX]
    length_PYX = np.where(end_PYX > start_PYX, end_PYX - start_PYX, 1.0)
    share_PYX = ((days_P[:, None, None] - start_PYX) / length_PYX).astype(np.float32)
    low_PYX = np.take_along_axis(values_PYX, first_PYX, axis=0)
    high_PYX = np.take_along_axis(values_PYX, last_PYX, axis=0)
    return np.asarray(low_PYX + share_PYX * (high_PYX - low_PYX), np.float32)


def fill_composites(
    raw: Cube, composites: Cube, *, fills_gaps: bool, progress: Progress
) -> None:
    """Make a cube of composites from one of dates, piece by piece."""
    frame = composites.frame
    periods = [Span(start, end) for start, end in frame.periods]
    chosen = [members(raw.frame.times, span) for span in periods]
    days_P = np.array([s.middle.timestamp() / _DAY_S for s in periods])
    numbers = (len(raw.frame.times) + len(periods)) * len(frame.bands)
    tiles = list(_pieces(raw, numbers))
    for done, tile in enumerate(tiles, start=1):
        steps_TBYX, mask_TYX = raw.read(slice(None), tile)
        counts = [(mask_TYX[s] == KEPT).sum(axis=0, dtype=np.uint16) for s in chosen]
        shape = len(periods), len(frame.bands), tile.height, tile.width
        made_PBYX = np.empty(shape, np.int16)
        for band in range(len(frame.bands)):
            for top in range(0, tile.height, _STRIP):
                strip = slice(top, top + _STRIP)
                made_PBYX[:, band, strip] = _made(
                    steps_TBYX[:, band, strip], chosen, days_P if fills_gaps else None
                )
        for position, count_YX in enumerate(counts):
            composites.write(position, tile, made_PBYX[position], count_YX)
        progress("composites", done / len(tiles))


def _made(
    steps_TYX: NDArray[np.int16],
    chosen: Sequence[slice],
    days_P: NDArray[np.float64] | None,
) -> NDArray[np.int16]:
    """The composites of a band; gaps are filled where days are given."""
    values_PYX = np.stack([median(steps_TYX[each]) for each in chosen])
    if days_P is not None:
        values_PYX = interpolated(values_PYX, days_P)
    whole_PYX = np.where(np.isnan(values_PYX), STORED_NODATA, np.rint(values_PYX))
    return whole_PYX.astype(np.int16)


def _pieces(raw: Cube, numbers: int) -> Iterator[Tile]:
    """Tiles of which all dates fit into memory."""
    rows = CHUNK
    for chunk in tiles_of(raw.frame.grid, CHUNK):
        while rows > 1 and numbers * rows * chunk.width > _MOST_VALUES:
            rows //= 2
        for row in range(0, chunk.height, rows):
            height = min(rows, chunk.height - row)
            yield Tile(chunk.row + row, chunk.column, height, chunk.width)


def period_label(period: Period, start: datetime) -> str:
    """The name of a composite: `2023-06`, or `2023-06-11`.

    Examples:
        >>> period_label(Period.MONTHLY, datetime(2023, 6, 1, tzinfo=UTC))
        '2023-06'
    """
    pattern = "%Y-%m" if period is Period.MONTHLY else "%Y-%m-%d"
    return start.strftime(pattern)
