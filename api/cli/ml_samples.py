"""`pytheas ml samples`: ice charts become labels, drawings, and are written."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.ml_shards import parcels, shards, verify
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from ml.maps import Grid

samples = typer.Typer(help="Labelled samples.", no_args_is_help=True)
samples.command()(shards)
samples.command()(parcels)
samples.command()(verify)

Chart = Annotated[
    Path, typer.Argument(help="A SIGRID-3 ice chart: the .shp, with .dbf and .prj.")
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave rows with unknown codes out.")
]
_SHOWN = 10


@samples.command()
def chart(  # noqa: PLR0913 - options of a command are arguments
    chart: Chart,
    grid: Annotated[
        Path,
        typer.Option(help="The scene: a folder with scene.json, or a raster."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The labels: a .tif.")],
    stage_share: Annotated[
        float,
        typer.Option(min=0.01, max=1, help="Share of the ice that names the stage."),
    ] = 0.65,
    floe_share: Annotated[
        float,
        typer.Option(min=0.01, max=1, help="Share of the ice that names the floes."),
    ] = 0.5,
    *,
    skip_bad: SkipBad = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Labels of an ice chart on a scene's grid: concentration, stage, floe size."""
    from ml.samples.sigrid3.chart import read_chart
    from ml.samples.sigrid3.label_rasters import write_labels
    from ml.samples.sigrid3.labels import Dominance

    if output.suffix != ".tif":
        raise typer.BadParameter("ends in .tif", param_hint="--output")
    console = Console(json=json, quiet=quiet)
    read = read_chart(chart, skip_bad=skip_bad)
    rule = Dominance(stage_share, floe_share)
    with console.progress() as progress:
        done = write_labels(read, _grid(grid), output, rule, progress)
    files = [str(each) for each in (done.labels, done.polygons, done.table)]
    document = {"files": files, **done.document}
    _complain(console, document)
    console.report(document, "\n".join([*_summary(done.document), *files]))


def _grid(path: Path) -> "Grid":
    from ml.rasters import read_grid
    from ml.scene import read_scene

    is_scene = path.is_dir() or path.suffix == ".json"
    return read_scene(path).grid if is_scene else read_grid(path)


def _complain(console: Console, document: dict[str, Any]) -> None:
    """What is wrong in the chart, on stderr."""
    left_out = [
        f"left out: row {one['row']}, column {one['column']}: "
        f"{one['value']!r} {one['reason']}"
        for one in document["refused"]
    ]
    doubtful = [
        f"row {one['row']}: {one['reason']}" for one in document["contradictions"]
    ]
    for lines in (left_out, doubtful):
        more = len(lines) - _SHOWN
        shown = [*lines[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]
        for line in shown:
            console.message(line)


def _summary(document: dict[str, Any]) -> list[str]:
    """A line for each head: pixels by class."""
    polygons = document["polygons"]
    lines = [f"{sum(one['pixels'] for one in polygons):,} pixels in polygons"]
    for head, classes in document["heads"].items():
        counts = dict.fromkeys([*classes, "no label"], 0)
        for one in polygons:
            index = one["labels"][head]
            counts["no label" if index is None else classes[index]] += one["pixels"]
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
        lines.append(f"{head}: {told}")
    return lines


@samples.command()
def egg(
    chart: Chart,
    row: Annotated[int, typer.Argument(min=1, help="Of the table, from 1.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A drawing: an .svg.")
    ] = None,
    *,
    skip_bad: SkipBad = False,
    json: Json = False,
) -> None:
    """The egg code of a polygon of an ice chart."""
    from ml.rasters import writing
    from ml.samples.sigrid3.chart import read_chart
    from ml.samples.sigrid3.drawing import egg_svg
    from ml.samples.sigrid3.egg import contradictions
    from ml.samples.sigrid3.fields import codes_of

    found = read_chart(chart, skip_bad=skip_bad).polygon(row).egg
    if output is not None:
        with writing(output) as unfinished:
            unfinished.write_text(egg_svg(found), encoding="utf-8")
    codes = {field: code for field, code in codes_of(found).items() if code}
    doubtful = list(contradictions(found))
    document = {
        "row": row,
        "poly_type": found.poly_type.value,
        "codes": codes,
        "contradictions": doubtful,
    }
    Console(json=json).report(document, "\n".join([str(found), *doubtful]))


@samples.command("sigrid3")
def write_sigrid3(
    polygons: Annotated[
        Path, typer.Argument(help="The polygons of a map: its GeoParquet file.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The chart: a .shp.")],
    *,
    ice_objects: Annotated[
        bool,
        typer.Option(
            "--ice-objects", help="Columns of the Ice Objects Catalogue: ICEACT, ..."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Write the polygons of an ice map as a SIGRID-3 chart."""
    from ml.polygons import read_polygons
    from ml.samples.sigrid3.writer import Spelling, chart_of_map, write_chart

    made = chart_of_map(read_polygons(polygons), output)
    write_chart(output, made, Spelling.ICE_OBJECTS if ice_objects else Spelling.SIGRID)
    document = {"file": str(output), "polygons": len(made.polygons)}
    Console(json=json).report(document, f"{len(made.polygons)} polygons: {output}")
