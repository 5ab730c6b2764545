"""STAC 1.1 items of prepared scenes and cubes: bands, scale, and what was done."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from ml.footprint import bbox_crs84
from ml.maps import Grid
from ml.prep.s2_reading import STORED_NODATA, STORED_SCALE, methods
from ml.prep.s2_series import Date, Series, preparation
from ml.products.s2_bands import BAND_BY_NAME
from ml.scene import COG
from ml.version import DISTRIBUTION, software_version

_BASE: Final = "https://stac-extensions.github.io"
EXTENSIONS: Final = (
    f"{_BASE}/eo/v2.0.0/schema.json",
    f"{_BASE}/raster/v2.0.0/schema.json",
    f"{_BASE}/projection/v2.0.0/schema.json",
    f"{_BASE}/processing/v1.2.0/schema.json",
    f"{_BASE}/grid/v1.1.0/schema.json",
    f"{_BASE}/sat/v1.0.0/schema.json",
    f"{_BASE}/view/v1.0.0/schema.json",
)
_SUMMARIZED: Final = ("constellation", "instruments", "grid:code", "processing:level")


def band_documents(series: Series) -> list[dict[str, Any]]:
    """The bands of an asset, in their order."""
    return [
        {
            "name": band,
            **_spectral(band),
            "data_type": "int16",
            "nodata": STORED_NODATA,
            "unit": "1",
            "raster:scale": STORED_SCALE,
            "raster:offset": 0.0,
            "raster:spatial_resolution": series.grid.pixel_size_m,
        }
        for band in series.bands
    ]


def _spectral(band: str) -> dict[str, Any]:
    known = BAND_BY_NAME.get(band)
    if known is None:
        return {}
    return {
        "eo:common_name": known.common_name,
        "eo:center_wavelength": known.centre_nm / 1000,
        "eo:full_width_half_max": known.width_nm / 1000,
    }


def raster_asset(series: Series, path: Path, title: str) -> dict[str, Any]:
    """A COG of reflectances, as an asset."""
    return {
        "href": f"./{path.name}",
        "type": COG,
        "title": title,
        "roles": ["data", "reflectance"],
        "bands": band_documents(series),
    }


def mask_asset(path: Path) -> dict[str, Any]:
    """The mask of a scene, as an asset."""
    return {
        "href": f"./{path.name}",
        "type": COG,
        "title": "0 kept, 1 cloud or another class that is not wanted, 255 no data",
        "roles": ["data-mask"],
        "data_type": "uint8",
        "nodata": 255,
    }


def projection_properties(grid: Grid) -> dict[str, Any]:
    """Where the pixels lie."""
    authority = grid.crs.to_authority()
    named: dict[str, Any] = {"proj:code": ":".join(authority) if authority else None}
    if not authority:
        named["proj:projjson"] = grid.crs.to_json_dict()
    return {
        **named,
        "proj:shape": [grid.height, grid.width],
        "proj:transform": [float(v) for v in grid.transform[:6]],
        "proj:bbox": list(grid.bounds),
    }


def date_properties(date: Date) -> dict[str, Any]:
    """What its products say of themselves; of several tiles what the first one says."""
    return dict(date.observations[0].properties)


def common_properties(series: Series) -> dict[str, Any]:
    """What all products of a series say of themselves."""
    every = [o.properties for o in series.observations]
    return {
        name: every[0][name]
        for name in _SUMMARIZED
        if name in every[0] and all(e.get(name) == every[0][name] for e in every)
    }


def processing_properties(series: Series) -> dict[str, Any]:
    """What was done."""
    rule, how = series.rule, methods(series)
    named = ", ".join(f"{band} {method}" for band, method in how.items())
    kept = "every pixel kept"
    if rule is not None:
        classes = ", ".join(map(str, sorted(rule.kept)))
        kept = f"scene classes {classes} kept"
        if rule.dilation_m:
            kept += f", but for {rule.dilation_m:g} m around clouds and shadows"
    return {
        "processing:software": {DISTRIBUTION: software_version()},
        "processing:lineage": (
            f"reflectance by the scale and offset of each product; {kept}; to "
            f"{series.grid.pixel_size_m:g} m: {named}"
        ),
        "pytheas:preparation": {**preparation(series), "resampling": how},
    }


def item_document(
    identifier: str,
    footprint: BaseGeometry,
    period: tuple[datetime, datetime],
    properties: Mapping[str, Any],
    assets: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """An item, as JSON has it."""
    start, end = (stac_time(moment) for moment in period)
    times = {"datetime": start if start == end else None}
    if start != end:
        times |= {"start_datetime": start, "end_datetime": end}
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": _used(properties),
        "id": identifier,
        "geometry": json.loads(shapely.to_geojson(footprint)),
        "bbox": list(bbox_crs84(footprint)),
        "properties": {**times, **properties},
        "links": [],
        "assets": dict(assets),
    }


def source_links(dates: Sequence[Date]) -> list[dict[str, Any]]:
    """The products from which something was made."""
    return [
        {"rel": "derived_from", "href": o.location, "title": o.product_id}
        for date in dates
        for o in date.observations
    ]


def _used(properties: Mapping[str, Any]) -> list[str]:
    """The extensions whose fields are there; those of bands always are."""
    prefixes = {name.partition(":")[0] for name in properties} | {"eo", "raster"}
    names = {e: e.removeprefix(f"{_BASE}/").partition("/")[0] for e in EXTENSIONS}
    short = {"projection": "proj"}
    return [e for e, name in names.items() if short.get(name, name) in prefixes]


def stac_time(moment: datetime) -> str:
    """An instant in UTC, as items have it (RFC 3339)."""
    return moment.isoformat().replace("+00:00", "Z")
