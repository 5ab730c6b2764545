"""WorldCereal products made up for tests, with the real layout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

UTM = CRS("EPSG:32631")
CLASSES = ("barley", "maize", "wheat")
CODES_HW = np.array([[0, 0, 1], [2, 2, 1]], np.uint16)


def write_product(  # noqa: PLR0913 - one for each thing that can be wrong
    path: Path,
    codes_HW: NDArray[np.integer] = CODES_HW,
    *,
    classes: tuple[str, ...] = CLASSES,
    y_descends: bool = True,
    variables: Mapping[str, Any] | None = None,
    fill_value: int | None = None,
    percent: int = 70,
) -> Path:
    """Classification and percentages: 70 for the class, 12 for each other."""
    height, width = codes_HW.shape
    percent_KHW = [np.where(codes_HW == k, percent, 12) for k in range(len(classes))]
    bands_BHW = np.stack([codes_HW, np.full_like(codes_HW, 70), *percent_KHW])
    names = ["classification", "probability", *(f"probability_{c}" for c in classes)]
    y = 5_612_115.0 - 10.0 * np.arange(height)
    x = 664_005.0 + 10.0 * np.arange(width)
    dataset = xr.Dataset(
        {
            "map": (("bands", "y", "x"), bands_BHW.astype(np.uint16)),
            **(variables or {}),
        },
        coords={"bands": names, "y": y, "x": x},
    )
    if fill_value is not None:
        dataset["map"].attrs["_FillValue"] = np.uint16(fill_value)
    if not y_descends:
        dataset = dataset.isel(y=slice(None, None, -1))
    dataset.to_netcdf(path, engine="h5netcdf")
    return path


def write_cube(
    path: Path, crs: CRS | None = UTM, *, shape: tuple[int, int] = (2, 3)
) -> Path:
    """A cube over the grid of `write_product`, stamped in two months."""
    y = 5_612_115.0 - 10.0 * np.arange(shape[0])
    x = 664_005.0 + 10.0 * np.arange(shape[1])
    dataset = xr.Dataset(
        {"B02": (("t", "y", "x"), np.zeros((2, *shape), np.int16))},
        coords={"t": ("t", np.array([11262, 11596], np.int32)), "y": y, "x": x},
    )
    dataset["t"].attrs["units"] = "days since 1990-01-01"
    if crs is not None:
        dataset["crs"] = ((), 0, {"crs_wkt": crs.to_wkt("WKT1_GDAL")})
        dataset["B02"].attrs["grid_mapping"] = "crs"
    dataset.to_netcdf(path, engine="h5netcdf")
    return path


def write_geotiff(
    path: Path, codes_HW: NDArray[Any], *, crs: CRS | None = UTM, nodata: int = 255
) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=codes_HW.shape[0],
        width=codes_HW.shape[1],
        count=1,
        dtype=codes_HW.dtype,
        crs=None if crs is None else rasterio.CRS.from_wkt(crs.to_wkt()),
        transform=Affine(10.0, 0.0, 664_000.0, 0.0, -10.0, 5_612_120.0),
        nodata=nodata,
    ) as raster:
        raster.write(codes_HW, 1)
    return path
