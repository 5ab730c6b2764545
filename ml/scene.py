"""A scene as it is classified: sigma0, incidence angle and noise on one map grid.

A scene is a folder of COGs and `scene.json`, a STAC 1.1.0 item that names them.
Simulated scenes are written in this form; a product of Sentinel-1 is brought into it
by calibration, noise removal and projection.

Shape suffixes: P polarizations (HH, HV), H rows, W columns.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from ml.documents import write_json
from ml.errors import IncompleteScene, NoValidPixels, UnreadableProduct
from ml.folders import appearing
from ml.footprint import bbox_crs84, footprint_crs84
from ml.maps import Grid, Source
from ml.rasters import Raster, count_bands, read_grid, read_rows, write_cog

ITEM: Final = "scene.json"
POLARIZATIONS: Final = ("HH", "HV")
INCIDENCE: Final = "incidence"
NOISE: Final = "noise"
LOOKS: Final = "sar:looks_equivalent_number"
LOWEST_DB: Final = -50.0
"""What a pixel holds where noise removal left no power: nothing has no dB."""


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Some rows of a scene; NaN where it says nothing.

    Attributes:
        sigma0_db_PHW: Calibrated, noise-corrected sigma0 of HH and HV, dB.
        incidence_HW: Incidence angle, degrees.
        nesz_db_PHW: The noise that was removed, as noise-equivalent sigma0 (NESZ), dB;
            None where the scene does not say.
    """

    sigma0_db_PHW: NDArray[np.float32]
    incidence_HW: NDArray[np.float32]
    nesz_db_PHW: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene on disk; its bands are read in rows, when asked for.

    Attributes:
        source: What it is, and when it was observed.
        grid: Where the pixels of every band lie.
        looks: Equivalent number of looks of a pixel.
        assets: The file of each band: HH, HV, `INCIDENCE`, and where known `NOISE`.
    """

    source: Source
    grid: Grid
    looks: float
    assets: Mapping[str, Path]

    def read(self, start: int, stop: int) -> Bands:
        """Rows `start` to `stop` (excluded).

        Raises:
            UnreadableRaster: A band is truncated.
        """
        sigma0_1HW = [read_rows(self.assets[p], start, stop) for p in POLARIZATIONS]
        noise = self.assets.get(NOISE)
        return Bands(
            sigma0_db_PHW=np.concatenate(sigma0_1HW).astype(np.float32),
            incidence_HW=read_rows(self.assets[INCIDENCE], start, stop)[0],
            nesz_db_PHW=None if noise is None else read_rows(noise, start, stop),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """All that a scene's folder is to hold.

    Attributes:
        source: What the scene is, and when it was observed; its path is not read.
        grid: Where the pixels of every band lie.
        looks: Equivalent number of looks of a pixel.
        bands: Every row.
        properties: More properties of the STAC item.
        others: More rasters, by asset name.
    """

    source: Source
    grid: Grid
    looks: float
    bands: Bands
    properties: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Raster] = field(default_factory=dict)


def write_scene_folder(folder: Path, contents: Contents) -> Scene:
    """Write the COGs and the item of a scene; the folder appears whole, or not at all.

    An earlier scene in `folder` is replaced.

    Raises:
        OutputExists: `folder` holds something that is no file of a scene.
        NoValidPixels: HH and HV have no pixel in common that says something.
    """
    rasters = {**_rasters(contents), **contents.others}
    files = {name: f"{name}.tif" for name in rasters}
    item = _item(folder, contents, files)
    names = {ITEM, *files.values()}
    with appearing(folder, names) as unfinished:
        for name, raster in rasters.items():
            write_cog(unfinished / files[name], raster)
        write_json(unfinished / ITEM, item)
    source = replace(contents.source, path=folder)
    known = {n: folder / files[n] for n in rasters if n not in contents.others}
    return Scene(source, contents.grid, contents.looks, known)


def _rasters(contents: Contents) -> dict[str, Raster]:
    bands = contents.bands
    arrays: dict[str, tuple[NDArray[np.float32], tuple[str, ...]]] = {
        name: (bands.sigma0_db_PHW[p : p + 1], (f"sigma0 {name} dB",))
        for p, name in enumerate(POLARIZATIONS)
    }
    arrays[INCIDENCE] = (bands.incidence_HW[None], ("incidence angle degrees",))
    if bands.nesz_db_PHW is not None:
        names = tuple(f"NESZ {name} dB" for name in POLARIZATIONS)
        arrays[NOISE] = (bands.nesz_db_PHW, names)
    return {
        name: Raster(array_BHW, contents.grid, float("nan"), descriptions)
        for name, (array_BHW, descriptions) in arrays.items()
    }


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """What the STAC item of a scene says.

    Attributes:
        source: What the scene is, and when it was observed.
        grid: Where the pixels lie.
        looks: Equivalent number of looks of a pixel.
        polarizations: Those it has.
        footprint: Where it says something, in CRS84.
        files: Name of each asset, and its href.
        properties: More properties.
    """

    source: Source
    grid: Grid
    looks: float
    polarizations: Sequence[str]
    footprint: BaseGeometry
    files: Mapping[str, str]
    properties: Mapping[str, Any]


def scene_item(description: Description) -> dict[str, Any]:
    """The STAC item of a scene, as JSON has it."""
    source, grid = description.source, description.grid
    properties = {
        "datetime": _text(source.time_start),
        "start_datetime": _text(source.time_start),
        "end_datetime": _text(source.time_end),
        "platform": source.platform,
        "sar:product_type": source.product_type,
        "sar:polarizations": list(description.polarizations),
        LOOKS: description.looks,
        **_crs(grid.crs),
        "proj:shape": [grid.height, grid.width],
        "proj:transform": list(grid.transform[:6]),
        **description.properties,
    }
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": list(_EXTENSIONS),
        "id": source.scene_id,
        "geometry": json.loads(shapely.to_geojson(description.footprint)),
        "bbox": list(bbox_crs84(description.footprint)),
        "properties": properties,
        "links": [],
        "assets": {
            name: {"href": href, "type": COG, "roles": ["data"]}
            for name, href in description.files.items()
        },
    }


def _item(folder: Path, contents: Contents, files: Mapping[str, str]) -> dict[str, Any]:
    is_valid_HW = np.asarray(np.isfinite(contents.bands.sigma0_db_PHW).all(axis=0))
    if not is_valid_HW.any():
        raise NoValidPixels(folder)
    return scene_item(
        Description(
            contents.source,
            contents.grid,
            contents.looks,
            POLARIZATIONS,
            footprint_crs84(contents.grid, is_valid_HW),
            files,
            contents.properties,
        )
    )


def _crs(crs: CRS) -> dict[str, Any]:
    authority = crs.to_authority()
    if authority:
        return {"proj:code": ":".join(authority)}
    return {"proj:code": None, "proj:projjson": crs.to_json_dict()}


COG: Final = "image/tiff; application=geotiff; profile=cloud-optimized"
_EXTENSIONS: Final = (
    "https://stac-extensions.github.io/sar/v1.0.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


def read_scene(path: Path, crs: CRS | None = None) -> Scene:
    """The scene in a folder.

    Args:
        path: The folder, or the `scene.json` in it.
        crs: What the bands lie in where they do not say.

    Raises:
        UnreadableProduct: There is no item, or it is no STAC item of a scene.
        IncompleteScene: A band is absent, or lies on another grid than the others.
        MissingCrs: Nobody names the CRS.
    """
    item_path = path if path.suffix == ".json" else path / ITEM
    item = _read_item(item_path)
    try:
        assets = {
            name: item_path.parent / asset["href"]
            for name, asset in item["assets"].items()
            if name in (*POLARIZATIONS, INCIDENCE, NOISE)
        }
        looks = float(item["properties"][LOOKS])
        source = _source(item_path, item, "option" if crs else "file")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"it is no item of a scene ({error!r})"
        raise UnreadableProduct(item_path, reason, _CURE) from error
    return Scene(source, _common_grid(item_path, assets, crs), looks, assets)


_CURE: Final = f"name a folder that holds a {ITEM} written by this package"


def _read_item(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UnreadableProduct(path, "there is no such file", _CURE)
    try:
        item = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UnreadableProduct(path, f"it is no JSON ({error})", _CURE) from error
    if not isinstance(item, dict):
        raise UnreadableProduct(path, "it is no JSON object", _CURE)
    return item


def _source(item_path: Path, item: dict[str, Any], crs_source: str) -> Source:
    properties = item["properties"]
    if not isinstance(item["id"], str):
        raise TypeError(item["id"])
    return Source(
        scene_id=item["id"],
        path=item_path.parent,
        platform=properties.get("platform"),
        product_type=properties.get("sar:product_type"),
        time_start=_instant(properties["start_datetime"]),
        time_end=_instant(properties["end_datetime"]),
        crs_source=crs_source,
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _common_grid(item_path: Path, assets: Mapping[str, Path], crs: CRS | None) -> Grid:
    expected = (*POLARIZATIONS, INCIDENCE)
    absent = [n for n in expected if n not in assets or not assets[n].is_file()]
    absent += [n for n in assets if n == NOISE and not assets[n].is_file()]
    if absent:
        raise IncompleteScene(item_path, absent, "absent")
    grids = {name: read_grid(path, crs) for name, path in assets.items()}
    grid = grids[POLARIZATIONS[0]]
    elsewhere = [name for name, other in grids.items() if other != grid]
    if elsewhere:
        reason = f"on another grid than {POLARIZATIONS[0]}"
        raise IncompleteScene(item_path, elsewhere, reason)
    _check_layers(item_path, assets)
    return grid


def _check_layers(item_path: Path, assets: Mapping[str, Path]) -> None:
    for name, path in assets.items():
        expected = len(POLARIZATIONS) if name == NOISE else 1
        found = count_bands(path)
        if found != expected:
            reason = f"{found} layers instead of {expected}"
            raise IncompleteScene(item_path, [name], reason)
