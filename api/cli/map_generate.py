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
        help="CSV, TSV, JSON, XML, Parquet, GeoParquet, shapefile, GeoPackage, "
        "FlatGeobuf, GeoJSON, KML, GML, a SQLite file, or a database's URL."
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


Language = Annotated[
    str | None,
    typer.Option(
        help="The language of texts and names: text that is no key gets this tag, and "
        "so do labels of the ontology.",
        metavar="TAG",
    ),
]
Direct = Annotated[
    bool,
    typer.Option(
        "--direct",
        help="The Direct Mapping of a database (W3C), as R2RML to be run or edited.",
    ),
]


def generate(  # noqa: PLR0913 - every one is an option of the command
    source: Source,
    *,
    output: Output = None,
    ontology: Ontology = None,
    base: Base = None,
    language: Language = None,
    direct: Direct = False,
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
    _check(language, ontology, is_direct=direct)
    if direct:
        _write_direct(source, output, base or ID, console)
        return
    found = survey(source)
    names = Names(base or ID, found, language)
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


def _check(language: str | None, ontology: Path | None, *, is_direct: bool) -> None:
    from geotriples.mapping.grammar import is_language_tag

    if language is not None and not is_language_tag(language):
        raise typer.BadParameter(f"--language {language!r} is not a language tag")
    if is_direct and (language or ontology):
        raise typer.BadParameter("--direct says what the W3C says, and no more")


def _write_direct(
    source: str, output: Path | None, base: str, console: Console
) -> None:
    """Write the Direct Mapping of a database."""
    from api.cli.output import write_whole
    from geotriples.direct import direct_mapping
    from geotriples.mapping.model import DatabaseAccess
    from geotriples.sources.sql_catalog import open_database

    text = direct_mapping(open_database(DatabaseAccess(source), Path), base)
    if output is None:
        typer.echo(text, nl=False)
        return
    write_whole(output, [text.encode()])
    run = f"pytheas map run {output} --database URL --base {base} -o ..."
    console.report({"mapping": str(output)}, f"{output}\nrun it: {run}")
