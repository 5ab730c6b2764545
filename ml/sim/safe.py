"""Complete SAFE products with simulated digital numbers, in the geometry of a real one.

    DN^2 = (sigma0 A^2 + noise) speckle

A and noise are the tables of the product that is written, so whoever calibrates it can
be compared with the sigma0 that went in.

Shape suffixes: P polarizations, L lines, S samples.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import tostring

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.windows import Window

from ml.errors import InvalidSimulation
from ml.folders import appearing
from ml.prep.calibration import find_resolution
from ml.products.safe import MANIFEST, part_name
from ml.products.sentinel1 import Sentinel1Grd, open_sentinel1
from ml.products.xml import Reader
from ml.sim.backscatter import to_power, true_sigma0_db
from ml.sim.fields import gaussian_field
from ml.sim.parameters import load_parameters
from ml.sim.safe_frame import Frame, frame_annotation, frame_table, whole_frame
from ml.sim.surface import IceCover, draw_classes
from ontologies.progress import Progress, silent

_LINES_AT_ONCE: Final = 256
_GREATEST: Final = 65_535
_METADATA: Final = ("annotation", "calibration table", "noise table")

Surface = Callable[[int, int, NDArray[np.float64]], NDArray[np.float32]]
"""From first line, line after the last, and their incidence angles (degrees) to the
power of sigma0, polarizations x lines x samples."""


@dataclass(frozen=True, slots=True, eq=False)
class IceSurface:
    """Sea ice in radar geometry, as `ml.sim.ice` draws it on a map.

    Attributes:
        classes_YX: Position of the class, on pixels larger than the image's.
        texture_PYX: Two fields of unit variance on the same pixels.
        step: How many pixels of the image one of them covers, either way.
    """

    classes_YX: NDArray[np.uint8]
    texture_PYX: NDArray[np.float32]
    step: int

    def __call__(
        self, start: int, stop: int, incidence_LS: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """The power of sigma0 of some lines; see `Surface`."""
        samples = incidence_LS.shape[1]
        texture_PLS = np.stack(
            [self._part(field, start, stop, samples) for field in self.texture_PYX]
        )
        sigma0_db_PLS = true_sigma0_db(
            load_parameters().ice,
            self.classes_LS(start, stop, samples),
            incidence_LS,
            texture_PLS,
        )
        return np.asarray(to_power(sigma0_db_PLS), dtype=np.float32)

    def classes_LS(self, start: int, stop: int, samples: int) -> NDArray[np.uint8]:
        """The class of each pixel of some lines."""
        return np.asarray(self._part(self.classes_YX, start, stop, samples))

    def _part(
        self, field_YX: NDArray[Any], start: int, stop: int, samples: int
    ) -> NDArray[Any]:
        rows, columns = np.arange(start, stop), np.arange(samples)
        return field_YX[np.ix_(rows // self.step, columns // self.step)]


def draw_ice(
    frame: Frame,
    spacing_m: float,
    seed: int,
    *,
    step: int = 4,
    texture_m: float = 600.0,
) -> IceSurface:
    """Ice for a frame: the same arguments draw the same ice.

    Args:
        frame: Of the product.
        spacing_m: Between its pixels.
        seed: Of the random numbers.
        step: Pixels of the image that share class and texture, either way.
        texture_m: Distance at which the texture is correlated by 1/e.
    """
    rng = np.random.default_rng(seed)
    shape = -(-frame.lines // step), -(-frame.samples // step)
    pixel_m = spacing_m * step
    classes_YX = draw_classes(shape, pixel_m, IceCover(), rng)
    texture = [gaussian_field(shape, texture_m / pixel_m, rng) for _ in range(2)]
    return IceSurface(classes_YX, np.stack(texture), step)


def write_safe(  # noqa: PLR0913 - each says something else of the simulation
    template: str | Path,
    out: Path,
    *,
    seed: int,
    frame: Frame | None = None,
    surface: Surface | None = None,
    looks: float | None = None,
    progress: Progress = silent,
) -> Path:
    """Write a SAFE product with simulated measurements.

    The same arguments give the same product.

    Args:
        template: A real Sentinel-1 GRD product; its measurements are not read.
        out: The folder of the new product; it appears whole, or not at all.
        seed: Of the random numbers.
        frame: What of the template's image; all of it where not given.
        surface: The true sigma0; sea ice where not given.
        looks: Of the speckle; the mode's own where not given, infinite for none.
        progress: Told of each stage.

    Raises:
        ProductError: The template lacks something.
        OutputExists: The folder holds something else.
    """
    product = open_sentinel1(template)
    chosen = frame or whole_frame(product.image, 1)
    if surface is None:
        spacing_m = product.image.pixel_spacing_m * chosen.step
        surface = draw_ice(chosen, spacing_m, seed)
    names = {MANIFEST, "annotation", "measurement"}
    with appearing(out, names) as folder:
        _write_metadata(product, chosen, folder)
        _write_manifest(product, folder)
        framed = open_sentinel1(folder)
        speckle = _looks(framed) if looks is None else looks
        rng = np.random.default_rng([seed, 1])
        with _measurements(framed, folder) as rasters:
            _fill(framed, surface, _Speckle(speckle, rng), rasters, progress)
        _write_manifest(product, folder)
    return out


def _looks(product: Sentinel1Grd) -> float:
    mode, spacing_m = product.manifest.mode, product.image.pixel_spacing_m
    resolution = find_resolution(mode, spacing_m)
    if resolution is None:
        reason = f"of mode {mode} at {spacing_m} m are not known; give them"
        raise InvalidSimulation("looks", reason)
    return resolution.looks


def _write_metadata(product: Sentinel1Grd, frame: Frame, folder: Path) -> None:
    """Write the annotations of a frame."""
    for polarization in product.manifest.polarizations:
        for kind in _METADATA:
            name = part_name(product.files, product.manifest, kind, polarization)
            content = product.files.read(name)
            root = Reader(product.files.location, name, content).root
            framed = (
                frame_annotation(product, root, frame)
                if kind == "annotation"
                else frame_table(root, frame)
            )
            path = folder / _href(product, kind, polarization)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tostring(framed, encoding="utf-8", xml_declaration=True))


def _href(product: Sentinel1Grd, kind: str, polarization: str) -> str:
    href = product.manifest.objects.get((kind, polarization))
    if href is None:
        reason = f"names no {kind} of {polarization}; use a whole GRD product"
        raise InvalidSimulation("template", reason)
    return href.removeprefix("./")


def _write_manifest(product: Sentinel1Grd, folder: Path) -> None:
    """The template's manifest, with size and MD5 of the files that are there.

    Files that nobody simulates, such as the quick-look, are left out.  Measurements
    are listed before they are there.
    """
    text = product.files.read(MANIFEST).decode("utf-8")

    def describe(found: re.Match[str]) -> str:
        href = re.search(r'href="\./([^"]+)"', found[0])
        path = folder / (href[1] if href else "")
        if not path.is_file():
            return found[0] if path.suffix in {".tiff", ".tif"} else ""
        digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        sized = re.sub(r'size="\d+"', f'size="{path.stat().st_size}"', found[0])
        return re.sub(r">[0-9a-f]{32}<", f">{digest}<", sized)

    pattern = r"<dataObject .*?</dataObject>"
    described = re.sub(pattern, describe, text, flags=re.DOTALL)
    (folder / MANIFEST).write_text(described, encoding="utf-8")


@contextmanager
def _measurements(product: Sentinel1Grd, folder: Path) -> Iterator[dict[str, Any]]:
    """The empty raster of each polarization, open."""
    image, points = product.image, product.grid_points()
    gcps = [
        GroundControlPoint(row, column, x, y, z)
        for row, column, x, y, z in zip(
            points.lines_N,
            points.pixels_N,
            points.longitudes_N,
            points.latitudes_N,
            points.heights_N,
            strict=True,
        )
    ]
    with ExitStack() as stack:
        rasters = {}
        for polarization in product.manifest.polarizations:
            path = folder / _href(product, "measurement", polarization)
            path.parent.mkdir(exist_ok=True)
            rasters[polarization] = stack.enter_context(
                rasterio.open(
                    path,
                    "w",
                    driver="GTiff",
                    count=1,
                    height=image.lines,
                    width=image.samples,
                    dtype="uint16",
                    gcps=gcps,
                    crs="EPSG:4326",
                )
            )
        yield rasters


@dataclass(frozen=True, slots=True)
class _Speckle:
    """Gamma noise with mean 1."""

    looks: float
    rng: np.random.Generator

    def draw(self, shape: tuple[int, ...]) -> NDArray[np.float32] | np.float32:
        if np.isinf(self.looks):
            return np.float32(1)
        drawn = self.rng.standard_gamma(self.looks, shape, dtype=np.float32)
        return np.asarray(drawn / np.float32(self.looks))


def _fill(
    product: Sentinel1Grd,
    surface: Surface,
    speckle: _Speckle,
    rasters: dict[str, Any],
    progress: Progress,
) -> None:
    image = product.image
    tables = {p: (product.sigma_nought(p), product.noise(p)) for p in rasters}
    incidence = incidence_rows(product)
    for start in range(0, image.lines, _LINES_AT_ONCE):
        stop = min(start + _LINES_AT_ONCE, image.lines)
        sigma0_PLS = surface(start, stop, incidence(start, stop))
        window = Window(0, start, image.samples, stop - start)
        for polarization, raster in rasters.items():
            table, noise = tables[polarization]
            # Co-polarized backscatter first, as everywhere here.
            power_LS = sigma0_PLS[0 if polarization[0] == polarization[1] else 1]
            power_LS = power_LS * np.square(table.rows(start, stop))
            power_LS += noise.rows(start, stop)
            power_LS *= speckle.draw(power_LS.shape)
            numbers_LS = np.rint(np.sqrt(power_LS))
            # 0 would say that there is no data.
            numbers_LS = np.clip(numbers_LS, 1, _GREATEST).astype(np.uint16)
            raster.write(numbers_LS, 1, window=window)
        progress("simulate SAFE", stop / image.lines)


def incidence_rows(
    product: Sentinel1Grd,
) -> Callable[[int, int], NDArray[np.float64]]:
    """The incidence angle (degrees) at every pixel of some lines, on the ellipsoid."""
    geometry, image = product.geometry(), product.image
    nodes = np.linspace(0, image.samples - 1, 33)
    middle = np.full(nodes.shape, image.lines / 2)
    places = geometry.locate(middle, nodes, np.zeros(nodes.shape))
    times, _ = geometry.zero_doppler(places, middle * image.line_interval_s)
    # Along azimuth it changes by hundredths of a degree, which is no matter here.
    profile_S = np.interp(
        np.arange(image.samples), nodes, geometry.incidence_deg(places, times)
    )

    def rows(start: int, stop: int) -> NDArray[np.float64]:
        return np.broadcast_to(profile_S, (stop - start, image.samples))

    return rows
