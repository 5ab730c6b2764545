"""Sources that Sedona reads as our own readers do, value for value.

That is GeoParquet whose geometries have no M and whose other columns both engines take
for the same. See docs/adr/0021-spark.md for the readers and functions whose values are
others, and are not used.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from engines.errors import SparkMissing
from engines.spark.tables import spark_types
from geotriples.sources.base import Source
from geotriples.sources.parquet import ParquetSource

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_NEEDED: Final = ("ST_AsBinary", "ST_GeomFromWKB", "ST_GeometryType")
_ALIKE: Final = (
    *(pa.types.is_boolean, pa.types.is_signed_integer),
    *(pa.types.is_string, pa.types.is_large_string),
    *(pa.types.is_float32, pa.types.is_float64),
)
"""Types whose values Spark reads from Parquet as Arrow does, old dates and all."""

_SHAPES: Final = frozenset(
    f"{one}{z}"
    for one in (
        *("Point", "LineString", "Polygon", "GeometryCollection"),
        *("MultiPoint", "MultiLineString", "MultiPolygon"),
    )
    for z in ("", " Z")
)
_NOT_IN_NAMES: Final = frozenset("*?[]{}\\^%#")
"""What Spark takes for a pattern in a path."""


def check_sedona(session: "SparkSession") -> None:
    """Refuse a session without Sedona.

    Raises:
        SparkMissing: It has not the functions that are needed.
    """
    if not all(session.catalog.functionExists(one) for one in _NEEDED):
        reason = (
            "the session has no Apache Sedona; give spark-submit what "
            "`python -m api.spark_job --where` prints"
        )
        raise SparkMissing(reason)


def read_by_sedona(
    session: "SparkSession",
    source: Source,
    references: Mapping[str, str],
    schema: pa.Schema,
) -> "DataFrame | None":
    """The rows of a source by Sedona; None where its values may be others.

    Args:
        session: A session with Sedona.
        source: The source; its file is where all tasks see it.
        references: Name of a column to the column of the file.
        schema: What our own reader gives.
    """
    if not isinstance(source, ParquetSource) or not _is_readable(source, references):
        return None
    columns = [
        _column(name, reference, is_geometry=reference in source.geometries)
        for name, reference in references.items()
    ]
    # Spark takes %20 of a URL for what it says.
    path = f"file://{source.path.resolve()}"
    rows = session.read.format("geoparquet").load(path).selectExpr(*columns)
    found = [field.dataType for field in rows.schema.fields]
    return rows if found == spark_types(schema) else None


def _is_readable(source: ParquetSource, references: Mapping[str, str]) -> bool:
    """Whether both readers give the same, as far as the file tells."""
    chosen = set(references.values())
    geometries = [source.geometries[one] for one in chosen & source.geometries.keys()]
    others = [source.dataset.schema.field(one) for one in chosen - {*source.geometries}]
    return (
        bool(geometries)
        and all(map(_is_plain, geometries))
        and all(any(test(one.type) for test in _ALIKE) for one in others)
        and _is_path(source.path)
    )


def _is_plain(geometry: Mapping[str, Any]) -> bool:
    """Whether a column says that its geometries have no M, which Sedona drops."""
    types = geometry.get("geometry_types") or ()
    return bool(types) and set(types) <= _SHAPES


def _is_path(path: Path) -> bool:
    """Whether Spark takes a path for that of a file that is to be read."""
    is_hidden = path.name.startswith(("_", "."))
    return not is_hidden and not set(str(path.resolve())) & _NOT_IN_NAMES


def _column(name: str, reference: str, *, is_geometry: bool) -> str:
    column = f"`{reference.replace('`', '``')}`"
    return f"{f'ST_AsBinary({column})' if is_geometry else column} AS `{name}`"
