"""`pytheas ml prep s2`: optical products become scenes and cubes of reflectances."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.console import Console
from api.cli.ml_prep_options import (
    AllowBucket,
    AllowFolder,
    AllowHost,
    fetcher,
    finite,
)
from api.cli.ml_prep_output import Quicklook, can_draw, report
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from ml.prep.composites import Period
    from ml.prep.s2_cube import CubeOptions
    from ml.prep.s2_series import Options, Series
    from ml.products.access import Access
    from ml.products.sentinel2 import Radiometry

Products = Annotated[
    list[str],
    typer.Argument(
        metavar="PRODUCT...",
        help="SAFE folders, or the zip archives that they came in; STAC items whose "
        "assets are bands; COGs; cubes in Zarr or NetCDF. Also URLs (https:, s3:) that "
        "are allowed.",
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        help="A .tif: one date as a COG, with mask, STAC item and picture beside it. "
        "Else a folder: a cube.",
    ),
]
Bands = Annotated[
    list[str] | None,
    typer.Option(
        "--band",
        help="For example B04, red, or B02,B03,B04; may be given again.",
        show_default="the ten of 10 and 20 m",
    ),
]
Pixel = Annotated[
    float | None,
    typer.Option(
        help="Side of a pixel, metres.",
        min=0.1,
        show_default="the finest",
        callback=finite,
    ),
]
Bounds = Annotated[
    tuple[float, float, float, float] | None,
    typer.Option(
        help="West, south, east and north of a part, in the tile's CRS.",
        callback=finite,
    ),
]
Keep = Annotated[
    list[int] | None,
    typer.Option(
        "--keep",
        help="A scene class to keep beside 4, 5 and 6: 7 (unclassified) or 2 (dark), "
        "and others on purpose; may be given again.",
        min=1,
        max=11,
    ),
]
Dilate = Annotated[
    float,
    typer.Option(
        help="Drop so many metres around clouds and their shadows.",
        min=0,
        callback=finite,
    ),
]
NoMask = Annotated[
    bool, typer.Option("--no-mask", help="Keep every pixel, clouds as well.")
]
Onto = Annotated[
    str | None,
    typer.Option(
        help="The tile (T33UUP) or product whose grid the cube has; products of others "
        "are warped to it."
    ),
]
NoFill = Annotated[
    bool,
    typer.Option("--no-fill", help="Leave periods without an observation empty."),
]
Quantification = Annotated[
    float | None,
    typer.Option(
        help="What a reflectance of 1 is, against what the products say.",
        min=1e-9,
        callback=finite,
    ),
]
Offset = Annotated[
    float | None,
    typer.Option(
        help="What is added to numbers first, against what products say.",
        callback=finite,
    ),
]
_QUANTIFICATION: Final = 10_000.0


class Composite(StrEnum):
    """What a cube holds beside its dates."""

    MONTHLY = "monthly"
    DEKADAL = "dekadal"
    NONE = "none"


class Format(StrEnum):
    """How cubes are written."""

    ZARR = "zarr"
    COG = "cog"
    BOTH = "both"


def s2(  # noqa: PLR0913, PLR0917 - options of a command are arguments
    products: Products,
    output: Output,
    band: Bands = None,
    pixel: Pixel = None,
    bounds: Bounds = None,
    keep: Keep = None,
    dilate: Dilate = 0.0,
    onto: Onto = None,
    composite: Annotated[
        list[Composite] | None,
        typer.Option(help="Medians of months or of ten days.", show_default="monthly"),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="How a cube is written.")
    ] = Format.ZARR,
    offset: Offset = None,
    quantification: Quantification = None,
    allow_host: AllowHost = None,
    allow_bucket: AllowBucket = None,
    allow_folder: AllowFolder = None,
    *,
    no_mask: NoMask = False,
    no_fill: NoFill = False,
    quicklook: Quicklook = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Sentinel-2 L1C or L2A to masked reflectances: a scene, or a cube of dates."""
    from ml.products.access import access

    rule = None if no_mask else (keep or (), dilate)
    options = _options(band, pixel, bounds, onto, rule)
    cube = _cube_options(composite, form, fills_gaps=not no_fill)
    stated = _radiometry(offset, quantification)
    folders = tuple(allow_folder or ())
    with access(fetcher(allow_host, allow_bucket), folders) as allowed:
        series = _series(products, allowed, options, stated)
        console = Console(json=json, quiet=quiet)
        if output.suffix.lower() in {".tif", ".tiff"}:
            _write_scene(console, series, output, draws=quicklook)
        else:
            _write_cube(console, series, output, cube, draws=quicklook)


def _options(
    band: Iterable[str] | None,
    pixel_m: float | None,
    bounds: tuple[float, float, float, float] | None,
    onto: str | None,
    kept: tuple[Iterable[int], float] | None,
) -> "Options":
    from ml.prep.cloud_mask import mask_rule
    from ml.prep.s2_series import Options

    rule = None if kept is None else mask_rule(*kept)
    return Options(_bands(band), pixel_m, bounds, rule, onto)


def _cube_options(
    composite: list[Composite] | None, form: Format, *, fills_gaps: bool
) -> "CubeOptions":
    from ml.prep.s2_cube import CubeOptions

    return CubeOptions(
        composites=_periods(composite),
        fills_gaps=fills_gaps,
        as_zarr=form is not Format.COG,
        as_cogs=form is not Format.ZARR,
    )


def _series(
    products: Iterable[str],
    allowed: "Access",
    options: "Options",
    stated: "Radiometry | None",
) -> "Series":
    from ml.prep.s2_series import plan_series
    from ml.products.opening import open_observations

    observations = [
        observation
        for product in products
        for observation in open_observations(product, allowed, options.bands, stated)
    ]
    return plan_series(observations, options)


def _bands(chosen: Iterable[str] | None) -> tuple[str, ...]:
    from ml.products.s2_bands import band_name

    named = [part for text in chosen or () for part in text.split(",")]
    return tuple(dict.fromkeys(band_name(name) for name in named))


def _periods(chosen: list[Composite] | None) -> "tuple[Period, ...]":
    from ml.prep.composites import Period

    wanted = chosen or [Composite.MONTHLY]
    return tuple(dict.fromkeys(Period(c) for c in wanted if c is not Composite.NONE))


def _radiometry(
    offset: float | None, quantification: float | None
) -> "Radiometry | None":
    from ml.products.s2_bands import BANDS
    from ml.products.sentinel2 import Radiometry

    if offset is None and quantification is None:
        return None
    offsets = {band.band_id: offset or 0.0 for band in BANDS}
    return Radiometry(quantification or _QUANTIFICATION, offsets, "option")


def _write_scene(
    console: Console, series: "Series", output: Path, *, draws: bool
) -> None:
    from ml.prep.s2_scene import draw_date, only_date, write_date

    date = only_date(series)
    with console.progress() as progress:
        done = write_date(series, date, output, progress)
    files = [*done.files, done.item]
    if draws and can_draw(console):
        files.append(draw_date(done))
    report(console, done, files)


def _write_cube(
    console: Console,
    series: "Series",
    output: Path,
    options: "CubeOptions",
    *,
    draws: bool,
) -> None:
    from ml.prep.s2_cube import write_cube

    draws = draws and can_draw(console)
    with console.progress() as progress:
        done = write_cube(series, output, options, draws=draws, progress=progress)
    files = [*done.files, done.item, *([done.picture] if done.picture else [])]
    report(console, done, files)
