"""Class maps as rasters: a palette of classes, and a band of probability per class.

The table of classes travels in the tag `CLASSES` of both files, as JSON: a file found
alone still says what its values mean.

Shape suffixes: K classes, H rows, W columns.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.errors import UnreadableRaster
from ml.maps import ClassMap, Grid, MapClass
from ml.rasters import Colour, Layers, Raster, read_raster, write_cog

NO_CLASS: Final = 255
"""The value of pixels without a class, and without probabilities."""

PROBABILITY_STEP: Final = 1 / 250
"""Probabilities are stored as multiples of it, in 8 bits, and so are off by 0.002."""

ENTROPY_STEP: Final = 1 / 1000
"""Entropies are stored as multiples of it, bits, in 16 bits."""

NO_ENTROPY: Final = 65_535
"""The value of pixels without an entropy."""

CLASSES_TAG: Final = "CLASSES"
_UNCOLOURED: Final = (128, 128, 128, 255)


def class_raster(
    grid: Grid,
    classes_HW: NDArray[np.integer],
    valid_HW: NDArray[np.bool_],
    legend: Sequence[MapClass],
) -> Raster:
    """Class indices in 8 bits, with the colours of the legend."""
    values_HW = np.where(valid_HW, classes_HW, NO_CLASS).astype(np.uint8)
    return Raster(
        array_BHW=values_HW[None],
        grid=grid,
        nodata=NO_CLASS,
        descriptions=("class",),
        tags={CLASSES_TAG: render_legend(legend)},
        colormap=_palette(legend),
    )


def class_layers(grid: Grid, legend: Sequence[MapClass]) -> Layers:
    """The class raster, for one that is written piece by piece."""
    return Layers(
        grid=grid,
        dtype="uint8",
        nodata=NO_CLASS,
        descriptions=("class",),
        tags={CLASSES_TAG: render_legend(legend)},
        is_categorical=True,
        colormap=_palette(legend),
    )


def probability_layers(grid: Grid, legend: Sequence[MapClass]) -> Layers:
    """The same, of the probabilities."""
    return Layers(
        grid=grid,
        dtype="uint8",
        nodata=NO_CLASS,
        descriptions=tuple(c.code for c in legend),
        tags={CLASSES_TAG: render_legend(legend)},
        scale=PROBABILITY_STEP,
    )


def entropy_layers(grid: Grid) -> Layers:
    """The same, of the Shannon entropy of the probabilities."""
    return Layers(grid, "uint16", NO_ENTROPY, ("entropy bits",), scale=ENTROPY_STEP)


def _palette(legend: Sequence[MapClass]) -> dict[int, Colour]:
    return {c.index: _colour(c) for c in legend} | {NO_CLASS: (0, 0, 0, 0)}


def probability_raster(class_map: ClassMap) -> Raster:
    """Probabilities in steps of `PROBABILITY_STEP`; the notations name the bands."""
    steps_KHW = np.rint(class_map.probabilities_KHW / PROBABILITY_STEP)
    return Raster(
        array_BHW=np.where(class_map.valid_HW, steps_KHW, NO_CLASS).astype(np.uint8),
        grid=class_map.grid,
        nodata=NO_CLASS,
        descriptions=tuple(c.code for c in class_map.legend),
        tags={CLASSES_TAG: render_legend(class_map.legend)},
        scale=PROBABILITY_STEP,
    )


def write_class_map(
    class_map: ClassMap, classes_path: Path, probabilities_path: Path
) -> None:
    """Write the two COGs of a class map, each whole or not at all."""
    classes = class_raster(
        class_map.grid, class_map.classes_HW, class_map.valid_HW, class_map.legend
    )
    write_cog(classes_path, classes)
    write_cog(probabilities_path, probability_raster(class_map))


def read_probabilities(path: Path) -> NDArray[np.float32]:
    """Probabilities of a raster of ours, NaN where it says nothing.

    Raises:
        UnreadableRaster: See `ml.rasters.read_raster`.
    """
    raster = read_raster(path)
    physical_KHW = raster.array_BHW * np.float32(raster.scale)
    return np.where(raster.is_valid_BHW, physical_KHW, np.float32(np.nan))


def render_legend(legend: Sequence[MapClass]) -> str:
    """The table of classes as JSON; `parse_legend` restores it."""
    rows = [
        {
            "value": c.index,
            "notation": c.code,
            "iri": c.iri,
            "label": c.label,
            "colour": c.colour,
        }
        for c in legend
    ]
    return json.dumps(rows, ensure_ascii=False)


def parse_legend(path: Path, raster: Raster) -> tuple[MapClass, ...]:
    """The classes that a raster of ours may hold.

    Raises:
        UnreadableRaster: It has no table of classes, or a damaged one.
    """
    if CLASSES_TAG not in raster.tags:
        raise UnreadableRaster(path, f"it has no tag {CLASSES_TAG}")
    try:
        return tuple(
            MapClass(
                index=row["value"],
                code=row["notation"],
                iri=row["iri"],
                label=row["label"],
                colour=row["colour"],
            )
            for row in json.loads(raster.tags[CLASSES_TAG])
        )
    except (ValueError, KeyError, TypeError) as error:
        reason = f"its tag {CLASSES_TAG} is damaged ({error!r})"
        raise UnreadableRaster(path, reason) from error


def _colour(map_class: MapClass) -> Colour:
    if map_class.colour is None:
        return _UNCOLOURED
    red, green, blue = bytes.fromhex(map_class.colour.removeprefix("#"))
    return red, green, blue, 255
