"""Where on Earth the pixels of a Sentinel-1 GRD product are, by range and Doppler.

A line is a time, a pixel a ground range that the annotation turns into slant range; the
point at that range, at a right angle to the track and at a given height above the
ellipsoid, is what the pixel shows.  The geolocation grid of the annotation is not
interpolated: its points lie at the heights of the terrain and jump by a kilometre.  It
fits the clock, and it is what the result is checked against.

Coordinates are Earth-centred, Earth-fixed (ECEF, EPSG:4978) metres.  Shape suffixes: N
points of any shape, 3 coordinates, C records of coordinate conversion.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.interpolate import CubicHermiteSpline

Floats = NDArray[np.float64]

SPEED_OF_LIGHT: Final = 299_792_458.0
SEMI_MAJOR_M: Final = 6_378_137.0
SEMI_MINOR_M: Final = 6_356_752.314245
"""Of WGS 84."""

_ITERATIONS: Final = 6
"""Newton's steps; each doubles the digits, from a start that is off by kilometres."""

_RANGE_STEP_M: Final = 250.0


@dataclass(frozen=True, slots=True)
class GridPoints:
    """The points of the geolocation grid.

    Attributes:
        lines_N: Their lines.
        pixels_N: Their pixels.
        times_N: Their azimuth times, seconds after the first line.
        slant_ranges_N: Metres.
        longitudes_N: Degrees.
        latitudes_N: Degrees.
        heights_N: Above the ellipsoid, metres.
        incidence_N: Incidence angle, degrees.
    """

    lines_N: Floats
    pixels_N: Floats
    times_N: Floats
    slant_ranges_N: Floats
    longitudes_N: Floats
    latitudes_N: Floats
    heights_N: Floats
    incidence_N: Floats

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "GridPoints":
        return GridPoints(*(getattr(self, name)[chosen] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class RangeConversion:
    """Ground range to slant range, by records along azimuth.

    The annotation's own grid takes the record that is nearest in time.

    Attributes:
        times_C: Seconds after the first line.
        origins_C: Ground range of the polynomials' zero, metres.
        coefficients: For each record, of the polynomial in ground range, ascending.
        spacing_m: Ground range between pixels.
        samples: Pixels of a line.
    """

    times_C: Floats
    origins_C: Floats
    coefficients: tuple[Floats, ...]
    spacing_m: float
    samples: int

    def record(self, times_N: Floats) -> NDArray[np.intp]:
        """The record that holds at each time."""
        between = (self.times_C[1:] + self.times_C[:-1]) / 2
        return np.searchsorted(between, times_N, side="right")

    def slant_range(self, times_N: Floats, pixels_N: Floats) -> Floats:
        """Slant range of pixels, metres."""
        record_N = self.record(times_N)
        range_N = np.empty(np.broadcast(record_N, pixels_N).shape)
        for record in np.unique(record_N):
            is_its_N = np.broadcast_to(record_N == record, range_N.shape)
            ground_N = np.broadcast_to(pixels_N, range_N.shape)[is_its_N]
            range_N[is_its_N] = self._of_record(record, ground_N)
        return range_N

    def _of_record(self, record: int, pixels_N: Floats) -> Floats:
        ground_N = pixels_N * self.spacing_m - self.origins_C[record]
        value: Floats = np.polynomial.polynomial.polyval(
            ground_N, self.coefficients[record]
        )
        return value

    def inverse(self) -> "RangeTable":
        """The way back."""
        # A swath's width beyond either edge: places outside the image have pixels too.
        margin = self.samples // 20
        pixels = np.linspace(-margin, self.samples + margin, 4 * _NODES)
        tables = [self._of_record(c, pixels) for c in range(len(self.times_C))]
        first = min(table[0] for table in tables)
        last = max(table[-1] for table in tables)
        ranges = np.linspace(first, last, int((last - first) / _RANGE_STEP_M) + 2)
        pixels_CR = np.stack([np.interp(ranges, table, pixels) for table in tables])
        return RangeTable(self, first, ranges[1] - ranges[0], pixels_CR)


_NODES: Final = 1024


@dataclass(frozen=True, slots=True)
class RangeTable:
    """Slant range to pixel, by linear interpolation in a table for each record."""

    conversion: RangeConversion
    first: float
    step: float
    pixels_CR: Floats

    def pixels(self, times_N: Floats, ranges_N: Floats) -> Floats:
        """The pixel at each slant range (metres); beyond the table, its last one."""
        record_N = self.conversion.record(times_N)
        place_N = (ranges_N - self.first) / self.step
        place_N = np.clip(place_N, 0, self.pixels_CR.shape[1] - 1.001)
        before_N = place_N.astype(np.intp)
        weight_N = place_N - before_N
        low_N, high_N = (self.pixels_CR[record_N, before_N + i] for i in (0, 1))
        result: Floats = low_N + weight_N * (high_N - low_N)
        return result


@dataclass(frozen=True, slots=True)
class Geometry:
    """The relation of line and pixel to places on Earth.

    Attributes:
        orbit: Seconds after the first line -> position of the antenna, ECEF metres.
        line_interval_s: Time between lines.
        clock: Azimuth time is line times interval plus `clock[0]` plus `clock[1]` per
            second of two-way slant range time.
        conversion: Pixel to slant range.
        table: Slant range to pixel.
        start_3: A place in the middle of the scene.
    """

    orbit: CubicHermiteSpline
    line_interval_s: float
    clock: tuple[float, float]
    conversion: RangeConversion
    table: RangeTable
    start_3: Floats

    def locate(self, lines_N: Floats, pixels_N: Floats, heights_N: Floats) -> Floats:
        """The ECEF places of pixels (0 is the centre of the first) at given heights."""
        nominal_N = lines_N * self.line_interval_s
        range_N = self.conversion.slant_range(nominal_N, pixels_N)
        return self._intersect(nominal_N + self.delay(range_N), range_N, heights_N)

    def delay(self, ranges_N: Floats) -> Floats:
        """What is added to the nominal time of a line, seconds."""
        return self.clock[0] + self.clock[1] * 2 * ranges_N / SPEED_OF_LIGHT

    def _intersect(
        self, times_N: Floats, ranges_N: Floats, heights_N: Floats
    ) -> Floats:
        """Where range, a right angle to the track, and height hold together."""
        antenna_N3 = self.orbit(times_N)
        ahead_N3 = _unit(self.orbit(times_N, 1))
        axes_N3 = np.stack(
            np.broadcast_arrays(
                SEMI_MAJOR_M + heights_N,
                SEMI_MAJOR_M + heights_N,
                SEMI_MINOR_M + heights_N,
            ),
            axis=-1,
        )
        place_N3 = np.broadcast_to(self.start_3, antenna_N3.shape).copy()
        for _ in range(_ITERATIONS):
            look_N3 = place_N3 - antenna_N3
            distance_N1 = np.linalg.norm(look_N3, axis=-1, keepdims=True)
            normal_N3 = place_N3 / axes_N3**2 * SEMI_MAJOR_M
            off_N3 = np.stack(
                [
                    (look_N3 * ahead_N3).sum(-1),
                    distance_N1[..., 0] - ranges_N,
                    ((place_N3 * normal_N3).sum(-1) - SEMI_MAJOR_M) / 2,
                ],
                axis=-1,
            )
            slope_N33 = np.stack([ahead_N3, look_N3 / distance_N1, normal_N3], axis=-2)
            place_N3 -= np.linalg.solve(slope_N33, off_N3[..., None])[..., 0]
        return place_N3

    def zero_doppler(self, places_N3: Floats, times_N: Floats) -> tuple[Floats, Floats]:
        """When each place is at a right angle to the track, and its slant range then.

        Args:
            places_N3: ECEF metres.
            times_N: Where the search begins, seconds.
        """
        for _ in range(_ITERATIONS):
            look_N3 = places_N3 - self.orbit(times_N)
            velocity_N3 = self.orbit(times_N, 1)
            off_N = (look_N3 * velocity_N3).sum(-1)
            slope_N = (look_N3 * self.orbit(times_N, 2)).sum(-1)
            slope_N -= (velocity_N3**2).sum(-1)
            times_N = times_N - off_N / slope_N
        range_N = np.linalg.norm(places_N3 - self.orbit(times_N), axis=-1)
        return times_N, range_N

    def image_place(self, times_N: Floats, ranges_N: Floats) -> tuple[Floats, Floats]:
        """Line and pixel of an azimuth time (s) and a slant range (m)."""
        nominal_N = times_N - self.delay(ranges_N)
        pixels_N = self.table.pixels(nominal_N, ranges_N)
        return nominal_N / self.line_interval_s, pixels_N

    def find(self, places_N3: Floats) -> tuple[Floats, Floats]:
        """Line and pixel of ECEF places: the inverse of `locate`."""
        middle_s = float(np.mean(self.orbit.x))
        times_N = np.full(places_N3.shape[:-1], middle_s)
        return self.image_place(*self.zero_doppler(places_N3, times_N))

    def incidence_deg(self, places_N3: Floats, times_N: Floats) -> Floats:
        """Angle between the way to the antenna and the radius of the Earth, degrees.

        The radius, not the normal of the ellipsoid: so the annotation has it, and so do
        models that were trained on annotated angles.  They differ by up to 0.2 degrees.
        """
        look_N3 = _unit(self.orbit(times_N) - places_N3)
        cosine_N = np.clip((look_N3 * _unit(places_N3)).sum(-1), -1, 1)
        angle_N: Floats = np.degrees(np.arccos(cosine_N))
        return angle_N


def fit_geometry(
    orbit: CubicHermiteSpline,
    line_interval_s: float,
    conversion: RangeConversion,
    points: GridPoints,
) -> Geometry:
    """The geometry whose clock agrees with points of the geolocation grid.

    Args:
        orbit: Seconds after the first line -> ECEF position.
        line_interval_s: Time between lines.
        conversion: Pixel to slant range.
        points: At least two, at different slant ranges.
    """
    places_N3 = to_ecef(points.longitudes_N, points.latitudes_N, points.heights_N)
    start_3 = places_N3.mean(axis=0)
    ideal = Geometry(
        orbit, line_interval_s, (0.0, 0.0), conversion, conversion.inverse(), start_3
    )
    times_N, ranges_N = ideal.zero_doppler(places_N3, points.times_N)
    late_N = times_N - points.lines_N * line_interval_s
    two_way_N = 2 * ranges_N / SPEED_OF_LIGHT
    slope, intercept = np.polyfit(two_way_N, late_N, 1)
    clock = (float(intercept), float(slope))
    return Geometry(
        orbit, line_interval_s, clock, conversion, ideal.table, ideal.start_3
    )


def to_ecef(longitudes_N: Floats, latitudes_N: Floats, heights_N: Floats) -> Floats:
    """ECEF metres of degrees, and metres above the ellipsoid."""
    return np.stack(_TO_ECEF.transform(longitudes_N, latitudes_N, heights_N), axis=-1)


def from_ecef(places_N3: Floats) -> tuple[Floats, Floats, Floats]:
    """Longitude and latitude in degrees, and metres above the ellipsoid."""
    x_N, y_N, z_N = np.moveaxis(places_N3, -1, 0)
    longitudes_N, latitudes_N, heights_N = _TO_ECEF.transform(
        x_N, y_N, z_N, direction="INVERSE"
    )
    return longitudes_N, latitudes_N, heights_N


_TO_ECEF: Final = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)


def _unit(vectors_N3: Floats) -> Floats:
    unit: Floats = vectors_N3 / np.linalg.norm(vectors_N3, axis=-1, keepdims=True)
    return unit
