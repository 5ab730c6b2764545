"""The polygon table: written and read as GeoParquet 1.1.

What the columns mean is said here once; mappings to RDF read them by name.  Geometries
stay in the native CRS of the map, whose PROJJSON is in the file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from ml.errors import UnreadablePolygons
from ml.rasters import writing

_TIME: Final = pa.timestamp("ms", tz="UTC")

SCHEMA: Final = pa.schema(
    [
        # Stable: see `ml.vectorize.attributes.polygon_ids`.
        pa.field("id", pa.string(), nullable=False),
        pa.field("geometry", pa.binary(), nullable=False),
        pa.field("class_index", pa.int32(), nullable=False),
        pa.field("class_code", pa.string(), nullable=False),
        pa.field("class_iri", pa.string(), nullable=False),
        pa.field("class_label", pa.string(), nullable=False),
        # Of the polygon's class: mean and 10th percentile over its pixels.
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("probability_p10", pa.float64(), nullable=False),
        # Mean Shannon entropy, bits.
        pa.field("entropy", pa.float64(), nullable=False),
        # The runner-up by mean probability; null where there is one class only.
        pa.field("second_class_iri", pa.string()),
        pa.field("second_probability", pa.float64()),
        # Geodesic, on WGS 84, of the polygon as written.
        pa.field("area_m2", pa.float64(), nullable=False),
        pa.field("perimeter_m", pa.float64(), nullable=False),
        # Before generalization of the outline.
        pa.field("n_pixels", pa.int64(), nullable=False),
        pa.field("time_start", _TIME),
        pa.field("time_end", _TIME),
        pa.field("scene_id", pa.string(), nullable=False),
        pa.field("scene_href", pa.string(), nullable=False),
        pa.field("platform", pa.string()),
        pa.field("product_type", pa.string()),
        pa.field("model_name", pa.string(), nullable=False),
        pa.field("model_version", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("mmu_m2", pa.float64(), nullable=False),
        pa.field("tolerance_m", pa.float64(), nullable=False),
        pa.field("software_version", pa.string(), nullable=False),
    ]
)

_GEO_KEY: Final = b"geo"
_OWN_KEY: Final = b"pytheas"


@dataclass(frozen=True, slots=True, eq=False)
class PolygonTable:
    """A table of classified polygons.

    Attributes:
        table: Rows with the columns of `SCHEMA`; geometries as WKB.
        crs: Of the geometries; x is east or longitude, y north or latitude.
        metadata: What holds for all rows and is no column, such as who named the CRS.
    """

    table: pa.Table
    crs: CRS
    metadata: Mapping[str, str]

    @property
    def geometries(self) -> NDArray[np.object_]:
        """The polygons, decoded."""
        decoded: NDArray[np.object_] = shapely.from_wkb(
            self.table["geometry"].to_numpy(zero_copy_only=False)
        )
        return decoded


def write_polygons(
    path: Path,
    polygons: PolygonTable,
    more: Mapping[str, Sequence[str | None]] | None = None,
) -> None:
    """Write a GeoParquet 1.1 file, whole or not at all.

    Args:
        path: The file.
        polygons: Its rows.
        more: Further columns, text; `read_polygons` passes over them.
    """
    table = polygons.table.cast(SCHEMA)
    for name, column in (more or {}).items():
        table = table.append_column(name, pa.array(column, pa.string()))
    table = table.replace_schema_metadata(
        {
            _GEO_KEY: json.dumps(_geo_metadata(polygons)),
            _OWN_KEY: json.dumps(dict(polygons.metadata), sort_keys=True),
        }
    )
    with writing(path) as unfinished:
        pq.write_table(table, unfinished, compression="zstd")


def _geo_metadata(polygons: PolygonTable) -> dict[str, Any]:
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": ["Polygon"],
        "crs": polygons.crs.to_json_dict(),
        "orientation": "counterclockwise",
        "edges": "planar",
    }
    if len(polygons.table):
        column["bbox"] = shapely.total_bounds(polygons.geometries).tolist()
    return {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": column},
    }


def read_polygons(path: Path) -> PolygonTable:
    """The table that `write_polygons` wrote.

    Raises:
        UnreadablePolygons: Not Parquet, no GeoParquet, or columns are missing.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        reason = f"it cannot be read as Parquet ({error})"
        raise UnreadablePolygons(path, reason) from error
    metadata = table.schema.metadata or {}
    missing = [name for name in SCHEMA.names if name not in table.column_names]
    if missing:
        raise UnreadablePolygons(path, f"it lacks the columns {', '.join(missing)}")
    if _GEO_KEY not in metadata:
        raise UnreadablePolygons(path, "it is Parquet, but no GeoParquet")
    geometry = json.loads(metadata[_GEO_KEY])["columns"]["geometry"]
    return PolygonTable(
        table=table.select(SCHEMA.names).cast(SCHEMA),
        crs=CRS.from_json_dict(geometry["crs"]),
        metadata=json.loads(metadata.get(_OWN_KEY, b"{}")),
    )
