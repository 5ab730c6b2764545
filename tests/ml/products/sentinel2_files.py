"""Small Sentinel-2 products of known reflectances."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.products.s2_bands import BANDS
from ml.sim.safe_s2 import ArrayGround, write_safe_s2
from ml.sim.safe_s2_metadata import S2Acquisition

SIZE = 120
WHEN = datetime(2023, 6, 25, 10, 10, 21, 24_000, tzinfo=UTC)


def reflectances(seed: int = 1, size: int = SIZE) -> dict[str, NDArray[np.float32]]:
    """Of every band, at 10 m; some are below 0, as those of dark water are."""
    rng = np.random.default_rng(seed)
    return {
        band.name: rng.uniform(-0.05, 0.9, (size, size)).round(4).astype("f4")
        for band in BANDS
    }


def write_product(
    folder: Path,
    bands: dict[str, NDArray[np.float32]] | None = None,
    classes_HW: NDArray[np.uint8] | None = None,
    **fields: Any,
) -> Path:
    """A product of some reflectances."""
    known = reflectances() if bands is None else bands
    size = next(iter(known.values())).shape[0]
    scene = S2Acquisition(**{"start": WHEN, "size": size, **fields})
    return write_safe_s2(folder, scene, ArrayGround(known, size, classes_HW))
