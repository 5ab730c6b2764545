"""A registered network looks at a scene; what it says becomes rasters and a STAC item.

Shape suffixes: B tiles, C channels, K classes, H rows, W columns.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.errors import NoValidPixels
from ml.folders import appearing
from ml.map_rasters import (
    ENTROPY_STEP,
    NO_CLASS,
    NO_ENTROPY,
    PROBABILITY_STEP,
    class_layers,
    entropy_layers,
    probability_layers,
)
from ml.maps import Grid, MapClass, ModelVersion, Source
from ml.models.unet import UNet
from ml.prediction.errors import UnsuitableModel
from ml.prediction.tiles import Floats, Network, Tiling, blended_rows
from ml.rasters import Canvas, writing_cog
from ml.registry.store import Registry
from ml.scene import Bands, Scene, read_scene
from ml.stac import entropy_asset, item_of, raster_assets, write_item
from ontologies.progress import Progress, silent
from ontologies.vocabulary import SCHEMES, concept_scheme

_CHANNELS: Final = 3
_RAMP_PX: Final = 16
TILE_PX: Final = 512


@dataclass(frozen=True, slots=True)
class PredictedMap:
    """The files of a predicted map, in their folder.

    Attributes:
        class_map: COG, one band of class indices, with a palette.
        probabilities: COG, one band per class.
        entropy: COG, Shannon entropy of the probabilities, bits.
        item: STAC item that describes the three.
    """

    class_map: Path
    probabilities: Path
    entropy: Path
    item: Path

    @classmethod
    def of(cls, folder: Path) -> "PredictedMap":
        """By their names."""
        return cls(
            folder / "class_map.tif",
            folder / "probabilities.tif",
            folder / "entropy.tif",
            folder / "item.json",
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return self.class_map, self.probabilities, self.entropy, self.item


@dataclass(frozen=True, slots=True, eq=False)
class _Described:
    grid: Grid
    classes_HW: NDArray[np.uint8]
    valid_HW: NDArray[np.bool_]
    legend: Sequence[MapClass]
    source: Source
    model: ModelVersion


def predict_scene(
    registry: Registry,
    name: str,
    path: Path,
    out_dir: Path,
    *,
    tile_px: int = TILE_PX,
    progress: Progress = silent,
) -> PredictedMap:
    """Map a scene by a registered network, on a GPU where there is one.

    Tiles overlap as far as the network sees, so that the map is that of the whole scene
    at once.  Memory is that of a row of tiles, and a byte for each pixel.

    Args:
        registry: Where the model is.
        name: As `Registry.find` takes it.
        path: The scene's folder, or its `scene.json`.
        out_dir: A new folder, or one of an earlier prediction.
        tile_px: Rows and columns of a tile.
        progress: Told of each row of tiles.

    Raises:
        NoSuchModel: There is no such model.
        UnsuitableModel: It is not one for HH, HV and incidence angle of scenes.
        IncompleteScene: The scene lacks a band.
        NoValidPixels: No pixel has every band; nothing was written.
        OutputExists: `out_dir` holds something else.
    """
    version = registry.find(name)
    label = f"{version.name} {version.version}"
    model = registry.load(version)
    tiling = _tiling(label, model, tile_px)
    legend = _legend(label, version.classes)
    scene = read_scene(path)
    made = ModelVersion(version.name, version.sha256[:12])
    wanted = PredictedMap.of(out_dir)
    with appearing(out_dir, [each.name for each in wanted.files]) as folder:
        files = PredictedMap.of(folder)
        classes_HW = _write(scene, network_of(model), tiling, legend, files, progress)
        valid_HW = classes_HW != NO_CLASS
        if not valid_HW.any():
            raise NoValidPixels(path)
        said = _Described(scene.grid, classes_HW, valid_HW, legend, scene.source, made)
        assets = raster_assets(said, files.class_map, files.probabilities)
        assets["entropy"] = entropy_asset(files.entropy)
        write_item(files.item, item_of(said, assets, out_dir))
    return wanted


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


def _legend(label: str, iris: Sequence[str]) -> tuple[MapClass, ...]:
    known = {c.iri: c for name in SCHEMES for c in concept_scheme(name).values()}
    if unknown := [iri for iri in iris if iri not in known]:
        raise UnsuitableModel(label, f"no scheme has its class {unknown[0]!r}")
    return tuple(
        MapClass(index, concept.notation, iri, concept.label, concept.colour)
        for index, iri in enumerate(iris, start=1)
        for concept in [known[iri]]
    )


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


def scene_classifier(registry: Registry, name: str) -> Callable[[Bands, float], Floats]:
    """What says probabilities (K, H, W) of bands in memory, by a registered network.

    Raises:
        NoSuchModel: There is no such model.
        UnsuitableModel: It is not one for HH, HV and incidence angle of scenes.
    """
    version = registry.find(name)
    model = registry.load(version)
    _tiling(f"{version.name} {version.version}", model, TILE_PX)
    network = network_of(model)

    def classify(bands: Bands, looks: float) -> Floats:
        del looks
        values_HWC = np.stack([*bands.sigma0_db_PHW, bands.incidence_HW], axis=2)
        (said_KHW,) = network(values_HWC[None])
        return np.asarray(said_KHW)

    return classify


def reader_of(scene: Scene) -> Callable[[int, int], Floats]:
    """What reads rows of a scene as HH, HV and incidence angle, (H, W, 3)."""

    def read(start: int, stop: int) -> Floats:
        bands = scene.read(start, stop)
        return np.stack([*bands.sigma0_db_PHW, bands.incidence_HW], axis=2)

    return read


def _write(
    scene: Scene,
    network: Network,
    tiling: Tiling,
    legend: Sequence[MapClass],
    files: PredictedMap,
    progress: Progress,
) -> NDArray[np.uint8]:
    """Write the rasters, some rows at a time; the classes remain."""
    grid, read = scene.grid, reader_of(scene)
    shape = grid.height, grid.width
    classes_HW = np.full(shape, NO_CLASS, np.uint8)
    layers = {
        files.class_map: class_layers(grid, legend),
        files.probabilities: probability_layers(grid, legend),
        files.entropy: entropy_layers(grid),
    }
    with ExitStack() as stack:
        canvases = [stack.enter_context(writing_cog(*each)) for each in layers.items()]
        for row, probabilities_KHW in blended_rows(read, shape, network, tiling):
            stop = row + probabilities_KHW.shape[1]
            valid_HW = np.asarray(np.isfinite(read(row, stop)).all(axis=2))
            classes_HW[row:stop] = _paint(canvases, row, probabilities_KHW, valid_HW)
            progress("predict", stop / grid.height)
    return classes_HW


def _paint(
    canvases: Sequence[Canvas],
    row: int,
    probabilities_KHW: Floats,
    valid_HW: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    classes_HW = np.where(valid_HW, probabilities_KHW.argmax(axis=0) + 1, NO_CLASS)
    steps_KHW = np.rint(probabilities_KHW / PROBABILITY_STEP)
    steps_HW = np.rint(entropy_bits(probabilities_KHW) / ENTROPY_STEP)
    classes_HW = classes_HW.astype(np.uint8)
    painted: tuple[NDArray[np.unsignedinteger], ...] = (
        classes_HW[None],
        np.where(valid_HW, steps_KHW, NO_CLASS).astype(np.uint8),
        np.where(valid_HW, steps_HW, NO_ENTROPY)[None].astype(np.uint16),
    )
    for canvas, array_BHW in zip(canvases, painted, strict=True):
        canvas.write(row, 0, array_BHW)
    return classes_HW


def entropy_bits(probabilities_KHW: Floats) -> Floats:
    """The Shannon entropy of each pixel, HW.

    Examples:
        >>> entropy_bits(np.array([[[0.5, 1.0]], [[0.5, 0.0]]], np.float32))
        array([[1., 0.]], dtype=float32)
    """
    known = np.maximum(probabilities_KHW, np.finfo(np.float32).tiny)
    entropy: Floats = -(probabilities_KHW * np.log(known)).sum(0) / math.log(2)
    return entropy + np.float32(0)
