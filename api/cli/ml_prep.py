"""`pytheas ml prep`: products become scenes that models read."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.ml_prep_info import info
from api.cli.ml_prep_options import finite
from api.cli.ml_prep_output import Quicklook, can_draw, report
from api.cli.ml_prep_s2 import s2
from api.cli.options import Json, Quiet

prep = typer.Typer(help="Calibrate products, on a map grid.", no_args_is_help=True)
prep.command()(s2)
prep.command()(info)

Product = Annotated[
    Path, typer.Argument(help="A SAFE folder, or the zip archive that it came in.")
]
Output = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        help="A .tif: one COG, with its STAC item and picture beside it. Else a "
        "folder: the scene that `pytheas run seaice` reads.",
    ),
]
Pixel = Annotated[
    float | None,
    typer.Option(help="Side of a pixel, metres.", show_default="twice the product's"),
]
Looks = Annotated[
    int | None,
    typer.Option(
        min=1, help="Lines and samples to average.", show_default="what fits a pixel"
    ),
]

Crs = Annotated[
    str | None,
    typer.Option(
        help="A projected CRS in metres, e.g. EPSG:3413, EPSG:5938 or EPSG:3996.",
        show_default="polar beyond 60 degrees, else UTM",
    ),
]
Polarizations = Annotated[
    list[str] | None,
    typer.Option(help="For example HH; may be given again.", show_default="all"),
]
Height = Annotated[
    float,
    typer.Option(help="Of the surface above the ellipsoid, metres.", callback=finite),
]
Land = Annotated[
    Path | None,
    typer.Option(help="Polygons of land: adds the distance to the coast."),
]
MaskLand = Annotated[bool, typer.Option("--mask-land", help="Land says nothing.")]
KeepNoise = Annotated[
    bool, typer.Option("--keep-noise", help="Do not subtract thermal noise.")
]


@prep.command()
def s1(  # noqa: PLR0913, PLR0917 - options of a command are arguments
    product: Product,
    output: Output,
    crs: Crs = None,
    pixel: Pixel = None,
    looks: Looks = None,
    polarization: Polarizations = None,
    height: Height = 0.0,
    land: Land = None,
    *,
    mask_land: MaskLand = False,
    keep_noise: KeepNoise = False,
    quicklook: Quicklook = True,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Sentinel-1 GRD to sigma0 in dB, incidence angle and noise, on a map grid."""
    from ml.prep.s1_product import Options, draw_scene, prepare_s1

    if mask_land and land is None:
        raise typer.BadParameter("needs --land", param_hint="--mask-land")
    options = Options(
        crs=crs,
        pixel_m=pixel,
        looks=looks,
        polarizations=tuple(p.upper() for p in polarization or ()),
        keep_noise=keep_noise,
        height_m=height,
        land=land,
        mask_land=mask_land,
    )
    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        prepared = prepare_s1(product, output, options, progress)
    files = [*prepared.files, prepared.item]
    if quicklook and can_draw(console):
        files.append(draw_scene(prepared))
    report(console, prepared, files)
