"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from ontologies.rdfs import Entailment

Json = Annotated[
    bool, typer.Option("--json", help="Report as JSON on stdout, for programs.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no messages.")
]
Location = Annotated[
    Path,
    typer.Option(
        "--location",
        "-l",
        help="The folder of the store; made where there is none.",
        envvar="PYTHEAS_LOCATION",
        file_okay=False,
    ),
]
Store = Annotated[
    Path,
    typer.Option(
        "--location",
        "-l",
        help="The folder of the store.",
        envvar="PYTHEAS_LOCATION",
        file_okay=False,
    ),
]
MaybeStore = Annotated[
    Path | None,
    typer.Option(
        "--location",
        "-l",
        help="The folder of the store.",
        envvar="PYTHEAS_LOCATION",
        file_okay=False,
    ),
]
MaybeSource = Annotated[
    str | None,
    typer.Option(
        "--location",
        "-l",
        help="The folder of a store, or the URL of a SPARQL endpoint.",
        envvar="PYTHEAS_LOCATION",
    ),
]
Regime = Annotated[
    Entailment | None,
    typer.Option(
        "--entailment",
        help="Answer what each graph entails, not what was said alone.",
        envvar="PYTHEAS_ENTAILMENT",
    ),
]
Axioms = Annotated[
    bool | None,
    typer.Option(
        "--geosparql-axioms/--no-geosparql-axioms",
        help="Under --entailment, know the classes and properties of GeoSPARQL, Simple "
        "Features and GML.",
        envvar="PYTHEAS_GEOSPARQL_AXIOMS",
        show_default="they are known",
    ),
]
Rewriting = Annotated[
    bool | None,
    typer.Option(
        "--rewrite-relations/--no-rewrite-relations",
        help="Let relations such as geo:sfWithin follow from geometries.",
        envvar="PYTHEAS_REWRITE_RELATIONS",
        show_default="they do",
    ),
]
Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0)]
AllowLoad = Annotated[
    list[str] | None,
    typer.Option(
        help="The IRI of a document that LOAD may read, here (file:) or of the web "
        "(http:, https:), or with a / at its end, of a folder; may be given again.",
        metavar="IRI",
    ),
]
