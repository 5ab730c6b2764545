"""Boxes of longitude and latitude that hold everything within a distance."""

import math
from typing import Final, TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north, in degrees; west <= east."""

# The smallest radius of curvature of WGS 84, a(1 - e^2), that of the meridian at the
# equator. On a sphere of this radius every pair of points, at the same longitudes and
# latitudes, is at most as far apart as on the ellipsoid, so the boxes are sound.
_RADIUS_M: Final = 6_335_439.0


def degrees_window(lon: float, lat: float, distance_m: float) -> tuple[Box, ...]:
    """The boxes that hold every point within a distance of a point.

    Args:
        lon: Longitude in degrees.
        lat: Latitude in degrees.
        distance_m: Geodesic distance in metres, 0 or more.

    Returns:
        One box, or two when the window lies across the antimeridian; all longitudes
        when it reaches a pole.

    Examples:
        >>> degrees_window(0, 89.95, 10_000)
        ((-180.0, 89.85956304762293, 180.0, 90.0),)
        >>> [round(box[0]) for box in degrees_window(179.95, 0, 100_000)]
        [179, -180]
    """
    return expand_box((lon, lat, lon, lat), distance_m)


def expand_box(box: Box, distance_m: float) -> tuple[Box, ...]:
    """The boxes that hold every point within a distance of some point of a box."""
    west, south, east, north = box
    angle = distance_m / _RADIUS_M
    degrees = math.degrees(angle)
    low, high = max(south - degrees, -90.0), min(north + degrees, 90.0)
    reach = math.radians(max(abs(south), abs(north))) + angle
    if reach >= math.pi / 2:
        return ((-180.0, low, 180.0, high),)
    # The meridian that touches the circle: sin(dlon) = sin(angle) / cos(lat).
    widest = max(abs(south), abs(north))
    sine = math.sin(angle) / math.cos(math.radians(widest))
    width = math.degrees(math.asin(min(sine, 1.0)))
    # A few units in the last place, so that rounding cannot lose the rim.
    left, right = west - width - 1e-12, east + width + 1e-12
    if right - left >= 360:  # noqa: PLR2004 - degrees in a turn
        return ((-180.0, low, 180.0, high),)
    if left < -180:  # noqa: PLR2004
        return ((left + 360, low, 180.0, high), (-180.0, low, right, high))
    if right > 180:  # noqa: PLR2004
        return ((left, low, 180.0, high), (-180.0, low, right - 360, high))
    return ((left, low, right, high),)
