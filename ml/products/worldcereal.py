"""WorldCereal crop-type maps: NetCDF with probabilities, or a GeoTIFF of codes.

The NetCDF product is one variable of bands x rows x columns: `classification`,
`probability`, then `probability_<class>` for each class.  The classification counts the
probability bands from zero; probabilities are percentages, rounded down, so they do not
sum to exactly 100.
"""

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
import xarray as xr
from numpy.typing import NDArray
from pyproj import CRS

from ml.errors import ConflictingCrs, NoValidPixels, UnreadableProduct
from ml.maps import ClassMap, Grid, ModelVersion, Source
from ml.products.georeference import (
    Period,
    affine_of_centres,
    canonical_crs,
    check_period,
    find_companions,
    load_netcdf,
    resolve_crs,
    resolve_period,
)
from ml.products.legend import check_classes, legend_of
from ml.rasters import read_raster

MODEL_NAME: Final = "worldcereal-croptype"
"""Names the maker of the map; the version is the product file itself."""

_PREFIX: Final = "probability_"
_PERCENT: Final = 100.0
_FILL_ATTRIBUTES: Final = ("_FillValue", "missing_value")


def read_worldcereal(
    path: Path,
    *,
    crs: CRS | None = None,
    period: Period = (None, None),
    class_table: Mapping[int, str] | None = None,
) -> ClassMap:
    """The class map of a WorldCereal product.

    Args:
        path: A NetCDF product, or a GeoTIFF whose first band holds codes.
        crs: For a product that does not declare its own.
        period: Observed from, until; what is None is looked for in the product.
        class_table: Code to notation in the concept scheme; a GeoTIFF needs one.

    Raises:
        UnreadableProduct: Empty, truncated, or of another layout.
        MissingCrs: Nobody declares the CRS.
        ConflictingCrs: Two declare different ones.
        UnknownClass: A pixel's code, or a band's class, is not in the scheme.
        NoValidPixels: All is nodata.
    """
    if path.suffix.lower() in {".tif", ".tiff"}:
        return _read_geotiff(path, crs, period, class_table)
    return _read_netcdf(path, crs, period)


def _read_netcdf(path: Path, crs: CRS | None, period: Period) -> ClassMap:
    dataset = load_netcdf(path)
    bands = _north_up(path, _banded_variable(path, dataset))
    names = [str(name) for name in bands["bands"].values]
    classes_HW = _codes(path, bands.sel(bands="classification").values)
    notations = [n.removeprefix(_PREFIX) for n in names if n.startswith(_PREFIX)]
    legend = legend_of(path, dict(enumerate(notations)))
    valid_HW = _valid(path, classes_HW, bands.attrs)
    check_classes(path, classes_HW, valid_HW, legend)
    percent_KHW = bands.sel(bands=[_PREFIX + n for n in notations]).values
    _check_percentages(path, percent_KHW[:, valid_HW])
    companions = find_companions(path, dataset)
    found_crs, crs_source = resolve_crs(path, dataset, crs, companions)
    transform = affine_of_centres(path, bands["x"].values, bands["y"].values)
    return ClassMap(
        grid=Grid(transform, found_crs, *classes_HW.shape),
        classes_HW=classes_HW.astype(np.int32),
        valid_HW=valid_HW,
        probabilities_KHW=np.where(valid_HW, percent_KHW / np.float32(_PERCENT), 0),
        legend=legend,
        source=_source(
            path, resolve_period(path, dataset, period, companions), crs_source
        ),
        model=_model_of(path),
    )


def _banded_variable(path: Path, dataset: xr.Dataset) -> xr.DataArray:
    """The one variable over bands, y and x, whatever it is called."""
    for variable in dataset.data_vars.values():
        if set(variable.dims) == {"bands", "y", "x"}:
            names = [str(name) for name in variable["bands"].values]
            if "classification" in names and any(n.startswith(_PREFIX) for n in names):
                return variable.transpose("bands", "y", "x")
    raise UnreadableProduct(
        path,
        "it has no variable over bands, y, x with the bands classification and "
        f"{_PREFIX}<class> (it has {sorted(str(v) for v in dataset.variables)})",
        "check that it is a WorldCereal crop-type product",
    )


def _north_up(path: Path, bands: xr.DataArray) -> xr.DataArray:
    """The same, with y descending and x ascending."""
    for axis in ("x", "y"):
        if axis not in bands.coords or not np.isfinite(bands[axis].values).all():
            reason = f"it has no finite {axis} coordinates"
            raise UnreadableProduct(path, reason, "fetch the product again")
    return bands.sortby("y", ascending=False).sortby("x")


def _valid(
    path: Path, classes_HW: NDArray[np.integer], attributes: Mapping[Hashable, Any]
) -> NDArray[np.bool_]:
    """False where the file says so, and at the greatest value, WorldCereal's nodata."""
    fill = [attributes[name] for name in _FILL_ATTRIBUTES if name in attributes]
    nodata = [np.iinfo(classes_HW.dtype).max, *np.ravel(fill)]
    valid_HW = ~np.isin(classes_HW, nodata)
    if not valid_HW.any():
        raise NoValidPixels(path)
    return valid_HW


def _check_percentages(path: Path, percent_KP: NDArray[np.integer]) -> None:
    greatest = percent_KP.max(initial=0)
    if greatest > _PERCENT:
        raise UnreadableProduct(
            path,
            f"it gives a class a probability of {greatest} %",
            "check that its probabilities are percentages, and present in every pixel "
            "that has a class",
        )


def _source(path: Path, period: Period, crs_source: str) -> Source:
    return Source(
        scene_id=path.stem,
        path=path,
        platform=None,
        product_type=MODEL_NAME,
        time_start=period[0],
        time_end=period[1],
        crs_source=crs_source,
    )


def _model_of(path: Path) -> ModelVersion:
    """We do not know who made the map how; its bytes are all the version there is."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return ModelVersion(MODEL_NAME, digest[:12])


def _read_geotiff(
    path: Path, crs: CRS | None, period: Period, class_table: Mapping[int, str] | None
) -> ClassMap:
    """A map of codes alone: each pixel has its class with probability 1."""
    if class_table is None:
        raise UnreadableProduct(
            path,
            "a GeoTIFF of codes does not say what they mean",
            "give a class table, from code to notation in the concept scheme",
        )
    raster = read_raster(path, crs)
    grid = replace(raster.grid, crs=canonical_crs(raster.grid.crs))
    if crs is not None and not crs.equals(grid.crs, ignore_axis_order=True):
        claims = [("the file", grid.crs.name), ("--crs", crs.name)]
        raise ConflictingCrs(path, claims)
    classes_HW = _codes(path, raster.array_BHW[0])
    valid_HW = raster.is_valid_BHW[0]
    if not valid_HW.any():
        raise NoValidPixels(path)
    legend = legend_of(path, class_table)
    check_classes(path, classes_HW, valid_HW, legend)
    return ClassMap(
        grid=grid,
        classes_HW=classes_HW.astype(np.int32),
        valid_HW=valid_HW,
        probabilities_KHW=np.stack(
            [(valid_HW & (classes_HW == c.index)).astype(np.float32) for c in legend]
        ),
        legend=legend,
        source=_source(path, check_period(path, period), _crs_source(path)),
        model=_model_of(path),
    )


def _codes(path: Path, classes_HW: NDArray[Any]) -> NDArray[np.integer]:
    """The classes, where they are codes."""
    if not np.issubdtype(classes_HW.dtype, np.integer):
        reason = f"its classes are {classes_HW.dtype}, not integer codes"
        raise UnreadableProduct(path, reason, "check that it is a map of classes")
    return classes_HW


def _crs_source(path: Path) -> str:
    with rasterio.open(path) as raster:
        return "file" if raster.crs else "option"
