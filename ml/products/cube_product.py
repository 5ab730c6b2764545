"""Cubes, Zarr (2 or 3) and NetCDF 4, as observations: one for each time.

Bands are variables over (time, y, x), or one variable that has them along an axis; CF
says of fill values, scale and CRS.  Windows are read when they are asked for.

Shape suffixes: H rows, W columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from ml.errors import MissingCrs, UnreadableProduct
from ml.maps import Grid
from ml.products.georeference import affine_of_centres, declared_crs
from ml.products.layers import AS_IT_IS, Scaling, scaled
from ml.products.observations import Observation
from ml.products.raster_product import chosen_scaling, saturated
from ml.products.s2_bands import SCL, band_name
from ml.products.sentinel2 import Radiometry

_TIME: Final = ("time", "t")
_BAND: Final = ("band", "bands")
_NORTH: Final = ("y", "lat", "latitude")
_EAST: Final = ("x", "lon", "longitude")
_LABELS: Final = ("product", "label")
_MASKS: Final = frozenset({"MASK", "COUNT"})
"""What our own cubes have beside reflectances."""


@dataclass(frozen=True, slots=True)
class CubeLayer:
    """One band at one time.

    Attributes:
        path: The file or folder.
        variable: Of which it is a part.
        chosen: Where it is along the axes that are neither rows nor columns.
        axes: The names of rows and columns.
        grid: Where the pixels lie, the northern ones first.
        is_upside_down: Whether the file has the southern ones first.
        scaling: How values come from numbers, for the record.
        stated: The same where the user says so, and the file does not.
        nothing: Numbers that say nothing, where the file does not tell.
    """

    path: Path
    variable: str
    chosen: tuple[tuple[str, int], ...]
    axes: tuple[str, str]
    grid: Grid
    is_upside_down: bool
    scaling: Scaling
    stated: Scaling
    nothing: tuple[float, ...]

    @contextmanager
    def opened(self) -> Iterator["CubePixels"]:
        """See `Layer`."""
        with opened_cube(self.path) as cube:
            array = cube[self.variable].isel(dict(self.chosen))
            yield CubePixels(array.transpose(*self.axes), self)


@dataclass(frozen=True, slots=True, eq=False)
class CubePixels:
    """A layer of a cube that is open."""

    array: xr.DataArray
    layer: CubeLayer

    def read(
        self, row: int, column: int, height: int, width: int
    ) -> NDArray[np.float32]:
        """See `Pixels`."""
        rows = slice(row, row + height)
        if self.layer.is_upside_down:
            last = self.layer.grid.height - row
            rows = slice(last - height, last)
        with _naming(self.layer.path):
            values_HW = self.array[rows, column : column + width].to_numpy()
        if self.layer.is_upside_down:
            values_HW = values_HW[::-1]
        return scaled(values_HW, self.layer.stated, self.layer.nothing)


def read_cube_product(
    path: Path, radiometry: Radiometry | None = None
) -> Sequence[Observation]:
    """What a cube holds, by time.

    Raises:
        UnreadableProduct: It is damaged, or has no times, rows or columns.
        UnknownScaling: It holds integers, and nobody says what they stand for.
        MissingCrs: It does not say where it lies.
    """
    with opened_cube(path) as cube, opened_cube(path, decodes=False) as plain:
        axes = _axes(path, cube)
        grid, is_upside_down = _grid(path, cube, axes)
        time_axis, times = _times(path, cube)
        parts = list(_parts(path, plain, axes, time_axis))
        labels = _labels(cube, time_axis, path.stem, len(times))
        observations = []
        for position, (time, label) in enumerate(zip(times, labels, strict=True)):
            layers = {}
            for name, variable, chosen in parts:
                at = {**chosen, time_axis: position} if time_axis else chosen
                here = {k: v for k, v in at.items() if k in plain[variable].dims}
                layers[name] = (
                    _layer(
                        path, plain[variable], name, here,
                        (axes, grid, is_upside_down), radiometry,
                    ),
                )  # fmt: skip
            observations.append(Observation(label, str(path), time, grid, layers))
    return observations


def describe_cube(path: Path) -> dict[str, Any]:
    """What a cube is, for people: nothing of it must be declared.

    Raises:
        UnreadableProduct: It is damaged, or no cube over a map grid.
    """
    with opened_cube(path, decodes=False) as cube:
        axes = _axes(path, cube)
        time_axis, times = _times(path, cube)
        crs = declared_crs(path, cube)
        parts = list(_parts(path, cube, axes, time_axis))
        scaled_by = {
            name: cube[variable].attrs.get("scale_factor", "not declared")
            for name, variable, _ in parts
        }
        return {
            "crs": None if crs is None else crs.to_string(),
            "size": [cube.sizes[axis] for axis in axes],
            "times": len(times),
            "start": times[0].isoformat(),
            "stop": times[-1].isoformat(),
            "bands": [name for name, _, _ in parts],
            "types": sorted({str(cube[variable].dtype) for _, variable, _ in parts}),
            "scale": scaled_by,
        }


def _layer(
    path: Path,
    variable: xr.DataArray,
    name: str,
    chosen: Mapping[str, int],
    place: tuple[tuple[str, str], Grid, bool],
    radiometry: Radiometry | None,
) -> CubeLayer:
    axes, grid, is_upside_down = place
    dtype, attributes = variable.dtype, variable.attrs
    if str(attributes.get("_Unsigned", "")).lower() == "true":
        dtype = np.dtype(f"u{dtype.itemsize}")
    declared = None
    if {"scale_factor", "add_offset"} & attributes.keys():
        scale = float(attributes.get("scale_factor", 1))
        offset = float(attributes.get("add_offset", 0))
        declared = Scaling(scale, offset, "scale_factor")
    if name == SCL:
        scaling = stated = AS_IT_IS
    else:
        scaling = chosen_scaling(str(path), name, dtype, declared, radiometry)
        # What the file declares, xarray has computed already.
        stated = scaling if declared is None else AS_IT_IS
    return CubeLayer(
        path=path,
        variable=str(variable.name),
        chosen=tuple(chosen.items()),
        axes=axes,
        grid=grid,
        is_upside_down=is_upside_down,
        scaling=scaling if declared is None else declared,
        stated=stated,
        nothing=saturated(dtype, name) if declared is None else (),
    )


@contextmanager
def opened_cube(path: Path, *, decodes: bool = True) -> Iterator[xr.Dataset]:
    """A cube, of which nothing but coordinates is read yet.

    Args:
        path: A Zarr folder or a NetCDF file.
        decodes: Whether fill values and scale are turned into floats.

    Raises:
        UnreadableProduct: It is absent or damaged.
    """
    with _naming(path):
        if path.is_dir():
            # Zarr 3 has no consolidated metadata in its specification.
            cube = xr.open_zarr(
                path, consolidated=False, chunks=None, mask_and_scale=decodes
            )
        else:
            cube = xr.open_dataset(
                path, engine="h5netcdf", cache=False, mask_and_scale=decodes
            )
    with cube:
        yield cube


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        reason = f"it is truncated, or no Zarr or NetCDF 4 ({error})"
        raise UnreadableProduct(path, reason, "fetch or make it again") from error


def _axes(path: Path, cube: xr.Dataset) -> tuple[str, str]:
    names = [str(name) for name in cube.dims]
    rows = [n for n in names if n.lower() in _NORTH and n in cube.coords]
    columns = [n for n in names if n.lower() in _EAST and n in cube.coords]
    if len(rows) != 1 or len(columns) != 1:
        reason = f"it has no axes y and x with coordinates (it has {names})"
        raise UnreadableProduct(path, reason, "name a cube over a map grid")
    return rows[0], columns[0]


def _grid(path: Path, cube: xr.Dataset, axes: tuple[str, str]) -> tuple[Grid, bool]:
    y, x = (cube[name].to_numpy().astype(np.float64) for name in axes)
    is_upside_down = bool(y[0] < y[-1])
    crs = declared_crs(path, cube)
    if crs is None:
        raise MissingCrs(path, ())
    north_first = y[::-1] if is_upside_down else y
    transform = affine_of_centres(path, x, north_first)
    return Grid(transform, crs, len(y), len(x)), is_upside_down


def _times(path: Path, cube: xr.Dataset) -> tuple[str | None, list[datetime]]:
    """The axis of time, or None where the cube has one time alone."""
    for name in _TIME:
        if name in cube.coords and np.issubdtype(cube[name].dtype, np.datetime64):
            stamps = np.atleast_1d(cube[name].to_numpy()).astype("datetime64[ms]")
            moments = [stamp.item().replace(tzinfo=UTC) for stamp in stamps]
            return (name if cube[name].ndim else None), moments
    reason = "it has no coordinate time, so nobody says when it was seen"
    raise UnreadableProduct(path, reason, "add one, as CF has it")


def _labels(
    cube: xr.Dataset, time_axis: str | None, stem: str, count: int
) -> list[str]:
    """The product of each time."""
    for name in _LABELS:
        if name in cube.coords or name in cube.data_vars:
            found = np.atleast_1d(cube[name].to_numpy())
            if cube[name].dims == (time_axis,):
                return [str(label) for label in found]
    return [f"{stem}_{position}" for position in range(count)]


def _parts(
    path: Path, cube: xr.Dataset, axes: tuple[str, str], time_axis: str | None
) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Each band: its name, its variable, and where it is along the axis of bands."""
    is_empty = True
    for key, variable in cube.data_vars.items():
        dims: set[Any] = set(variable.dims)
        if not set(axes) <= dims or band_name(str(key)) in _MASKS:
            continue
        others = dims - {*axes, time_axis}
        if not others:
            is_empty = False
            yield band_name(str(key)), str(key), {}
        elif len(others) == 1 and (axis := str(*others)).lower() in _BAND:
            is_empty = False
            labels: Sequence[Any] = range(cube.sizes[axis])
            if axis in cube.coords:
                labels = cube[axis].to_numpy().tolist()
            for position, label in enumerate(labels):
                yield band_name(str(label)), str(key), {axis: position}
    if is_empty:
        reason = f"it has no bands over {axes[0]} and {axes[1]}"
        raise UnreadableProduct(path, reason, "name a cube of reflectances")
