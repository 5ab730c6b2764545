"""A picture of a prepared scene for people: north up, with a graticule and a scale.

The picture is in a projection of its own, centred on the scene: polar stereographic
beyond 60 degrees, so that north is up where people look; transverse Mercator elsewhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
import rasterio.warp
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from ml.errors import MissingExtra
from ml.maps import Grid
from ml.rasters import writing

_SIDE_PX: Final = 900
_STRETCH: Final = (2.0, 98.0)
_POLAR_LATITUDE: Final = 60.0
_STEPS_DEG: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_LINES_WANTED: Final = 4
_LENGTHS_KM: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class Panel:
    """One image of the picture.

    Attributes:
        path: A raster.
        bands: One band for shades of grey, three for red, green and blue.
        title: What it shows, with the unit.
    """

    path: Path
    bands: tuple[int, ...]
    title: str


def draw_quicklook(path: Path, panels: Sequence[Panel], title: str) -> None:
    """Write a PNG with the panels side by side.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    figure = _figure(len(panels))
    figure.suptitle(title, fontsize=9)
    for position, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), position)
        image_BHW, view = _north_up(panel)
        _draw_image(figure, axes, image_BHW, view)
        _draw_graticule(axes, view)
        _draw_scale(axes, view)
        axes.set_title(panel.title, fontsize=9)
    with writing(path) as unfinished:
        figure.savefig(unfinished, format="png")


def _figure(count: int) -> Any:
    try:
        # Here, because nothing else needs it, and it is optional.
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra("matplotlib", "ml") from error
    return Figure(figsize=(6.0 * count, 6.4), dpi=110, layout="constrained")


def _north_up(panel: Panel) -> tuple[NDArray[np.float32], Grid]:
    """The bands on a grid that is centred on them, about `_SIDE_PX` pixels a side."""
    with rasterio.open(panel.path) as dataset:
        step = max(dataset.height / _SIDE_PX, dataset.width / _SIDE_PX, 1.0)
        shape = tuple(max(round(n / step), 1) for n in dataset.shape)
        source_BHW = dataset.read(
            [b + 1 for b in panel.bands], out_shape=(len(panel.bands), *shape)
        ).astype(np.float32)
        if dataset.nodata is not None:
            source_BHW[source_BHW == dataset.nodata] = np.nan
        scale = Affine.scale(dataset.width / shape[1], dataset.height / shape[0])
        grid = Grid(
            dataset.transform @ scale, CRS.from_wkt(dataset.crs.to_wkt()), *shape
        )
    view = _view(grid)
    image_BHW = np.full((len(panel.bands), view.height, view.width), np.nan, "f4")
    rasterio.warp.reproject(
        source_BHW,
        image_BHW,
        src_transform=grid.transform,
        src_crs=rasterio.CRS.from_wkt(grid.crs.to_wkt()),
        dst_transform=view.transform,
        dst_crs=rasterio.CRS.from_wkt(view.crs.to_wkt()),
        src_nodata=np.nan,
        dst_nodata=np.nan,
    )
    return image_BHW, view


def _view(grid: Grid) -> Grid:
    """A grid over the same place, in a projection that has north up in the middle."""
    centre = grid.locate(np.array([grid.width / 2]), np.array([grid.height / 2]))
    to_lonlat = Transformer.from_crs(grid.crs, "OGC:CRS84", always_xy=True)
    longitude, latitude = (float(v[0]) for v in to_lonlat.transform(*centre))
    if abs(latitude) > _POLAR_LATITUDE:
        pole = math.copysign(90, latitude)
        # North is up at the bottom of a map around the north pole, and conversely.
        text = f"+proj=stere +lat_0={pole} +lat_ts={latitude} +lon_0={longitude}"
    else:
        text = f"+proj=tmerc +lat_0={latitude} +lon_0={longitude}"
    crs = CRS.from_proj4(f"{text} +datum=WGS84 +units=m")
    edge = np.linspace(0, 1, 33)
    columns = np.concatenate([edge, edge, 0 * edge, 0 * edge + 1]) * grid.width
    rows = np.concatenate([0 * edge, 0 * edge + 1, edge, edge]) * grid.height
    to_view = Transformer.from_crs(grid.crs, crs, always_xy=True)
    x, y = to_view.transform(*grid.locate(columns, rows))
    size = max(np.ptp(x), np.ptp(y)) / _SIDE_PX
    height, width = (max(math.ceil(np.ptp(v) / size), 1) for v in (y, x))
    transform = Affine(size, 0, x.min(), 0, -size, y.max())
    return Grid(transform, crs, height, width)


def _draw_image(
    figure: Any, axes: Any, image_BHW: NDArray[np.float32], view: Grid
) -> None:
    low, high = (float(np.nanpercentile(image_BHW, p)) for p in _STRETCH)
    left, bottom, right, top = view.bounds
    extent = (left, right, bottom, top)
    if len(image_BHW) == 1:
        drawn = axes.imshow(image_BHW[0], "gray", vmin=low, vmax=high, extent=extent)
        figure.colorbar(drawn, ax=axes, shrink=0.6)
    else:
        share_HWB = np.moveaxis((image_BHW - low) / max(high - low, 1e-6), 0, -1)
        opacity_HW1 = np.isfinite(share_HWB).all(axis=-1, keepdims=True)
        share_HWB = np.nan_to_num(share_HWB).clip(0, 1)
        axes.imshow(np.concatenate([share_HWB, opacity_HW1], axis=-1), extent=extent)
    axes.set(xticks=[], yticks=[], xlim=(left, right), ylim=(bottom, top))


def _draw_graticule(axes: Any, view: Grid) -> None:
    """Lines of longitude and latitude; each is labelled where it enters the picture."""
    to_lonlat = Transformer.from_crs(view.crs, "OGC:CRS84", always_xy=True)
    columns, rows = np.meshgrid(
        np.linspace(0, view.width, 121), np.linspace(0, view.height, 121)
    )
    x, y = view.locate(columns, rows)
    longitudes, latitudes = to_lonlat.transform(x, y)
    middle = float(to_lonlat.transform(*(v[60, 60] for v in (x, y)))[0])
    # Counted from the middle, so that the antimeridian is a line like any other.
    relative = (longitudes - middle + 180) % 360 - 180
    for values, offset, letters in (
        (relative, middle, "EW"),
        (latitudes, 0.0, "NS"),
    ):
        step = _step(float(np.ptp(values)))
        first = math.ceil((values.min() + offset) / step) * step
        levels = np.arange(first, values.max() + offset, step)
        if len(levels):
            drawn = axes.contour(
                *(x, y, values + offset),
                levels=levels,
                colors="tab:cyan",
                linewidths=0.6,
            )
            axes.clabel(drawn, fmt=lambda v, ab=letters: _degrees(v, ab), fontsize=7)


def _step(span: float) -> float:
    fitting = [s for s in _STEPS_DEG if span / s <= _LINES_WANTED + 2]
    return fitting[0] if fitting else _STEPS_DEG[-1]


def _degrees(value: float, letters: str) -> str:
    """A longitude or latitude for people.

    Examples:
        >>> _degrees(190.0, "EW"), _degrees(-72.5, "NS"), _degrees(81.0, "NS")
        ('170°W', '72.5°S', '81°N')
    """
    folded = (value + 180) % 360 - 180 if letters == "EW" else value
    return f"{abs(folded):g}°{letters[0] if folded >= 0 else letters[1]}"


def _draw_scale(axes: Any, view: Grid) -> None:
    left, bottom, right, top = view.bounds
    fitting = [km for km in _LENGTHS_KM if km * 1000 < (right - left) / 3]
    length_km = fitting[-1] if fitting else _LENGTHS_KM[0]
    x, y = left + 0.04 * (right - left), bottom + 0.04 * (top - bottom)
    axes.plot([x, x + length_km * 1000], [y, y], color="tab:red", linewidth=2.5)
    axes.text(x, y + 0.012 * (top - bottom), f"{length_km} km", color="tab:red")
