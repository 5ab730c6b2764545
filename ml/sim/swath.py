"""Where a radar swath lies on a map grid: position in range, and the edge of the data.

Sentinel-1 looks to the right of its track.  At latitude phi the track of an ascending
pass has the azimuth whose sine is cos(i) / cos(phi), i being the inclination of the
orbit; north of 81.8 degrees, where the satellite never comes, it is taken to run due
west.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod, Transformer

from ml.maps import Grid

INCLINATION_DEG: Final = 98.18
"""Of Sentinel-1's orbit; ESA, Sentinel-1 mission summary."""

_GEOD: Final = Geod(ellps="WGS84")
_STEP_M: Final = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Swath:
    """A swath laid over a grid.

    Attributes:
        range_fraction_HW: 0 at the near edge of the swath, 1 at the far one.
        is_seen_HW: False outside the swath and beyond the ends of the scene.
    """

    range_fraction_HW: NDArray[np.float32]
    is_seen_HW: NDArray[np.bool_]


def look_azimuth_deg(latitude: float) -> float:
    """Where the antenna of an ascending pass looks, clockwise from north.

    Examples:
        >>> round(look_azimuth_deg(0.0), 1)
        81.8
        >>> look_azimuth_deg(85.0)
        0.0
    """
    # |phi| up to 90 degrees: the cosine of a pole is a tiny positive number.
    sine = math.cos(math.radians(INCLINATION_DEG)) / math.cos(math.radians(latitude))
    track = math.degrees(math.asin(max(sine, -1.0)))
    return (track + 90.0) % 360.0


def lay_swath(grid: Grid, centre_lonlat: tuple[float, float], margin: float) -> Swath:
    """A swath whose centre is the grid's, filling it up to a margin.

    Args:
        grid: A projected grid.
        centre_lonlat: Its centre, degrees.
        margin: Part of the extent, in range and along the track, that is outside the
            scene on either side.  A scene oblique to the grid leaves corners empty.
    """
    east, north = _look_direction(grid, centre_lonlat)
    # Rows run south: the unit vectors of range and track in (column, row).
    range_HW = _position(grid, east, -north)
    along_HW = _position(grid, north, east)
    is_seen_HW = (np.abs(range_HW - 0.5) <= 0.5 - margin) & (
        np.abs(along_HW - 0.5) <= 0.5 - margin
    )
    fraction_HW = (range_HW - margin) / (1 - 2 * margin)
    return Swath(fraction_HW.astype(np.float32), is_seen_HW)


def _look_direction(
    grid: Grid, centre_lonlat: tuple[float, float]
) -> tuple[float, float]:
    """The unit vector (x, y) of the grid in which the antenna looks."""
    longitude, latitude = centre_lonlat
    azimuth = look_azimuth_deg(latitude)
    ahead = _GEOD.fwd(longitude, latitude, azimuth, _STEP_M)[:2]
    to_grid = Transformer.from_crs("OGC:CRS84", grid.crs, always_xy=True)
    x0, y0 = to_grid.transform(longitude, latitude)
    x1, y1 = to_grid.transform(*ahead)
    length = math.hypot(x1 - x0, y1 - y0)
    return (x1 - x0) / length, (y1 - y0) / length


def _position(grid: Grid, per_column: float, per_row: float) -> NDArray[np.float64]:
    """Progress in one direction, from 0 in the first corner met to 1 in the last."""
    columns_W = np.arange(grid.width) + 0.5 - grid.width / 2
    rows_H = np.arange(grid.height) + 0.5 - grid.height / 2
    reach = abs(per_column) * grid.width / 2 + abs(per_row) * grid.height / 2
    progress_HW = per_column * columns_W[None, :] + per_row * rows_H[:, None]
    return np.asarray(progress_HW / reach / 2 + 0.5)
