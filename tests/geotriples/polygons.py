"""A polygons.parquet with the real layout, small and made up."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

_START = dt.datetime(2022, 4, 21, 7, 31, 5, tzinfo=dt.UTC)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("geometry", pa.binary()),
        ("class_index", pa.int32()),
        ("class_code", pa.string()),
        ("class_iri", pa.string()),
        ("class_label", pa.string()),
        ("probability", pa.float64()),
        ("probability_p10", pa.float64()),
        ("entropy", pa.float64()),
        ("second_class_iri", pa.string()),
        ("second_probability", pa.float64()),
        ("area_m2", pa.float64()),
        ("perimeter_m", pa.float64()),
        ("n_pixels", pa.int64()),
        ("time_start", pa.timestamp("ms", "UTC")),
        ("time_end", pa.timestamp("ms", "UTC")),
        ("scene_id", pa.string()),
        ("scene_href", pa.string()),
        ("platform", pa.string()),
        ("product_type", pa.string()),
        ("model_name", pa.string()),
        ("model_version", pa.string()),
        ("run_id", pa.string()),
        ("mmu_m2", pa.float64()),
        ("tolerance_m", pa.float64()),
        ("software_version", pa.string()),
    ]
)


def polygon_row(
    number: int, geometry: shapely.Geometry, **changes: Any
) -> dict[str, Any]:
    row = {
        "id": f"{number:016x}",
        "geometry": shapely.to_wkb(geometry),
        "class_index": 1,
        "class_code": "level",
        "class_iri": "https://w3id.org/pytheas/code/icetype/level",
        "class_label": "Level ice",
        "probability": 0.931,
        "probability_p10": 0.702,
        "entropy": 0.41,
        "second_class_iri": "https://w3id.org/pytheas/code/icetype/deformed",
        "second_probability": 0.052,
        "area_m2": 1234567.8,
        "perimeter_m": 5678.9,
        "n_pixels": 771,
        "time_start": _START,
        "time_end": _START + dt.timedelta(seconds=60.25),
        "scene_id": "S1A_EW_GRDM_1SDH_20220421T073105",
        "scene_href": "S1A_EW_GRDM_1SDH_20220421T073105.tif",
        "platform": "sentinel-1",
        "product_type": "EW_GRDM",
        "model_name": "gia-belgica-bank",
        "model_version": "89abcdef0123",
        "run_id": "ffeeddccbbaa9988",
        "mmu_m2": 40000.0,
        "tolerance_m": 80.0,
        "software_version": "0.1.0",
    }
    return row | changes


def write_polygons(path: Path, rows: Sequence[dict[str, Any]], crs: CRS | None) -> None:
    """Write GeoParquet 1.1; without a CRS it says that the CRS is unknown."""
    geometry = {
        "encoding": "WKB",
        "geometry_types": ["Polygon"],
        "crs": crs.to_json_dict() if crs else None,
    }
    geo = {"version": "1.1.0", "primary_column": "geometry"}
    metadata = json.dumps(geo | {"columns": {"geometry": geometry}})
    schema = SCHEMA.with_metadata({"geo": metadata})
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
