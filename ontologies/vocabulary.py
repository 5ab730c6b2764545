"""Our concept schemes as Python mappings, read from the Turtle files in `vocab/`.

A scheme is a code list with IRIs: SIGRID-3, HCAT, the classes of a classifier.  What
the ontologies say about classes and properties is not read here.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

import pyoxigraph as ox

from ontologies.errors import OntologyError
from ontologies.namespaces import DCTERMS, EO, OWL, RDF, SKOS

SCHEMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "stage": "sigrid3-stage.ttl",
        "concentration": "sigrid3-concentration.ttl",
        "form": "sigrid3-form.ttl",
        "icetype": "ice-type.ttl",
        "hcat": "hcat.ttl",
        "worldcereal/croptype": "worldcereal-croptype.ttl",
    }
)
"""Name of each scheme, which is its path below the code namespace, and its file."""

ONTOLOGIES: Final = ("eo.ttl", "seaice.ttl", "crop.ttl", "crs.ttl")
SHAPES_FILE: Final = "shapes.ttl"
IMPORTED_FILE: Final = "imported.ttl"

_MATCHES: Final = (
    "exactMatch",
    "closeMatch",
    "broadMatch",
    "narrowMatch",
    "relatedMatch",
)
_NEAR: Final = 3


class UnknownScheme(OntologyError):
    """No concept scheme has this name.

    Attributes:
        name: The name asked for.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"no concept scheme is called {name!r}; there are {', '.join(SCHEMES)}"
        )


class UnknownConcept(OntologyError, KeyError):
    """A scheme has no concept with this notation, label or IRI.

    Attributes:
        scheme: IRI of the scheme.
        key: What was asked for.
        near: The notations that come closest.
    """

    def __init__(self, scheme: str, key: str, near: Iterable[str]) -> None:
        self.scheme = scheme
        self.key = key
        self.near = tuple(near)
        hint = f"; did you mean {' or '.join(self.near)}?" if self.near else ""
        super().__init__(f"<{scheme}> has no concept {key!r}{hint}")

    # A KeyError shows the repr of its argument; people are to read the message.
    __str__ = Exception.__str__


@dataclass(frozen=True, slots=True)
class Concept:
    """One skos:Concept.

    Attributes:
        iri: Its IRI.
        notation: Its code; empty for a concept that only groups others.
        label: The English preferred label.
        definition: The English definition.
        broader: IRIs of the concepts directly above, in the same scheme.
        matches: SKOS mapping property ("exactMatch", ...) to IRIs in other schemes.
        colour: "#RRGGBB" in which maps draw it, or None.
    """

    iri: str
    notation: str
    label: str
    definition: str
    broader: tuple[str, ...]
    matches: Mapping[str, tuple[str, ...]]
    colour: str | None


class _Values:
    """Objects of one subject, by predicate."""

    def __init__(self) -> None:
        self._objects: dict[str, list[ox.NamedNode | ox.Literal]] = {}

    def add(self, predicate: str, term: ox.NamedNode | ox.Literal) -> None:
        self._objects.setdefault(predicate, []).append(term)

    def iris(self, predicate: str) -> tuple[str, ...]:
        terms = self._objects.get(predicate, ())
        return tuple(t.value for t in terms if isinstance(t, ox.NamedNode))

    def text(self, predicate: str) -> str:
        return next((t.value for t in self._objects.get(predicate, ())), "")


_Properties = Mapping[str, _Values]


class ConceptScheme(Mapping[str, Concept]):
    """Concepts by notation, in the order of the notations.

    Attributes:
        iri: IRI of the scheme.
        title: Its English title.
        version: Its owl:versionInfo.
        licence: IRI of its licence.
        source: What it was made from.

    Examples:
        >>> stage = concept_scheme("stage")
        >>> stage["95"].label
        'Old ice'
        >>> stage.by_iri(stage["97"].broader[0]).notation
        '95'
        >>> [concept.notation for concept in stage.ancestors("88")]
        ['87', '86']
    """

    def __init__(self, iri: str, properties: _Properties) -> None:
        self.iri = iri
        about = properties[iri]
        self.title = about.text(DCTERMS.term("title"))
        self.version = about.text(OWL.term("versionInfo"))
        self.licence = about.iris(DCTERMS.term("license"))[0]
        self.source = about.text(DCTERMS.term("source"))
        self._by_iri = {
            subject: _concept(subject, values)
            for subject, values in properties.items()
            if iri in values.iris(SKOS.term("inScheme"))
        }
        coded = (c for c in self._by_iri.values() if c.notation)
        ordered = sorted(coded, key=lambda concept: concept.notation)
        self._by_notation = {concept.notation: concept for concept in ordered}

    def __getitem__(self, notation: str) -> Concept:
        try:
            return self._by_notation[notation]
        except KeyError:
            raise self._unknown(notation) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_notation)

    def __len__(self) -> int:
        return len(self._by_notation)

    @property
    def concepts(self) -> tuple[Concept, ...]:
        """Every concept, also those without a notation, in the order of the file."""
        return tuple(self._by_iri.values())

    def by_iri(self, iri: str) -> Concept:
        """The concept with this IRI.

        Raises:
            UnknownConcept: The scheme has none.
        """
        try:
            return self._by_iri[iri]
        except KeyError:
            raise self._unknown(iri) from None

    def ancestors(self, notation: str) -> tuple[Concept, ...]:
        """All concepts above, nearest first (skos:broaderTransitive)."""
        found: dict[str, Concept] = {}
        above = list(self[notation].broader)
        while above:
            iri = above.pop(0)
            if iri not in found:
                found[iri] = self._by_iri[iri]
                above.extend(found[iri].broader)
        return tuple(found.values())

    def _unknown(self, key: str) -> UnknownConcept:
        # People write a code, an IRI, or the label in some case: compare with all.
        spellings = {
            spelling.casefold(): concept.notation
            for concept in self._by_notation.values()
            for spelling in (concept.label, concept.iri, concept.notation)
        }
        near = difflib.get_close_matches(key.casefold(), spellings, n=_NEAR)
        return UnknownConcept(self.iri, key, dict.fromkeys(spellings[s] for s in near))


def _concept(iri: str, values: _Values) -> Concept:
    matches = {name: values.iris(SKOS.term(name)) for name in _MATCHES}
    return Concept(
        iri=iri,
        notation=values.text(SKOS.term("notation")),
        label=values.text(SKOS.term("prefLabel")),
        definition=values.text(SKOS.term("definition")),
        broader=values.iris(SKOS.term("broader")),
        matches=MappingProxyType(
            {name: iris for name, iris in matches.items() if iris}
        ),
        colour=values.text(EO.term("colour")) or None,
    )


def _read(file: Traversable) -> dict[str, _Values]:
    properties: dict[str, _Values] = {}
    for quad in ox.parse(input=file.read_bytes(), format=ox.RdfFormat.TURTLE):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(
            quad.object, ox.NamedNode | ox.Literal
        ):
            values = properties.setdefault(quad.subject.value, _Values())
            values.add(quad.predicate.value, quad.object)
    return properties


@lru_cache
def concept_scheme(name: str) -> ConceptScheme:
    """The concept scheme `name`: one of `SCHEMES`; read on first use.

    Raises:
        UnknownScheme: There is none of that name.
    """
    if name not in SCHEMES:
        raise UnknownScheme(name)
    properties = _read(vocabulary_file(SCHEMES[name]))
    is_scheme = SKOS.term("ConceptScheme")
    iri = next(
        s
        for s, values in properties.items()
        if is_scheme in values.iris(RDF.term("type"))
    )
    return ConceptScheme(iri, properties)


def vocabulary_file(name: str) -> Traversable:
    """The packaged file `name` of `vocab/`, wherever the package is installed."""
    return files("ontologies").joinpath("vocab", name)


def ontology_files() -> tuple[Traversable, ...]:
    """Our ontologies and concept schemes: what a store loads to know our terms."""
    return tuple(vocabulary_file(name) for name in (*ONTOLOGIES, *SCHEMES.values()))


def closure() -> tuple[Traversable, ...]:
    """Our ontologies, our concept schemes and what they import, as Turtle files."""
    return (vocabulary_file(IMPORTED_FILE), *ontology_files())
