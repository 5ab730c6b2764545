"""`pyrml:NetCDF`, `pyrml:Zarr`: a row for each index of a variable; values as CF says.

The iterator names the variable.  A reference is that variable, or another whose
dimensions are among its own, coordinates first of all; `geometry` is the point where a
cell is, from the coordinates that CF calls longitude and latitude, or projected ones
with the CRS of the variable's grid mapping.  Fill values and NaN are no values.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, is_zipfile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
import xarray
from pyproj import CRS
from pyproj.exceptions import CRSError
from xarray.backends import ZarrStore

from geotriples.errors import SourceError
from geotriples.mapping.model import LogicalSource
from geotriples.sources.arrow_types import ROW_ONLY, kind_of
from geotriples.sources.base import Column, Kind
from geotriples.sources.workspace import Workspace

_BATCH_CELLS: Final = 65_536
_GEOMETRY: Final = "geometry"
_CRS84: Final = "OGC:CRS84"
_ZARR: Final = "zarr"
_BROKEN: Final = (OSError, ValueError, KeyError, RuntimeError, BadZipFile)
_ENGINES: Final = ((b"\x89HDF", "h5netcdf"), (b"CDF", "scipy"))


@dataclass(frozen=True, slots=True)
class Position:
    """Where cells are: the coordinates that run east and north, and their CRS."""

    east: str
    north: str
    crs: str


@dataclass(frozen=True, slots=True)
class CubeSource:
    """The cells of a variable.

    Attributes:
        path: The file that the mapping means.
        file: The same, not compressed.
        engine: What reads it, by the name that xarray has for it.
        variable: Whose cells are rows.
        types: Variables that have a value for each of them, with their types.
        row_count: How many cells there are.
        position: Where they are, if the file says.
    """

    path: Path
    file: Path
    engine: str
    variable: str
    types: Mapping[str, pa.DataType]
    row_count: int
    position: Position | None

    @property
    def names(self) -> tuple[str, ...]:
        """Every reference."""
        return (*self.types, *([_GEOMETRY] if self.position else []))

    def explain(self, reference: str) -> str | None:
        """Whether cells have such a value."""
        if reference not in self.names:
            known = list(self.names)
            return f"cells of {self.variable!r} have no {reference!r}, but {known}"
        if reference in self.types and kind_of(self.types[reference]) is None:
            return f"{reference!r} is {self.types[reference]}, no value"
        return None

    def column(self, reference: str) -> Column:
        """The natural kind of a variable; points with their CRS."""
        if reference not in self.types and self.position is not None:
            return Column(Kind.GEOMETRY, self.position.crs)
        kind = kind_of(self.types[reference])
        if kind is None:
            raise KeyError(reference)
        return Column(kind)

    def read(self, references: Mapping[str, str]) -> pa.RecordBatchReader:
        """Stream the cells, the last dimension fastest."""
        fields = [
            (name, self.types.get(text, pa.binary()))
            for name, text in references.items()
        ]
        schema = pa.schema(fields) if fields else ROW_ONLY
        batches = self._batches(schema, list(references.values()))
        return pa.RecordBatchReader.from_batches(schema, batches)

    def _batches(
        self, schema: pa.Schema, wanted: list[str]
    ) -> Iterator[pa.RecordBatch]:
        try:
            with _opened(self.file, self.engine) as cube:
                for part in _parts(cube, self.variable):
                    count = part[self.variable].size
                    columns = [self._cells(part, name) for name in wanted]
                    if not wanted:
                        columns = [pa.array([True] * count, pa.bool_())]
                    yield pa.RecordBatch.from_arrays(columns, schema=schema)
        except _BROKEN as error:
            raise SourceError(self.path, f"cannot be read: {error}") from error

    def _cells(self, part: Any, reference: str) -> pa.Array:
        if reference in self.types or self.position is None:
            return _array(self._flat(part, reference), self.types[reference])
        east, north = self.position.east, self.position.north
        points = shapely.points(self._flat(part, east), self._flat(part, north))
        return pa.array(shapely.to_wkb(points), pa.binary())

    def _flat(self, part: Any, name: str) -> Any:
        """A variable for each cell, in the order of the rows."""
        values = part[name].broadcast_like(part[self.variable])
        return values.transpose(*part[self.variable].dims).to_numpy().ravel()


def _parts(cube: Any, variable: str) -> Iterator[Any]:
    """Pieces of a data set along the variable's first dimension."""
    dims, shape = cube[variable].dims, cube[variable].shape
    if not dims:
        yield cube
        return
    rest = int(np.prod(shape[1:], dtype=np.int64)) or 1
    step = max(_BATCH_CELLS // rest, 1)
    for first in range(0, shape[0], step):
        yield cube.isel({dims[0]: slice(first, first + step)})


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    found = pa.array(values, kind, from_pandas=True)
    if not pa.types.is_floating(kind):
        return found
    return pc.if_else(pc.is_nan(found), pa.scalar(None, kind), found)


def open_netcdf(path: Path, source: LogicalSource, workspace: Workspace) -> CubeSource:
    """Open a NetCDF file, of version 3 or 4.

    Raises:
        SourceError: It is absent or none, or the iterator names no variable of it.
    """
    file = workspace.plain(path, source.representation)
    return _open(path, file, _engine(path, file), source)


def open_zarr(path: Path, source: LogicalSource, workspace: Workspace) -> CubeSource:
    """Open a Zarr group, of format 2 or 3: a folder, or a `.zip` of what is in it.

    Raises:
        SourceError: It is absent or none, or the iterator names no variable of it.
    """
    del workspace  # an archive is read in place
    if not path.exists():
        raise SourceError(path, "does not exist")
    if path.is_file() and not is_zipfile(path):
        raise SourceError(path, "is not Zarr that can be read: no folder and no zip")
    return _open(path, path, _ZARR, source)


def _open(path: Path, file: Path, engine: str, source: LogicalSource) -> CubeSource:
    try:
        with _opened(file, engine) as cube:
            variable = _variable(path, cube, source.iterator)
            dims = set(cube[variable].dims)
            types = {
                str(name): _type(values.dtype)
                for name, values in cube.variables.items()
                if set(values.dims) <= dims
            }
            position = _position(cube, variable, source.representation.crs)
            count = int(cube[variable].size)
    except _BROKEN as error:
        what = "Zarr" if engine == _ZARR else "NetCDF"
        raise SourceError(path, f"is not {what} that can be read: {error}") from error
    return CubeSource(path, file, engine, variable, types, count, position)


@contextmanager
def _opened(file: Path, engine: str) -> Iterator[Any]:
    if engine != _ZARR:
        with xarray.open_dataset(file, engine=engine) as cube:
            yield cube
    elif file.is_dir():
        with xarray.open_dataset(file, engine=_ZARR, consolidated=False) as cube:
            yield cube
    else:
        # It takes as long to import as all the rest together.
        from zarr.storage import ZipStore  # noqa: PLC0415

        with ZipStore(file, mode="r") as archive:
            # What stands consolidated says nothing that is not near at hand here.
            store = ZarrStore.open_group(archive, mode="r", consolidated=False)
            with xarray.open_dataset(store) as cube:
                yield cube


def _engine(path: Path, file: Path) -> str:
    try:
        with file.open("rb") as stream:
            start = stream.read(4)
    except FileNotFoundError as error:
        raise SourceError(path, "does not exist") from error
    found = next((name for begin, name in _ENGINES if start.startswith(begin)), None)
    if found is None:
        raise SourceError(path, "is not NetCDF")
    return found


def _variable(path: Path, cube: Any, iterator: str | None) -> str:
    names = [str(name) for name in cube.data_vars]
    if iterator is None and len(names) == 1:
        return names[0]
    if iterator is not None and iterator in cube.variables:
        return iterator
    wanted = "no variable" if iterator is None else f"{iterator!r}, which is not there,"
    reason = f"the iterator names {wanted} of {len(names)}: {', '.join(names)}"
    raise SourceError(path, reason)


def _type(dtype: Any) -> pa.DataType:
    if dtype.kind == "M":
        return pa.timestamp("us")
    if dtype.kind in "OUS":
        return pa.string()
    try:
        return pa.from_numpy_dtype(dtype)
    except pa.ArrowNotImplementedError:
        return pa.null()


def _position(cube: Any, variable: str, told: str | None) -> Position | None:
    dims = set(cube[variable].dims)
    by_name = {
        cube[name].attrs.get("standard_name"): str(name)
        for name in cube.variables
        if set(cube[name].dims) <= dims
    }
    if {"longitude", "latitude"} <= by_name.keys():
        return Position(by_name["longitude"], by_name["latitude"], told or _CRS84)
    east, north = "projection_x_coordinate", "projection_y_coordinate"
    if not {east, north} <= by_name.keys():
        return None
    crs = _grid_mapping(cube, variable) or told
    return None if crs is None else Position(by_name[east], by_name[north], crs)


def _grid_mapping(cube: Any, variable: str) -> str | None:
    """The CRS of a variable's grid mapping (CF 5.6)."""
    values = cube[variable]
    name = values.attrs.get("grid_mapping", values.encoding.get("grid_mapping"))
    if name not in cube.variables:
        return None
    try:
        return CRS.from_cf(dict(cube[name].attrs)).to_wkt()
    except (CRSError, KeyError):
        return None
