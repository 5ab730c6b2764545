"""`pytheas ml simulate|predict|vectorize`: scenes, maps of them, and their polygons."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.ml_options import Folder, Model
from api.cli.options import Json, Quiet

simulate = typer.Typer(
    help="Scenes with a known truth, and how well anybody could do.",
    no_args_is_help=True,
)


Smooth = Annotated[
    str | None,
    typer.Option(help="First smooth the map: mode, or bayes (its probabilities)."),
]
Window = Annotated[
    int, typer.Option(help="Rows and columns that smoothing looks at, odd.")
]
Hcat = Annotated[
    bool,
    typer.Option("--hcat", help="With EC_hcat_n and EC_hcat_c, as EuroCrops has."),
]


@simulate.command()
def ice(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The folder of the scene.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    size: Annotated[int, typer.Option(help="Rows and columns.")] = 640,
    pixel: Annotated[float, typer.Option(help="Side of a pixel, metres.")] = 80.0,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a Sentinel-1 EW scene over ice: COGs, the true classes, a STAC item."""
    from ml.sim.ice import write_scene
    from ml.sim.optimum import pixel_optimum, segment_optimum

    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        scene = write_scene(
            output, seed=seed, shape=(size, size), pixel_m=pixel, progress=progress
        )
        progress("optimum", 0.0)
        bounds = {"pixel": pixel_optimum(), "segment": segment_optimum()}
        progress("optimum", 1.0)
    document = {
        "scene": str(output),
        "id": scene.source.scene_id,
        "truth": str(output / "truth.tif"),
        "bayes_accuracy": {name: asdict(one) for name, one in bounds.items()},
    }
    lines = [
        f"{output}: {size} x {size} pixels, the truth in truth.tif",
        *(
            f"best accuracy by {name}: {one.value:.3f} +- {one.half_width:.3f}"
            for name, one in bounds.items()
        ),
    ]
    console.report(document, "\n".join(lines))


@simulate.command()
def crop(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The folder of the cube.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    size: Annotated[int, typer.Option(help="Rows and columns.")] = 128,
    fields: Annotated[
        int, typer.Option(min=100, help="By which the optimum is estimated.")
    ] = 10_000,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a cube of NDVI and NDMI over fields: NetCDF, and the true crops."""
    from ml.sim.crop import optimum
    from ml.sim.crop_cube import CUBE, TRUTH, CubeSetup, write_cube

    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        cube = write_cube(output, CubeSetup((size, size)), seed)
        best = optimum(fields, progress=progress)
    parcels = len(set(cube.parcels_HW.ravel().tolist()))
    document = {
        "cube": str(output / CUBE),
        "truth": str(output / TRUTH),
        "parcels": parcels,
        "bayes_accuracy": asdict(best),
    }
    lines = [
        f"{output}: {size} x {size} pixels, {parcels} parcels, the truth in {TRUTH}",
        f"best accuracy by field: {best.value:.3f} +- {best.half_width:.3f}",
    ]
    console.report(document, "\n".join(lines))


def predict(  # noqa: PLR0913 - options of a command are arguments
    model: Model,
    scene: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="The folder of a scene (HH, HV, incidence angle; of `prep s1`, "
            "`simulate ice`), or a cube of series: NetCDF, Zarr (of `simulate crop`).",
        ),
    ],
    folder: Folder,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The folder of the map.")
    ],
    tile: Annotated[int, typer.Option(min=1, help="Rows and columns of a tile.")] = 512,
    crs: Annotated[
        str | None, typer.Option(help="Of a cube that does not declare its own.")
    ] = None,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Map a scene or a cube: classes, probabilities, entropy, STAC item.

    Scenes are read in overlapping tiles; of cubes each pixel is asked about alone.
    """
    from ml.prediction.predict import predict as make
    from ml.registry.store import Registry

    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        made = make(
            Registry(folder),
            model,
            scene,
            output,
            crs=crs,
            tile_px=tile,
            progress=progress,
        )
    files = [str(each) for each in made.files]
    console.report({"files": files}, "\n".join(files))


def vectorize(  # noqa: PLR0913 - options of a command are arguments
    product: Annotated[
        Path,
        typer.Argument(
            metavar="MAP", help="The folder of a map, or the raster of its classes."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A .parquet or .gpkg file.")
    ],
    mmu: Annotated[
        float,
        typer.Option(min=0, help="Minimum mapping unit: smaller areas are joined, m2."),
    ] = 0.0,
    tolerance: Annotated[
        float, typer.Option(min=0, help="How far edges are smoothed, pixels.")
    ] = 0.0,
    smooth: Smooth = None,
    window: Window = 3,
    *,
    hcat: Hcat = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Draw the polygons of a map: without gaps or overlaps, with probabilities."""
    from ml.map_files import vectorize as draw
    from ml.maps import Generalization
    from ml.vectorize.smoothing import Smoothing, Way

    if smooth is not None and smooth not in set(Way):
        known = ", ".join(Way)
        raise typer.BadParameter(f"there are {known}", param_hint="--smooth")
    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        polygons = draw(
            product,
            output,
            Generalization(mmu, tolerance),
            progress,
            smoothing=None if smooth is None else Smoothing(Way(smooth), window),
            is_hcat=hcat,
        )
    count = len(polygons.table)
    document = {"file": str(output), "polygons": count, "crs": polygons.crs.to_string()}
    console.report(document, f"{output}: {count:,} polygons")


def agree(
    product: Annotated[
        Path, typer.Argument(metavar="MAP", help="The folder of a map of ours.")
    ],
    other: Annotated[
        Path,
        typer.Argument(help="Another map of ours, or WorldCereal's NetCDF."),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A .json file.")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """How far two maps of one place say the same; it is no accuracy."""
    from json import dumps

    from ml.evaluation.agreement import compare_maps
    from ml.map_files import read_map
    from ml.products.worldcereal import read_worldcereal

    second = read_worldcereal(other) if other.suffix == ".nc" else read_map(other)
    found = compare_maps(read_map(product), second, other)
    document = {"map": str(product), "other": str(other), **found.as_json()}
    if output is not None:
        output.write_text(dumps(document, indent=1))
    Console(json=json).report(document, str(found))
