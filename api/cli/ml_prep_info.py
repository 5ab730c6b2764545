"""`pytheas ml prep info`: what a product is, from its metadata alone."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.ml_prep_options import AllowBucket, AllowFolder, AllowHost, fetcher
from api.cli.options import Json

if TYPE_CHECKING:
    from ml.products.access import Access
    from ml.products.layers import Scaling
    from ml.products.sentinel2 import Sentinel2Msi
    from ml.products.stac_product import Item

Product = Annotated[
    str,
    typer.Argument(
        help="A SAFE folder, or the zip archive that it came in; a STAC item, a COG, a "
        "cube in Zarr or NetCDF. Also a URL (https:, s3:) that is allowed."
    ),
]


def info(
    product: Product,
    allow_host: AllowHost = None,
    allow_bucket: AllowBucket = None,
    allow_folder: AllowFolder = None,
    *,
    json: Json = False,
) -> None:
    """What a product is, from its metadata alone: SAFE, STAC item, COG or cube."""
    from ml.products.access import access

    fetch = fetcher(allow_host, allow_bucket)
    with access(fetch, tuple(allow_folder or ())) as allowed:
        document = _document(product, allowed)
    text = "\n".join(f"{name}: {_words(value)}" for name, value in document.items())
    Console(json=json).report(document, text)


def _document(product: str, allowed: "Access") -> dict[str, Any]:
    from ml.products.opening import ProductKind, item_location, item_of, kind_of
    from ml.products.sentinel2 import open_sentinel2
    from ml.products.stac_product import read_item

    path = allowed.open(product)
    match kind_of(path):
        case ProductKind.SENTINEL1:
            return _of_sentinel1(path)
        case ProductKind.SENTINEL2:
            return _of_sentinel2(open_sentinel2(path))
        case ProductKind.STAC:
            return _of_item(read_item(item_of(path), item_location(path, product)))
        case ProductKind.CUBE:
            return _of_cube(path)
        case ProductKind.RASTER:
            return _of_raster(path)


def _of_sentinel1(path: Path) -> dict[str, Any]:
    from ml.products.sentinel1 import open_sentinel1

    opened = open_sentinel1(path)
    manifest, image, points = opened.manifest, opened.image, opened.grid_points()
    return {
        "product": manifest.product_id,
        "platform": manifest.platform,
        "mode": manifest.mode,
        "type": manifest.product_type,
        "polarizations": list(manifest.polarizations),
        "start": manifest.start.isoformat(),
        "stop": manifest.stop.isoformat(),
        "orbit": f"{manifest.absolute_orbit} {manifest.orbit_pass}",
        "processor": f"IPF {manifest.processor}",
        "lines": image.lines,
        "samples": image.samples,
        "spacing_m": [image.line_spacing_m, image.pixel_spacing_m],
        "swaths": list(dict.fromkeys(image.swaths)),
        "incidence_deg": [
            round(float(points.incidence_N.min()), 2),
            round(float(points.incidence_N.max()), 2),
        ],
        "noise_removed_by_processor": image.is_noise_corrected,
    }


def _of_sentinel2(opened: "Sentinel2Msi") -> dict[str, Any]:
    radiometry, tile, grid = opened.radiometry, opened.tile, opened.grid
    return {
        "product": opened.product_id,
        "platform": opened.platform,
        "level": opened.level,
        "processing_baseline": opened.baseline,
        "tile": tile.tile_id,
        "sensing_start": opened.sensing_start.isoformat(),
        "orbit": f"{opened.relative_orbit} {opened.orbit_pass}",
        "crs": grid.crs.to_string(),
        "bounds": list(grid.bounds),
        "size_10_m": [grid.height, grid.width],
        "bands": [f"{b} {opened.resolution(b)} m" for b in opened.bands],
        "scene_classes": ("SCL", 20) in opened.images or ("SCL", 60) in opened.images,
        "quantification": radiometry.quantification,
        "offsets": sorted(set(radiometry.offsets.values())) or "none",
        "cloud_cover_percent": round(opened.cloud_cover, 3),
        "sun_zenith_deg": round(tile.sun.zenith_deg, 3),
        "sun_azimuth_deg": round(tile.sun.azimuth_deg, 3),
    }


def _of_item(item: "Item") -> dict[str, Any]:
    properties = item.document["properties"]
    return {
        "product": item.document.get("id"),
        "kind": "STAC item",
        "datetime": properties.get("datetime") or properties.get("start_datetime"),
        "platform": properties.get("platform"),
        "crs": properties.get("proj:code") or properties.get("proj:epsg"),
        "bands": list(item.bands),
        "scaling": {
            name: _scaling(scaling)
            for asset in item.assets
            for name, scaling in zip(asset.names, asset.declared, strict=True)
        },
        "cloud_cover_percent": properties.get("eo:cloud_cover"),
        "assets": list(item.document["assets"]),
    }


def _of_cube(path: Path) -> dict[str, Any]:
    from ml.products.cube_product import describe_cube

    return {"product": path.name, "kind": "cube", **describe_cube(path)}


def _of_raster(path: Path) -> dict[str, Any]:
    from ml.products.layers import grid_of, opened_raster

    with opened_raster(str(path)) as dataset:
        grid = grid_of(str(path), dataset)
        scales = zip(dataset.scales, dataset.offsets, strict=True)
        return {
            "product": path.stem,
            "kind": dataset.driver,
            "crs": grid.crs.to_string(),
            "bounds": list(grid.bounds),
            "size": [grid.height, grid.width],
            "bands": [text or "unnamed" for text in dataset.descriptions],
            "types": list(dataset.dtypes),
            "scaling": [f"{scale:g} x + {offset:g}" for scale, offset in scales],
            "nodata": dataset.nodata,
        }


def _scaling(scaling: "Scaling | None") -> str:
    if scaling is None:
        return "not declared"
    return f"{scaling.scale:g} x + {scaling.offset:g} ({scaling.source})"


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name} {part}" for name, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
