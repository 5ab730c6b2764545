"""`pytheas ml samples shards|verify`: samples as tar files with an index."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.ml_options import MaybeData
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from ml.samples.shards.model import Manifest

_MIB = 2**20

Output = Annotated[
    Path, typer.Option("-o", "--output", help="A folder, absent or empty.")
]


def shards(  # noqa: PLR0913 - options of a command are arguments
    source: Annotated[
        list[str],
        typer.Argument(
            help="central-asia, worldcereal-2022, worldcereal-2023, polar-patch, "
            "worldcereal-croptype or simulated-ice; or labels of ice charts (.tif), "
            "one for each --scene."
        ),
    ],
    output: Output,
    data: MaybeData = None,
    scene: Annotated[
        list[Path] | None,
        typer.Option(help="A prepared scene, for the labels at the same place."),
    ] = None,
    name: Annotated[
        str, typer.Option(help="What samples of scenes and charts are called.")
    ] = "ice-charts",
    shard_mib: Annotated[
        int, typer.Option(min=1, help="A shard is closed when it has so many MiB.")
    ] = 256,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write samples as tar files that WebDataset reads, with index and manifest."""
    from ml.samples.charts import chart_set
    from ml.samples.named import sample_set
    from ml.samples.shards.writer import write_shards

    console = Console(json=json, quiet=quiet)
    if scene:
        samples = chart_set(name, [Path(one) for one in source], scene)
    elif len(source) == 1:
        samples = sample_set(source[0], data)
    else:
        raise typer.BadParameter("several sources need scenes", param_hint="--scene")
    with console.progress() as progress:
        made = write_shards(
            output, samples, shard_bytes=shard_mib * _MIB, progress=progress
        )
    console.report(_document(made, output), _line(made, output))


def parcels(  # noqa: PLR0913, PLR0917 - options of a command are arguments
    source: Annotated[
        Path, typer.Argument(help="Parcels: GeoParquet, or any format of GDAL.")
    ],
    cube: Annotated[
        Path,
        typer.Option(help="NetCDF or Zarr, with time, y and x.", exists=True),
    ],
    output: Output,
    channel: Annotated[
        list[str] | None, typer.Option(help="A variable or band; all if left out.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", help="The column that tells parcels apart.")
    ] = None,
    code_column: Annotated[
        str, typer.Option("--code", help="The column with codes of HCAT.")
    ] = "EC_hcat_c",
    crs: Annotated[
        str | None, typer.Option(help="Of the cube, if it does not say.")
    ] = None,
    nodata: Annotated[
        float | None, typer.Option(help="Stands for nothing observed.")
    ] = None,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Series of parcels in a cube, with the crops of a vector file, as shards."""
    from ml.products.georeference import parse_crs
    from ml.samples.parcels import CubeOptions, parcel_series, read_parcels
    from ml.samples.shards.sources import series_set
    from ml.samples.shards.writer import write_shards

    console = Console(json=json, quiet=quiet)
    known = None if crs is None else parse_crs(crs)
    found = read_parcels(source, id_column, code_column)
    options = CubeOptions(tuple(channel or ()), known, nodata)
    samples = parcel_series(found, cube, options)
    with console.progress() as progress:
        made = write_shards(output, series_set(samples), progress=progress)
    console.report(_document(made, output), _line(made, output))


def verify(
    folder: Annotated[
        Path, typer.Argument(help="A folder of shards.", exists=True, file_okay=False)
    ],
    *,
    json: Json = False,
) -> None:
    """Compare all files of a folder of shards with the hashes in its manifest."""
    from ml.samples.shards.reader import open_shards

    found = open_shards(folder)
    found.verify()
    Console(json=json).report(
        _document(found.manifest, folder), _line(found.manifest, folder)
    )


def _document(manifest: "Manifest", folder: Path) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "name": manifest.name,
        "kind": manifest.kind,
        "samples": manifest.count,
        "shards": [each.name for each in manifest.shards],
        "bytes": sum(each.bytes for each in manifest.shards),
        "classes": list(manifest.classes),
        "sha256": manifest.sha256,
    }


def _line(manifest: "Manifest", folder: Path) -> str:
    size = sum(each.bytes for each in manifest.shards) / _MIB
    return (
        f"{folder}: {manifest.count:,} {manifest.kind} of {manifest.name} in "
        f"{len(manifest.shards)} shards, {size:,.1f} MiB"
    )
