"""The rows of the polygon table: one per region, each knows where it comes from."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from engines.geodesy import area_m2, perimeter_m, transform
from ml.maps import ClassMap, Generalization, Grid
from ml.polygons import SCHEMA, PolygonTable
from ml.vectorize.hilbert import hilbert_order
from ml.vectorize.regions import Regions
from ml.vectorize.statistics import ZonalStatistics, summarize_regions
from ml.version import software_version
from ontologies.geosparql.crs import CRS84_IRI, crs_from_iri, crs_from_pyproj

_ID_DIGITS: Final = 16
_PER_PIXEL: Final = 10
"""Identifiers know places to a tenth of a pixel: coarser than float noise."""


def polygon_table(
    class_map: ClassMap,
    regions: Regions,
    polygons: NDArray[np.object_],
    generalization: Generalization,
) -> PolygonTable:
    """The table of the polygons, in Hilbert order of their first pixels.

    Args:
        class_map: Where the regions come from.
        regions: Regions of it, after small ones were merged.
        polygons: Their outlines in the native CRS, by label.
        generalization: How both were generalized.
    """
    position_N = _legend_positions(class_map, regions)
    statistics = summarize_regions(regions, class_map.probabilities_KHW, position_N)
    columns = {
        "id": polygon_ids(class_map, regions, position_N),
        "geometry": shapely.to_wkb(shapely.orient_polygons(polygons), byte_order=1),
        **_class_columns(class_map, position_N),
        **_statistics_columns(class_map, statistics),
        **_measure_columns(class_map.grid, polygons),
        "n_pixels": regions.n_pixels_N,
    }
    constants = _constants(class_map, generalization)
    table = pa.table(
        [
            pa.array(columns[field.name], field.type, from_pandas=True)
            if field.name in columns
            else pa.repeat(pa.scalar(constants[field.name], field.type), regions.count)
            for field in SCHEMA
        ],
        schema=SCHEMA,
    )
    return PolygonTable(
        table=table.take(pa.array(hilbert_order(regions.first_N2[:, ::-1]))),
        crs=class_map.grid.crs,
        metadata={"crs_source": class_map.source.crs_source},
    )


def _legend_positions(class_map: ClassMap, regions: Regions) -> NDArray[np.int64]:
    indices = np.array([c.index for c in class_map.legend])
    order = np.argsort(indices)
    sorted_positions = np.searchsorted(indices[order], regions.class_index_N)
    positions: NDArray[np.int64] = order[sorted_positions]
    return positions


def polygon_ids(
    class_map: ClassMap, regions: Regions, position_N: NDArray[np.int64]
) -> list[str]:
    """Identifiers that depend on region, scene and model, and on nothing else.

    A region is known by the center of its first pixel, row by row, in the native CRS.
    So its identifier survives another order of rows, another tiling that keeps it
    whole, and a change of its neighbours or of the tolerance.
    """
    grid, source, model = class_map.grid, class_map.source, class_map.model
    tenths_N2 = _tenths_of_a_pixel(grid, regions.first_N2)
    return [
        _digest(
            source.scene_id,
            model.name,
            model.version,
            class_map.legend[position].code,
            *tenths,
        )
        for position, tenths in zip(
            position_N.tolist(), tenths_N2.tolist(), strict=True
        )
    ]


def _tenths_of_a_pixel(
    grid: Grid, row_column_N2: NDArray[np.int64]
) -> NDArray[np.int64]:
    rows, columns = row_column_N2.T
    places = np.stack(grid.locate(columns + 0.5, rows + 0.5), axis=1)
    side = abs(grid.transform.determinant) ** 0.5
    return np.asarray(np.rint(places * (_PER_PIXEL / side)), np.int64)


def _digest(*parts: object) -> str:
    # JSON keeps ("ab", "c") and ("a", "bc") apart.
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]


def run_id(class_map: ClassMap, generalization: Generalization) -> str:
    """Names the classification and vectorization that made the polygons."""
    source, model = class_map.source, class_map.model
    return _digest(
        source.scene_id,
        model.name,
        model.version,
        generalization.mmu_m2,
        generalization.tolerance_px,
    )


def _class_columns(
    class_map: ClassMap, position_N: NDArray[np.int64]
) -> dict[str, Sequence[Any]]:
    own = [class_map.legend[position] for position in position_N.tolist()]
    return {
        "class_index": [c.index for c in own],
        "class_code": [c.code for c in own],
        "class_iri": [c.iri for c in own],
        "class_label": [c.label for c in own],
    }


def _statistics_columns(
    class_map: ClassMap, statistics: ZonalStatistics
) -> dict[str, Any]:
    iris = [c.iri for c in class_map.legend]
    second = statistics.second_N.tolist()
    return {
        "probability": statistics.mean_N,
        "probability_p10": statistics.tenth_percentile_N,
        "entropy": statistics.entropy_N,
        "second_class_iri": [iris[p] if p >= 0 else None for p in second],
        "second_probability": statistics.second_mean_N,
    }


def _measure_columns(
    grid: Grid, polygons: NDArray[np.object_]
) -> dict[str, NDArray[np.float64]]:
    on_globe = transform(polygons, crs_from_pyproj(grid.crs), crs_from_iri(CRS84_IRI))
    return {"area_m2": area_m2(on_globe), "perimeter_m": perimeter_m(on_globe)}


def _constants(class_map: ClassMap, generalization: Generalization) -> dict[str, Any]:
    source, model = class_map.source, class_map.model
    return {
        "time_start": source.time_start,
        "time_end": source.time_end,
        "scene_id": source.scene_id,
        "scene_href": source.path.name,
        "platform": source.platform,
        "product_type": source.product_type,
        "model_name": model.name,
        "model_version": model.version,
        "run_id": run_id(class_map, generalization),
        "mmu_m2": generalization.mmu_m2,
        "tolerance_m": generalization.tolerance_px * class_map.grid.pixel_size_m,
        "software_version": software_version(),
    }
