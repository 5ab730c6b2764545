"""Which products make which date, and on which grid: decided before a pixel is read.

Tiles of one data take are one date.  Of a tile that was processed several times the
newest baseline counts; two parts of one tile (of two data strips) complete each other.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
from affine import Affine
from pyproj import Transformer

from ml.errors import MissingBands
from ml.maps import Grid
from ml.prep.cloud_mask import MaskRule
from ml.prep.errors import (
    DifferentTiles,
    MissingSceneClasses,
    MixedLevels,
    NoOverlap,
    UnsuitableCrs,
)
from ml.products.observations import Observation
from ml.products.s2_bands import SCL, default_bands

_EDGE_POINTS: Final = 33
_SNAP_PX: Final = 1e-6

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in the CRS of the grid."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a user can choose.

    Attributes:
        bands: Which, and in which order; empty for the ten at 10 and 20 m, or, where
            some of them are not there, all that are.
        pixel_m: Side of a pixel; None for that of the finest band.
        bounds: What is cut out, in the CRS of the grid; None for all.
        rule: Which pixels are kept; None for all.
        onto: The tile or product whose grid the others are warped to.
    """

    bands: tuple[str, ...] = ()
    pixel_m: float | None = None
    bounds: Bounds | None = None
    rule: MaskRule | None = field(default_factory=MaskRule)
    onto: str | None = None


@dataclass(frozen=True, slots=True)
class Date:
    """What was seen at one time.

    Attributes:
        time: When, UTC.
        observations: Of whom; the first one that says something counts.
        superseded: Products that are left out, since a newer baseline is there.
    """

    time: datetime
    observations: tuple[Observation, ...]
    superseded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """A plan.

    Attributes:
        grid: Where the pixels will lie.
        bands: In their order.
        dates: From the earliest to the latest.
        level: Of all products, or None where none says.
        rule: Which pixels are kept; None for all.
    """

    grid: Grid
    bands: tuple[str, ...]
    dates: tuple[Date, ...]
    level: str | None
    rule: MaskRule | None

    @property
    def observations(self) -> tuple[Observation, ...]:
        """Of all dates."""
        return tuple(o for date in self.dates for o in date.observations)


def plan_series(observations: Sequence[Observation], options: Options) -> Series:
    """What becomes of some products.

    Raises:
        MixedLevels: Some are L1C, others L2A.
        DifferentTiles: They lie on different grids, and `onto` does not say on which.
        MissingBands: One lacks a band, or there is no product or tile `onto`.
        MissingSceneClasses: One has no scene classes, and there is a rule for them.
        NoOverlap: One has nothing on the grid.
        UnsuitableCrs: `pixel_m` is given, and the grid is not in metres.
    """
    level = _common_level(observations)
    reference = _reference(observations, options.onto)
    bands = options.bands or default_bands(reference.bands)
    _check_bands(observations, bands, options.rule)
    grid = target_grid(reference, options.pixel_m, options.bounds)
    for observation in observations:
        if not _overlap(observation.grid, grid):
            raise NoOverlap(observation.location, f"the grid of {_place(reference)}")
    return Series(grid, bands, _dates(observations), level, options.rule)


def _common_level(observations: Sequence[Observation]) -> str | None:
    levels = {o.level: o for o in reversed(observations) if o.level is not None}
    if len(levels) > 1:
        names = {str(level): o.product_id for level, o in sorted(levels.items())}
        raise MixedLevels(observations[0].location, names)
    return next(iter(levels), None)


def _place(observation: Observation) -> str:
    return observation.tile or observation.product_id


def _reference(observations: Sequence[Observation], onto: str | None) -> Observation:
    """The observation whose grid is that of all."""
    if onto is not None:
        for observation in observations:
            names = {observation.tile, observation.product_id, f"T{onto}"}
            if onto in names or f"T{onto}" == observation.tile:
                return observation
        known = sorted({_place(o) for o in observations})
        raise NoOverlap(observations[0].location, f"{onto} (there are {known})")
    first = observations[0]
    others = [o for o in observations if not _same_place(o, first)]
    if others:
        tiles = list(dict.fromkeys(_place(o) for o in (first, *others)))
        raise DifferentTiles(others[0].location, tiles)
    return first


def _same_place(one: Observation, other: Observation) -> bool:
    if one.tile and other.tile and one.tile != other.tile:
        return False
    is_same_crs = one.grid.crs.equals(other.grid.crs, ignore_axis_order=True)
    return is_same_crs and bool(
        np.allclose(one.grid.bounds, other.grid.bounds, atol=one.grid.transform.a / 2)
    )


def _check_bands(
    observations: Sequence[Observation],
    bands: Sequence[str],
    rule: MaskRule | None,
) -> None:
    for observation in observations:
        absent = [b for b in bands if b not in observation.bands]
        if absent or not bands:
            raise MissingBands(observation.location, absent, observation.bands)
        if rule is not None and SCL not in observation.layers:
            raise MissingSceneClasses(observation.location)


def target_grid(
    reference: Observation, pixel_m: float | None, bounds: Bounds | None
) -> Grid:
    """The grid of an observation, with other pixels, or a part of it.

    Edges of pixels stay at multiples of the pixel from the corner of the tile; a part
    reaches outward to them.

    Raises:
        UnsuitableCrs: A side is given in metres for a grid that is not.
        NoOverlap: The part lies beside it.
    """
    grid = reference.grid
    if pixel_m is not None:
        axis = grid.crs.axis_info[0]
        if not grid.crs.is_projected or axis.unit_conversion_factor != 1:
            raise UnsuitableCrs(grid.crs.name, "its unit is no metre")
        grid = _with_pixel(grid, pixel_m)
    return grid if bounds is None else _part(reference, grid, bounds)


def _with_pixel(grid: Grid, pixel_m: float) -> Grid:
    a, e = grid.transform.a, grid.transform.e
    if abs(a) == pixel_m and abs(e) == pixel_m:
        return grid
    height = math.ceil(grid.height * abs(e) / pixel_m - _SNAP_PX)
    width = math.ceil(grid.width * abs(a) / pixel_m - _SNAP_PX)
    x, y = grid.transform.c, grid.transform.f
    transform = Affine(math.copysign(pixel_m, a), 0, x, 0, math.copysign(pixel_m, e), y)
    return Grid(transform, grid.crs, max(height, 1), max(width, 1))


def _part(reference: Observation, grid: Grid, bounds: Bounds) -> Grid:
    west, south, east, north = bounds
    inverse = ~grid.transform
    columns = sorted(inverse.a * x + inverse.c for x in (west, east))
    rows = sorted(inverse.e * y + inverse.f for y in (south, north))
    first_column, last_column = _outward(columns, grid.width)
    first_row, last_row = _outward(rows, grid.height)
    if last_column <= first_column or last_row <= first_row:
        place = f"{bounds} in {grid.crs.name}"
        raise NoOverlap(reference.location, place)
    transform = grid.transform @ Affine.translation(first_column, first_row)
    return Grid(transform, grid.crs, last_row - first_row, last_column - first_column)


def _outward(ends: Sequence[float], size: int) -> tuple[int, int]:
    first, last = math.floor(ends[0] + _SNAP_PX), math.ceil(ends[1] - _SNAP_PX)
    return max(first, 0), min(last, size)


def _overlap(one: Grid, other: Grid) -> bool:
    """Whether two grids share ground: their bounding boxes, in the CRS of `other`."""
    edge = np.linspace(0, 1, _EDGE_POINTS)
    columns, rows = np.meshgrid(edge * one.width, edge * one.height)
    x, y = one.locate(columns, rows)
    if not one.crs.equals(other.crs, ignore_axis_order=True):
        x, y = Transformer.from_crs(one.crs, other.crs, always_xy=True).transform(x, y)
    is_there = np.isfinite(x) & np.isfinite(y)
    if not is_there.any():
        return False
    x, y = x[is_there], y[is_there]
    west, south, east, north = other.bounds
    is_beside = x.max() <= west or x.min() >= east
    return not (is_beside or y.max() <= south or y.min() >= north)


def _dates(observations: Sequence[Observation]) -> tuple[Date, ...]:
    groups: dict[tuple[datetime, str | None], list[Observation]] = {}
    for observation in observations:
        groups.setdefault((observation.time, observation.platform), []).append(
            observation
        )
    dates = [_date(time, members) for (time, _), members in groups.items()]
    return tuple(sorted(dates, key=lambda date: date.time))


def _date(time: datetime, members: Iterable[Observation]) -> Date:
    newest_first = sorted(members, key=_newness, reverse=True)
    best: dict[str | None, str | None] = {}
    for member in newest_first:
        best.setdefault(member.tile, member.baseline)
    kept = [m for m in newest_first if m.baseline == best[m.tile]]
    dropped = [m.product_id for m in newest_first if m.baseline != best[m.tile]]
    return Date(time, tuple(kept), tuple(dropped))


def _newness(observation: Observation) -> tuple[str, float, str]:
    generated = observation.generated
    stamp = generated.timestamp() if generated else 0.0
    return observation.baseline or "", stamp, observation.product_id


def preparation(series: Series) -> Mapping[str, Any]:
    """What a STAC item says of how pixels came about."""
    rule = series.rule
    return {
        "level": series.level,
        "scale": _scalings(series),
        "kept_scene_classes": None if rule is None else sorted(rule.kept),
        "cloud_dilation_m": None if rule is None else rule.dilation_m,
        "superseded": sorted(n for date in series.dates for n in date.superseded),
    }


def _scalings(series: Series) -> dict[str, Any]:
    """How numbers became reflectances, by product, and who said so."""
    pixel_m = series.grid.pixel_size_m
    found = {}
    for observation in series.observations:
        by_band = {b: observation.layer(b, pixel_m).scaling for b in series.bands}
        if len(set(by_band.values())) == 1:
            by_band = {"all": by_band[series.bands[0]]}
        found[observation.product_id] = {
            band: {"scale": s.scale, "offset": s.offset, "source": s.source}
            for band, s in by_band.items()
        }
    return found
