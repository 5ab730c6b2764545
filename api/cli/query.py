"""`pytheas query`: one query to a store or to an endpoint elsewhere."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.map_options import MappingOptions
from api.cli.mapping import Mapped, Mapping, one_place
from api.cli.option_groups import with_options_of
from api.cli.options import MaybeSource, Regime
from api.cli.output import write_whole

if TYPE_CHECKING:
    from federation.sources import Source
    from ontologies.rdfs import Entailment
    from strabon_store.results.graphs import Result


class Format(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XML = "xml"
    TSV = "tsv"
    GEOJSON = "geojson"
    TURTLE = "turtle"
    NT = "nt"
    RDFXML = "rdfxml"
    JSONLD = "jsonld"
    ARROW = "arrow"
    PARQUET = "parquet"


_BINARY: Final = frozenset({Format.ARROW, Format.PARQUET})
_SUFFIXES: Final = {
    **{f".{name}": name for name in Format if name is not Format.TABLE},
    ".srj": Format.JSON,
    ".srx": Format.XML,
    ".arrows": Format.ARROW,
    ".ttl": Format.TURTLE,
    ".rdf": Format.RDFXML,
}
"""What a file's name says of its format."""


AnswerFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="How to write the answer; by the suffix of --output, else a table.",
        show_default=False,
    ),
]
Target = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write to a file, which is there whole or not at all.",
        dir_okay=False,
    ),
]


@with_options_of(options=MappingOptions)
def query(  # noqa: PLR0913 - every one is an option of the command
    text: Annotated[
        str | None,
        typer.Argument(metavar="[QUERY]", help="The query; - reads it from stdin."),
    ] = None,
    *,
    location: MaybeSource = None,
    mapping: Mapping = None,
    options: MappingOptions,
    file: Annotated[
        typer.FileText | None,
        typer.Option("--file", "-f", help="Read the query from a file.", lazy=False),
    ] = None,
    output: AnswerFormat = None,
    target: Target = None,
    entailment: Regime = None,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds the query may take.", min=0.001)
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Same as --format json.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No messages; queries have none.")
    ] = False,
) -> None:
    """Ask a query; CONSTRUCT and DESCRIBE are written as RDF, or as a table."""
    del quiet
    question = read_text(text, file)
    chosen = _format(Format.JSON if json else output, target)
    one_place(location, mapping)
    mapped = Mapped.of(mapping, options)
    with _source(str(location), entailment, mapped) as asked:
        _write(asked.query(question, timeout), chosen, target)


def _format(asked: Format | None, target: Path | None) -> Format:
    """The format that was asked for, or that the name of the file says."""
    if target is None:
        chosen = asked or Format.TABLE
        if chosen in _BINARY and sys.stdout.isatty():
            raise typer.BadParameter(f"{chosen} is no text; name a file with --output")
        return chosen
    named = asked or _SUFFIXES.get(target.suffix.lower())
    if named in {None, Format.TABLE}:
        raise typer.BadParameter(f"name the format of {target} with --format")
    return Format(named)


def read_text(text: str | None, file: typer.FileText | None) -> str:
    """The query or update that a person gave in one of three ways.

    Raises:
        typer.BadParameter: There is none, or more than one.
    """
    if (text is None) == (file is None):
        raise typer.BadParameter("give the text, or --file with it; - is stdin")
    if file is not None:
        return file.read()
    return sys.stdin.read() if text == "-" else str(text)


@contextmanager
def _source(
    location: str, entailment: "Entailment | None", mapped: Mapped | None
) -> Iterator["Source"]:
    if mapped is not None:
        if entailment:
            raise typer.BadParameter("--entailment is for stores, not for mappings")
        with mapped.open() as virtual:
            yield virtual
        return
    if location.startswith(("http://", "https://")):
        if entailment:
            raise typer.BadParameter(
                "--entailment is for stores; an endpoint has a regime of its own"
            )
        from federation.clients.sparql import SparqlEndpoint

        yield SparqlEndpoint(location)
        return
    from strabon_store.store import Store

    with Store.open(Path(location), read_only=True, entailment=entailment) as store:
        yield store


def _write(answer: "Result", output: Format, target: Path | None) -> None:
    if output is Format.TABLE:
        from api.cli.table import print_table

        print_table(answer)
        return
    pieces = _pieces(answer, output)
    if target is not None:
        write_whole(target, pieces)
        return
    # CSV ends its lines with CR LF, which text mode would touch on some systems.
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _pieces(answer: "Result", output: Format) -> Iterator[bytes]:
    from strabon_store.results.graphs import Graph
    from strabon_store.results.media_types import GRAPH_FORMATS, RESULT_FORMATS

    if isinstance(answer, Graph):
        if output.value in GRAPH_FORMATS:
            return GRAPH_FORMATS[output.value].serialize(answer)
        raise typer.BadParameter(_unfit("a graph", GRAPH_FORMATS))
    if output.value in RESULT_FORMATS:
        return RESULT_FORMATS[output.value].serialize(answer)
    raise typer.BadParameter(_unfit("the answer to SELECT and ASK", RESULT_FORMATS))


def _unfit(what: str, formats: Iterable[str]) -> str:
    return f"{what} is written as {', '.join(formats)} or table; choose one by --format"
