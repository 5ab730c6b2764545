"""`pytheas run`: a product becomes a map, RDF, and part of a store."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.options import Json, Location, Quiet
from api.kinds import Kind
from ontologies.namespaces import ID


def run(  # noqa: PLR0913 - every one is an option of the command
    kind: Annotated[Kind, typer.Argument(help="What the map shows.")],
    product: Annotated[
        Path, typer.Argument(help="A scene (seaice), or a class map (crop).")
    ],
    location: Location,
    *,
    base: Annotated[
        str, typer.Option(help="What the IRIs of the data start with.")
    ] = ID,
    crs: Annotated[
        str | None,
        typer.Option(help="The CRS of a product that names none, e.g. EPSG:32631."),
    ] = None,
    classes: Annotated[
        Path | None,
        typer.Option(help="JSON from code to class, for a GeoTIFF of codes."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turn a product into polygons and RDF and load them; again changes nothing."""
    from api.pipeline import CropOptions, run_product

    options = CropOptions(crs, None if classes is None else read_classes(classes))
    console = Console(json=json, quiet=quiet)
    with console.progress() as progress:
        report = run_product(
            kind, product, location, base=base, options=options, progress=progress
        )
    console.report(report.as_json(), str(report))


def read_classes(path: Path) -> dict[int, str]:
    """A class table: code to notation.

    Raises:
        UnreadableClassTable: The file is absent, or holds something else.
    """
    import json

    from api.errors import UnreadableClassTable

    try:
        table = json.loads(path.read_text("utf-8"))
        return {int(code): str(notation) for code, notation in table.items()}
    except OSError as error:
        raise UnreadableClassTable(str(path), error.strerror or "unreadable") from error
    except (ValueError, AttributeError) as error:
        raise UnreadableClassTable(str(path), str(error)) from error
