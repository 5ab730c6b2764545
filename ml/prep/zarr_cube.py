"""Cubes as Zarr v3, with what CF says of coordinates, CRS, scale and flags.

Written chunk by chunk; `xarray.open_zarr` reads them.

Shape suffixes: T times, B bands, Y rows, X columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import zarr
from numpy.typing import NDArray

from ml.maps import Grid
from ml.prep.cloud_mask import NOTHING
from ml.prep.projection import Tile
from ml.prep.s2_reading import STORED_NODATA, STORED_SCALE

CHUNK: Final = 512
"""Rows and columns of a chunk, which holds one time and all bands."""

REFLECTANCE: Final = "reflectance"
MASK: Final = "mask"
COUNT: Final = "count"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = "milliseconds since 1970-01-01T00:00:00"
_GRID_MAPPING: Final = "spatial_ref"


@dataclass(frozen=True, slots=True)
class CubeFrame:
    """The axes of a cube.

    Attributes:
        grid: Rows and columns.
        bands: In their order.
        times: From the earliest to the latest, UTC.
        periods: Beginning and end of what each time stands for; empty for instants.
        labels: More coordinates along time, texts or integers, by name.
    """

    grid: Grid
    bands: tuple[str, ...]
    times: tuple[datetime, ...]
    periods: tuple[tuple[datetime, datetime], ...] = ()
    labels: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """A cube that is open.

    Attributes:
        frame: Its axes.
        reflectance: T x B x Y x X, int16 in steps of 1e-4.
        flags: T x Y x X: the mask, or how many observations there were.
    """

    frame: CubeFrame
    reflectance: Any
    flags: Any

    def write(
        self, time: int, tile: Tile, steps_BYX: NDArray[np.int16], flags_YX: Any
    ) -> None:
        """Put a tile; its corner is at the corner of a chunk."""
        rows = slice(tile.row, tile.row + tile.height)
        columns = slice(tile.column, tile.column + tile.width)
        self.reflectance[time, :, rows, columns] = steps_BYX
        self.flags[time, rows, columns] = flags_YX

    def read(
        self, times: slice, tile: Tile
    ) -> tuple[NDArray[np.int16], NDArray[np.integer]]:
        """Reflectances (T x B x Y x X) and flags (T x Y x X) of a tile."""
        rows = slice(tile.row, tile.row + tile.height)
        columns = slice(tile.column, tile.column + tile.width)
        return (
            np.asarray(self.reflectance[times, :, rows, columns]),
            np.asarray(self.flags[times, rows, columns]),
        )


def create_raw(path: Path, frame: CubeFrame, attributes: Mapping[str, Any]) -> Cube:
    """A cube of instants with a mask, in which nothing is written yet."""
    flags = {
        "long_name": "which pixels are kept",
        "flag_values": [0, 1, NOTHING],
        "flag_meanings": "kept dropped nothing",
    }
    return _create(path, frame, (MASK, "uint8", NOTHING, flags), attributes)


def create_composites(
    path: Path, frame: CubeFrame, attributes: Mapping[str, Any]
) -> Cube:
    """A cube of periods with counts of observations."""
    described = {"long_name": "observations of the period, 0 where interpolated"}
    return _create(path, frame, (COUNT, "uint16", 0, described), attributes)


def _create(
    path: Path,
    frame: CubeFrame,
    flags: tuple[str, str, int, Mapping[str, Any]],
    attributes: Mapping[str, Any],
) -> Cube:
    group = zarr.create_group(path, attributes={"Conventions": "CF-1.11", **attributes})
    _write_axes(group, frame)
    times, grid = len(frame.times), frame.grid
    chunk = min(CHUNK, grid.height), min(CHUNK, grid.width)
    linked = {
        "grid_mapping": _GRID_MAPPING,
        "coordinates": " ".join([_GRID_MAPPING, *frame.labels]),
    }
    reflectance = group.create_array(
        REFLECTANCE,
        shape=(times, len(frame.bands), grid.height, grid.width),
        chunks=(1, len(frame.bands), *chunk),
        dtype="int16",
        fill_value=STORED_NODATA,
        dimension_names=["time", "band", "y", "x"],
        attributes={
            "long_name": "reflectance",
            "units": "1",
            "scale_factor": STORED_SCALE,
            "add_offset": 0.0,
            "_FillValue": STORED_NODATA,
            **linked,
        },
    )
    name, dtype, fill, described = flags
    array = group.create_array(
        name,
        shape=(times, grid.height, grid.width),
        chunks=(1, *chunk),
        dtype=dtype,
        fill_value=fill,
        dimension_names=["time", "y", "x"],
        attributes={**described, **linked},
    )
    return Cube(frame, reflectance, array)


def _write_axes(group: Any, frame: CubeFrame) -> None:
    grid = frame.grid
    centres_x, _ = grid.locate(np.arange(grid.width) + 0.5, np.zeros(grid.width))
    _, centres_y = grid.locate(np.zeros(grid.height), np.arange(grid.height) + 0.5)
    unit = "degrees" if grid.crs.is_geographic else "m"
    kind = "" if grid.crs.is_geographic else "projection_"
    for name, values in (("x", centres_x), ("y", centres_y)):
        _axis(
            group,
            name,
            values,
            {"standard_name": f"{kind}{name}_coordinate", "units": unit, "axis": name},
        )
    _axis(group, "band", np.array(frame.bands, object), {"long_name": "band"})
    stamps = np.array([_milliseconds(t) for t in frame.times], np.int64)
    bounds = {"bounds": "time_bounds"} if frame.periods else {}
    described = {"standard_name": "time", "units": _UNITS, "axis": "T", **bounds}
    _axis(group, "time", stamps, {**described, "calendar": "proleptic_gregorian"})
    if frame.periods:
        ends = [[_milliseconds(t) for t in period] for period in frame.periods]
        _array(group, "time_bounds", np.array(ends, np.int64), ["time", "nv"], {})
    for name, labels in frame.labels.items():
        is_text = isinstance(labels[0], str)
        values = np.array(labels, object if is_text else np.int16)
        _array(group, name, values, ["time"], {})
    _array(group, _GRID_MAPPING, np.array(0), [], _crs_attributes(grid))


def _crs_attributes(grid: Grid) -> dict[str, Any]:
    c, f = grid.transform.c, grid.transform.f
    numbers = (c, grid.transform.a, grid.transform.b, f, *grid.transform[3:5])
    described: dict[str, Any] = grid.crs.to_cf()
    return {**described, "GeoTransform": " ".join(repr(float(v)) for v in numbers)}


def _axis(
    group: Any, name: str, values: NDArray[Any], attributes: dict[str, Any]
) -> None:
    _array(group, name, values, [name], attributes)


def _array(
    group: Any,
    name: str,
    values: NDArray[Any],
    dimensions: list[str],
    attributes: dict[str, Any],
) -> None:
    array = group.create_array(
        name,
        shape=values.shape,
        # Fixed widths of text are no part of Zarr v3; texts of any length are.
        dtype="string" if values.dtype == object else values.dtype,
        dimension_names=dimensions,
        attributes=attributes,
    )
    array[...] = values


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
