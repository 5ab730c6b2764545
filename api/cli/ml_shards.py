"""`pytheas ml samples shards|verify`: samples as tar files with an index."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.console import Console
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    from ml.samples.shards.model import Manifest

_MIB = 2**20


def shards(
    source: Annotated[
        str,
        typer.Argument(
            help="central-asia, worldcereal-2022, worldcereal-2023, polar-patch or "
            "simulated-ice."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A folder, absent or empty.")
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="The folder in which the data sets lie.",
            envvar="PYTHEAS_DATA",
            exists=True,
            file_okay=False,
            show_default="needed but by simulated-ice",
        ),
    ] = None,
    shard_mib: Annotated[
        int, typer.Option(min=1, help="A shard is closed when it has so many MiB.")
    ] = 256,
    *,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write samples as tar files that WebDataset reads, with index and manifest."""
    from ml.samples.named import sample_set
    from ml.samples.shards.writer import write_shards

    console = Console(json=json, quiet=quiet)
    samples = sample_set(source, data)
    with console.progress() as progress:
        made = write_shards(
            output, samples, shard_bytes=shard_mib * _MIB, progress=progress
        )
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
