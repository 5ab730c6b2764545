"""A map product as a STAC 1.1 item: what a catalogue needs to find and draw it."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pystac
import shapely
from numpy.typing import NDArray
from pystac.extensions import classification, file, projection

from ml.footprint import bbox_crs84, footprint_crs84
from ml.maps import Grid, MapClass, MapProduct, ModelVersion, Source
from ml.rasters import writing
from ml.scene import ITEM
from ml.version import DISTRIBUTION, software_version
from ontologies.geosparql.crs import crs_from_pyproj

_PROCESSING: Final = "https://stac-extensions.github.io/processing/v1.2.0/schema.json"
_CLASSIFICATION: Final = classification.SCHEMA_URI_PATTERN.format(
    version=classification.DEFAULT_VERSION
)
_COG: Final = str(pystac.MediaType.COG)
_GEOPARQUET: Final = "application/vnd.apache.parquet"
_SHA256_MULTIHASH: Final = "1220"
"""Function 0x12, length 0x20: how a multihash says that a sha256 follows."""

_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".nc": "application/netcdf",
    ".tif": str(pystac.MediaType.GEOTIFF),
    ".tiff": str(pystac.MediaType.GEOTIFF),
    ".json": str(pystac.MediaType.GEOJSON),
}


class Described(Protocol):
    """What the item of a map says: of a `ClassMap`, or of a map that is on disk."""

    @property
    def grid(self) -> Grid:
        """Where the pixels lie."""

    @property
    def classes_HW(self) -> NDArray[np.integer]:
        """Index of the class of each pixel."""

    @property
    def valid_HW(self) -> NDArray[np.bool_]:
        """False where the map says nothing."""

    @property
    def legend(self) -> Sequence[MapClass]:
        """The classes."""

    @property
    def source(self) -> Source:
        """The scene."""

    @property
    def model(self) -> ModelVersion:
        """The classifier."""


def map_item(class_map: Described, product: MapProduct, home: Path) -> pystac.Item:
    """The item of a map whose files are written.

    Args:
        class_map: What the files hold.
        product: The files; hrefs are relative to the item's folder.
        home: The folder in which the item will lie in the end, for the link to the
            scene.
    """
    assets = raster_assets(class_map, product.class_map, product.probabilities)
    polygons = _asset(
        product.polygons, "Classified polygons", _GEOPARQUET, ["data", "vector"], {}
    )
    return item_of(class_map, {**assets, "polygons": polygons}, home)


def item_of(
    class_map: Described, assets: Mapping[str, pystac.Asset], home: Path
) -> pystac.Item:
    """The item of a map with these assets; see `map_item`."""
    geometry = footprint_crs84(class_map.grid, class_map.valid_HW)
    item = pystac.Item(
        id=class_map.source.scene_id,
        geometry=shapely.geometry.mapping(geometry),
        bbox=list(bbox_crs84(geometry)),
        properties=_properties(class_map),
        stac_extensions=[
            _CLASSIFICATION,
            file.SCHEMA_URI,
            _PROCESSING,
            projection.SCHEMA_URI,
        ],
        **_period(class_map.source),
    )
    item.add_link(_link_to_scene(class_map.source, home))
    for key, asset in assets.items():
        item.add_asset(key, asset)
    return item


def write_item(path: Path, item: pystac.Item) -> None:
    """Write an item as JSON, whole or not at all."""
    document = item.to_dict(include_self_link=False, transform_hrefs=False)
    with writing(path) as unfinished:
        text = json.dumps(document, indent=2, ensure_ascii=False)
        unfinished.write_text(text + "\n", encoding="utf-8")


def _period(source: Source) -> dict[str, Any]:
    """The instants of the item.

    STAC wants one.  Where the observed period is unknown it is the date of the product,
    and `pytheas:observed_period` says so.
    """
    start, end = source.time_start, source.time_end
    if start is None or end is None:
        written = datetime.fromtimestamp(source.path.stat().st_mtime, UTC)
        return {"datetime": written.replace(microsecond=0)}
    if start == end:
        return {"datetime": start}
    return {"datetime": None, "start_datetime": start, "end_datetime": end}


def _properties(class_map: Described) -> dict[str, Any]:
    source, model, grid = class_map.source, class_map.model, class_map.grid
    optional = {
        "platform": source.platform,
        "pytheas:product_type": source.product_type,
    }
    if source.time_start is None:
        optional["pytheas:observed_period"] = "unknown"
    crs = crs_from_pyproj(grid.crs).pyproj
    authority = crs.to_authority()
    return {
        **{key: value for key, value in optional.items() if value is not None},
        "proj:code": ":".join(authority) if authority else None,
        **({} if authority else {"proj:projjson": crs.to_json_dict()}),
        "proj:shape": [grid.height, grid.width],
        "proj:transform": [float(value) for value in grid.transform[:6]],
        "proj:bbox": list(grid.bounds),
        "pytheas:crs_source": source.crs_source,
        "pytheas:model": {"name": model.name, "version": model.version},
        "processing:software": {DISTRIBUTION: software_version()},
        "processing:lineage": f"classified by {model.name} {model.version}",
    }


def _link_to_scene(source: Source, home: Path) -> pystac.Link:
    scene = source.path / ITEM if source.path.is_dir() else source.path
    href = Path(os.path.relpath(scene.resolve(), home.resolve())).as_posix()
    return pystac.Link(
        rel=pystac.RelType.DERIVED_FROM,
        target=href,
        media_type=_MEDIA_TYPES.get(scene.suffix.lower()),
        title=source.scene_id,
    )


def raster_assets(
    class_map: Described, classes: Path, probabilities: Path
) -> dict[str, pystac.Asset]:
    """The two rasters of a map, as assets."""
    bands = [{"name": c.code, "description": c.label} for c in class_map.legend]
    return {
        "class_map": _asset(
            classes,
            "Class map",
            _COG,
            ["data", "classification"],
            {"classification:classes": _classes(class_map)},
        ),
        "probabilities": _asset(
            probabilities,
            "Probability of each class, 0 to 1",
            _COG,
            ["data", "probability"],
            {"bands": bands},
        ),
    }


def entropy_asset(path: Path) -> pystac.Asset:
    """The raster of entropies, as an asset."""
    title = "Shannon entropy of the probabilities, bits"
    return _asset(path, title, _COG, ["data", "uncertainty"], {})


def _asset(
    path: Path, title: str, media_type: str, roles: list[str], fields: dict[str, Any]
) -> pystac.Asset:
    content = path.read_bytes()
    checksum = _SHA256_MULTIHASH + hashlib.sha256(content).hexdigest()
    return pystac.Asset(
        href=f"./{path.name}",
        title=title,
        media_type=media_type,
        roles=roles,
        extra_fields={
            **fields,
            "file:size": len(content),
            "file:checksum": checksum,
        },
    )


def _classes(class_map: Described) -> list[dict[str, Any]]:
    values, counts = np.unique(
        class_map.classes_HW[class_map.valid_HW], return_counts=True
    )
    occurring = dict(zip(values.tolist(), counts.tolist(), strict=True))
    return [_class(c, occurring.get(c.index, 0)) for c in class_map.legend]


def _class(member: MapClass, count: int) -> dict[str, Any]:
    described = {
        "value": member.index,
        "name": member.code,
        "title": member.label,
        "description": member.label,
        "count": count,
        "pytheas:concept": member.iri,
    }
    if member.colour is not None:
        described["color_hint"] = member.colour.removeprefix("#").upper()
    return described
