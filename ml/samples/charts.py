"""Chips of prepared scenes with what an ice chart says of each pixel.

The labels are those that `ml.samples.sigrid3.label_rasters` wrote on the scene's grid.
Shares of classes are told by polygon: a chip has for each pixel the row of its polygon
in the table that all chips of a set share; row 0 says nothing.

Shape suffixes: H rows, W columns, C channels, P polygons, K classes of all heads.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray

from ml.errors import InvalidSamples, UnreadableSamples
from ml.footprint import footprint_crs84
from ml.maps import Grid
from ml.prep.s1_product import COAST
from ml.rasters import read_grid, read_rows
from ml.samples.columns import Column
from ml.samples.shards.model import Sample, SampleSet
from ml.samples.shards.reader import Shards
from ml.samples.shards.sources import LABELS, VALUES, expect, texts, whole
from ml.samples.sigrid3.labels import HEADS, NO_LABEL
from ml.scene import POLARIZATIONS, Scene, read_scene

CHARTS: Final = "charts"
POLYGONS: Final = "polygons.npy"
SIDE_PX: Final = 64
BLOCK_CHIPS: Final = 4
"""Chips of a block, either way: what lies in one block stays together in a split."""

_CHANNELS: Final = (
    *(f"{polarization} dB" for polarization in POLARIZATIONS),
    *("incidence angle degrees", "distance to coast m"),
)
_LEAST_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class ChartSamples:
    """Chips of scenes.

    Attributes:
        values_NHWC: float32, of the channels; NaN where a scene says nothing.
        labels_NXHW: For each head the class, or `NO_LABEL`.
        polygons_NHW: Row in `shares_PK`.
        shares_PK: What is known of a polygon, all heads behind each other.
        heads: Classes of each head.
        channels: Names.
        scenes_N: The scene of each.
        blocks_N: The block of each.
        sha256: Of all files.
    """

    values_NHWC: Column
    labels_NXHW: Column
    polygons_NHW: Column
    shares_PK: NDArray[np.float32]
    heads: dict[str, tuple[str, ...]]
    channels: tuple[str, ...]
    scenes_N: NDArray[np.str_]
    blocks_N: NDArray[np.str_]
    sha256: str


def chart_set(
    name: str, labels: Sequence[Path], scenes: Sequence[Path], side: int = SIDE_PX
) -> SampleSet:
    """Chips of scenes for shards.

    Args:
        name: Of the data set.
        labels: For each scene the `.tif` of `pytheas ml samples chart`.
        scenes: Folders of `pytheas ml prep s1`.
        side: Pixels of a chip, either way.

    Raises:
        InvalidSamples: There are not as many labels as scenes, grids differ, or some
            scenes have a distance to the coast and others not.
        UnreadableSamples: A table of labels is missing or broken.
        ProductError: A scene is missing or broken.
    """
    if len(labels) != len(scenes):
        told = f"{len(labels)} labels for {len(scenes)} scenes"
        raise InvalidSamples(name, told)
    pairs: list[_Pair] = []
    tables = [np.zeros((1, sum(map(len, HEADS.values()))), np.float32)]
    for path, folder in zip(labels, scenes, strict=True):
        rows, shares_PK = _shares(path)
        first = sum(map(len, tables))
        numbers = {row: first + place for place, row in enumerate(rows)}
        pairs.append(_Pair(read_scene(folder), folder, path, numbers))
        tables.append(shares_PK)
    with_coast = {pair.coast.is_file() for pair in pairs}
    if len(with_coast) > 1:
        reason = "some scenes have a distance to the coast, some have not"
        raise InvalidSamples(name, reason)
    return SampleSet(
        name=name,
        kind=CHARTS,
        classes=tuple(f"{head}: {one}" for head in HEADS for one in HEADS[head]),
        channels=_CHANNELS if with_coast == {True} else _CHANNELS[:-1],
        groups=("scene", "block"),
        samples=(chip for pair in pairs for chip in pair.chips(side)),
        attributes={
            "heads": {head: list(classes) for head, classes in HEADS.items()},
            "shares": np.concatenate(tables).round(6).tolist(),
        },
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """A scene and its labels.

    Attributes:
        scene: The scene.
        folder: Its folder.
        labels: The classes.
        numbers: From row of the chart to row of the table of shares.
    """

    scene: Scene
    folder: Path
    labels: Path
    numbers: dict[int, int]

    @property
    def coast(self) -> Path:
        folder = self.folder.parent if self.folder.suffix == ".json" else self.folder
        return folder / f"{COAST}.tif"

    def chips(self, side: int) -> Iterator[Sample]:
        """Those of which a quarter of the pixels is observed and told of."""
        grid = self.scene.grid
        if read_grid(self.labels) != grid:
            reason = f"{self.labels} does not lie on the grid of {self.folder}"
            raise InvalidSamples(self.scene.source.scene_id, reason)
        for row in range(0, grid.height - side + 1, side):
            strip = self._strip(row, row + side)
            for column in range(0, grid.width - side + 1, side):
                cut = {k: v[..., column : column + side] for k, v in strip.items()}
                sample = self._chip(cut, row, column)
                if sample is not None:
                    yield sample

    def _strip(self, start: int, stop: int) -> dict[str, NDArray[Any]]:
        """Some rows of everything, columns last."""
        bands = self.scene.read(start, stop)
        values = [*bands.sigma0_db_PHW, bands.incidence_HW]
        if self.coast.is_file():
            values.append(read_rows(self.coast, start, stop)[0])
        polygons = self.labels.with_suffix(".polygons.tif")
        rows_HW = read_rows(polygons, start, stop)[0]
        lookup = np.zeros(max(self.numbers, default=0) + 1, np.int32)
        for row, number in self.numbers.items():
            lookup[row] = number
        return {
            VALUES: np.stack(values).astype(np.float32),
            LABELS: read_rows(self.labels, start, stop),
            POLYGONS: lookup[rows_HW],
        }

    def _chip(
        self, cut: dict[str, NDArray[Any]], row: int, column: int
    ) -> Sample | None:
        is_seen_HW = np.isfinite(cut[VALUES]).all(0)
        # What is not seen teaches nothing.
        polygons_HW = np.where(is_seen_HW, cut[POLYGONS], 0).astype(np.int32)
        if (polygons_HW > 0).mean() < _LEAST_SHARE:
            return None
        labels_XHW = np.where(is_seen_HW, cut[LABELS], NO_LABEL).astype(np.uint8)
        scene, side = self.scene.source, len(is_seen_HW)
        block = f"{row // side // BLOCK_CHIPS}-{column // side // BLOCK_CHIPS}"
        start, end = scene.time_start, scene.time_end
        return Sample(
            id=f"{scene.scene_id}-{row}-{column}",
            arrays={
                VALUES: np.moveaxis(cut[VALUES], 0, 2),
                LABELS: labels_XHW,
                POLYGONS: polygons_HW,
            },
            groups={"scene": scene.scene_id, "block": f"{scene.scene_id}-{block}"},
            place=footprint_crs84(
                _part(self.scene.grid, row, column, side), np.ones((side, side), bool)
            ),
            period=(start, end) if start and end else None,
        )


def _part(grid: Grid, row: int, column: int, side: int) -> Grid:
    moved = grid.transform @ rasterio.Affine.translation(column, row)
    return Grid(moved, grid.crs, side, side)


def _shares(labels: Path) -> tuple[list[int], NDArray[np.float32]]:
    """Rows of the chart, and the shares of their polygons."""
    path = labels.with_suffix(".json")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        rows = [int(one["row"]) for one in document["polygons"]]
        shares = [
            [share for head in HEADS for share in one["shares"][head]]
            for one in document["polygons"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableSamples(path, f"no table of labels ({error!r})") from error
    return rows, np.array(shares, np.float32)


def charts_of(shards: Shards) -> ChartSamples:
    """Chips whose values and labels stay in the shards.

    Raises:
        UnreadableShards: They are of another kind.
    """
    expect(shards, CHARTS)
    about = shards.manifest
    return ChartSamples(
        values_NHWC=whole(shards, VALUES),
        labels_NXHW=whole(shards, LABELS),
        polygons_NHW=whole(shards, POLYGONS),
        shares_PK=np.array(about.attributes["shares"], np.float32),
        heads={head: tuple(one) for head, one in about.attributes["heads"].items()},
        channels=about.channels,
        scenes_N=texts(shards, "scene"),
        blocks_N=texts(shards, "block"),
        sha256=about.sha256,
    )
