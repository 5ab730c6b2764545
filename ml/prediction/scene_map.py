"""A registered network looks at a scene; what it says becomes rasters and a STAC item.

Shape suffixes: B tiles, C channels, K classes, H rows, W columns.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from ml.models.unet import UNet
from ml.prediction.errors import UnsuitableModel
from ml.prediction.map_writer import (
    PredictedMap,
    Rows,
    frame_of,
    label_of,
    write_map,
)
from ml.prediction.tiles import Floats, Network, Tiling, blended_rows
from ml.registry.store import ModelVersion, Registry
from ml.scene import Bands, Scene, read_scene
from ontologies.progress import Progress, silent

_CHANNELS: Final = 3
_RAMP_PX: Final = 16
TILE_PX: Final = 512


def predict_scene(
    version: ModelVersion,
    model: nn.Module,
    path: Path,
    out_dir: Path,
    *,
    tile_px: int = TILE_PX,
    progress: Progress = silent,
) -> PredictedMap:
    """Map a scene by the network of a version, on a GPU where there is one.

    Tiles overlap as far as the network sees, so that the map is that of the whole scene
    at once.  Memory is that of a row of tiles, and a byte for each pixel.

    Args:
        version: What is known of the model.
        model: Its network.
        path: The scene's folder, or its `scene.json`.
        out_dir: A new folder, or one of an earlier prediction.
        tile_px: Rows and columns of a tile.
        progress: Told of each row of tiles.

    Raises:
        UnsuitableModel: It is not one for HH, HV and incidence angle of scenes.
        IncompleteScene: The scene lacks a band.
        NoValidPixels: No pixel has every band; nothing was written.
        OutputExists: `out_dir` holds something else.
    """
    tiling = _tiling(label_of(version), model, tile_px)
    scene = read_scene(path)
    frame = frame_of(version, scene.grid, scene.source)
    return write_map(out_dir, frame, _rows(scene, network_of(model), tiling), progress)


def _rows(scene: Scene, network: Network, tiling: Tiling) -> Rows:
    read, shape = reader_of(scene), (scene.grid.height, scene.grid.width)
    for row, probabilities_KHW in blended_rows(read, shape, network, tiling):
        values_HWC = read(row, row + probabilities_KHW.shape[1])
        yield row, probabilities_KHW, np.asarray(np.isfinite(values_HWC).all(axis=2))


def _tiling(label: str, model: nn.Module, tile_px: int) -> Tiling:
    nets = [each for each in model.modules() if isinstance(each, UNet)]
    if not nets:
        kinds = sorted({type(one).__name__ for one in model.modules()} & _OTHERS)
        reason = f"it is for {', '.join(kinds)}, not for the pixels of scenes"
        raise UnsuitableModel(label, reason)
    channels = {net.arguments["channels"] for net in nets}
    if channels != {_CHANNELS}:
        reason = f"it takes {channels} channels, not HH, HV and incidence angle"
        raise UnsuitableModel(label, reason)
    stride = max(net.stride for net in nets)

    def whole(pixels: int) -> int:
        return -(-pixels // stride) * stride

    halo = whole(max(net.halo for net in nets))
    return Tiling(whole(tile_px), halo, whole(_RAMP_PX))


_OTHERS: Final = frozenset({"TempCnn", "Ltae", "PatchCnn"})


def network_of(model: nn.Module) -> Network:
    """What says probabilities of tiles, on a GPU where there is one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.to(device).eval()

    def said(tiles_BHWC: Floats) -> Floats:
        with torch.inference_mode():
            logits = model(torch.from_numpy(tiles_BHWC).to(device))
            probabilities: Floats = logits.softmax(1).cpu().numpy()
            return probabilities

    return said


def scene_classifier(
    registry: Registry, name: str, classes: Sequence[str]
) -> Callable[[Bands, float], Floats]:
    """What says probabilities (K, H, W) of bands in memory, by a registered network.

    Args:
        registry: Where the model is.
        name: As `Registry.find` takes it.
        classes: IRIs of those that it must tell, in their order.

    Raises:
        NoSuchModel: There is no such model.
        UnsuitableModel: It is not one for HH, HV and incidence angle of scenes, or
            tells other classes.
    """
    version = registry.find(name)
    model = registry.load(version)
    _tiling(label_of(version), model, TILE_PX)
    if tuple(version.classes) != tuple(classes):
        reason = f"it tells {', '.join(version.classes)}; asked is {', '.join(classes)}"
        raise UnsuitableModel(label_of(version), reason)
    network = network_of(model)

    def classify(bands: Bands, looks: float) -> Floats:
        del looks
        (said_KHW,) = network(_channels(bands)[None])
        return np.asarray(said_KHW)

    return classify


def reader_of(scene: Scene) -> Callable[[int, int], Floats]:
    """What reads rows of a scene as HH, HV and incidence angle, (H, W, 3)."""

    def read(start: int, stop: int) -> Floats:
        return _channels(scene.read(start, stop))

    return read


def _channels(bands: Bands) -> Floats:
    return np.stack([*bands.sigma0_db_PHW, bands.incidence_HW], axis=2)
