"""The metadata of a SAFE product, cut and thinned to a part of its image.

A frame keeps every `step`-th line and pixel of a part of a real image.  Tables are the
real ones at the pixels that are kept; orbit and processing stay as they are; the
geolocation grid is computed anew, on the ellipsoid.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from numpy.typing import NDArray

from ml.errors import InvalidSimulation
from ml.products.s1_geometry import SPEED_OF_LIGHT, Geometry, from_ecef
from ml.products.sentinel1 import Image, Sentinel1Grd

_GRID_POINTS: Final = 21
_VECTORS: Final = ("calibrationVector", "noiseRangeVector", "noiseVector")
_LEAST: Final = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """Which lines and pixels of a real image a simulated one stands for.

    Attributes:
        first_line: The line of the first.
        first_pixel: The pixel of the first.
        step: Lines, and pixels, between one and the next.
        lines: How many lines.
        samples: How many pixels a line.
    """

    first_line: int
    first_pixel: int
    step: int
    lines: int
    samples: int

    def line(self, old: float) -> float:
        """The line that stands for a line of the real image."""
        return (old - self.first_line) / self.step

    def pixel(self, old: float) -> float:
        """The pixel that stands for a pixel of the real image."""
        return (old - self.first_pixel) / self.step


def whole_frame(image: Image, step: int) -> Frame:
    """The whole image, thinned.

    Raises:
        InvalidSimulation: Nothing would be left.
    """
    if step < 1 or min(image.lines, image.samples) < _LEAST * step:
        reason = f"{step} leaves less than {_LEAST} pixels; use 1 or a little more"
        raise InvalidSimulation("step", reason)
    return Frame(0, 0, step, image.lines // step, image.samples // step)


def frame_annotation(product: Sentinel1Grd, root: Element, frame: Frame) -> Element:
    """The annotation of a frame."""
    framed, image = copy.deepcopy(root), product.image
    first = image.first_line + timedelta(
        seconds=frame.first_line * image.line_interval_s
    )
    last = first + timedelta(
        seconds=(frame.lines - 1) * frame.step * image.line_interval_s
    )
    info = _only(framed, "imageAnnotation/imageInformation")
    for name, value in {
        "productFirstLineUtcTime": _time(first),
        "productLastLineUtcTime": _time(last),
        "rangePixelSpacing": repr(image.pixel_spacing_m * frame.step),
        "azimuthPixelSpacing": repr(image.line_spacing_m * frame.step),
        "azimuthTimeInterval": repr(image.line_interval_s * frame.step),
        "numberOfLines": str(frame.lines),
        "numberOfSamples": str(frame.samples),
    }.items():
        _only(info, name).text = value
    for record in framed.findall(".//coordinateConversionList/coordinateConversion"):
        origin = _only(record, "gr0")
        moved = float(origin.text or "nan") - frame.first_pixel * image.pixel_spacing_m
        origin.text = repr(moved)
    for bounds in framed.findall(".//swathBounds"):
        _frame_bounds(bounds, frame)
    _replace_grid(framed, product, frame)
    return framed


def _time(moment: object) -> str:
    return str(moment).replace(" ", "T").removesuffix("+00:00")


def _only(element: Element, path: str) -> Element:
    found = element.find(path)
    if found is None:
        raise InvalidSimulation("template", f"has no element {path}; use a GRD product")
    return found


def _frame_bounds(element: Element, frame: Frame) -> None:
    ends = {
        "Line": (frame.line, frame.lines - 1),
        "Sample": (frame.pixel, frame.samples - 1),
    }
    for child in element:
        for ending, (convert, greatest) in ends.items():
            if child.tag.endswith(ending) and child.tag.startswith(("first", "last")):
                # First and last, both within: rounding up and down leaves no gap.
                place = convert(int(child.text or "0"))
                whole = -(-place // 1) if child.tag.startswith("first") else place // 1
                child.text = str(int(min(max(whole, 0), greatest)))


def _replace_grid(root: Element, product: Sentinel1Grd, frame: Frame) -> None:
    points = _only(root, "geolocationGrid/geolocationGridPointList")
    points.clear()
    rows = list(grid_of_frame(product, frame))
    points.set("count", str(len(rows)))
    for row in rows:
        point = SubElement(points, "geolocationGridPoint")
        for name, text in row.items():
            SubElement(point, name).text = text


def grid_of_frame(product: Sentinel1Grd, frame: Frame) -> Iterator[dict[str, str]]:
    """The points of a geolocation grid on the ellipsoid, as an annotation has them."""
    geometry = product.geometry()
    lines = np.unique(np.linspace(0, frame.lines - 1, _GRID_POINTS).astype(int))
    pixels = np.unique(np.linspace(0, frame.samples - 1, _GRID_POINTS).astype(int))
    lines_N, pixels_N = (a.ravel() for a in np.meshgrid(lines, pixels, indexing="ij"))
    old_N = frame.first_line + lines_N * float(frame.step)
    places = geometry.locate(
        old_N, frame.first_pixel + pixels_N * float(frame.step), np.zeros(len(old_N))
    )
    values = zip(lines_N, pixels_N, *_described(geometry, places, old_N), strict=True)
    for line, pixel, time, slant, longitude, latitude, incidence in values:
        moment = product.image.first_line + timedelta(seconds=float(time))
        yield {
            "azimuthTime": _time(moment),
            "slantRangeTime": repr(float(2 * slant / SPEED_OF_LIGHT)),
            "line": str(line),
            "pixel": str(pixel),
            "latitude": repr(float(latitude)),
            "longitude": repr(float(longitude)),
            "height": "0.0",
            "incidenceAngle": repr(float(incidence)),
        }


def _described(
    geometry: Geometry, places: NDArray[np.float64], old_N: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    start = old_N * geometry.line_interval_s
    times, ranges = geometry.zero_doppler(places, start)
    longitudes, latitudes, _ = from_ecef(places)
    return times, ranges, longitudes, latitudes, geometry.incidence_deg(places, times)


def frame_table(root: Element, frame: Frame) -> Element:
    """A calibration or noise annotation of a frame."""
    framed = copy.deepcopy(root)
    for parent in framed.iter():
        _frame_vectors(parent, frame)
    for parent in list(framed.iter("noiseAzimuthVectorList")):
        for block in list(parent):
            if not _frame_block(block, frame):
                parent.remove(block)
        parent.set("count", str(len(parent)))
    return framed


def _frame_vectors(parent: Element, frame: Frame) -> None:
    """Vectors at the lines that are kept; of those that fall on one line, the first."""
    seen = set()
    for vector in [child for child in parent if child.tag in _VECTORS]:
        line = round(frame.line(int(_only(vector, "line").text or "0")))
        if line in seen:
            parent.remove(vector)
            continue
        seen.add(line)
        _only(vector, "line").text = str(line)
        _thin(vector, "pixel", frame.first_pixel, frame)
    if seen:
        parent.set("count", str(len(seen)))


def _thin(vector: Element, axis: str, first: int, frame: Frame) -> None:
    """The vector's values at the places that are kept, along pixels or lines."""
    old = _numbers(_only(vector, axis))
    new = np.unique(np.round((old - first) / frame.step))
    kept = first + new * frame.step
    for child in vector:
        if child.get("count") is None or child.tag == axis:
            continue
        values = np.interp(kept, old, _numbers(child))
        _fill(child, [f"{value:.6e}" for value in values])
    _fill(_only(vector, axis), [str(int(place)) for place in new])


def _numbers(element: Element) -> NDArray[np.float64]:
    return np.array((element.text or "").split(), dtype=np.float64)


def _fill(element: Element, words: list[str]) -> None:
    element.text = " ".join(words)
    element.set("count", str(len(words)))


def _frame_block(block: Element, frame: Frame) -> bool:
    """Whether something is left of a block."""
    _frame_bounds(block, frame)
    _thin(block, "line", frame.first_line, frame)
    ends = [
        [int(_only(block, f"{end}{axis}").text or "0") for end in ("first", "last")]
        for axis in ("AzimuthLine", "RangeSample")
    ]
    return all(first <= last for first, last in ends)
