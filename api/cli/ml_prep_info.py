"""`pytheas ml prep info`: what a product is, from its metadata alone."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.ml_prep_s2 import AllowBucket, AllowFolder, AllowHost, fetcher
from api.cli.options import Json

if TYPE_CHECKING:
    from ml.products.sentinel2 import Sentinel2Msi

Product = Annotated[
    str,
    typer.Argument(
        help="A SAFE folder, or the zip archive that it came in; also a URL "
        "(https:, s3:) that is allowed."
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
    """What a product of Sentinel-1 or Sentinel-2 is, from its metadata alone."""
    from ml.products.access import access
    from ml.products.opening import SENTINEL1, kind_of
    from ml.products.sentinel2 import open_sentinel2

    fetch = fetcher(allow_host, allow_bucket)
    with access(fetch, tuple(allow_folder or ())) as allowed:
        path = allowed.open(product)
        if kind_of(path) == SENTINEL1:
            document = _of_sentinel1(path)
        else:
            document = _of_sentinel2(open_sentinel2(path))
    text = "\n".join(f"{name}: {_words(value)}" for name, value in document.items())
    Console(json=json).report(document, text)


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


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
