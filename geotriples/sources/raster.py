"""`pyrml:Raster`: polygons or cells of a GeoTIFF.

The iterator is `polygons`, as without one, or `cells`.  A polygon is all the cells of
one value that touch at edges: a reference is `value` or `geometry`.  A cell is one that
is not masked (no data): a reference is `row` and `column`, counted from 0 at the first,
`value` for the first band, `band_1`, `band_2`, ..., `geometry` for its square and
`centre` for the point in its middle.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import rasterio
import rasterio.features
import shapely
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window

from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource
from geotriples.sources.arrow_types import ROW_ONLY
from geotriples.sources.base import Column, Kind
from geotriples.sources.workspace import Workspace

POLYGONS: Final = "polygons"
CELLS: Final = "cells"
_BATCH_POLYGONS: Final = 4_096
_BATCH_CELLS: Final = 65_536
_VALUE: Final = "value"
_SHAPES: Final = frozenset({"geometry", "centre"})
_CLASSES: Final = frozenset({"uint8", "int8", "uint16", "int16", "int32"})
_BROKEN: Final = (RasterioError, OSError, ValueError)

Columns = Mapping[str, pa.Array]


@dataclass(frozen=True, slots=True)
class RasterSource:
    """A raster, as polygons or as cells.

    Attributes:
        path: The file that the mapping means.
        file: The same, not compressed.
        rows: What its rows are, `POLYGONS` or `CELLS`.
        bands: Types of its bands, as numpy names them.
        crs: Its CRS; None where nobody names one.
    """

    path: Path
    file: Path
    rows: str
    bands: tuple[str, ...]
    crs: str | None

    @property
    def row_count(self) -> int | None:
        """Unknown: masked cells are no rows."""
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """Every reference."""
        if self.rows == POLYGONS:
            return (_VALUE, "geometry")
        bands = [f"band_{number}" for number in range(1, len(self.bands) + 1)]
        return ("row", "column", _VALUE, *bands, "geometry", "centre")

    def explain(self, reference: str) -> str | None:
        """Whether rows have such a reference, and a geometry a place."""
        if reference not in self.names:
            known = list(self.names)
            return f"{self.rows} of {self.path.name} have no {reference!r}; but {known}"
        if reference in _SHAPES and self.crs is None:
            return (
                f"{self.path.name} names no CRS, so its {self.rows} have no place; "
                'say which it is, with pyrml:crs "EPSG:..." or WKT at the rml:source'
            )
        return None

    def column(self, reference: str) -> Column:
        """Integers, or doubles of floating bands; geometries in the raster's CRS."""
        if reference in _SHAPES:
            return Column(Kind.GEOMETRY, self.crs)
        is_floating = pa.types.is_floating(self._type(reference))
        return Column(Kind.DOUBLE if is_floating else Kind.INTEGER)

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Stream the polygons or cells."""
        fields = [(name, self._type(text)) for name, text in references.items()]
        schema = pa.schema(fields) if fields else ROW_ONLY
        batches = self._batches(schema, list(references.values()))
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _type(self, reference: str) -> pa.DataType:
        if reference in _SHAPES:
            return pa.binary()
        if reference in {"row", "column"}:
            return pa.int64()
        number = 1 if reference == _VALUE else int(reference.rpartition("_")[2])
        return pa.from_numpy_dtype(np.dtype(self.bands[number - 1]))

    def _batches(
        self, schema: pa.Schema, wanted: list[str]
    ) -> Iterator[pa.RecordBatch]:
        try:
            with rasterio.open(self.file, driver="GTiff") as raster:
                parts = _polygons(raster) if self.rows == POLYGONS else _cells(raster)
                for values in parts:
                    names = wanted or [_VALUE]
                    columns = [values(name) for name in names]
                    if not wanted:
                        columns = [pa.array([True] * len(columns[0]), pa.bool_())]
                    arrays = [
                        pa.array(one, kind)
                        for one, kind in zip(columns, schema.types, strict=True)
                    ]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        except _BROKEN as error:
            raise SourceError(self.path, f"cannot be read: {error}") from error


def _polygons(raster: Any) -> Iterator[Any]:
    """Batches of polygons, each as a function from references to columns."""
    mask = raster.read_masks(1) > 0
    found = rasterio.features.shapes(
        rasterio.band(raster, 1), mask=mask, transform=raster.transform
    )
    kind = np.dtype(raster.dtypes[0])
    while chunk := list(islice(found, _BATCH_POLYGONS)):
        shapes = [shapely.geometry.shape(shape) for shape, _ in chunk]
        columns = {
            _VALUE: np.array([value for _, value in chunk]).astype(kind),
            "geometry": shapely.to_wkb(shapes),
        }
        yield columns.__getitem__


def _cells(raster: Any) -> Iterator[Any]:
    """Batches of cells, each as a function from references to columns."""
    height = max(_BATCH_CELLS // raster.width, 1)
    for top in range(0, raster.height, height):
        window = Window(0, top, raster.width, min(height, raster.height - top))
        rows, columns = np.nonzero(raster.dataset_mask(window=window))
        if len(rows):
            yield _Cells(raster, window, rows, columns)


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a window that are not masked; rows and columns are the window's."""

    raster: Any
    window: Window
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    def __call__(self, reference: str) -> Any:
        rows = self.rows + int(self.window.row_off)
        match reference:
            case "row":
                return rows
            case "column":
                return self.columns
            case "centre":
                points = self._corner(rows, 0.5, 0.5)
                return shapely.to_wkb(shapely.points(points))
            case "geometry":
                corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
                rings = np.stack([self._corner(rows, x, y) for x, y in corners], axis=1)
                return shapely.to_wkb(shapely.polygons(rings))
            case _:
                return self._band(reference)

    def _corner(self, rows: Any, right: float, down: float) -> NDArray[np.float64]:
        x, y = self.raster.transform @ (self.columns + right, rows + down)
        return np.column_stack([x, y])

    def _band(self, reference: str) -> pa.Array:
        number = 1 if reference == _VALUE else int(reference.rpartition("_")[2])
        band = self.raster.read(number, window=self.window, masked=True)
        chosen = band[self.rows, self.columns]
        return pa.array(chosen.data, mask=np.ma.getmaskarray(chosen))


def open_raster(
    path: Path, source: LogicalSource, workspace: Workspace
) -> RasterSource:
    """Open a GeoTIFF.

    Raises:
        SourceError: It is absent or none, the iterator is neither `polygons` nor
            `cells`, or polygons are asked of a band that holds no classes.
    """
    file = workspace.plain(path, source.representation)
    rows = source.iterator or POLYGONS
    if rows not in {POLYGONS, CELLS}:
        raise SourceError(path, f"iterator {rows!r} is neither {POLYGONS} nor {CELLS}")
    if not file.exists():
        raise SourceError(path, "does not exist")
    try:
        with rasterio.open(file, driver="GTiff") as raster:
            bands = tuple(raster.dtypes)
            crs = raster.crs.to_wkt() if raster.crs else source.representation.crs
    except _BROKEN as error:
        raise SourceError(path, f"is not GeoTIFF: {error}") from error
    if rows == POLYGONS and bands[0] not in _CLASSES:
        reason = f"band 1 is {bands[0]}, which is no class; its rows can be {CELLS}"
        raise SourceError(path, reason)
    return RasterSource(path, file, rows, bands, crs)
