"""Features of vector files, by GDAL: attributes with their types, and a geometry.

The formulation names the format, and a file that is another is refused: GDAL would
also open what leads to other files and to hosts.  A row is a feature, the iterator the
name of a layer, a reference the name of an attribute.  `geometry` is the feature's
geometry, of whatever type, in the CRS that the file names; `fid` is its number.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
from pyogrio.raw import open_arrow

from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource
from geotriples.sources.arrow_types import ROW_ONLY, is_list, kind_of, value_type
from geotriples.sources.base import Column, Kind, OpenSource
from geotriples.sources.selective import BoxMeets, Condition
from geotriples.sources.vector_files import find_file, layer_info
from geotriples.sources.vector_filters import boxes_of, where_of
from geotriples.sources.vector_formats import VectorFormat
from geotriples.sources.workspace import Workspace

_BATCH_ROWS: Final = 16_384
_BROKEN: Final = (
    *(DataLayerError, DataSourceError, FieldError, GeometryError),
    *(pa.ArrowInvalid, OSError, RuntimeError, UnicodeDecodeError),
)
_CURVES: Final = frozenset(range(8, 15)) - {10}
"""Codes of WKB for circular strings and what may hold them (ISO 19125, 13249-3)."""

GEOMETRY: Final = "geometry"
FID: Final = "fid"


@dataclass(frozen=True, slots=True)
class VectorSource:
    """A layer.

    Attributes:
        path: The file that the mapping means.
        file: The file that is read.
        layer: Name of the layer.
        schema: Its attributes.
        geometry: Name of the geometry column in the reader's batches.
        crs: Its CRS; None where the file names none, and nobody else does.
        row_count: How many features there are, where the file says so.
        nulls: Strings that stand for no value.
        options: How the file is opened.
    """

    path: Path
    file: Path
    layer: str
    schema: pa.Schema
    geometry: str | None
    crs: str | None
    row_count: int | None
    nulls: frozenset[str]
    options: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes, then the geometry."""
        return (*self.schema.names, *([GEOMETRY] if self.geometry else []))

    def explain(self, reference: str) -> str | None:
        """Whether there is such an attribute, or a geometry that has a place."""
        if reference in self.schema.names:
            return self._explain_type(reference)
        if reference == FID:
            return None
        if reference == GEOMETRY and self.geometry is not None:
            return None if self.crs else self._explain_crs()
        known = [*self.schema.names, FID, *([GEOMETRY] if self.geometry else [])]
        return f"{self.path.name} has no attribute {reference!r}; it has {known}"

    def _explain_type(self, reference: str) -> str | None:
        arrow_type = self.schema.field(reference).type
        if kind_of(value_type(arrow_type)) is None:
            return f"{reference!r} of {self.path.name} is {arrow_type}, no value"
        return None

    def _explain_crs(self) -> str:
        beside = f" ({self.file.stem}.prj is missing)" if _is_shape(self.file) else ""
        return (
            f"{self.path.name} names no CRS{beside}, so its geometries have no place; "
            'say which it is, with pyrml:crs "EPSG:..." or WKT at the rml:source'
        )

    def column(self, reference: str) -> Column:
        """The natural kind of an attribute; the geometry with its CRS."""
        if reference in self.schema.names:
            arrow_type = self.schema.field(reference).type
            kind = kind_of(value_type(arrow_type))
            if kind is None:
                raise KeyError(reference)
            return Column(kind, is_list=is_list(arrow_type))
        if reference == FID:
            return Column(Kind.INTEGER)
        return Column(Kind.GEOMETRY, self.crs)

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Stream the features."""
        return self.read_where(references, ())

    def applicable(self, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
        """Conditions on attributes, and one box of the geometry."""
        boxes = [one for one in conditions if self._is_box(one)]
        return tuple(
            one
            for one in conditions
            if self._where(one) is not None or one in boxes[:1]
        )

    def _is_box(self, condition: Condition) -> bool:
        is_geometry = condition.reference == GEOMETRY and self.geometry is not None
        is_shadowed = GEOMETRY in self.schema.names
        return isinstance(condition, BoxMeets) and is_geometry and not is_shadowed

    def _where(self, condition: Condition) -> str | None:
        known = condition.reference in self.schema.names
        return where_of(condition) if known else None

    def read_where(
        self, references: Mapping[str, str], conditions: Sequence[Condition]
    ) -> pa.RecordBatchReader:
        """Stream the features that GDAL finds; some may come several times."""
        fields = [pa.field(name, self._type(text)) for name, text in references.items()]
        schema = pa.schema(fields) if fields else ROW_ONLY
        applied = self.applicable(conditions)
        batches = self._batches(schema, list(references.values()), applied)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _type(self, reference: str) -> pa.DataType:
        if reference in self.schema.names:
            return self.schema.field(reference).type
        return pa.int64() if reference == FID else pa.binary()

    def _batches(
        self, schema: pa.Schema, wanted: list[str], applied: Sequence[Condition]
    ) -> Iterator[pa.RecordBatch]:
        done = 0
        tests = [test for one in applied if (test := self._where(one)) is not None]
        selections = [
            {"where": " AND ".join(tests) or None, "bbox": box}
            for box in boxes_of(applied)
        ]
        features = (self._features(wanted, selection) for selection in selections)
        for batch in chain.from_iterable(features):
            if not wanted:
                columns = [pa.array([True] * batch.num_rows, pa.bool_())]
            else:
                columns = [
                    self._checked(self._cells(batch, text), text, done)
                    for text in wanted
                ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
            done += batch.num_rows
        expected = None if applied else self.row_count
        if expected is not None and done < expected:
            reason = f"row {done + 1}: cannot be read; there should be {expected}"
            raise SourceError(self.path, reason)

    def _features(
        self, wanted: list[str], selection: Mapping[str, Any]
    ) -> Iterator[pa.RecordBatch]:
        attributes = [
            name for name in dict.fromkeys(wanted) if name in self.schema.names
        ]
        try:
            with open_arrow(
                self.file,
                layer=self.layer,
                columns=attributes,
                read_geometry=GEOMETRY in wanted and GEOMETRY not in attributes,
                return_fids=FID not in attributes,
                batch_size=_BATCH_ROWS,
                use_pyarrow=True,
                **selection,
                **self.options,
            ) as (_, reader):
                while (batch := _next(reader)) is not None:
                    yield batch
        except _BROKEN as error:
            raise SourceError(self.path, f"cannot be read: {error}") from error

    def _cells(self, batch: pa.RecordBatch, reference: str) -> pa.Array:
        if reference in self.schema.names:
            return batch.column(reference)
        if reference == FID:
            return batch.column(0)
        return batch.column(self.geometry)

    def _checked(self, column: pa.Array, reference: str, done: int) -> pa.Array:
        if pa.types.is_string(column.type):
            self._check_text(column, reference, done)
            if self.nulls:
                absent = pc.is_in(column, pa.array(sorted(self.nulls), pa.string()))
                column = pc.if_else(absent, pa.scalar(None, pa.string()), column)
        elif reference == GEOMETRY and GEOMETRY not in self.schema.names:
            self._check_geometries(column, done)
        return column

    def _check_text(self, column: pa.Array, reference: str, done: int) -> None:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            row = done + next(i for i, one in enumerate(column) if _is_broken(one)) + 1
            reason = (
                f"row {row}: {reference!r} is not in the encoding that the file names; "
                "say which it is (rml:encoding)"
            )
            raise SourceError(self.path, reason) from error

    def _check_geometries(self, column: pa.Array, done: int) -> None:
        codes = pc.binary_slice(column, 1, 5)
        curves = [
            code
            for code in pc.unique(codes).to_pylist()
            if code is not None and int.from_bytes(code, "little") % 1000 in _CURVES
        ]
        if curves:
            first = pc.index_in(pa.array(curves[:1], codes.type), codes).to_pylist()[0]
            reason = f"row {done + first + 1}: has curves; make lines of them"
            raise SourceError(self.path, reason)


def _is_shape(file: Path) -> bool:
    return file.suffix.lower() == ".shp"


def _is_broken(text: pa.Scalar) -> bool:
    try:
        text.as_py()
    except UnicodeDecodeError:
        return True
    return False


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    # What GDAL warns of is in the features, or told as an error.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            return reader.read_next_batch()
        except StopIteration:
            return None


def open_vector(kind: VectorFormat) -> OpenSource:
    """The opener of a format.

    It raises SourceError where the file is absent, of another format or broken, or has
    several layers and the iterator names none.
    """

    def open_layer(
        path: Path, source: LogicalSource, workspace: Workspace
    ) -> VectorSource:
        file = find_file(path, kind, source.representation, workspace)
        options = dict(kind.options)
        if source.representation.encoding is not None:
            options["encoding"] = source.representation.encoding
        try:
            info = layer_info(path, file, kind, source.iterator, options)
            with open_arrow(
                file, layer=info.layer, use_pyarrow=True, batch_size=1, **options
            ) as (meta, reader):
                schema = reader.schema
        except _BROKEN as error:
            raise SourceError(path, f"is not {kind.name}: {error}") from error
        geometry = meta["geometry_name"] or "wkb_geometry"
        attributes = [
            pa.field(field.name, field.type)
            for field in schema
            if field.name in set(meta["fields"])
        ]
        return VectorSource(
            path,
            file,
            info.layer,
            pa.schema(attributes),
            geometry if geometry in schema.names else None,
            source.representation.crs if info.crs is None else info.crs,
            info.features,
            source.nulls,
            options,
        )

    return open_layer
