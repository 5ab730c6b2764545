"""A Sentinel-1 GRD product becomes a scene folder, or one COG, with its STAC item.

The item says what was done: a reader needs no memory of the command.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.documents import write_json
from ml.errors import NoValidPixels, UnsuitableProduct
from ml.folders import appearing
from ml.maps import Grid, Source
from ml.prep.calibration import equivalent_looks, find_resolution
from ml.prep.coast import Coast, read_coast
from ml.prep.projection import (
    Projector,
    Tile,
    covering_grid,
    default_crs,
    projected_crs,
    scene_centre,
)
from ml.prep.quicklook import Panel, draw_quicklook
from ml.prep.s1 import Layer, Looked, calibrations, looked, render
from ml.prep.seen import Seen
from ml.products.sentinel1 import Sentinel1Grd, open_sentinel1
from ml.rasters import Canvas, Layers, writing, writing_cog
from ml.scene import INCIDENCE, ITEM, NOISE, Description, scene_item
from ml.version import DISTRIBUTION, software_version
from ontologies.progress import Progress, silent

COAST: Final = "coast"
QUICKLOOK: Final = "quicklook.png"
PROCESSING_EXTENSION: Final = (
    "https://stac-extensions.github.io/processing/v1.2.0/schema.json"
)

_POLARIZATIONS: Final = ("HH", "HV", "VV", "VH")
_FILES: Final = (*_POLARIZATIONS, INCIDENCE, NOISE, COAST)


@dataclass(frozen=True, slots=True)
class Options:
    """What a user can choose.

    Attributes:
        crs: A projected CRS in metres; None for a polar one beyond 60 degrees, or UTM.
        pixel_m: Side of a pixel; None for twice the product's spacing.
        looks: Lines and samples that are averaged; None for as many as fit a pixel.
        polarizations: Which of them; empty for all.
        keep_noise: Whether thermal noise stays in.
        height_m: Of the surface above the ellipsoid.
        land: Polygons of land, for the distance to the coast.
        mask_land: Whether land says nothing.
    """

    crs: str | None = None
    pixel_m: float | None = None
    looks: int | None = None
    polarizations: tuple[str, ...] = ()
    keep_noise: bool = False
    height_m: float = 0.0
    land: Path | None = None
    mask_land: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was written.

    Attributes:
        item: The STAC item.
        files: The rasters.
        grid: Their grid.
        document: The content of the item.
    """

    item: Path
    files: tuple[Path, ...]
    grid: Grid
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything that is decided before a pixel is read."""

    product: Sentinel1Grd
    options: Options
    projector: Projector
    looks: int
    coast: Coast | None


@dataclass(frozen=True, slots=True)
class _Target:
    """A file, and which layers of the result it holds."""

    name: str
    path: Path
    bands: tuple[int, ...]


def prepare_s1(
    location: str | Path,
    out: Path,
    options: Options | None = None,
    progress: Progress = silent,
) -> Prepared:
    """Calibrate a product and lay it on a map grid.

    Args:
        location: A SAFE folder, a zip archive of one, or `s3://bucket/prefix`.
        out: A file that ends in `.tif`: one COG, with its item beside it.  Else a
            folder: the scene that `pytheas run seaice` reads.  Both appear whole, or
            not at all.
        options: How.
        progress: Told of each stage.

    Raises:
        ProductError: The product cannot be prepared; nothing was written.
        UnsuitableCrs: The scene has no place in the CRS.
        OutputExists: The folder holds something else.
    """
    plan = _plan(open_sentinel1(location), options or Options())
    tables = calibrations(
        plan.product,
        plan.options.polarizations or plan.product.manifest.polarizations,
        keep_noise=plan.options.keep_noise,
    )
    with looked(plan.product, tables, plan.looks, progress) as image:
        if out.suffix.lower() in {".tif", ".tiff"}:
            return _write_file(plan, image, out, progress)
        return _write_folder(plan, image, out, progress)


def _plan(product: Sentinel1Grd, options: Options) -> _Plan:
    geometry, image = product.geometry(), product.image
    shape = image.lines, image.samples
    crs = projected_crs(options.crs or default_crs(*scene_centre(geometry, shape)))
    pixel_m = options.pixel_m or 2 * image.pixel_spacing_m
    if not 0 < pixel_m < np.inf:
        reason = f"a pixel of {pixel_m} m is not positive and finite"
        raise UnsuitableProduct(product.files.location, reason, "use for example 80")
    grid = covering_grid(geometry, shape, crs, pixel_m, options.height_m)
    looks = options.looks or max(round(pixel_m / image.pixel_spacing_m), 1)
    return _Plan(
        product=product,
        options=options,
        projector=Projector(geometry, grid, options.height_m),
        looks=looks,
        coast=None if options.land is None else read_coast(options.land, grid),
    )


def _write_folder(
    plan: _Plan, image: Looked, out: Path, progress: Progress
) -> Prepared:
    names = {ITEM, QUICKLOOK, *(f"{name}.tif" for name in _FILES)}
    layers = _layers(plan, image)
    with appearing(out, names) as folder:
        targets = _targets_of_folder(folder, image, layers)
        seen = _write(plan, image, targets, layers, progress)
        document = _document(plan, image, targets, seen)
        write_json(folder / ITEM, document)
    files = tuple(out / target.path.name for target in targets)
    return Prepared(out / ITEM, files, plan.projector.grid, document)


def _targets_of_folder(
    folder: Path, image: Looked, layers: Sequence[Layer]
) -> list[_Target]:
    count = len(image.polarizations)
    bands: dict[str, tuple[int, ...]] = {
        name: (i,) for i, name in enumerate(image.polarizations)
    }
    bands[INCIDENCE] = (count,)
    if image.has_noise:
        bands[NOISE] = tuple(range(count + 1, 2 * count + 1))
    if layers[-1].name == COAST:
        bands[COAST] = (len(layers) - 1,)
    return [_Target(n, folder / f"{n}.tif", b) for n, b in bands.items()]


def _write_file(plan: _Plan, image: Looked, out: Path, progress: Progress) -> Prepared:
    layers = _layers(plan, image)
    item = out.with_suffix(".json")
    with writing(item) as unfinished:
        targets = [_Target("data", out, tuple(range(len(layers))))]
        seen = _write(plan, image, targets, layers, progress)
        document = _document(plan, image, targets, seen)
        document["assets"]["data"]["bands"] = [
            {"name": layer.name, "description": layer.description} for layer in layers
        ]
        write_json(unfinished, document)
    return Prepared(item, (out,), plan.projector.grid, document)


def draw_scene(prepared: Prepared) -> Path:
    """Draw the polarizations of what was written, beside its item.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    document = prepared.document
    names = document["properties"]["sar:polarizations"]
    is_one_file = len(prepared.files) == 1
    panels = [
        Panel(
            prepared.files[0] if is_one_file else prepared.files[i],
            (i if is_one_file else 0,),
            f"sigma0 {name}, dB",
        )
        for i, name in enumerate(names)
    ]
    folder, item = prepared.item.parent, prepared.item
    path = item.with_suffix(".png") if is_one_file else folder / QUICKLOOK
    draw_quicklook(path, panels, document["id"])
    return path


def _layers(plan: _Plan, image: Looked) -> tuple[Layer, ...]:
    if plan.coast is None:
        return image.layers()
    return (*image.layers(), Layer(COAST, "distance to coast metres, negative on land"))


def _write(
    plan: _Plan,
    image: Looked,
    targets: Sequence[_Target],
    layers: Sequence[Layer],
    progress: Progress,
) -> Seen:
    """Write all rasters; where they say something."""
    grid = plan.projector.grid
    seen = Seen(grid)
    with _canvases(grid, targets, layers) as canvases:
        for tile, bands_BHW in _tiles(plan, image, progress):
            for target, canvas in zip(targets, canvases, strict=True):
                canvas.write(tile.row, tile.column, bands_BHW[list(target.bands)])
            seen.note(tile, np.isfinite(bands_BHW[0]))
        if not seen.is_seen_HW.any():
            raise NoValidPixels(plan.product.files.location)
    return seen


def _tiles(
    plan: _Plan, image: Looked, progress: Progress
) -> Iterator[tuple[Tile, NDArray[np.float32]]]:
    for tile, bands_BHW in render(image, plan.projector, progress):
        if plan.coast is None:
            yield tile, bands_BHW
            continue
        distance_HW = plan.coast.signed_distance_m(tile)
        if plan.options.mask_land:
            bands_BHW[:, distance_HW < 0] = np.nan
        yield tile, np.concatenate([bands_BHW, distance_HW[None]])


@contextmanager
def _canvases(
    grid: Grid, targets: Sequence[_Target], layers: Sequence[Layer]
) -> Iterator[list[Canvas]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                writing_cog(
                    target.path,
                    Layers(
                        grid,
                        "float32",
                        float("nan"),
                        tuple(layers[band].description for band in target.bands),
                    ),
                )
            )
            for target in targets
        ]


def _document(
    plan: _Plan,
    image: Looked,
    targets: Sequence[_Target],
    seen: Seen,
) -> dict[str, Any]:
    grid = plan.projector.grid
    manifest, spacing = plan.product.manifest, plan.product.image.pixel_spacing_m
    resolution = find_resolution(manifest.mode, spacing)
    item = scene_item(
        Description(
            source=_source(plan, resolution.name if resolution else None),
            grid=grid,
            looks=equivalent_looks(resolution, spacing, plan.looks)
            if resolution
            else float(plan.looks**2),
            polarizations=image.polarizations,
            footprint=seen.footprint(),
            files={target.name: target.path.name for target in targets},
            properties=_properties(plan, image),
        )
    )
    item["stac_extensions"].append(PROCESSING_EXTENSION)
    item["links"] = [
        {
            "rel": "derived_from",
            "href": plan.product.files.location,
            "title": manifest.product_id,
        }
    ]
    return item


def _source(plan: _Plan, product_type: str | None) -> Source:
    manifest = plan.product.manifest
    return Source(
        scene_id=manifest.product_id,
        path=Path(),
        platform=manifest.platform,
        product_type=product_type or f"{manifest.mode}_GRD",
        time_start=manifest.start,
        time_end=manifest.stop,
        crs_source="file",
    )


def _properties(plan: _Plan, image: Looked) -> dict[str, Any]:
    manifest, options = plan.product.manifest, plan.options
    noise = "kept" if not image.has_noise else "subtracted"
    if plan.product.image.is_noise_corrected:
        noise = "subtracted by the processor"
    return {
        "constellation": "sentinel-1",
        "instruments": ["c-sar"],
        "sar:instrument_mode": manifest.mode,
        "sar:frequency_band": "C",
        "sat:orbit_state": manifest.orbit_pass,
        "sat:absolute_orbit": manifest.absolute_orbit,
        "sat:relative_orbit": manifest.relative_orbit,
        "processing:software": {
            DISTRIBUTION: software_version(),
            "Sentinel-1 IPF": manifest.processor,
        },
        "processing:lineage": (
            f"sigma0 calibrated, thermal noise {noise}, {plan.looks} x {plan.looks} "
            f"looks averaged, bilinear to {plan.projector.grid.crs.name}"
        ),
        "pytheas:preparation": {
            "calibration": "sigmaNought",
            "thermal_noise": noise,
            "looks": plan.looks,
            "resampling": "bilinear",
            "surface_height_m": options.height_m,
            "land": None if options.land is None else options.land.name,
            "land_masked": options.mask_land,
        },
    }
