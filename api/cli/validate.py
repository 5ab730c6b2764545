"""`pytheas validate`: whether RDF files are what SHACL shapes say."""

# ruff: noqa: PLC0415 - `pytheas --help` must not wait for what only commands need

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.console import Console
from api.cli.options import Json, Quiet

if TYPE_CHECKING:
    import pyoxigraph as ox
    import rdflib

_GEOSPARQL: Final = "geosparql"
_OBSERVATIONS: Final = "observations"
_INVALID: Final = 1

Files = Annotated[
    list[Path],
    typer.Argument(help="RDF files, taken together; formats as for `pytheas load`."),
]
Shapes = Annotated[
    list[str],
    typer.Option(
        help=f"{_GEOSPARQL}: what GeoSPARQL 1.1 asks of features and geometries; "
        f"{_OBSERVATIONS}: what a class map of ours must state; or a file of SHACL "
        "shapes. May be given again.",
        metavar=f"{_GEOSPARQL}|{_OBSERVATIONS}|FILE",
    ),
]


def validate(
    files: Files,
    *,
    shapes: Shapes = [_GEOSPARQL],  # noqa: B006 - typer reads it, nobody changes it
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say what is wrong with RDF files; ends with 1 where they do not conform.

    Geometry literals are parsed, too. Warnings are shown, and do not count.
    """
    from ontologies import validation

    console = Console(json=json, quiet=quiet)
    data = _read(files)
    triples = len(data)
    if _OBSERVATIONS in shapes:
        data += _vocabulary()
    findings = validation.validate(data, _shapes(shapes))
    conforms = validation.conforms(findings)
    document = {"conforms": conforms, "findings": [asdict(each) for each in findings]}
    lines = [str(each) for each in findings]
    violations = sum(each.is_violation for each in findings)
    lines.append(f"{triples:,} triples, {violations} violations")
    console.report(document, "\n".join(lines))
    if not conforms:
        raise typer.Exit(_INVALID)


def _read(files: Iterable[Path]) -> "rdflib.Graph":
    import rdflib

    from strabon_store.storage.sources import open_source

    graph = rdflib.Graph()
    for number, file in enumerate(files):
        with open_source(file).quads() as quads:
            for quad in quads:
                triple = (quad.subject, quad.predicate, quad.object)
                subject, predicate, value = (_node(each, number) for each in triple)
                graph.add((subject, predicate, value))
    return graph


def _node(term: object, file: int) -> "rdflib.term.Identifier":
    """A term for rdflib; blank nodes of different files are different ones."""
    import pyoxigraph as ox
    import rdflib

    match term:
        case ox.NamedNode(value=iri):
            return rdflib.URIRef(iri)
        case ox.Literal():
            return _literal(term)
        case _:
            return rdflib.BNode(f"f{file}{str(term).removeprefix('_:')}")


def _literal(term: "ox.Literal") -> "rdflib.Literal":
    import rdflib

    if term.language is not None:
        return rdflib.Literal(term.value, lang=term.language)
    datatype = rdflib.URIRef(term.datatype.value)
    # As it was written: what is to be judged is not to be mended.
    return rdflib.Literal(term.value, datatype=datatype, normalize=False)


def _shapes(names: Iterable[str]) -> "rdflib.Graph":
    import rdflib

    from ontologies.validation import GEOSPARQL_SHAPES_FILE
    from ontologies.vocabulary import SHAPES_FILE, vocabulary_file

    ours = {_GEOSPARQL: GEOSPARQL_SHAPES_FILE, _OBSERVATIONS: SHAPES_FILE}
    graph = rdflib.Graph()
    for name in names:
        if name in ours:
            text = vocabulary_file(ours[name]).read_bytes()
            graph.parse(data=text, format="turtle")
        else:
            graph += _read([Path(name)])
    return graph


def _vocabulary() -> "rdflib.Graph":
    """The classes and concepts that observations refer to."""
    import rdflib

    from ontologies.vocabulary import closure

    graph = rdflib.Graph()
    for file in closure():
        graph.parse(data=file.read_bytes(), format="turtle")
    return graph
