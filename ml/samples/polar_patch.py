"""Patches of Sentinel-1 EW scenes with ice, water and land (the polar-patch set).

Each is 64 by 64 pixels of 40 m in three channels of 8 bits.  The labels that were
published are registered to the wrong place; `labels_corrected.csv` has repaired ones,
about 98.7 % right where the three nearest agree and no pixel is nodata: only these are
labelled here.  All others serve as patches without a label.

Shape suffixes: N samples, H rows, W columns, C channels.
"""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ml.errors import UnreadableSamples
from ml.samples.columns import Column, some

CLASSES: Final = ("ice", "water", "land")
_CODES: Final = {"I": 0, "W": 1, "L": 2}
UNLABELLED: Final = -1
"""The label of a patch of which nobody says what it shows."""

SIDE_PX: Final = 64


@dataclass(frozen=True, slots=True)
class PatchSamples:
    """Patches of scenes.

    Attributes:
        ids_N: Numbers of the patches.
        values_NHWC: uint8.
        labels_N: Index into `CLASSES`, or `UNLABELLED`.
        scenes_N: Number of the scene of each.
        corners_N2: Row and column of the first pixel in its scene.
    """

    ids_N: NDArray[np.int64]
    values_NHWC: Column
    labels_N: NDArray[np.int64]
    scenes_N: NDArray[np.int64]
    corners_N2: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids_N)

    @property
    def is_labelled_N(self) -> NDArray[np.bool_]:
        """Which patches have a label."""
        return np.not_equal(self.labels_N, UNLABELLED)

    def labelled(self) -> "PatchSamples":
        """The patches that have one."""
        rows = self.is_labelled_N
        return PatchSamples(
            self.ids_N[rows],
            some(self.values_NHWC, rows),
            self.labels_N[rows],
            self.scenes_N[rows],
            self.corners_N2[rows],
        )


def read_polar_patch(folder: Path) -> PatchSamples:
    """The patches without nodata, labelled or not, in the order of their numbers.

    Args:
        folder: With `labels_corrected.csv` and `patches_nonblank.zip`.

    Raises:
        UnreadableSamples: A file is missing, or broken.
    """
    table = _labels(folder / "labels_corrected.csv")
    table = table[table["nodata"] == 0]
    is_sure = table["nn3_unanimous"] == 1
    labels = table["label_corrected"].map(_CODES).where(is_sure, UNLABELLED)
    ids_N = table["patch_id"].to_numpy(np.int64)
    return PatchSamples(
        ids_N=ids_N,
        values_NHWC=_images(folder / "patches_nonblank.zip", ids_N.tolist()),
        labels_N=np.asarray(labels.fillna(UNLABELLED), dtype=np.int64),
        scenes_N=table["scene"].to_numpy(np.int64),
        corners_N2=table[["row0", "col0"]].to_numpy(np.int64),
    )


def _labels(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UnreadableSamples(path, str(error)) from error


def _images(path: Path, ids: Iterable[int]) -> NDArray[np.uint8]:
    try:
        with zipfile.ZipFile(path) as archive:
            return np.stack([_image(archive.read(f"{one}.png")) for one in ids])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UnreadableSamples(path, str(error)) from error
    except UnidentifiedImageError as error:
        raise UnreadableSamples(path, f"holds no image: {error}") from error


def _image(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"), dtype=np.uint8)
