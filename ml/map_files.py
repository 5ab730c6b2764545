"""A map that lies on disk as rasters becomes a class map again, and polygons."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import geopandas
import numpy as np
from numpy.typing import NDArray

from ml.errors import UnreadableProduct, UnsuitableProduct
from ml.hcat import hcat_columns
from ml.map_rasters import parse_legend, read_probabilities
from ml.maps import ClassMap, Generalization, MapClass, ModelVersion, Source
from ml.polygons import PolygonTable, write_polygons
from ml.rasters import Raster, read_raster, writing
from ml.vectorize.polygonize import polygonize
from ml.vectorize.smoothing import Smoothing, smooth
from ontologies.progress import Progress, silent

_CLASS_MAP: Final = "class_map.tif"
_PARQUET: Final = ".parquet"
_GEOPACKAGE: Final = ".gpkg"
_UNKNOWN: Final = ModelVersion("unknown", "unknown")


def vectorize(
    path: Path,
    output: Path,
    generalization: Generalization,
    progress: Progress = silent,
    *,
    smoothing: Smoothing | None = None,
    is_hcat: bool = False,
) -> PolygonTable:
    """Write the polygons of a map, whole or not at all.

    Args:
        path: See `read_map`.
        output: A `.parquet` (GeoParquet) or `.gpkg` (GeoPackage) file.
        generalization: Minimum mapping unit and tolerance.
        progress: Told about each stage.
        smoothing: What is done to the map before; None for nothing.
        is_hcat: Whether crops are told in the words of HCAT too, see `ml.hcat`.

    Raises:
        UnsuitableProduct: The output has another suffix.
        UnreadableProduct: The map is absent, broken, or none of ours.
        NoValidPixels: There is nothing to draw.
    """
    if output.suffix not in {_PARQUET, _GEOPACKAGE}:
        cure = f"end its name in {_PARQUET} or {_GEOPACKAGE}"
        raise UnsuitableProduct(output, "no format has this suffix", cure)
    class_map = read_map(path)
    if smoothing is not None:
        class_map = smooth(class_map, smoothing)
    polygons = polygonize(class_map, generalization, progress)
    iris = polygons.table["class_iri"].to_pylist()
    more = hcat_columns(iris) if is_hcat else {}
    if output.suffix == _PARQUET:
        write_polygons(output, polygons, more)
    else:
        _write_geopackage(output, polygons, more)
    return polygons


def _write_geopackage(
    path: Path, polygons: PolygonTable, more: Mapping[str, Sequence[str | None]]
) -> None:
    rows = polygons.table.drop_columns(["geometry"]).to_pandas().assign(**more)
    frame = geopandas.GeoDataFrame(
        rows, geometry=polygons.geometries, crs=polygons.crs.to_wkt()
    )
    with writing(path) as unfinished:
        frame.to_file(unfinished, driver="GPKG", layer=path.stem)


def read_map(path: Path) -> ClassMap:
    """The class map that `pytheas ml predict` or `pytheas run` wrote.

    Args:
        path: Its folder, or the raster of classes in it.  `probabilities.tif` and
            `item.json` beside it are read where they are; without the former each pixel
            has its class for certain.

    Raises:
        UnreadableProduct: It is absent, broken, or none of ours.
    """
    classes_path = path / _CLASS_MAP if path.is_dir() else path
    raster = read_raster(classes_path)
    legend = parse_legend(classes_path, raster)
    source, model = _origin(classes_path)
    valid_HW = raster.is_valid_BHW[0]
    return ClassMap(
        grid=raster.grid,
        classes_HW=raster.array_BHW[0].astype(np.int32),
        valid_HW=valid_HW,
        probabilities_KHW=_probabilities(classes_path, raster, legend),
        legend=legend,
        source=source,
        model=model,
    )


def _probabilities(
    path: Path, raster: Raster, legend: tuple[MapClass, ...]
) -> NDArray[np.float32]:
    beside = path.with_name("probabilities.tif")
    if not beside.exists():
        classes_HW = raster.array_BHW[0]
        return np.stack([(classes_HW == c.index).astype(np.float32) for c in legend])
    found_KHW = np.nan_to_num(read_probabilities(beside))
    expected = (len(legend), *raster.array_BHW.shape[1:])
    if found_KHW.shape != expected:
        reason = f"it is {found_KHW.shape}, and {path.name} asks for {expected}"
        raise UnreadableProduct(beside, reason, "make the map again")
    return found_KHW


def _origin(path: Path) -> tuple[Source, ModelVersion]:
    """What the item beside a map says of its scene and model."""
    beside = path.with_name("item.json")
    if not beside.exists():
        return Source(path.stem, path, None, None, None, None, "file"), _UNKNOWN
    try:
        item = json.loads(beside.read_text(encoding="utf-8"))
        said = item["properties"]
        links = [each["href"] for each in item["links"] if each["rel"] == _FROM]
        source = Source(
            scene_id=item["id"],
            path=(path.parent / links[0]).resolve() if links else path,
            platform=said.get("platform"),
            product_type=said.get("pytheas:product_type"),
            time_start=_instant(said, "start_datetime"),
            time_end=_instant(said, "end_datetime"),
            crs_source=said.get("pytheas:crs_source", "file"),
        )
        return source, ModelVersion(**said["pytheas:model"])
    except (ValueError, KeyError, TypeError) as error:
        reason = f"it is no item of a map ({error!r})"
        raise UnreadableProduct(beside, reason, "make the map again") from error


_FROM: Final = "derived_from"


def _instant(said: dict[str, Any], name: str) -> datetime | None:
    """The bound, or the one instant; none where the period is unknown."""
    if said.get("pytheas:observed_period") == "unknown":
        return None
    text = said.get(name) or said.get("datetime")
    return None if text is None else datetime.fromisoformat(text)
