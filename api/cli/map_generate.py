"""`pytheas map generate`: a first mapping and ontology of a source."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from pathlib import Path
from typing import Annotated

import typer

from api.cli.console import Console
from api.cli.map_options import Base
from api.cli.options import Json, Quiet

_ENTITIES = "entities"

Source = Annotated[
    str,
    typer.Argument(
        help="CSV, JSON, Parquet, GeoParquet, a SQLite file, or a database's URL."
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="The mapping to write; else to standard output."
    ),
]
Ontology = Annotated[
    Path | None,
    typer.Option(help="An OWL ontology of the classes and properties, in Turtle."),
]


def generate(
    source: Source,
    *,
    output: Output = None,
    ontology: Ontology = None,
    base: Base = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a first mapping of a source, to be read, edited and run."""
    from api.cli.output import write_whole
    from geotriples.bootstrap.survey import survey
    from geotriples.bootstrap.write import (
        Names,
        mapping_text,
        ontology_text,
        path_from,
    )
    from ontologies.namespaces import ID

    console = Console(json=json, quiet=quiet)
    found = survey(source)
    names = Names(base or ID, found)
    folder = Path.cwd() if output is None else output.parent
    path = source if found.path is None else path_from(folder, found.path)
    text = mapping_text(names, path or Path(source).name)
    if ontology is not None:
        write_whole(ontology, [ontology_text(names).encode()])
    if output is None:
        typer.echo(text, nl=False)
        return
    write_whole(output, [text.encode()])
    hint = "" if path else f" --source {Path(source).name}={source}"
    told = [f"{one.name} ({one.rows:,} rows)" for one in found.entities]
    document = {
        "mapping": str(output),
        "ontology": None if ontology is None else str(ontology),
        _ENTITIES: [{"name": one.name, "rows": one.rows} for one in found.entities],
    }
    summary = (
        f"{output}: {', '.join(told)}\nrun it: pytheas map run {output}{hint} -o ..."
    )
    console.report(document, summary)
