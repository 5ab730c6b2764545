"""What the commands of `pytheas ml prep` that write rasters have in common."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from api.cli.console import Console

if TYPE_CHECKING:
    from ml.maps import Grid

Quicklook = Annotated[bool, typer.Option(help="Draw a picture, north up.")]


class Prepared(Protocol):
    """What was written."""

    @property
    def grid(self) -> "Grid":
        """Where the pixels lie."""

    @property
    def document(self) -> dict[str, Any]:
        """The content of the STAC item."""


def can_draw(console: Console) -> bool:
    """Whether there is something that draws; a message tells where there is not."""
    from ml.errors import MissingExtra

    if find_spec("matplotlib") is None:
        console.message(f"no picture: {MissingExtra('matplotlib', 'ml')}")
        return False
    return True


def report(console: Console, prepared: Prepared, files: Sequence[Path]) -> None:
    """Tell the files that were written, and their grid."""
    grid = prepared.grid
    code = grid.crs.to_string()
    document = {
        "files": [str(file) for file in files],
        "crs": code,
        "height": grid.height,
        "width": grid.width,
        "lineage": prepared.document["properties"]["processing:lineage"],
    }
    lines = [f"{grid.height} x {grid.width} pixels in {code}", *map(str, files)]
    console.report(document, "\n".join(lines))
