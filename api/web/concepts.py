"""Labels and colours of classes, for the legend and the table."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from pydantic import BaseModel

from ontologies.vocabulary import SCHEMES, concept_scheme


class ConceptModel(BaseModel):
    """What the page knows of a concept.

    Attributes:
        label: The English label.
        notation: Its code in its scheme.
        colour: "#RRGGBB", or None where the scheme gives it none.
    """

    label: str
    notation: str
    colour: str | None


@lru_cache
def concepts() -> Mapping[str, ConceptModel]:
    """Every concept of every scheme, by IRI.

    Examples:
        >>> concepts()["https://w3id.org/pytheas/code/stage/95"].label
        'Old ice'
    """
    return MappingProxyType(
        {
            one.iri: ConceptModel(
                label=one.label, notation=one.notation, colour=one.colour
            )
            for scheme in SCHEMES
            for one in concept_scheme(scheme).concepts
        }
    )
