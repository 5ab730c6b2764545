"""A concept scheme as Turtle, in one fixed layout, for the vocab_*.py programs."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from ontologies.namespaces import CODE, PREFIXES

VOCAB = Path(__file__).resolve().parent.parent / "ontologies" / "vocab"
VERSION = "0.1.0"
MATCHES = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")


@dataclass(frozen=True, slots=True)
class ConceptRow:
    """One concept; `broader` and `related` are local names in the same scheme.

    Attributes:
        local_name: Last part of the IRI; equal to the notation where there is one.
        has_notation: False for the few concepts that only group others.
        matches: SKOS mapping property to paths below the code namespace.
    """

    local_name: str
    label: str
    definition: str
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    hidden_label: str | None = None
    scope_note: str | None = None
    colour: str | None = None
    has_notation: bool = True
    matches: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SchemeRow:
    """A concept scheme; `path` is its IRI below the code namespace."""

    path: str
    title: str
    description: str
    source: str
    licence: str
    scope_note: str
    concepts: tuple[ConceptRow, ...]


def _english(text: str) -> str:
    return str(Literal(text, language="en"))


def _iri(path: str) -> str:
    return str(NamedNode(CODE.term(path)))


def _statement(subject: str, pairs: Sequence[tuple[str, Sequence[str]]]) -> str:
    lines = [
        f"    {predicate} {' , '.join(objects)}"
        for predicate, objects in pairs
        if objects
    ]
    return f"{subject}\n" + " ;\n".join(lines) + " .\n"


def _optional(text: str | None) -> list[str]:
    return [_english(text)] if text else []


def _concept(scheme: SchemeRow, row: ConceptRow) -> str:
    def siblings(local_names: Sequence[str]) -> list[str]:
        return [_iri(f"{scheme.path}/{name}") for name in local_names]

    top = [] if row.broader else [_iri(scheme.path)]
    pairs: list[tuple[str, Sequence[str]]] = [
        ("a", ["skos:Concept"]),
        ("skos:inScheme", [_iri(scheme.path)]),
        ("skos:topConceptOf", top),
        ("skos:notation", [str(Literal(row.local_name))] if row.has_notation else []),
        ("skos:prefLabel", [_english(row.label)]),
        (
            "skos:hiddenLabel",
            [str(Literal(row.hidden_label))] if row.hidden_label else [],
        ),
        ("skos:definition", [_english(row.definition)]),
        ("skos:scopeNote", _optional(row.scope_note)),
        ("skos:broader", siblings(row.broader)),
        ("skos:related", siblings(row.related)),
        *((f"skos:{m}", [_iri(p) for p in row.matches.get(m, ())]) for m in MATCHES),
        ("eo:colour", [str(Literal(row.colour))] if row.colour else []),
    ]
    return _statement(_iri(f"{scheme.path}/{row.local_name}"), pairs)


def _head(scheme: SchemeRow, program: str) -> str:
    subject = _iri(scheme.path)
    tops = [
        _iri(f"{scheme.path}/{r.local_name}") for r in scheme.concepts if not r.broader
    ]
    return _statement(
        subject,
        [
            ("a", ["owl:Ontology", "skos:ConceptScheme"]),
            ("owl:versionIRI", [_iri(f"{scheme.path}/version/{VERSION}")]),
            ("owl:versionInfo", [str(Literal(VERSION))]),
            ("dcterms:title", [_english(scheme.title)]),
            ("dcterms:description", [_english(scheme.description)]),
            ("dcterms:creator", [str(Literal("The Pytheas project"))]),
            ("dcterms:source", [_english(scheme.source)]),
            ("dcterms:license", [str(NamedNode(scheme.licence))]),
            ("skos:scopeNote", [_english(scheme.scope_note)]),
            ("skos:editorialNote", [_english(f"Written by {program}; edit that.")]),
            ("skos:hasTopConcept", tops),
        ],
    )


def render(scheme: SchemeRow, program: str) -> str:
    """The scheme as Turtle: prefixes, head, concepts in the given order."""
    used = ("dcterms", "eo", "owl", "skos")
    prefixes = "".join(f"@prefix {p}: <{PREFIXES[p]}> .\n" for p in used)
    concepts = (_concept(scheme, row) for row in scheme.concepts)
    return "\n".join([prefixes, _head(scheme, program), *concepts])


def main(program: Path, schemes: Callable[[Path], dict[str, SchemeRow]]) -> None:
    """Write each scheme to the file of its name, in the folder that the user names."""
    parser = argparse.ArgumentParser(
        description=f"Write the concept schemes of {program.name}"
    )
    parser.add_argument("--output", type=Path, default=VOCAB, help="folder to write to")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    arguments = parser.parse_args()
    for name, scheme in schemes(arguments.data).items():
        text = render(scheme, f"scripts/{program.name}")
        (arguments.output / name).write_text(text, encoding="utf-8")
