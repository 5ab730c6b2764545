"""From a class map to its polygon table, by the steps that the other modules take."""

import numpy as np
import shapely
from numpy.typing import NDArray

from ml.errors import NoValidPixels
from ml.maps import ClassMap, Generalization, Grid
from ml.polygons import PolygonTable
from ml.vectorize.attributes import polygon_table
from ml.vectorize.coverage import simplify_coverage, trace_regions
from ml.vectorize.regions import find_regions, merge_small_regions
from ontologies.progress import Progress, silent

_ROUNDING = 1e-9
"""An area that is a whole number of pixels up to this is that number."""


def polygonize(
    class_map: ClassMap, generalization: Generalization, progress: Progress = silent
) -> PolygonTable:
    """Polygons that tile the valid pixels of the map: no gaps, no overlaps.

    With tolerance 0 they follow the pixels exactly; else shared edges are smoothed, and
    the outer boundary and the boundary of nodata still follow the pixels, so the area
    of the whole stays.

    Raises:
        NoValidPixels: There is nothing to draw.
        InvalidCoverage: A bug: the result is no coverage.
    """
    if not class_map.valid_HW.any():
        raise NoValidPixels(class_map.source.path)
    progress("vectorize", 0.0)
    minimum_px = _pixels(class_map.grid, generalization.mmu_m2)
    classes_HW = merge_small_regions(
        class_map.classes_HW, class_map.valid_HW, minimum_px
    )
    regions = find_regions(classes_HW, class_map.valid_HW)
    progress("vectorize", 0.2)
    outlines = trace_regions(regions)
    progress("vectorize", 0.4)
    outlines = simplify_coverage(outlines, generalization.tolerance_px)
    progress("vectorize", 0.7)
    table = polygon_table(
        class_map, regions, locate_polygons(class_map.grid, outlines), generalization
    )
    progress("vectorize", 1.0)
    return table


def _pixels(grid: Grid, area_m2: float) -> int:
    return int(np.ceil(area_m2 / grid.pixel_area_m2 - _ROUNDING))


def locate_polygons(grid: Grid, outlines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Outlines in raster coordinates, brought to the native CRS.

    Equal vertices stay equal, so a coverage stays one.
    """

    def to_native(corners: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack(grid.locate(corners[:, 0], corners[:, 1]), axis=1)

    located: NDArray[np.object_] = shapely.transform(outlines, to_native)
    return located
