"""What networks say becomes a map: rasters, some rows at a time, and a STAC item.

Shape suffixes: K classes, H rows, W columns.
"""

import math
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

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
from ml.prediction.errors import UnsuitableModel
from ml.rasters import Canvas, writing_cog
from ml.registry.store import ModelVersion as RegisteredModel
from ml.stac import entropy_asset, item_of, raster_assets, write_item
from ontologies.progress import Progress, silent
from ontologies.vocabulary import SCHEMES, concept_scheme

Floats: TypeAlias = NDArray[np.float32]
Rows: TypeAlias = Iterable[tuple[int, Floats, NDArray[np.bool_]]]
"""First row, probabilities (K, H, W), and where they are known (H, W); in order."""


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


@dataclass(frozen=True, slots=True)
class Frame:
    """What a map is of, before anything is predicted.

    Attributes:
        grid: Where its pixels lie.
        legend: The classes, in the order of the probabilities.
        source: The scene or cube.
        model: The network.
    """

    grid: Grid
    legend: Sequence[MapClass]
    source: Source
    model: ModelVersion


@dataclass(frozen=True, slots=True, eq=False)
class _Described:
    grid: Grid
    classes_HW: NDArray[np.uint8]
    valid_HW: NDArray[np.bool_]
    legend: Sequence[MapClass]
    source: Source
    model: ModelVersion


def label_of(version: RegisteredModel) -> str:
    """A version, as errors call it."""
    return f"{version.name} {version.version}"


def frame_of(version: RegisteredModel, grid: Grid, source: Source) -> Frame:
    """The frame of a map by a registered model.

    Raises:
        UnsuitableModel: A class of the model is in no scheme of ours.
    """
    legend = legend_of_iris(label_of(version), version.classes)
    made = ModelVersion(version.name, version.sha256[:12])
    return Frame(grid, legend, source, made)


def legend_of_iris(label: str, iris: Sequence[str]) -> tuple[MapClass, ...]:
    """A class per IRI, in their order, with the indices 1, 2, ...

    Raises:
        UnsuitableModel: One is in no scheme of ours; `label` names the model.
    """
    known = {c.iri: c for name in SCHEMES for c in concept_scheme(name).values()}
    if unknown := [iri for iri in iris if iri not in known]:
        raise UnsuitableModel(label, f"no scheme has its class {unknown[0]!r}")
    return tuple(
        MapClass(index, concept.notation, iri, concept.label, concept.colour)
        for index, iri in enumerate(iris, start=1)
        for concept in [known[iri]]
    )


def write_map(
    out_dir: Path, frame: Frame, rows: Rows, progress: Progress = silent
) -> PredictedMap:
    """Write what is said of a scene or cube, whole or not at all.

    Memory is that of the rows, and a byte for each pixel.

    Args:
        out_dir: A new folder, or one of an earlier prediction.
        frame: What the map is of.
        rows: What is said.
        progress: Told of the rows that are written.

    Raises:
        NoValidPixels: Nothing is said of any pixel; nothing was written.
        OutputExists: `out_dir` holds something else.
    """
    wanted = PredictedMap.of(out_dir)
    with appearing(out_dir, [each.name for each in wanted.files]) as folder:
        files = PredictedMap.of(folder)
        classes_HW = _write(frame, rows, files, progress)
        valid_HW = classes_HW != NO_CLASS
        if not valid_HW.any():
            raise NoValidPixels(frame.source.path)
        said = _Described(
            frame.grid, classes_HW, valid_HW, frame.legend, frame.source, frame.model
        )
        assets = raster_assets(said, files.class_map, files.probabilities)
        assets["entropy"] = entropy_asset(files.entropy)
        write_item(files.item, item_of(said, assets, out_dir))
    return wanted


def _write(
    frame: Frame, rows: Rows, files: PredictedMap, progress: Progress
) -> NDArray[np.uint8]:
    """Write the rasters, some rows at a time; the classes remain."""
    grid, legend = frame.grid, frame.legend
    classes_HW = np.full((grid.height, grid.width), NO_CLASS, np.uint8)
    layers = {
        files.class_map: class_layers(grid, legend),
        files.probabilities: probability_layers(grid, legend),
        files.entropy: entropy_layers(grid),
    }
    with ExitStack() as stack:
        canvases = [stack.enter_context(writing_cog(*each)) for each in layers.items()]
        for row, probabilities_KHW, valid_HW in rows:
            stop = row + probabilities_KHW.shape[1]
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
