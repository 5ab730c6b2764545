"""A scene becomes a class map: pixel by pixel, each with a look at its neighbours.

Speckle makes single pixels ambiguous; ice comes in pieces larger than a pixel.  Two Gaussian
windows use that, both narrow compared with a floe:

* a multilook, over received power, before the model: the looks of the pixel grow accordingly;
* a pooling, over log likelihoods, after it: neighbours vote, each as much as it knows.

Memory: rows are read, classified and let go in blocks; what is kept is the map itself.

Shape suffixes: B batch, K classes, P polarizations (HH, HV), H rows, W columns.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d

from ml.errors import NoValidPixels
from ml.legends import legend_of_codes
from ml.map_rasters import write_class_map
from ml.maps import ClassMap
from ml.models.gia import GaussianIncidenceAngle, to_db, to_power
from ml.scene import Bands, Scene
from ontologies.progress import Progress, silent

CLASSES_FILE: Final = "classes.tif"
PROBABILITIES_FILE: Final = "probabilities.tif"
_BLOCK_ROWS: Final = 256
_REACH: Final = 3.0
"""Windows are cut off at so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Context:
    """How far a pixel looks around; standard deviations of Gaussian windows, pixels.

    Attributes:
        multilook_px: Of the window over power; 0 for none.
        pooling_px: Of the window over log likelihoods; 0 for none.
    """

    multilook_px: float = 1.0
    pooling_px: float = 1.5

    @property
    def halo(self) -> int:
        """Rows that a block needs beyond its own."""
        return sum(len(w) // 2 for w in (self.multilook_W, self.pooling_W))

    @property
    def multilook_W(self) -> Tensor:
        """The multilook window along one axis; its weights sum to 1."""
        return _window(self.multilook_px)

    @property
    def pooling_W(self) -> Tensor:
        """The pooling window along one axis; its weights sum to 1."""
        return _window(self.pooling_px)


def classify_scene(
    scene: Scene,
    model: GaussianIncidenceAngle,
    context: Context | None = None,
    progress: Progress = silent,
) -> ClassMap:
    """The most probable class of each pixel, and the probabilities of all.

    Args:
        scene: Read by `ml.scene.read_scene`, or written by `ml.sim.ice.write_scene`.
        model: Its classes must be in our concept schemes.
        context: How far a pixel looks around; the default where None.
        progress: Told of each block of rows.

    Raises:
        NoValidPixels: The scene has no pixel with every band.
        UnreadableRaster: A band is truncated.
    """
    context = context or Context()
    height, width = scene.grid.height, scene.grid.width
    legend = legend_of_codes(model.scheme, model.codes)
    probabilities_KHW = np.empty((len(legend), height, width), dtype=np.float32)
    for start in range(0, height, _BLOCK_ROWS):
        progress("classify", start / height)
        stop = min(start + _BLOCK_ROWS, height)
        first, last = max(start - context.halo, 0), min(stop + context.halo, height)
        block_KHW = _classify(scene.read(first, last), scene.looks, model, context)
        probabilities_KHW[:, start:stop] = block_KHW[:, start - first : stop - first]
    progress("classify", 1.0)
    valid_HW = np.isfinite(probabilities_KHW[0])
    if not valid_HW.any():
        raise NoValidPixels(scene.source.path)
    probabilities_KHW[:, ~valid_HW] = 0
    indices_K = np.array([c.index for c in legend], dtype=np.int32)
    return ClassMap(
        grid=scene.grid,
        classes_HW=indices_K[probabilities_KHW.argmax(axis=0)],
        valid_HW=valid_HW,
        probabilities_KHW=probabilities_KHW,
        legend=legend,
        source=scene.source,
        model=model.version,
    )


def write_classified(class_map: ClassMap, out_dir: Path) -> tuple[Path, Path]:
    """Write a class map and its probabilities to a folder, under their usual names."""
    paths = out_dir / CLASSES_FILE, out_dir / PROBABILITIES_FILE
    write_class_map(class_map, *paths)
    return paths


def _classify(
    bands: Bands, looks: float, model: GaussianIncidenceAngle, context: Context
) -> NDArray[np.float32]:
    """Probabilities KHW of some rows; NaN where a band says nothing."""
    sigma0_db_1PHW = torch.from_numpy(bands.sigma0_db_PHW)[None]
    incidence_1HW = torch.from_numpy(bands.incidence_HW)[None]
    nesz_db_1PHW = None
    if bands.nesz_db_PHW is not None:
        nesz_db_1PHW = torch.from_numpy(bands.nesz_db_PHW)[None]
    with torch.no_grad():
        sigma0_db_1PHW, gain_1HW = _multilook(
            sigma0_db_1PHW, nesz_db_1PHW, context.multilook_W
        )
        log_posterior_1KHW = model(
            sigma0_db_1PHW, incidence_1HW, nesz_db_1PHW, looks * gain_1HW
        )
        pooled_1KHW, _ = _smooth(log_posterior_1KHW, context.pooling_W)
        probabilities_KHW: NDArray[np.float32] = (
            torch.softmax(pooled_1KHW, dim=1)[0].float().numpy()
        )
    return probabilities_KHW


def _multilook(
    sigma0_db_1PHW: Tensor, nesz_db_1PHW: Tensor | None, window_W: Tensor
) -> tuple[Tensor, Tensor]:
    """Sigma0 averaged over neighbours, and how many independent ones each average has.

    Noise is put back before and taken off after: removed noise leaves powers cut off at 0,
    whose average is too high.
    """
    noise_1PHW = 0.0 if nesz_db_1PHW is None else to_power(nesz_db_1PHW)
    received_1PHW = to_power(sigma0_db_1PHW) + noise_1PHW
    mean_1PHW, gain_1HW = _smooth(received_1PHW, window_W)
    return to_db((mean_1PHW - noise_1PHW).clamp_min(_LOWEST)), gain_1HW


_LOWEST: Final = 1e-5


def _smooth(image_1CHW: Tensor, window_W: Tensor) -> tuple[Tensor, Tensor]:
    """The mean over a window of what is there; NaN stays NaN and counts nowhere.

    Returns:
        The means, and (sum of weights)^2 / (sum of squared weights): the number of
        independent pixels in each, 1HW.
    """
    is_there_1HW = torch.isfinite(image_1CHW).all(dim=1)
    weight_11HW = is_there_1HW[:, None].to(image_1CHW.dtype)
    filled_1CHW = torch.where(weight_11HW > 0, image_1CHW, 0)
    total_11HW = _convolve(weight_11HW, window_W)
    squares_11HW = _convolve(weight_11HW, window_W**2)
    mean_1CHW = _convolve(filled_1CHW, window_W) / total_11HW
    mean_1CHW = torch.where(weight_11HW > 0, mean_1CHW, math.nan)
    return mean_1CHW, (total_11HW**2 / squares_11HW)[:, 0]


def _convolve(image_1CHW: Tensor, window_W: Tensor) -> Tensor:
    kernel = window_W.to(image_1CHW.dtype)
    reach = len(window_W) // 2
    image_C1HW = image_1CHW.transpose(0, 1)
    along = conv2d(image_C1HW, kernel[None, None, None, :], padding=(0, reach))
    across = conv2d(along, kernel[None, None, :, None], padding=(reach, 0))
    return across.transpose(0, 1)


def _window(deviation_px: float) -> Tensor:
    if deviation_px == 0:
        return torch.ones(1)
    reach = math.ceil(_REACH * deviation_px)
    place_W = torch.arange(-reach, reach + 1, dtype=torch.float64)
    weight_W = torch.exp(-(place_W**2) / (2 * deviation_px**2))
    return weight_W / weight_W.sum()
