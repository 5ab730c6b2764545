"""A registered network looks at the series of each pixel of a cube: a map of crops.

Shape suffixes: N pixels, T dates, C channels, K classes, H rows, W columns.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from pyproj import CRS
from torch import nn

from ml.models.ltae import Ltae
from ml.models.tempcnn import TempCnn
from ml.prediction.errors import UnsuitableModel
from ml.prediction.map_writer import (
    Floats,
    PredictedMap,
    Rows,
    frame_of,
    label_of,
    write_map,
)
from ml.products.series_cube import SeriesCube, open_cube
from ml.registry.store import ModelVersion
from ontologies.progress import Progress, silent

PIXELS: Final = 65_536
"""How many are read at once."""

_AT_ONCE: Final = 4_096
"""Pixels in a batch."""

_NEAR_DAYS: Final = 20.0
"""So far a date may be from that which the network was trained on."""


def is_for_series(model: nn.Module) -> bool:
    """Whether a network takes series."""
    return any(isinstance(one, (TempCnn, Ltae)) for one in model.modules())


def predict_cube(  # noqa: PLR0913 - what users set, by name
    version: ModelVersion,
    model: nn.Module,
    path: Path,
    out_dir: Path,
    *,
    crs: CRS | None = None,
    pixels: int = PIXELS,
    progress: Progress = silent,
) -> PredictedMap:
    """Map a cube by the network of a version, on a GPU where there is one.

    Each pixel is asked about alone, so the map does not depend on how rows are read.

    Args:
        version: What is known of the model.
        model: Its network, for series.
        path: A NetCDF file or a Zarr store, see `ml.products.series_cube`.
        out_dir: A new folder, or one of an earlier prediction.
        crs: For a cube that does not declare its own.
        pixels: How many are read at once.
        progress: Told of the rows that are done.

    Raises:
        UnsuitableModel: It is not for series, does not say for which, its dates are
            not those of the cube, or a class of its is in no scheme.
        MissingBands: The cube has not all channels of the model.
        NoValidPixels: No pixel was ever seen; nothing was written.
        OutputExists: `out_dir` holds something else.
    """
    if not is_for_series(model):
        raise UnsuitableModel(label_of(version), "it is not for series of dates")
    cube = open_cube(path, _said(version, "channels"), crs)
    _check_dates(version, model, cube)
    frame = frame_of(version, cube.grid, cube.source)
    return write_map(out_dir, frame, _rows(cube, model, pixels), progress)


def _said(version: ModelVersion, what: str) -> list[str]:
    if what not in version.training:
        reason = f"it does not say for which {what}; train it again"
        raise UnsuitableModel(label_of(version), reason)
    found: list[str] = json.loads(version.training[what])
    return found


def _check_dates(version: ModelVersion, model: nn.Module, cube: SeriesCube) -> None:
    """A TempCNN knows dates by their places; an L-TAE by their days."""
    if not any(isinstance(one, TempCnn) for one in model.modules()):
        return
    days_T = np.array(_said(version, "days"), dtype=np.float64)
    found = f"the cube has {len(cube.days_T)} dates"
    if len(days_T) != len(cube.days_T):
        reason = f"it is for {len(days_T)} dates and {found}; train it for such series"
        raise UnsuitableModel(label_of(version), reason)
    apart_T = np.abs(days_T - cube.days_T)
    if apart_T.max() > _NEAR_DAYS:
        place = int((apart_T > _NEAR_DAYS).argmax())
        reason = (
            f"date {place + 1} of the cube is day {cube.days_T[place]:.0f} of the year "
            f"and its own {days_T[place]:.0f}; choose a cube of the same season"
        )
        raise UnsuitableModel(label_of(version), reason)


def _rows(cube: SeriesCube, model: nn.Module, pixels: int) -> Rows:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.to(device).eval()
    height, width = cube.grid.height, cube.grid.width
    step = max(1, pixels // width)
    for start in range(0, height, step):
        values_HWTC = cube.read(start, min(start + step, height))
        seen_HW = np.asarray(np.isfinite(values_HWTC).any(axis=(2, 3)))
        said_NK = _ask(model, device, values_HWTC[seen_HW], cube.days_T)
        said_KHW = np.zeros((said_NK.shape[1], *seen_HW.shape), np.float32)
        said_KHW[:, seen_HW] = said_NK.T
        yield start, said_KHW, seen_HW


def _ask(
    model: nn.Module,
    device: torch.device,
    values_NTC: Floats,
    days_T: NDArray[np.float32],
) -> Floats:
    """Probabilities (N, K); of no pixels too."""
    parts = []
    for start in range(0, max(1, len(values_NTC)), _AT_ONCE):
        values = torch.from_numpy(values_NTC[start : start + _AT_ONCE]).to(device)
        days = torch.from_numpy(days_T).to(device).expand(len(values), -1)
        with torch.inference_mode():
            parts.append(model(values, days).softmax(1).cpu().numpy())
    return np.concatenate(parts)
