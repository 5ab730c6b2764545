"""Complete Sentinel-2 products with simulated images, from known reflectances.

    DN = round(reflectance * quantification - offset)

A product has the folders, names and metadata of a real one (PSD 14 and 15), and bands
in JPEG 2000 without loss, so what is prepared from it can be compared with the
reflectances that went in.

Shape suffixes: H rows, W columns.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.shutil import copy as copy_raster
from rasterio.windows import Window

from ml.folders import appearing
from ml.products.s2_bands import BANDS, CIRRUS, NODATA, SATURATED, SCENE_CLASSES, SCL
from ml.products.sentinel2 import L1C
from ml.sim.safe_s2_metadata import (
    S2Acquisition,
    manifest_xml,
    product_xml,
    shares_of_classes,
    tile_xml,
)
from ontologies.progress import Progress, silent

_ROWS_AT_ONCE: Final = 1024
_BLOCKS: Final = {10: 1024, 20: 640, 60: 192}
_FINEST_OF_SCL_M: Final = 20


class Ground(Protocol):
    """The true reflectances."""

    def __call__(
        self, band: str, resolution_m: int, start: int, stop: int
    ) -> NDArray[np.float32]:
        """Rows `start` to `stop` (excluded) of a band.

        NaN becomes no data, infinity becomes saturated; of `SCL` the classes.
        """


@dataclass(frozen=True, slots=True, eq=False)
class ArrayGround:
    """Reflectances at 10 m; at coarser pixels their mean.

    Attributes:
        bands: By name, rows x columns of 10 m; a band that is not there is 0.1.
        classes_HW: Scene classes on pixels of 20 m; vegetation where not given.
        size: Rows, and columns, of 10 m.
    """

    bands: Mapping[str, NDArray[np.float32]]
    size: int
    classes_HW: NDArray[np.uint8] | None = None

    def __call__(
        self, band: str, resolution_m: int, start: int, stop: int
    ) -> NDArray[np.float32]:
        """See `Ground`."""
        step = resolution_m // 10
        if band == SCL:
            return self._classes(resolution_m // _FINEST_OF_SCL_M, start, stop)
        if band not in self.bands:
            return np.full((stop - start, self.size // step), 0.1, np.float32)
        fine_HW = self.bands[band][start * step : stop * step]
        blocks = fine_HW.reshape(stop - start, step, self.size // step, step)
        return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float64), np.float32)

    def _classes(self, step: int, start: int, stop: int) -> NDArray[np.float32]:
        count = self.size // 2
        if self.classes_HW is None:
            return np.full((stop - start, count // step), 4, np.float32)
        return self.classes_HW[start * step : stop * step : step, ::step].astype("f4")


def write_safe_s2(
    folder: Path,
    scene: S2Acquisition,
    ground: Ground,
    progress: Progress = silent,
) -> Path:
    """Write a product of known reflectances.

    Args:
        folder: Where the product goes; its name follows from the scene.
        scene: What it is of.
        ground: What there is to see.
        progress: Told of each image.

    Returns:
        The `.SAFE` folder; it appears whole, or not at all.

    Raises:
        OutputExists: There is something else of that name.
    """
    out = folder / scene.name
    metadata = f"MTD_MSI{scene.level}.xml"
    with appearing(out, {metadata, "manifest.safe", "GRANULE"}) as unfinished:
        images = images_of(scene)
        counts_K = np.zeros(len(SCENE_CLASSES), np.int64)
        for done, (name, (band, resolution_m)) in enumerate(images.items(), start=1):
            path = unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with _jp2(path, scene, band, resolution_m) as dataset:
                found_K = _fill(dataset, scene, ground, band, resolution_m)
            if band == SCL and resolution_m == _FINEST_OF_SCL_M:
                counts_K = found_K
            progress("simulate SAFE", done / len(images))
        shares = shares_of_classes(counts_K)
        tile = unfinished / scene.granule / "MTD_TL.xml"
        tile.write_bytes(tile_xml(scene, shares))
        (unfinished / metadata).write_bytes(product_xml(scene, images, shares))
        (unfinished / "manifest.safe").write_bytes(
            manifest_xml(scene, _digests(unfinished))
        )
    return out


def images_of(scene: S2Acquisition) -> dict[str, tuple[str, int]]:
    """Band and resolution (metres) of each image file of a product.

    Level-1C has each band at the resolution of the instrument; Level-2A at that and
    the coarser ones, but for B08, and without the cirrus band.
    """
    found = {}
    for band in BANDS:
        if scene.level == L1C:
            resolutions = [band.resolution_m]
        elif band.name == CIRRUS:
            resolutions = []
        elif band.name == "B08":
            resolutions = [10]
        else:
            resolutions = [r for r in _BLOCKS if r >= band.resolution_m]
        for resolution in resolutions:
            found[scene.image(band.name, resolution)] = band.name, resolution
    if scene.level != L1C:
        for resolution in (20, 60):
            found[scene.image(SCL, resolution)] = SCL, resolution
    return found


@contextmanager
def _jp2(
    path: Path, scene: S2Acquisition, band: str, resolution_m: int
) -> Iterator[Any]:
    """An empty raster that becomes a file in JPEG 2000."""
    size = scene.size * 10 // resolution_m
    x, y = scene.upper_left
    with TemporaryDirectory(dir=path.parent) as scratch:
        plain = Path(scratch) / "plain.tif"
        with rasterio.open(
            plain,
            "w",
            driver="GTiff",
            count=1,
            height=size,
            width=size,
            dtype="uint8" if band == SCL else "uint16",
            crs=f"EPSG:{scene.epsg}",
            transform=Affine(resolution_m, 0, x, 0, -resolution_m, y),
        ) as dataset:
            yield dataset
        # A block larger than the image is cut to it.
        block = _BLOCKS[resolution_m]
        copy_raster(
            plain,
            path,
            driver="JP2OpenJPEG",
            QUALITY="100",
            REVERSIBLE="YES",
            BLOCKXSIZE=block,
            BLOCKYSIZE=block,
        )


def _fill(
    dataset: Any, scene: S2Acquisition, ground: Ground, band: str, resolution_m: int
) -> NDArray[np.int64]:
    """Write an image; of `SCL`, how often each class occurs."""
    counts_K = np.zeros(len(SCENE_CLASSES), np.int64)
    for start in range(0, dataset.height, _ROWS_AT_ONCE):
        stop = min(start + _ROWS_AT_ONCE, dataset.height)
        values_HW = ground(band, resolution_m, start, stop)
        window = Window(0, start, dataset.width, stop - start)
        if band == SCL:
            classes_HW = values_HW.astype(np.uint8)
            counts_K += np.bincount(classes_HW.ravel(), minlength=len(counts_K))
            dataset.write(classes_HW, 1, window=window)
        else:
            dataset.write(digital_numbers(scene, values_HW), 1, window=window)
    return counts_K


def digital_numbers(
    scene: S2Acquisition, reflectance_HW: NDArray[np.float32]
) -> NDArray[np.uint16]:
    """DN of reflectances: NaN is 0, infinity 65535, all others 1 to 65534."""
    numbers_HW = np.rint(
        reflectance_HW.astype(np.float64) * scene.quantification - scene.added
    )
    kept_HW = np.clip(numbers_HW, 1, SATURATED - 1)
    kept_HW[np.isposinf(reflectance_HW)] = SATURATED
    kept_HW[np.isnan(reflectance_HW)] = NODATA
    return kept_HW.astype(np.uint16)


def _digests(folder: Path) -> dict[str, str]:
    """The MD5 of each file."""
    return {
        path.relative_to(folder).as_posix(): hashlib.md5(
            path.read_bytes(), usedforsecurity=False
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
