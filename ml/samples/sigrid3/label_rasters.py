"""Labels of a chart as files beside a scene.

`NAME.tif` has a band for each head, in 8 bits; `NAME.polygons.tif` says in which row of
the chart a pixel lies, 0 for none; `NAME.json` has the eggs, labels and shares by row.
"""

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.maps import Grid
from ml.rasters import BLOCK, Layers, writing, writing_cog
from ml.samples.sigrid3.chart import IceChart
from ml.samples.sigrid3.errors import ChartElsewhere
from ml.samples.sigrid3.fields import codes_of
from ml.samples.sigrid3.labels import HEADS, NO_LABEL, Dominance, Label, labels_of
from ml.samples.sigrid3.rasterize import Burner, tiles
from ontologies.progress import Progress, silent

HEADS_TAG: Final = "HEADS"


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """What was written.

    Attributes:
        labels: COG, a band for each head.
        polygons: COG, the row of the chart.
        document: What `table` holds.
        table: JSON.
    """

    labels: Path
    polygons: Path
    table: Path
    document: dict[str, Any]


def write_labels(
    chart: IceChart,
    grid: Grid,
    path: Path,
    dominance: Dominance | None = None,
    progress: Progress = silent,
) -> LabelFiles:
    """Write the labels of a chart on a grid; all files or none.

    Args:
        chart: The chart, in any CRS.
        grid: The grid of the scene, in any CRS.
        path: Of the labels; ends in `.tif`.
        dominance: When one class names a polygon.
        progress: Told about each row of windows.

    Raises:
        ChartElsewhere: No pixel lies in a polygon.
    """
    rule = dominance or Dominance()
    labels = [labels_of(polygon.egg, rule) for polygon in chart.polygons]
    rows_path, table = path.with_suffix(".polygons.tif"), path.with_suffix(".json")
    with ExitStack() as files:
        # Left in reverse: the labels appear last, when all else is there.
        layers = _label_layers(grid)
        canvas = files.enter_context(writing_cog(path, layers))
        row_canvas = files.enter_context(writing_cog(rows_path, _row_layers(grid)))
        unfinished = files.enter_context(writing(table))
        counts = np.zeros(len(labels) + 1, dtype=np.int64)
        by_head = _lookup(labels)
        numbers = np.array([*(p.row for p in chart.polygons), 0], dtype=np.int32)
        burner = Burner(chart, grid)
        for tile in tiles(grid, BLOCK):
            burned_HW = burner.burn(tile)
            canvas.write(tile.row, tile.column, by_head[:, burned_HW])
            row_canvas.write(tile.row, tile.column, numbers[burned_HW][None])
            counts += np.bincount(burned_HW.ravel() + 1, minlength=len(counts))
            progress("burn the chart", (tile.row + tile.height) / grid.height)
        if not counts[1:].any():
            raise ChartElsewhere(chart.path)
        document = _document(chart, labels, counts[1:], rule)
        unfinished.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return LabelFiles(path, rows_path, table, document)


def _label_layers(grid: Grid) -> Layers:
    return Layers(
        grid,
        "uint8",
        NO_LABEL,
        tuple(HEADS),
        tags={HEADS_TAG: json.dumps({k: list(v) for k, v in HEADS.items()})},
        is_categorical=True,
    )


def _row_layers(grid: Grid) -> Layers:
    return Layers(grid, "int32", 0, ("row",), is_categorical=True)


def _lookup(labels: list[dict[str, Label]]) -> NDArray[np.uint8]:
    """Head and polygon to class; the last polygon stands for none (position -1)."""
    rows = [[*(one[head].index for one in labels), NO_LABEL] for head in HEADS]
    return np.array(rows, dtype=np.uint8)


def _document(
    chart: IceChart,
    labels: list[dict[str, Label]],
    counts: NDArray[np.int64],
    dominance: Dominance,
) -> dict[str, Any]:
    polygons = [
        {
            "row": polygon.row,
            "poly_type": polygon.egg.poly_type.value,
            "codes": {k: v for k, v in codes_of(polygon.egg).items() if v},
            "pixels": int(count),
            "labels": {
                head: None if one.index == NO_LABEL else one.index
                for head, one in label.items()
            },
            "shares": {
                head: np.round(one.shares_K, 4).tolist() for head, one in label.items()
            },
        }
        for polygon, label, count in zip(chart.polygons, labels, counts, strict=True)
    ]
    return {
        "chart": chart.path.name,
        "dominance": asdict(dominance),
        "heads": {head: list(classes) for head, classes in HEADS.items()},
        "polygons": polygons,
        "contradictions": [
            {"row": row, "reason": reason} for row, reason in chart.contradictions()
        ],
        "refused": [asdict(one) for one in chart.refused],
    }
