"""Class maps made up for tests, small and reproducible."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS
from scipy import ndimage

from ml.maps import ClassMap, Grid, MapClass, ModelVersion, Source

GRID = Affine(40.0, 0.0, -200_000.0, 0.0, -40.0, -1_000_000.0)
POLAR = CRS("EPSG:3413")
SOURCE = Source(
    scene_id="scene-1",
    path=Path("scene-1.nc"),
    platform="sentinel-1",
    product_type="EW_GRDM",
    time_start=datetime(2022, 4, 21, 7, 31, 5, tzinfo=UTC),
    time_end=datetime(2022, 4, 21, 7, 32, 5, tzinfo=UTC),
    crs_source="file",
)


def legend(count: int) -> tuple[MapClass, ...]:
    return tuple(
        MapClass(i, f"c{i}", f"https://example.org/c{i}", f"Class {i}", "#1020ff")
        for i in range(1, count + 1)
    )


def smooth_classes(
    shape: tuple[int, int], count: int = 4, *, seed: int = 0, scale_px: float = 4.0
) -> NDArray[np.int32]:
    """Patches some pixels wide: the class whose random field is highest."""
    rng = np.random.default_rng(seed)
    fields_KHW = [
        ndimage.gaussian_filter(rng.standard_normal(shape), scale_px, mode="wrap")
        * scale_px
        + 0.01 * rng.standard_normal(shape)
        for _ in range(count)
    ]
    return np.asarray(np.argmax(fields_KHW, axis=0) + 1, np.int32)


def class_map(
    classes_HW: NDArray[np.int32],
    valid_HW: NDArray[np.bool_] | None = None,
    probabilities_KHW: NDArray[np.float32] | None = None,
    *,
    transform: Affine = GRID,
    crs: CRS = POLAR,
    source: Source = SOURCE,
) -> ClassMap:
    """A map on a polar grid of 40 m, at about 80 degrees north."""
    count = int(classes_HW.max())
    if valid_HW is None:
        valid_HW = np.ones(classes_HW.shape, np.bool_)
    if probabilities_KHW is None:
        member_KHW = [classes_HW == k for k in range(1, count + 1)]
        probabilities_KHW = np.stack(member_KHW).astype(np.float32)
    return ClassMap(
        grid=Grid(transform, crs, *classes_HW.shape),
        classes_HW=classes_HW,
        valid_HW=valid_HW,
        probabilities_KHW=probabilities_KHW,
        legend=legend(count),
        source=source,
        model=ModelVersion("test", "0123456789ab"),
    )
