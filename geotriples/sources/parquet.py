"""`pyrml:Parquet` and `pyrml:GeoParquet`: typed columns; geometries know their CRS.

RML has no reference formulation for Parquet, so these two are our own:
`https://w3id.org/pytheas/rml#Parquet` and `https://w3id.org/pytheas/rml#GeoParquet`.  A
reference is a column's name.  A row is a row of the file; there is no iterator.

In GeoParquet (1.0, 1.1) a geometry column's CRS is PROJJSON in the file's metadata; a
CRS that is not given is OGC:CRS84; one that is `null` is unknown, and such a column has
no place on Earth, so it is refused where the mapping refers to it.
"""

import json
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource
from geotriples.sources.arrow_types import is_list, kind_of, value_type
from geotriples.sources.base import Column, Kind
from geotriples.sources.dataset import read_columns
from geotriples.sources.parquet_filters import filter_of
from geotriples.sources.selective import Condition
from geotriples.sources.workspace import Workspace

_CRS84: Final = "OGC:CRS84"


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """A Parquet file, with the geometry columns that it declares."""

    path: Path
    dataset: ds.Dataset
    row_count: int | None
    geometries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in their order."""
        return tuple(self.dataset.schema.names)

    def explain(self, reference: str) -> str | None:
        """Whether there is such a column, of a type that can become a term."""
        names = self.dataset.schema.names
        if reference not in names:
            return f"{self.path.name} has no column {reference!r}; it has {names}"
        if reference in self.geometries:
            return self._explain_geometry(reference)
        arrow_type = self.dataset.schema.field(reference).type
        if kind_of(value_type(arrow_type)) is None:
            return f"column {reference!r} of {self.path.name} is {arrow_type}, no value"
        return None

    def _explain_geometry(self, reference: str) -> str | None:
        geometry = self.geometries[reference]
        if geometry.get("encoding") != "WKB":
            encoding = geometry.get("encoding")
            return f"geometry column {reference!r} is encoded as {encoding}, not WKB"
        if geometry.get("crs", _CRS84) is None:
            return f"geometry column {reference!r} of {self.path.name} has no CRS"
        return None

    def column(self, reference: str) -> Column:
        """The natural kind of a column (R2RML 10.2), and a geometry's CRS."""
        if reference in self.geometries:
            crs = self.geometries[reference].get("crs", _CRS84)
            text = crs if isinstance(crs, str) else json.dumps(crs, sort_keys=True)
            return Column(Kind.GEOMETRY, text)
        arrow_type = self.dataset.schema.field(reference).type
        kind = kind_of(value_type(arrow_type))
        if kind is None:
            raise KeyError(reference)
        return Column(kind, is_list=is_list(arrow_type))

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Stream the columns with their types."""
        return read_columns(self.dataset, self.path, references)

    def applicable(self, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
        """Conditions on values, and on boxes where the file keeps them."""
        return tuple(one for one in conditions if self._filter(one) is not None)

    def read_where(
        self, references: Mapping[str, str], conditions: Sequence[Condition]
    ) -> pa.RecordBatchReader:
        """Stream rows; groups of them that statistics rule out are not read."""
        filters = [
            one for each in conditions if (one := self._filter(each)) is not None
        ]
        where = reduce(operator.and_, filters) if filters else None
        return read_columns(self.dataset, self.path, references, where)

    def _filter(self, condition: Condition) -> Any:
        return filter_of(condition, self.dataset.schema, self.geometries)


def open_parquet(
    path: Path, source: LogicalSource, workspace: Workspace
) -> ParquetSource:
    """Open a Parquet file, without geometries.

    Raises:
        SourceError: It is absent or no Parquet.
    """
    path = workspace.plain(path, source.representation)
    dataset, file = _open(path)
    return ParquetSource(path, dataset, file.metadata.num_rows)


def open_geoparquet(
    path: Path, source: LogicalSource, workspace: Workspace
) -> ParquetSource:
    """Open a GeoParquet file.

    Raises:
        SourceError: It is absent or no GeoParquet.
    """
    path = workspace.plain(path, source.representation)
    dataset, file = _open(path)
    text = (file.schema_arrow.metadata or {}).get(b"geo")
    if text is None:
        raise SourceError(path, "has no GeoParquet metadata (key 'geo')")
    try:
        geometries = json.loads(text)["columns"]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(path, f"has broken GeoParquet metadata: {error}") from error
    return ParquetSource(path, dataset, file.metadata.num_rows, geometries)


def _open(path: Path) -> tuple[ds.Dataset, pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            # Without field metadata, lest an engine see an extension type for WKB.
            plain = [pa.field(one.name, one.type) for one in file.schema_arrow]
            schema = pa.schema(plain)
            return ds.dataset(str(path), schema=schema, format="parquet"), file
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(path, f"is not Parquet: {error}") from error
